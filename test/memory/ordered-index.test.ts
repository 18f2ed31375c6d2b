import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareText, toBytes } from '../../src/base/bytes.ts';
import { hashSeed } from '../../src/base/hash.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { Dict } from '../../src/memory/dict.ts';
import { Heap, type Ref } from '../../src/memory/heap.ts';
import { OrderedIndex } from '../../src/memory/ordered-index.ts';
import { OrderedWalk } from '../../src/memory/ordered-walk.ts';

interface Element {
  readonly member: string;
  score: number;
}

const order = (a: Element, b: Element) => a.score - b.score || compareText(a.member, b.member);

/** An index beside a model of it: an array in order. */
class CheckedIndex {
  readonly heap = new Heap();
  readonly members = new Dict(this.heap, hashSeed(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])));
  readonly index = new OrderedIndex(this.heap, this.members);
  readonly model: Element[] = [];

  insert(score: number, member: string): void {
    if (this.find(member) !== 0) return;
    this.model.splice(this.placeOf({ score, member }), 0, { score, member });
    this.index.insert(score, this.addMember(member));
  }

  append(score: number, member: string): void {
    this.model.push({ score, member });
    this.index.append(score, this.addMember(member));
  }

  delete(rank: number): void {
    const { score, member } = this.model.splice(rank, 1)[0]!;
    const ref = this.find(member);
    this.index.delete(score, ref);
    this.members.delete(ref);
  }

  deleteAt(rank: number): void {
    const { member } = this.model.splice(rank, 1)[0]!;
    const ref = this.index.deleteAt(rank);
    expect(this.members.keyText(ref)).toBe(member);
    this.members.delete(ref);
  }

  shift(): void {
    const { member } = this.model.shift()!;
    this.index.touchFirst();
    const ref = this.index.shift();
    expect(this.members.keyText(ref)).toBe(member);
    this.members.delete(ref);
  }

  deleteRange(rank: number, count: number): void {
    const gone = this.model.splice(rank, count).map(({ member }) => member);
    const removed: string[] = [];
    this.index.deleteRange(rank, gone.length, (ref) => {
      removed.push(this.members.keyText(ref));
      this.members.delete(ref);
    });
    expect(removed).toEqual(gone);
  }

  update(rank: number, score: number): void {
    const element = this.model.splice(rank, 1)[0]!;
    this.index.update(element.score, this.find(element.member), score);
    element.score = score;
    this.model.splice(this.placeOf(element), 0, element);
  }

  /** Holds everything that the index can be asked against the model. */
  check(): void {
    const { index, members, model } = this;
    expect(index.size).toBe(model.length);
    expect(this.walk(0, false)).toEqual(model);
    expect(this.walk(model.length - 1, true)).toEqual([...model].reverse());
    const wrong = model.filter(({ score, member }, rank) => index.rank(score, this.find(member)) !== rank);
    expect(wrong).toEqual([]);
    for (const rank of this.someRanks()) {
      expect(this.walk(rank, false, 3)).toEqual(model.slice(rank, rank + 3));
      for (const limit of [1, 20, 1000]) {
        const upwards = model.slice(rank, rank + limit);
        expect(this.walkInRuns(rank, false, limit)).toEqual(upwards.map(({ member }) => member));
        const downwards = model.slice(Math.max(0, rank + 1 - limit), rank + 1).reverse();
        expect(this.walkInRuns(rank, true, limit)).toEqual(downwards.map(({ member }) => member));
      }
      expect(this.walk(rank, true, 3)).toEqual(model.slice(Math.max(0, rank - 2), rank + 1).reverse());
      const { score } = model[rank]!;
      for (const bound of [score, score - 0.25, score + 0.25]) {
        expect(index.rankOfScore(bound, false)).toBe(model.filter((one) => one.score < bound).length);
        expect(index.rankOfScore(bound, true)).toBe(model.filter((one) => one.score <= bound).length);
      }
    }
    expect(index.rankOfScore(Number.NEGATIVE_INFINITY, false)).toBe(0);
    expect(index.rankOfScore(Number.POSITIVE_INFINITY, true)).toBe(model.length);
    expect(members.size).toBe(model.length);
  }

  walkInRuns(rank: number, reverse: boolean, limit: number): string[] {
    const walk = new OrderedWalk();
    this.index.beginWalk(walk, rank, reverse);
    const found: string[] = [];
    while (found.length < limit) {
      const taken = walk.nextRun(limit - found.length);
      if (taken === 0) break;
      const { runRefs, runAt, runStep } = walk;
      for (let i = 0; i < taken; i++) found.push(this.members.keyText(runRefs[runAt + i * runStep]!));
    }
    return found;
  }

  walk(rank: number, reverse: boolean, limit = Number.POSITIVE_INFINITY): Element[] {
    const walk = new OrderedWalk();
    this.index.beginWalk(walk, rank, reverse);
    const found: Element[] = [];
    while (found.length < limit && walk.next()) {
      found.push({ member: this.members.keyText(walk.ref), score: walk.score });
    }
    return found;
  }

  find(member: string): Ref {
    const bytes = toBytes(member);
    return this.members.find(bytes, 0, bytes.length, this.members.hash(bytes, 0, bytes.length));
  }

  private someRanks(): number[] {
    const { length } = this.model;
    if (length === 0) return [];
    return [0, length >> 3, length >> 1, length - 1];
  }

  private addMember(member: string): Ref {
    const bytes = toBytes(member);
    const hash = this.members.hash(bytes, 0, bytes.length);
    return this.members.insert(bytes, 0, bytes.length, hash, 8, false);
  }

  private placeOf(element: Element): number {
    let low = 0;
    let high = this.model.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (order(this.model[middle]!, element) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const score = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
  fc.double({ noNaN: true }),
  fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);

describe('a tree of any height', () => {
  // Each step is many operations, so that nodes of all levels split, merge and disappear.
  const step = fc.oneof(
    fc.record({ op: fc.constant('insert'), count: fc.integer({ min: 1, max: 900 }), spread: fc.nat(3) }),
    fc.record({ op: fc.constant('delete'), count: fc.integer({ min: 1, max: 700 }), spread: fc.nat(2) }),
    fc.record({ op: fc.constant('shift'), count: fc.integer({ min: 1, max: 700 }), spread: fc.nat(3) }),
    fc.record({ op: fc.constant('range'), count: fc.integer({ min: 1, max: 3000 }), spread: fc.nat(99) }),
    fc.record({ op: fc.constant('update'), count: fc.integer({ min: 1, max: 200 }), spread: fc.nat(3) }),
  );

  test('answers as an array in order does, after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 10 }), fc.nat(255), (steps, seed) => {
        const random = new SeededRandom(Uint8Array.from([seed]));
        const checked = new CheckedIndex();
        for (let i = 0; i < 3000; i++) checked.insert(random.below(40), `m${random.below(1e9)}`);
        let next = 0;
        for (const { op, count, spread } of steps) {
          const { model } = checked;
          for (let i = 0; i < (op === 'range' ? 1 : count); i++) {
            if (op === 'insert') {
              const scores = [next, -next, random.below(1000), 7];
              checked.insert(scores[spread]!, `e${String(next++).padStart(9, '0')}`);
            } else if (model.length === 0) {
              break;
            } else if (op === 'delete') {
              const rank = [0, model.length - 1, random.below(model.length)][spread]!;
              if ((i & 1) === 0) checked.delete(rank);
              else checked.deleteAt(rank);
            } else if (op === 'shift') {
              checked.shift();
              // What others ask meanwhile, with some that have gone still in the tree.
              if (i % 7 > 0 || spread === 0 || model.length === 0) continue;
              if (spread === 1) checked.insert(model[0]!.score - 1, `e${String(next++).padStart(9, '0')}`);
              else if (spread === 2) checked.deleteAt(random.below(model.length));
              else checked.update(random.below(model.length), random.below(40));
            } else if (op === 'range') {
              checked.deleteRange(Math.floor((model.length * spread) / 100), count);
            } else {
              const rank = random.below(model.length);
              const { score: before } = model[rank]!;
              checked.update(rank, [before, before + 0.5, random.below(40), -1e9][spread]!);
            }
          }
          checked.check();
        }
        checked.deleteRange(0, checked.model.length);
        checked.check();
        expect(checked.index.blocks).toBe(1);
      }),
      { numRuns: 25, seed: 7 },
    );
  });

  test('any scores, and members of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(score, fc.string({ maxLength: 12 })), { maxLength: 300 }), (elements) => {
        const checked = new CheckedIndex();
        for (const [value, member] of elements) checked.insert(value, toLatin1(member));
        checked.check();
      }),
      { numRuns: 100, seed: 11 },
    );
  });

  test('four levels, and back to one', () => {
    const checked = new CheckedIndex();
    const name = (i: number) => `m${String(i).padStart(8, '0')}`;
    const elements = 84 * 50 * 50 + 1;
    for (let i = 0; i < elements; i++) checked.append(0, name(i));
    // A root, two nodes with 51 between them, a leaf for 84 entries each.
    expect(checked.index.blocks).toBe(1 + 2 + 51 + 2501);
    for (let i = 0; i < 300; i++) checked.deleteRange((i * 7919) % (checked.model.length - 700), 690);
    for (let i = 0; i < elements; i += 500) checked.insert(0, `${name(i)}+`);
    checked.check();
    while (checked.model.length > 0) checked.deleteRange(checked.model.length >> 2, 100);
    checked.check();
    expect(checked.index.blocks).toBe(1);
  });
});

