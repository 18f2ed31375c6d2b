// The buckets of a dict: an array of refs as long as one likes, and the order in which a scan goes through it. It knows
// nothing of entries.

import type { Ref } from './heap.ts';
import type { ReturnedMemory } from './returned-memory.ts';

// Slots live in chunks of 1 MiB that are allocated when first written, so that no table costs a pause.
const CHUNK_SHIFT = 18;
const CHUNK_SLOTS = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_SLOTS - 1;

// As many entries are one chain: it costs no more cache misses than a table of their own would.
const CHAIN_ENTRIES = 4;
// Stands for every chunk that nothing was written to yet: it reads as empty and is never written.
const UNTOUCHED_CHUNK = new Int32Array(CHUNK_SLOTS);

/** What a slot takes. */
export const SLOT_BYTES = 4;

const FEW_SLOTS = 64;
// Never written.
const NO_CHUNKS: Int32Array[] = [];
const NO_SLOTS: Ref[] = [];

export class SlotTable {
  /** One less than the number of slots, which is a power of two. */
  readonly mask: number;

  // Small tables are many (small hashes and sets). The slot of one that has only one needs no array, and a few slots no typed
  // one, which is three objects and takes long to make.
  private only: Ref = 0;
  private readonly few: Ref[];
  private readonly chunks: Int32Array[];

  constructor(slots: number) {
    this.mask = slots - 1;
    this.few = NO_SLOTS;
    this.chunks = NO_CHUNKS;
    if (slots > CHUNK_SLOTS)
      this.chunks = Array.from({ length: slots >>> CHUNK_SHIFT }, () => UNTOUCHED_CHUNK);
    else if (slots > FEW_SLOTS) this.chunks = [new Int32Array(slots)];
    else if (slots > 1) this.few = new Array<Ref>(slots).fill(0);
  }

  get slots(): number {
    return this.mask + 1;
  }

  /** How many entries the table holds before it is too small for them. */
  get roomFor(): number {
    return this.mask === 0 ? CHAIN_ENTRIES : (this.slots >> 2) * 3;
  }

  get bytes(): number {
    return this.slots * (this.mask < FEW_SLOTS ? 8 : SLOT_BYTES);
  }

  /** Ends its life: `memory` is told what is needed no longer. */
  release(memory: ReturnedMemory): void {
    for (const chunk of this.chunks) if (chunk !== UNTOUCHED_CHUNK) memory.note(chunk);
  }

  get(bucket: number): Ref {
    if (this.mask >= FEW_SLOTS) return this.chunks[bucket >>> CHUNK_SHIFT]![bucket & CHUNK_MASK]!;
    return this.mask === 0 ? this.only : this.few[bucket]!;
  }

  set(bucket: number, ref: Ref): void {
    if (this.mask < FEW_SLOTS) {
      if (this.mask === 0) this.only = ref;
      else this.few[bucket] = ref;
      return;
    }
    let chunk = this.chunks[bucket >>> CHUNK_SHIFT]!;
    if (chunk === UNTOUCHED_CHUNK) {
      if (ref === 0) return;
      chunk = this.chunks[bucket >>> CHUNK_SHIFT] = new Int32Array(CHUNK_SLOTS);
    }
    chunk[bucket & CHUNK_MASK] = ref;
  }
}

/**
 * The cursor after `cursor` in a table with `mask`, 0 after the last. It counts with its bits reversed: the buckets that a
 * bucket splits into, or was made of, are those behind the same cursor in the table of the other size.
 */
export function nextCursor(cursor: number, mask: number): number {
  return reverseBits((reverseBits(cursor | ~mask) + 1) | 0);
}

function reverseBits(value: number): number {
  value = ((value >>> 1) & 0x55555555) | ((value & 0x55555555) << 1);
  value = ((value >>> 2) & 0x33333333) | ((value & 0x33333333) << 2);
  value = ((value >>> 4) & 0x0f0f0f0f) | ((value & 0x0f0f0f0f) << 4);
  value = ((value >>> 8) & 0x00ff00ff) | ((value & 0x00ff00ff) << 8);
  return ((value >>> 16) | (value << 16)) >>> 0;
}
