import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockBytes, Heap, MAX_SMALL_BYTES, type Ref, UNIT_BYTES } from '../../src/memory/heap.ts';

const MIB = 1024 * 1024;
// The segments of a young heap: 1, 4 and 16 MiB; after them they are of 64 MiB.
const YOUNG_BYTES = 21 * MIB;
const SEGMENT_BYTES = 64 * MIB;

/** A heap with a record of every block: what it should hold, byte for byte. */
class CheckedHeap {
  readonly heap = new Heap();
  readonly blocks: { ref: Ref; bytes: number; mark: number }[] = [];
  private nextMark = 1;

  alloc(bytes: number): void {
    const ref = this.heap.alloc(bytes);
    const mark = this.nextMark++ & 0xff;
    this.memory(ref).fill(mark);
    this.blocks.push({ ref, bytes, mark });
  }

  /** Frees one of the blocks, after a look at whether anyone else has written to it. */
  free(choice: number): void {
    if (this.blocks.length === 0) return;
    const at = choice % this.blocks.length;
    const [block] = this.blocks.splice(at, 1);
    this.checkContent(block!);
    this.heap.free(block!.ref);
  }

  check(): void {
    for (const block of this.blocks) this.checkContent(block);
    const used = this.blocks.reduce((sum, { ref }) => sum + this.heap.capacity(ref), 0);
    expect(this.heap.usedBytes).toBe(used);
    expect(this.heap.activeBytes).toBeGreaterThanOrEqual(used);
    expect(this.heap.reservedBytes).toBeGreaterThanOrEqual(this.heap.activeBytes);
    this.checkNoOverlap();
  }

  private memory(ref: Ref): Buffer {
    const start = this.heap.offset(ref);
    return this.heap.bytes(ref).subarray(start, start + this.heap.capacity(ref));
  }

  private checkContent({ ref, bytes, mark }: { ref: Ref; bytes: number; mark: number }): void {
    expect(ref).not.toBe(0);
    expect(this.heap.capacity(ref)).toBeGreaterThanOrEqual(bytes);
    expect(this.heap.offset(ref) % UNIT_BYTES).toBe(0);
    expect(this.memory(ref).every((byte) => byte === mark)).toBe(true);
  }

  private checkNoOverlap(): void {
    const small = this.blocks
      .filter(({ ref }) => ref > 0)
      .map(({ ref }) => ({ start: ref, end: ref + this.heap.capacity(ref) / UNIT_BYTES }))
      .sort((a, b) => a.start - b.start);
    for (let i = 1; i < small.length; i++) expect(small[i]!.start).toBeGreaterThanOrEqual(small[i - 1]!.end);
    const large = this.blocks.filter(({ ref }) => ref < 0);
    expect(new Set(large.map(({ ref }) => ref)).size).toBe(large.length);
  }
}

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 301, max: MAX_SMALL_BYTES }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(MAX_SMALL_BYTES - 1, MAX_SMALL_BYTES, MAX_SMALL_BYTES + 1, 50_001),
  },
);

