// What an entry of the keyspace holds: one number for type and encoding together, because four bits of the entry's
// meta word are all it costs. Small values of every type lie in the entry itself; the kinds from `FIRST_LARGE` on keep
// only the handle of a `LargeValue` there. The kinds of one type stand together.

export const KIND = {
  STRING_INT: 0,
  STRING_EMBSTR: 1,
  STRING_RAW: 2,
  LIST_PACKED: 3,
  SET_INTSET: 4,
  SET_PACKED: 5,
  HASH_PACKED: 6,
  /** Packed, too, though its fields or values are longer than Redis packs: by its names it is a hashtable. */
  HASH_LONG: 7,
  SORTED_SET_PACKED: 8,
  LIST_NODES: 9,
  SET_TABLE: 10,
  HASH_TABLE: 11,
  SORTED_SET_TABLE: 12,
  STREAM: 13,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Types by number, in Redis's order. */
export const TYPE = { STRING: 0, LIST: 1, SET: 2, SORTED_SET: 3, HASH: 4, STREAM: 5 } as const;
export type Type = (typeof TYPE)[keyof typeof TYPE];

const FIRST_LARGE = KIND.LIST_NODES;

const { STRING, LIST, SET, SORTED_SET, HASH, STREAM } = TYPE;
const TYPE_OF_KIND: readonly Type[] = [
  STRING,
  STRING,
  STRING,
  LIST,
  SET,
  SET,
  HASH,
  HASH,
  SORTED_SET,
  LIST,
  SET,
  HASH,
  SORTED_SET,
  STREAM,
];
const TYPE_NAMES = ['string', 'list', 'set', 'zset', 'hash', 'stream'] as const;
const ENCODING_OF_KIND: readonly string[] = [
  'int',
  'embstr',
  'raw',
  'listpack',
  'intset',
  'listpack',
  'listpack',
  'hashtable',
  'listpack',
  'quicklist',
  'hashtable',
  'hashtable',
  'skiplist',
  'stream',
];

export function typeOf(kind: Kind): Type {
  return TYPE_OF_KIND[kind]!;
}

/** The word that TYPE answers. */
export function typeName(kind: Kind): string {
  return TYPE_NAMES[typeOf(kind)];
}

/** The word that OBJECT ENCODING answers. */
export function encodingName(kind: Kind): string {
  return ENCODING_OF_KIND[kind]!;
}

export function isString(kind: Kind): boolean {
  return kind <= KIND.STRING_RAW;
}

/** Whether the entry holds only the handle of the value. */
export function isLarge(kind: Kind): boolean {
  return kind >= FIRST_LARGE;
}
