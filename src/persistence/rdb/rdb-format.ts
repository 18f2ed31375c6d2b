// The numbers that Redis's RDB format fixes: opcodes of a file, types of values, the forms of a length and of a string.
// DUMP payloads are single values in the same format. What is written and read with them is in the files beside this.

/** The version that is written as a rule, Redis 7.2's: the latest that a DUMP payload may have. */
export const RDB_VERSION = 11;
/** The latest version of files that are read: Redis 7.4's, as far as it says nothing that cannot be kept here. */
export const RDB_VERSION_READ = 12;

/** What may stand in a file where a key's type could. */
export const RDB_OPCODE = {
  SLOT_INFO: 244,
  FUNCTION: 245,
  FUNCTION_PRE_GA: 246,
  MODULE_AUX: 247,
  IDLE: 248,
  FREQ: 249,
  AUX: 250,
  RESIZE_DB: 251,
  EXPIRE_TIME_MS: 252,
  EXPIRE_TIME: 253,
  SELECT_DB: 254,
  EOF: 255,
} as const;

/** Types of values. Those that are no longer written are still read. */
export const RDB_TYPE = {
  STRING: 0,
  LIST: 1,
  SET: 2,
  SORTED_SET_TEXT: 3,
  HASH: 4,
  SORTED_SET: 5,
  MODULE_PRE_GA: 6,
  MODULE: 7,
  HASH_ZIPMAP: 9,
  LIST_ZIPLIST: 10,
  SET_INTSET: 11,
  SORTED_SET_ZIPLIST: 12,
  HASH_ZIPLIST: 13,
  LIST_ZIPLISTS: 14,
  STREAM: 15,
  HASH_PACKED: 16,
  SORTED_SET_PACKED: 17,
  LIST_NODES: 18,
  STREAM_2: 19,
  SET_PACKED: 20,
  STREAM_3: 21,
} as const;
export type RdbType = (typeof RDB_TYPE)[keyof typeof RDB_TYPE];

/** Hashes with deadlines of their fields, of version 12: only files may hold them, and no field that is yet to expire. */
export const LATER_TYPE = {
  HASH_EXPIRES_PRE_GA: 22,
  HASH_PACKED_EXPIRES_PRE_GA: 23,
  HASH_EXPIRES: 24,
  HASH_PACKED_EXPIRES: 25,
} as const;
export type LaterType = (typeof LATER_TYPE)[keyof typeof LATER_TYPE];

const LAST_TYPE = RDB_TYPE.STREAM_3;
const LAST_LATER_TYPE = LATER_TYPE.HASH_PACKED_EXPIRES;
// A number that no value was ever written with.
const UNUSED_TYPE = 8;

/** Whether a byte is the type of a value, and not an opcode or unknown. */
export function isRdbType(byte: number): byte is RdbType {
  return byte <= LAST_TYPE && byte !== UNUSED_TYPE;
}

/** As `isRdbType`, for files, with the types that only a later version writes. */
export function isFileType(byte: number): byte is RdbType | LaterType {
  return byte <= LAST_LATER_TYPE && byte !== UNUSED_TYPE;
}

/** The first byte of a length: the top two bits, or the whole byte. */
export const LENGTH_14_BITS = 0x40;
export const LENGTH_32_BITS = 0x80;
export const LENGTH_64_BITS = 0x81;
/** With both top bits set it is no length but one of the string forms below, in the other six bits. */
export const LENGTH_IS_FORM = 0xc0;

export const STRING_FORM = { INT_8: 0, INT_16: 1, INT_32: 2, COMPRESSED: 3 } as const;

/** Text doubles of version 1 are preceded by their length, or are one of these. */
export const TEXT_DOUBLE = { NAN: 253, POSITIVE_INFINITY: 254, NEGATIVE_INFINITY: 255 } as const;

/** What a node of a list is. */
export const LIST_NODE = { PLAIN: 1, PACKED: 2 } as const;

/** Sets as packed blocks, and when consumers of streams were active last, are there from these versions on. */
export const PACKED_SETS_SINCE = 11;
export const ACTIVE_TIME_SINCE = 11;

export const RDB_MAGIC = 'REDIS';
/** A file begins with the magic and four digits of its version. */
export const RDB_HEADER_BYTES = 9;
/** From this version on a file ends with a checksum. */
export const RDB_CHECKSUM_SINCE = 5;
export const CHECKSUM_BYTES = 8;

/** A DUMP payload ends with two bytes of version and its checksum. */
export const DUMP_FOOTER_BYTES = 10;
