// What the edits of packed values need besides the values: two values about to be stored or looked for and a reader of
// a stored one, made once a keyspace and used by every command. Nothing in it holds beyond the call that filled it.

import { PackedEntry, PackedValue } from '../memory/packed-entry.ts';

const DIGITS_BYTES = 32;

export class PackedScratch {
  readonly first = new PackedValue();
  readonly second = new PackedValue();
  readonly entry = new PackedEntry();
  /** Room for the digits of a number. */
  readonly digits = Buffer.alloc(DIGITS_BYTES);
}
