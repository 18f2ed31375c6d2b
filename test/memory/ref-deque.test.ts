// The row of refs against an array, and that its memory is counted.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../src/memory/heap.ts';
import { RefDeque } from '../../src/memory/ref-deque.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat() }),
  fc.record({ kind: fc.constantFrom('first' as const, 'last' as const) }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), count: fc.nat({ max: 9 }) }),
  fc.record({ kind: fc.constant('zeros' as const), every: fc.integer({ min: 2, max: 5 }) }),
);

test('every place is what the array has there', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap();
      const before = heap.tableBytes;
      const deque = new RefDeque(heap);
      const model: number[] = [];
      let next = 1;
      for (const one of steps) {
        if (one.kind === 'insert') {
          const at = one.at % (model.length + 1);
          deque.insert(at, next);
          model.splice(at, 0, next++);
        } else if (one.kind === 'first') {
          deque.insert(0, -next);
          model.unshift(-next++);
        } else if (one.kind === 'last') {
          deque.insert(model.length, next);
          model.push(next++);
        } else if (one.kind === 'remove') {
          const at = one.at % (model.length + 1);
          const count = Math.min(one.count, model.length - at);
          deque.remove(at, count);
          model.splice(at, count);
        } else if (one.kind === 'zeros') {
          for (let i = 0; i < model.length; i += one.every) deque.set(i, (model[i] = 0));
          deque.removeZeros();
          for (let i = model.length - 1; i >= 0; i--) if (model[i] === 0) model.splice(i, 1);
        }
        expect(Array.from({ length: deque.length }, (_, i) => deque.get(i))).toEqual(model);
        expect(heap.tableBytes - before).toBe(deque.bytes);
      }
      deque.release();
      expect(heap.tableBytes).toBe(before);
    }),
    { seed: 3, numRuns: 200 },
  );
});

test('it shrinks when it has become nearly empty', () => {
  const deque = new RefDeque(new Heap());
  for (let i = 1; i <= 1000; i++) deque.insert(deque.length, i);
  expect(deque.bytes).toBe(4096);
  deque.remove(0, 990);
  expect(deque.bytes).toBeLessThanOrEqual(128);
  expect(Array.from({ length: 10 }, (_, i) => deque.get(i))).toEqual([
    991, 992, 993, 994, 995, 996, 997, 998, 999, 1000,
  ]);
});
