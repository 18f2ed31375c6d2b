// A large hash: fields and their values as entries of a Dict, both as text. Small hashes are packed blocks within the
// key's entry; keyspace/hash-value.ts knows both forms. There may be as many of these objects as there are keys, so one
// holds its table and nothing else.

import { copyBytes } from '../base/bytes.ts';
import type { HashSeed } from '../base/hash.ts';
import type { BlockMover } from '../memory/block-mover.ts';
import type { MoveVisitor, TableStats } from '../memory/chained-table.ts';
import { Dict } from '../memory/dict.ts';
import type { Heap, Ref } from '../memory/heap.ts';
import type { LargeValue } from './large-value.ts';

export class HashTable implements LargeValue {
  /** Field → value. For reading, drawing and scanning; what changes it goes through the methods here. */
  readonly dict: Dict;

  private readonly heap: Heap;
  private readonly seed: HashSeed;

  constructor(heap: Heap, seed: HashSeed) {
    this.heap = heap;
    this.seed = seed;
    this.dict = new Dict(heap, seed);
  }

  /** The number of fields. */
  get size(): number {
    return this.dict.size;
  }

  /** The entry of a field, or 0. O(1). */
  find(bytes: Uint8Array, start: number, length: number): Ref {
    return this.dict.find(bytes, start, length, this.dict.hash(bytes, start, length));
  }

  /** Gives a field a value, copied from a slice, and returns whether the field is new. O(1). */
  set(
    field: Uint8Array,
    fieldStart: number,
    fieldLength: number,
    value: Uint8Array,
    valueStart: number,
    valueLength: number,
  ): boolean {
    const { dict } = this;
    const hash = dict.hash(field, fieldStart, fieldLength);
    let ref = dict.find(field, fieldStart, fieldLength, hash);
    const isNew = ref === 0;
    if (isNew) ref = dict.insert(field, fieldStart, fieldLength, hash, valueLength, false);
    else ref = this.beforeChange(ref, valueLength);
    copyBytes(value, valueStart, this.heap.bytes(ref), dict.valueOffset(ref), valueLength);
    return isNew;
  }

  /** Gives the field of an entry another value, copied from a slice, and returns the entry, which may have moved. */
  replace(ref: Ref, value: Uint8Array, start: number, length: number): Ref {
    const at = this.beforeChange(ref, length);
    copyBytes(value, start, this.heap.bytes(at), this.dict.valueOffset(at), length);
    return at;
  }

  /** Removes a field; returns whether it was there. O(1). */
  delete(bytes: Uint8Array, start: number, length: number): boolean {
    const ref = this.find(bytes, start, length);
    if (ref === 0) return false;
    this.dict.delete(ref);
    return true;
  }

  get table(): Dict {
    return this.dict;
  }

  get pieces(): number {
    return this.dict.size;
  }

  copy(): HashTable {
    const { dict, heap } = this;
    const copy = new HashTable(heap, this.seed);
    copy.dict.reserve(dict.size);
    dict.visitAll((ref) => {
      const memory = heap.bytes(ref);
      const fieldLength = dict.keyLength(ref);
      copy.set(
        memory,
        dict.keyOffset(ref),
        fieldLength,
        memory,
        dict.valueOffset(ref),
        dict.valueLength(ref),
      );
    });
    return copy;
  }

  freeSome(pieces: number): boolean {
    if (this.dict.freeSome(pieces, nothing)) return true;
    this.heap.tableBytes -= this.dict.tableBytes;
    return false;
  }

  moveSome(from: number, mover: BlockMover): number {
    return this.dict.moveSome(from, mover, NOBODY);
  }

  get usedBytes(): number {
    let bytes = this.dict.tableBytes;
    this.dict.visitAll((ref) => {
      bytes += this.heap.capacity(ref);
    });
    return bytes;
  }

  tables(): TableStats[] {
    return this.dict.stats();
  }

  // The entry with room for another value.
  private beforeChange(ref: Ref, valueLength: number): Ref {
    const { dict } = this;
    if (dict.pass !== null) dict.pass.beforeChange(dict.entryHash(ref));
    return dict.valueLength(ref) === valueLength ? ref : dict.resizeValue(ref, valueLength);
  }
}

function nothing(): void {}

// Nobody but the table points to a field.
const NOBODY: MoveVisitor = { entry() {} };