describe('blocks', () => {
  test('they never overlap, keep their bytes and are counted exactly', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: sizes.map((bytes) => ({ alloc: bytes })) },
        { weight: 2, arbitrary: fc.nat().map((choice) => ({ free: choice })) },
      ),
      { maxLength: 300, size: 'max' },
    );
    fc.assert(
      fc.property(steps, (script) => {
        const checked = new CheckedHeap();
        for (const step of script) {
          if ('alloc' in step) checked.alloc(step.alloc);
          else checked.free(step.free);
        }
        checked.check();
        while (checked.blocks.length > 0) checked.free(0);
        expect(checked.heap.usedBytes).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('thousands of one size fill many pages', () => {
    const checked = new CheckedHeap();
    for (const bytes of [1, 17, 400, 9360]) {
      for (let i = 0; i < 2000; i++) checked.alloc(bytes);
    }
    for (let i = 0; i < 4000; i++) checked.free(i * 7919);
    for (let i = 0; i < 3000; i++) checked.alloc([1, 17, 400, 9360][i % 4]!);
    checked.check();
  });

  test('a block takes what its class takes, a large one what it asks for in whole words', () => {
    const heap = new Heap();
    for (const bytes of [0, 1, 16, 17, 128, 129, 16_000, MAX_SMALL_BYTES]) {
      const before = heap.usedBytes;
      const ref = heap.alloc(bytes);
      expect(ref).toBeGreaterThan(0);
      expect(heap.capacity(ref)).toBe(blockBytes(bytes));
      expect(heap.usedBytes - before).toBe(blockBytes(bytes));
    }
    const before = heap.usedBytes;
    const ref = heap.alloc(MAX_SMALL_BYTES + 1);
    expect(ref).toBeLessThan(0);
    expect(heap.usedBytes - before).toBe(MAX_SMALL_BYTES + 8);
    expect(heap.offset(ref)).toBe(0);
  });

  test('no class wastes more than a quarter, small ones no more than a unit', () => {
    for (let bytes = 1; bytes <= MAX_SMALL_BYTES; bytes++) {
      expect(blockBytes(bytes) - bytes).toBeLessThan(Math.max(UNIT_BYTES, bytes / 4 + UNIT_BYTES));
    }
  });

  test('the three views show the same memory', () => {
    const heap = new Heap();
    for (const bytes of [64, 20_000]) {
      const ref = heap.alloc(bytes);
      const at = heap.offset(ref);
      heap.floats(ref)[(at >> 3) + 1] = 1.5;
      expect(heap.bytes(ref).readDoubleLE(at + 8)).toBe(1.5);
      heap.words(ref)[(at >> 2) + 1] = -2;
      expect(heap.bytes(ref).readInt32LE(at + 4)).toBe(-2);
    }
  });
});

describe('memory from the system', () => {
  function fill(heap: Heap, bytes: number, blockSize: number): Ref[] {
    return Array.from({ length: Math.ceil(bytes / blockSize) }, () => heap.alloc(blockSize));
  }

  test('pages of a size that is gone serve another', () => {
    const heap = new Heap();
    const refs = fill(heap, 3 * MIB, 64);
    const reserved = heap.reservedBytes;
    for (const ref of refs) heap.free(ref);
    expect(heap.usedBytes).toBe(0);
    // The page in use is kept.
    expect(heap.activeBytes).toBeLessThanOrEqual(2 * 65536);
    fill(heap, 2.5 * MIB, 1024);
    expect(heap.reservedBytes).toBe(reserved);
  });

  test('blocks that are freed and asked for again need no memory', () => {
    const heap = new Heap();
    const refs = fill(heap, MIB, 128);
    const reserved = heap.reservedBytes;
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < refs.length; i++) {
        heap.free(refs[i]!);
        refs[i] = heap.alloc(128);
      }
    }
    expect(heap.reservedBytes).toBe(reserved);
  });

  test('a young heap is small', () => {
    const heap = new Heap();
    heap.alloc(10);
    expect(heap.reservedBytes).toBe(MIB);
  });

  test('empty segments go back, but for one', () => {
    const heap = new Heap();
    const refs = fill(heap, YOUNG_BYTES + 3 * SEGMENT_BYTES - 2 * MIB, MAX_SMALL_BYTES);
    expect(heap.reservedBytes).toBe(YOUNG_BYTES + 3 * SEGMENT_BYTES);
    for (const ref of refs.splice(100)) heap.free(ref);
    // The last one has the page from which blocks of this size are taken.
    expect(heap.reservedBytes).toBe(YOUNG_BYTES + 2 * SEGMENT_BYTES);
    // They are obtained anew when they are needed, and nothing of the old ones shines through.
    const checked = fill(heap, YOUNG_BYTES + 2 * SEGMENT_BYTES, MAX_SMALL_BYTES);
    expect(new Set([...refs, ...checked]).size).toBe(refs.length + checked.length);
    expect(heap.reservedBytes).toBe(YOUNG_BYTES + 3 * SEGMENT_BYTES);
  });

  test('a size that goes up and down across the end of a segment does not obtain it every time', () => {
    const heap = new Heap();
    const refs = fill(heap, YOUNG_BYTES, MAX_SMALL_BYTES);
    let obtained = 0;
    let reserved = heap.reservedBytes;
    for (let round = 0; round < 10; round++) {
      const more = fill(heap, MIB, MAX_SMALL_BYTES);
      if (heap.reservedBytes > reserved) obtained++;
      reserved = heap.reservedBytes;
      for (const ref of more) heap.free(ref);
      expect(heap.reservedBytes).toBe(reserved);
    }
    expect(obtained).toBeLessThanOrEqual(1);
    expect(refs.length).toBeGreaterThan(0);
  });

  test('large blocks go back at once', () => {
    const heap = new Heap();
    const ref = heap.alloc(10 * MIB);
    expect(heap.reservedBytes).toBe(10 * MIB);
    heap.free(ref);
    expect(heap.reservedBytes).toBe(0);
    expect(heap.alloc(20_000)).toBe(ref);
  });
});
