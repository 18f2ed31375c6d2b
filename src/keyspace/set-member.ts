// A member on its way: from a request to a set, from a set to another or to a reply. It is a slice of bytes wherever they
// lie; what the forms of a set ask of it besides – a hash, its value as a packed entry or an integer – is worked out when
// first asked for and kept, so that one member is held against many sets at the cost of one. Made once and filled again
// and again.

import { toText } from '../base/bytes.ts';
import { type HashSeed, hashBytes } from '../base/hash.ts';
import { type PackedEntry, PackedValue } from '../memory/packed-entry.ts';

const TWO_32 = 0x100000000;

export class SetMember {
  /** The text: `bytes[start, start + length)`; not owned, and not to be changed while the member is in use. */
  bytes: Uint8Array;
  start = 0;
  length = 0;

  private readonly value = new PackedValue();
  private isValueKnown = false;
  private isHashKnown = false;
  private knownHash = 0;

  constructor() {
    this.bytes = this.value.source;
  }

  setBytes(bytes: Uint8Array, start: number, length: number): this {
    this.bytes = bytes;
    this.start = start;
    this.length = length;
    this.isValueKnown = false;
    this.isHashKnown = false;
    return this;
  }

  /** As `setBytes`, where the hash is known already. */
  setHashed(bytes: Uint8Array, start: number, length: number, hash: number): this {
    this.setBytes(bytes, start, length);
    this.knownHash = hash;
    this.isHashKnown = true;
    return this;
  }

  /** Takes a copy of a latin1 string. */
  setText(text: string): this {
    this.value.setText(text);
    return this.takeValue();
  }

  /** Takes an int64 in halves. */
  setInteger(low: number, high: number): this {
    const number = high * TWO_32 + (low >>> 0);
    const isExact = Number.isSafeInteger(number);
    this.value.setInteger(isExact ? number : (BigInt(high) << 32n) | BigInt(low >>> 0));
    return this.takeValue();
  }

  /** Takes what a packed entry holds; a string is not copied. */
  setEntry(entry: PackedEntry): this {
    if (!entry.isInteger) return this.setBytes(entry.bytes, entry.start, entry.length);
    this.value.setInteger(entry.integer);
    return this.takeValue();
  }

  /** The member as a value of packed entries; tells also whether it is an integer. */
  get packed(): PackedValue {
    if (!this.isValueKnown) {
      this.value.setBytes(this.bytes, this.start, this.length);
      this.isValueKnown = true;
    }
    return this.value;
  }

  /** The hash under which tables with this seed file it. */
  hash(seed: HashSeed): number {
    if (!this.isHashKnown) {
      this.knownHash = hashBytes(this.bytes, this.start, this.length, seed);
      this.isHashKnown = true;
    }
    return this.knownHash;
  }

  text(): string {
    return toText(this.bytes, this.start, this.start + this.length);
  }

  private takeValue(): this {
    const { value } = this;
    this.setBytes(value.source, value.start, value.length);
    this.isValueKnown = true;
    return this;
  }
}
