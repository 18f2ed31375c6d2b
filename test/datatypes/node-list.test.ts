// Large lists against a plain array: every operation, under every kind of limit, with elements that share nodes and elements
// that do not. What the nodes look like is compared with Redis's own in test/differential/list-nodes.interop.test.ts.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import { nodeBytes, PLAIN_HEADER_BYTES } from '../../src/datatypes/list-node.ts';
import { NodeList } from '../../src/datatypes/node-list.ts';
import { Heap } from '../../src/memory/heap.ts';
import { packedSeek, packedTexts, packedValidate } from '../../src/memory/packed.ts';
import { PackedEntry, PackedValue } from '../../src/memory/packed-entry.ts';
import { ReplyWriter } from '../../src/resp/reply-writer.ts';

const entry = new PackedEntry();

const value = (text: string) => new PackedValue().setText(text);

/** All elements, read node by node; every node must be sound. */
function textsOf(list: NodeList): string[] {
  const texts: string[] = [];
  for (let node = 0; node < list.nodeCount; node++) {
    const memory = list.memory(node);
    const base = list.base(node);
    const bytes = nodeBytes(memory, base);
    if (list.isPlain(node)) {
      texts.push(toText(memory, base + PLAIN_HEADER_BYTES, base + PLAIN_HEADER_BYTES + bytes));
      continue;
    }
    expect(packedValidate(memory, base, bytes, true)).toBe(true);
    const inNode = packedTexts(memory, base, entry);
    expect(inNode.length).toBeGreaterThan(0);
    texts.push(...inNode);
  }
  return texts;
}

/** Finds the element with that index as the owner of a list does. */
function placeOf(list: NodeList, index: number): [node: number, at: number] {
  const node = list.locate(index);
  if (list.isPlain(node)) return [node, 0];
  return [node, packedSeek(list.memory(node), list.base(node), list.indexInNode)];
}

function replied(list: NodeList, index: number, count: number): string {
  const writer = new ReplyWriter((self, needed) => {
    const larger = Buffer.alloc(self.bytes.length * 2 + needed);
    self.bytes.copy(larger, 0, 0, self.at);
    self.bytes = larger;
  });
  list.reply(writer, index, count, entry);
  return toText(writer.bytes, 0, writer.at);
}

