// What an entry of the keyspace holds: one number for type and encoding together, because four bits of the entry's
// meta word are all it costs.

export const KIND = {
  STRING_INT: 0,
  STRING_EMBSTR: 1,
  STRING_RAW: 2,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

export const TYPE_STRING = 'string';

const TYPE_OF_KIND: readonly string[] = [TYPE_STRING, TYPE_STRING, TYPE_STRING];
const ENCODING_OF_KIND: readonly string[] = ['int', 'embstr', 'raw'];

/** The word that TYPE answers. */
export function typeName(kind: Kind): string {
  return TYPE_OF_KIND[kind]!;
}

/** The word that OBJECT ENCODING answers. */
export function encodingName(kind: Kind): string {
  return ENCODING_OF_KIND[kind]!;
}

export function isString(kind: Kind): boolean {
  return kind <= KIND.STRING_RAW;
}
