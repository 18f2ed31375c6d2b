// The event classes of `notify-keyspace-events`: one bit and one letter each. The value of the directive is the OR of
// the bits, so that the question "does anyone want this event?" is one AND on the path of every write.

/** Bit of each class of events. `KEYSPACE` and `KEYEVENT` choose the channels, the others the events. */
export const KEYSPACE_EVENT_CLASS = {
  KEYSPACE: 1 << 0,
  KEYEVENT: 1 << 1,
  GENERIC: 1 << 2,
  STRING: 1 << 3,
  LIST: 1 << 4,
  SET: 1 << 5,
  HASH: 1 << 6,
  ZSET: 1 << 7,
  EXPIRED: 1 << 8,
  EVICTED: 1 << 9,
  STREAM: 1 << 10,
  KEY_MISS: 1 << 11,
  MODULE: 1 << 13,
  NEW: 1 << 14,
} as const;

const CLASS = KEYSPACE_EVENT_CLASS;

/** In the order in which the reference writes them; all of them together are written `A`. */
const EVENT_LETTERS: readonly (readonly [string, number])[] = [
  ['g', CLASS.GENERIC],
  ['$', CLASS.STRING],
  ['l', CLASS.LIST],
  ['s', CLASS.SET],
  ['h', CLASS.HASH],
  ['z', CLASS.ZSET],
  ['x', CLASS.EXPIRED],
  ['e', CLASS.EVICTED],
  ['t', CLASS.STREAM],
  ['d', CLASS.MODULE],
];

/** Never part of `A`: a miss and the creation of a key are far too frequent to be asked for by accident. */
const ALL_EVENTS = EVENT_LETTERS.reduce((bits, [, bit]) => bits | bit, 0);

const OTHER_LETTERS: readonly (readonly [string, number])[] = [
  ['K', CLASS.KEYSPACE],
  ['E', CLASS.KEYEVENT],
  ['m', CLASS.KEY_MISS],
];

const BITS: ReadonlyMap<string, number> = new Map([
  ...EVENT_LETTERS,
  ...OTHER_LETTERS,
  ['A', ALL_EVENTS],
  ['n', CLASS.NEW],
]);

/** Reads letters as class bits; null when one of them names no class. */
export function parseEventClasses(letters: string): number | null {
  let bits = 0;
  for (const letter of letters) {
    const bit = BITS.get(letter);
    if (bit === undefined) return null;
    bits |= bit;
  }
  return bits;
}

/** Writes class bits as letters, in the reference's order. */
export function formatEventClasses(bits: number): string {
  let letters = '';
  if ((bits & ALL_EVENTS) === ALL_EVENTS) {
    letters = 'A';
  } else {
    for (const [letter, bit] of EVENT_LETTERS) if ((bits & bit) !== 0) letters += letter;
    // Observed 7.2.4: the letter of new keys is not shown beside A.
    if ((bits & CLASS.NEW) !== 0) letters += 'n';
  }
  for (const [letter, bit] of OTHER_LETTERS) if ((bits & bit) !== 0) letters += letter;
  return letters;
}