const element = fc.oneof(
  fc.constantFrom('', 'a', 'b', '1', '-700', '12345678901', 'x'.repeat(62), 'y'.repeat(70)),
  fc.integer({ min: 0, max: 2000 }).map((length) => 'z'.repeat(length)),
  fc.constant('w'.repeat(9000)),
);
const operation = fc.oneof(
  fc.record({ kind: fc.constantFrom('pushHead' as const, 'pushTail' as const), element }),
  fc.record({
    kind: fc.constantFrom('insert' as const, 'replace' as const),
    element,
    at: fc.nat(),
    after: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('dropFirst' as const, 'dropLast' as const) }),
  fc.record({
    kind: fc.constant('deleteRange' as const),
    at: fc.nat(),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('deleteEqual' as const),
    element,
    most: fc.constantFrom(1, 2, Number.POSITIVE_INFINITY),
    fromTail: fc.boolean(),
  }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

function apply(list: NodeList, model: string[], step: Operation, plainFrom: number): void {
  switch (step.kind) {
    case 'pushHead':
      list.pushHead(value(step.element), plainFrom);
      model.unshift(step.element);
      return;
    case 'pushTail':
      list.pushTail(value(step.element), plainFrom);
      model.push(step.element);
      return;
    case 'deleteEqual': {
      const { element: text, most, fromTail } = step;
      let places = model.flatMap((one, i) => (one === text ? [i] : []));
      places = fromTail
        ? places.slice(-Math.min(most, places.length) || places.length)
        : places.slice(0, most);
      expect(list.deleteEqual(value(text), most, fromTail)).toBe(places.length);
      for (const i of places.toReversed()) model.splice(i, 1);
      return;
    }
  }
  if (model.length === 0) return;
  switch (step.kind) {
    case 'dropFirst':
      list.dropFirst();
      model.shift();
      return;
    case 'dropLast':
      list.dropLast();
      model.pop();
      return;
    case 'deleteRange': {
      const at = step.at % model.length;
      const count = Math.min(step.count, model.length - at);
      list.deleteRange(at, count);
      model.splice(at, count);
      return;
    }
    case 'insert': {
      const at = step.at % model.length;
      list.insert(...placeOf(list, at), step.after, value(step.element), plainFrom);
      model.splice(step.after ? at + 1 : at, 0, step.element);
      return;
    }
    case 'replace': {
      const at = step.at % model.length;
      list.replace(...placeOf(list, at), value(step.element), plainFrom);
      model[at] = step.element;
    }
  }
}

describe('against an array', () => {
  test.each([
    [-1, 2 ** 30],
    [-2, 1000],
    [-5, 2 ** 30],
    [1, 2 ** 30],
    [3, 60],
    [100, 5],
    [4, 1],
  ])('limit %i, plain from %i', (limit, plainFrom) => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 30 }),
        (steps, from, count) => {
          const heap = new Heap();
          const list = new NodeList(heap, limit, 0);
          const model: string[] = [];
          for (const step of steps) {
            apply(list, model, step, plainFrom);
            expect(list.length).toBe(model.length);
          }
          expect(textsOf(list)).toEqual(model);
          expect(textsOf(list.copy())).toEqual(model);
          for (let i = 0; i < model.length; i++) {
            const [node, at] = placeOf(list, i);
            if (!list.isPlain(node)) {
              entry.read(list.memory(node), list.base(node), at);
              expect(entry.text()).toBe(model[i]);
            }
          }
          if (model.length === 0) return;
          const first = from % model.length;
          const wanted = model.slice(first, first + count);
          const bulks = wanted.map((text) => `$${text.length}\r\n${text}\r\n`).join('');
          expect(replied(list, first, wanted.length)).toBe(bulks);
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });
});

describe('memory', () => {
  test('all of it goes with the list', () => {
    const heap = new Heap();
    const { usedBytes, tableBytes } = heap;
    const list = new NodeList(heap, -1, 0);
    for (let i = 0; i < 3000; i++) list.pushTail(value(`element ${i}`), i % 7 === 0 ? 1 : 2 ** 30);
    const copy = list.copy();
    expect(heap.usedBytes + heap.tableBytes - usedBytes - tableBytes).toBe(list.usedBytes + copy.usedBytes);
    let slices = 0;
    while (list.freeSome(10)) slices++;
    expect(slices).toBeGreaterThan(10);
    while (copy.freeSome(256));
    expect(heap.usedBytes).toBe(usedBytes);
    expect(heap.tableBytes).toBe(tableBytes);
  });

  test.each([
    ['at the tail', (list: NodeList, text: string) => list.pushTail(value(text), 2 ** 30)],
    ['at the head', (list: NodeList, text: string) => list.pushHead(value(text), 2 ** 30)],
  ])('a list that was pushed to %s takes little more than its elements', (_where, push) => {
    const heap = new Heap();
    const list = new NodeList(heap, -2, 0);
    for (let i = 0; i < 100_000; i++) push(list, `element:${String(i).padStart(12, '0')}`);
    // An element of 20 bytes takes 22 in its node.
    expect(list.usedBytes / 100_000).toBeLessThan(22.4);
  });

  test.each([
    ['from the head', (list: NodeList) => list.dropFirst()],
    ['from the tail', (list: NodeList) => list.dropLast()],
  ])('popping %s gives memory back on the way', (_where, drop) => {
    const heap = new Heap();
    const list = new NodeList(heap, -5, 0);
    for (let i = 0; i < 20_000; i++) list.pushTail(value(`element:${String(i).padStart(12, '0')}`), 2 ** 30);
    for (let i = 0; i < 19_900; i++) drop(list);
    expect(list.usedBytes).toBeLessThan(100 * 22 * 2 + 1000);
  });
});
