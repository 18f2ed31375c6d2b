import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdIndex, IdRecords } from '../../src/datatypes/id-records.ts';
import { StreamId } from '../../src/datatypes/stream-id.ts';
import { Heap } from '../../src/memory/heap.ts';

const idOf = (value: number) => StreamId.of(Math.floor(value / 8), value % 8);

/** Records beside a sorted array. A record's word behind the ID is three times its value. */
class CheckedRecords {
  readonly heap = new Heap();
  records: IdRecords;
  model: number[] = [];

  constructor(width: number) {
    this.records = new IdRecords(this.heap, width);
  }

  insert(value: number): void {
    const isNew = !this.model.includes(value);
    expect(this.records.insert(idOf(value))).toBe(isNew);
    if (isNew) this.model.push(value);
    else expect(this.tag).toBe(value * 3);
    this.model.sort((a, b) => a - b);
    this.tag = value * 3;
  }

  remove(value: number): void {
    const at = this.model.indexOf(value);
    expect(this.records.find(idOf(value))).toBe(at >= 0);
    if (at < 0) return;
    this.records.remove();
    this.model.splice(at, 1);
  }

  check(from: number, limit: number): void {
    const { records } = this;
    const expected = this.model.filter((value) => value >= from);
    const found: number[] = [];
    let more = records.seek(idOf(from));
    if (more) expect(records.countFrom(limit)).toBe(Math.min(limit, expected.length));
    for (; more; more = records.next()) {
      const id = records.readId(new StreamId());
      found.push(Number(id.ms) * 8 + Number(id.seq));
      expect(this.tag).toBe(found.at(-1)! * 3);
    }
    expect(found).toEqual(expected);
    expect(records.size).toBe(this.model.length);
    expect(records.seekFirst()).toBe(this.model.length > 0);
    if (this.model.length > 0) expect(this.tag).toBe(this.model[0]! * 3);
    expect(records.seekLast()).toBe(this.model.length > 0);
    if (this.model.length > 0) expect(this.tag).toBe(this.model.at(-1)! * 3);
  }

  private get tag(): number {
    return this.records.words[this.records.at + 4]!;
  }

  private set tag(tag: number) {
    this.records.words[this.records.at + 4] = tag;
  }
}

const value = fc.integer({ min: 0, max: 2000 });
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('insert' as const, 'remove' as const), value }),
  fc.record({ do: fc.constant('insertRun' as const), value, length: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ do: fc.constant('removeRun' as const), value, length: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ do: fc.constant('copy' as const), value }),
);

test.each([5, 9, 30])('records of %i words are what a sorted array is, and give all memory back', (width) => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      value,
      fc.integer({ min: 1, max: 50 }),
      (steps, from, limit) => {
        const checked = new CheckedRecords(width);
        for (const one of steps) {
          if (one.do === 'insert') checked.insert(one.value);
          else if (one.do === 'remove') checked.remove(one.value);
          else if (one.do === 'insertRun') {
            for (let i = 0; i < one.length; i++) checked.insert(one.value + i);
          } else if (one.do === 'removeRun') {
            for (let i = 0; i < one.length; i++) checked.remove(one.value + i);
          } else {
            const copy = checked.records.copy();
            while (checked.records.freeSome(2) > 0);
            checked.records = copy;
          }
        }
        checked.check(from, limit);
        expect(checked.records.usedBytes).toBe(checked.heap.usedBytes);
        while (checked.records.freeSome(3) > 0);
        expect(checked.heap.usedBytes).toBe(0);
      },
    ),
    { seed: 3, numRuns: 60 },
  );
});

test('records that come in order fill their leaves, and few records take little', () => {
  const heap = new Heap();
  const records = new IdRecords(heap, 9);
  for (let i = 0; i < 10_000; i++) records.insert(idOf(i));
  expect(heap.usedBytes).toBeLessThan(10_000 * 36 * 1.1);
  // Nine of ten go: what is left lies close again.
  for (let i = 0; i < 10_000; i++) if (i % 10 !== 0 && records.find(idOf(i))) records.remove();
  expect(records.size).toBe(1000);
  expect(heap.usedBytes).toBeLessThan(1000 * 36 * 4.5);
  const small = new IdRecords(heap, 9);
  const before = heap.usedBytes;
  small.insert(idOf(1));
  expect(heap.usedBytes - before).toBeLessThanOrEqual(80);
});

test('an index is a sorted array that is cheap at both ends', () => {
  const edit = fc.record({ at: fc.nat(), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 300 }), (edits) => {
      const heap = new Heap();
      let index = new IdIndex(heap);
      let model: number[] = [];
      let next = 0;
      for (const { at, remove } of edits) {
        if (remove && model.length > 0) {
          const place = at % 3 === 0 ? at % model.length : 0;
          index.remove(place);
          model.splice(place, 1);
        } else {
          next += 1 + (at % 3);
          index.insert(index.count, idOf(next), next);
          model.push(next);
        }
        if (at % 50 === 0) {
          const copy = index.copy();
          index.free();
          index = copy;
        }
      }
      expect(Array.from({ length: index.count }, (_, i) => index.ref(i))).toEqual(model);
      for (let probe = 0; probe <= next + 1; probe++) {
        expect(index.findLast(idOf(probe))).toBe(model.filter((one) => one <= probe).length - 1);
      }
      // In the middle, too.
      const middle = model.length >> 1;
      if (model.length > 1 && model[middle]! - model[middle - 1]! > 1) {
        index.insert(middle, idOf(model[middle]! - 1), -1);
        model = [...model.slice(0, middle), -1, ...model.slice(middle)];
      }
      expect(Array.from({ length: index.count }, (_, i) => index.ref(i))).toEqual(model);
      index.free();
      expect(heap.usedBytes).toBe(0);
    }),
    { seed: 4, numRuns: 200 },
  );
});