test('members order the entries of one score, and can be sought', () => {
  const checked = new CheckedIndex();
  const random = new SeededRandom(Uint8Array.from([3]));
  for (let i = 0; i < 2000; i++) checked.insert(1, String.fromCharCode(random.below(256)) + random.below(99));
  const { index, model } = checked;
  for (const member of ['', '\0', 'a', 'b5', 'b50', '\x80', '\xff\xff\xff', model[77]!.member]) {
    const bytes = toBytes(`-${member}-`);
    const before = model.filter((one) => compareText(one.member, member) < 0).length;
    const upTo = model.filter((one) => compareText(one.member, member) <= 0).length;
    expect(index.rankOfMember(bytes, 1, member.length, false)).toBe(before);
    expect(index.rankOfMember(bytes, 1, member.length, true)).toBe(upTo);
  }
});

test('members longer than a block of the heap', () => {
  const checked = new CheckedIndex();
  for (let i = 0; i < 200; i++) checked.insert(i & 1, 'x'.repeat(20_000 + (i % 3)) + i);
  for (let i = 0; i < 100; i++) checked.delete(i);
  checked.check();
});

describe('the room that it takes', () => {
  const bytesPerEntry = (checked: CheckedIndex) => checked.index.usedBytes / checked.index.size;

  test('entries that come in order fill it', () => {
    const up = new CheckedIndex();
    const down = new CheckedIndex();
    const end = new CheckedIndex();
    for (let i = 0; i < 20_000; i++) {
      up.insert(i, `m${i}`);
      down.insert(-i, `m${i}`);
      end.append(i, `m${i}`);
    }
    expect(bytesPerEntry(up)).toBeLessThan(12.6);
    expect(bytesPerEntry(down)).toBeLessThan(13);
    expect(bytesPerEntry(end)).toBeLessThan(12.6);
  });

  test('entries that come in no order fill two thirds', () => {
    const checked = new CheckedIndex();
    const random = new SeededRandom(Uint8Array.from([5]));
    for (let i = 0; i < 20_000; i++) checked.insert(random.below(1e9), `m${i}`);
    expect(bytesPerEntry(checked)).toBeLessThan(19);
    while (checked.model.length > 2000) checked.delete(random.below(checked.model.length));
    expect(bytesPerEntry(checked)).toBeLessThan(40);
  });

  test('freeing in slices frees every block', () => {
    const checked = new CheckedIndex();
    const random = new SeededRandom(Uint8Array.from([6]));
    for (let i = 0; i < 20_000; i++) checked.insert(random.below(1e9), `m${i}`);
    while (checked.members.freeSome(1000, () => {}));
    let slices = 1;
    while (checked.index.freeSome(50)) slices++;
    expect(checked.heap.usedBytes).toBe(0);
    expect(slices).toBeGreaterThan(5);
    expect(slices).toBeLessThan(20);
  });
});

function toLatin1(text: string): string {
  return text.replace(/[^\0-\xff]/g, '?');
}
