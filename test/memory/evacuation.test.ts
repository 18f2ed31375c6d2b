import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { BlockMover } from '../../src/memory/block-mover.ts';
import { type EvacuationPlan, planEvacuation } from '../../src/memory/evacuation-plan.ts';
import { Heap, type Ref } from '../../src/memory/heap.ts';

const MIB = 1024 * 1024;
const PAGE_BYTES = 65536;
// The segments that are never given back.
const YOUNG_BYTES = 21 * MIB;

/** Blocks, each with its number in its first and in its last word. */
class NumberedBlocks {
  readonly heap = new Heap();
  readonly refs: Ref[] = [];
  private readonly numbers: number[] = [];
  private next = 1;

  add(bytes: number): void {
    const ref = this.heap.alloc(bytes);
    this.mark(ref, this.next);
    this.refs.push(ref);
    this.numbers.push(this.next++);
  }

  remove(i: number): void {
    this.heap.free(this.refs[i]!);
    this.refs[i] = this.refs.at(-1)!;
    this.numbers[i] = this.numbers.at(-1)!;
    this.refs.pop();
    this.numbers.pop();
  }

  /** Leaves one block of `oneOf`. */
  thin(oneOf: number, random: SeededRandom): void {
    for (let i = this.refs.length - 1; i >= 0; i--) if (random.below(oneOf) > 0) this.remove(i);
  }

  move(share = 1): BlockMover {
    const mover = new BlockMover(this.heap);
    for (let i = 0; i < this.refs.length * share; i++) this.refs[i] = mover.move(this.refs[i]!);
    return mover;
  }

  check(): void {
    for (const [i, ref] of this.refs.entries()) {
      const words = this.heap.words(ref);
      const first = this.heap.offset(ref) >> 2;
      const last = first + (this.heap.capacity(ref) >> 2) - 1;
      if (words[first] !== this.numbers[i] || words[last] !== this.numbers[i]) expect.fail(`block ${i}`);
    }
    const used = this.refs.reduce((sum, ref) => sum + this.heap.capacity(ref), 0);
    expect(this.heap.usedBytes).toBe(used);
    expect(new Set(this.refs).size).toBe(this.refs.length);
  }

  private mark(ref: Ref, number: number): void {
    const words = this.heap.words(ref);
    const first = this.heap.offset(ref) >> 2;
    words[first] = words[first + (this.heap.capacity(ref) >> 2) - 1] = number;
  }
}

describe('a plan', () => {
  test('has nothing to do where everything is full', () => {
    const blocks = new NumberedBlocks();
    for (let i = 0; i < 100_000; i++) blocks.add(64);
    const { segments, pages } = planEvacuation(blocks.heap);
    expect([segments, pages]).toEqual([[], []]);
  });

  test('empties what one page in five can take', () => {
    const random = new SeededRandom(Uint8Array.of(1));
    const blocks = new NumberedBlocks();
    for (let i = 0; i < 100_000; i++) blocks.add(64);
    blocks.thin(5, random);
    const before = blocks.heap.activeBytes;
    blocks.heap.evacuate(planEvacuation(blocks.heap));
    blocks.move();
    blocks.heap.endEvacuation();
    blocks.check();
    expect(before).toBeGreaterThan(4.5 * blocks.heap.usedBytes);
    expect(blocks.heap.activeBytes).toBeLessThan(blocks.heap.usedBytes + 3 * PAGE_BYTES);
  });

  test('gives segments back when their blocks fit into others', () => {
    const random = new SeededRandom(Uint8Array.of(2));
    const blocks = new NumberedBlocks();
    for (let i = 0; i < 130_000; i++) blocks.add(1024);
    const reserved = blocks.heap.reservedBytes;
    blocks.thin(8, random);
    blocks.heap.evacuate(planEvacuation(blocks.heap));
    const { hits, misses } = blocks.move();
    blocks.heap.endEvacuation();
    blocks.check();
    expect(reserved).toBeGreaterThan(120 * MIB);
    expect(blocks.heap.reservedBytes).toBe(YOUNG_BYTES);
    expect(hits).toBeGreaterThan(misses);
  });
});

describe('while pages are emptied', () => {
  test('blocks come and go as ever, and whatever is left in the end stays usable', () => {
    for (let seed = 0; seed < 4; seed++) {
      const random = new SeededRandom(Uint8Array.of(3, seed));
      const blocks = new NumberedBlocks();
      for (let round = 0; round < 12; round++) {
        for (let i = 0; i < 6000; i++) blocks.add(16 + random.below(random.below(20) === 0 ? 20_000 : 300));
        blocks.thin(2 + random.below(4), random);
        const { heap } = blocks;
        const plan = random.below(2) === 0 ? planEvacuation(heap) : anyPlan(heap, random);
        heap.evacuate(plan);
        expect(heap.isEvacuating).toBe(true);
        blocks.move(random.below(3) / 2);
        for (let i = 0; i < 3000; i++) {
          if (random.below(2) === 0) blocks.add(16 + random.below(300));
          else blocks.remove(random.below(blocks.refs.length));
        }
        if (random.below(3) > 0) {
          heap.endEvacuation();
          expect(blocks.refs.some((ref) => heap.leaves(ref))).toBe(false);
        }
        blocks.check();
      }
      while (blocks.refs.length > 0) blocks.remove(blocks.refs.length - 1);
      expect(blocks.heap.usedBytes).toBe(0);
      blocks.heap.endEvacuation();
      for (let i = 0; i < 1000; i++) blocks.add(200);
      blocks.check();
    }
  });
});

/** Pages drawn at random, which is nothing that anyone would plan. */
function anyPlan(heap: Heap, random: SeededRandom): EvacuationPlan {
  const { segmentPages, segmentFreshPage, pagesPerSegment, pageState } = heap.pages;
  const pages: number[] = [];
  const partial: number[] = [];
  for (let segment = 0; segment < segmentPages.length; segment++) {
    for (let i = 0; i < segmentFreshPage[segment]!; i++) {
      const page = segment * pagesPerSegment + i;
      if (pageState[page] !== 0) (random.below(2) === 0 ? partial : pages).push(page);
    }
  }
  return { segments: [], pages, partial };
}
