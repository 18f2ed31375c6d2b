import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdIndex } from '../../src/datatypes/id-records.ts';
import { radixTreeNodes } from '../../src/datatypes/radix-tree-size.ts';
import { Stream, StreamScratch, Trim } from '../../src/datatypes/stream.ts';
import { ENTRIES_READ_UNKNOWN } from '../../src/datatypes/stream-group.ts';
import { StreamId } from '../../src/datatypes/stream-id.ts';
import { isSoundNode } from '../../src/datatypes/stream-node.ts';
import { Heap } from '../../src/memory/heap.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const MAX = new StreamId().setMax();
const ZERO = new StreamId();
const limits = (bytes: number, entries: number) => ({
  'stream-node-max-bytes': bytes,
  'stream-node-max-entries': entries,
});

/** A stream beside an array of its entries. */
class CheckedStream {
  readonly heap = new Heap();
  readonly scratch = new StreamScratch();
  stream = new Stream(this.heap, this.scratch);
  model: { id: number; fields: string[] }[] = [];
  last = 0;
  private readonly limits: ReturnType<typeof limits>;

  constructor(maxBytes: number, maxEntries: number) {
    this.limits = limits(maxBytes, maxEntries);
  }

  append(gap: number, fields: string[]): void {
    this.last += gap;
    expect(
      this.stream.append(idOf(this.last), Arguments.from(fields), 0, fields.length / 2, this.limits),
    ).toBe(true);
    this.model.push({ id: this.last, fields });
  }

  delete(id: number): void {
    const at = this.model.findIndex((entry) => entry.id === id);
    expect(this.stream.has(idOf(id))).toBe(at >= 0);
    expect(this.stream.delete(idOf(id))).toBe(at >= 0);
    if (at >= 0) this.model.splice(at, 1);
  }

  trim(count: number, byLength: boolean, isApproximate: boolean): void {
    const trim = new Trim();
    trim.isApproximate = isApproximate;
    trim.maxLength = byLength ? count : -1;
    trim.minId.set(idOf(count));
    const wanted = byLength
      ? this.model.slice(-count || this.model.length)
      : this.model.filter(({ id }) => id >= count);
    const removed = this.stream.trim(trim);
    if (isApproximate) expect(removed).toBeLessThanOrEqual(this.model.length - wanted.length);
    else expect(removed).toBe(this.model.length - wanted.length);
    this.model.splice(0, removed);
  }

  check(from: number, to: number, limit: number): void {
    const { model, stream } = this;
    const { entry, reader } = this.scratch;
    expect(stream.length).toBe(model.length);
    expect(numberOf(stream.firstId)).toBe(model[0]?.id ?? 0);
    expect(numberOf(stream.lastEntryId())).toBe(model.at(-1)?.id ?? 0);
    const wanted = model.filter(({ id }) => id >= from && id <= to);
    reader.open(stream, idOf(from), idOf(to));
    expect(reader.count(limit)).toBe(Math.min(limit, wanted.length));
    const found: { id: number; fields: string[] }[] = [];
    while (reader.next()) found.push({ id: numberOf(reader.id), fields: reader.texts(entry) });
    expect(found).toEqual(wanted);
    found.length = 0;
    reader.openReverse(stream, idOf(from), idOf(to));
    while (reader.previous()) found.push({ id: numberOf(reader.id), fields: reader.texts(entry) });
    expect(found).toEqual(wanted.toReversed());
    reader.open(stream, ZERO, MAX);
    expect(reader.count(Number.POSITIVE_INFINITY)).toBe(model.length);
    for (let i = 0; i < stream.nodes.count; i++) {
      expect(isSoundNode(stream.nodeMemory(i), stream.nodeOffset(i), stream.nodeBytes(i), true)).toBe(true);
    }
    expect(stream.usedBytes).toBe(this.heap.usedBytes);
  }
}

const idOf = (value: number) => StreamId.of(Math.floor(value / 4), value % 4);
const numberOf = (id: StreamId) => Number(id.ms) * 4 + Number(id.seq);

const text = fc.oneof(
  fc.constantFrom('f', 'g', '12', ''),
  fc.string({ maxLength: 80 }),
  fc.integer().map(String),
);
const fields = fc.array(fc.tuple(fc.constantFrom('f', 'g', '12'), text), { minLength: 1, maxLength: 3 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('append' as const), gap: fc.integer({ min: 1, max: 3 }), fields }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), id: fc.nat(300) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('trim' as const),
      count: fc.nat(60),
      byLength: fc.boolean(),
      whole: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('run' as const), count: fc.nat(150) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
);

test.each([
  [0, 100],
  [4096, 5],
  [200, 0],
  [4096, 300],
])('with nodes of %i bytes and %i entries a stream is what an array is', (maxBytes, maxEntries) => {
  const bound = fc.nat(400);
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      bound,
      bound,
      fc.integer({ min: 1, max: 40 }),
      (steps, from, to, limit) => {
        const checked = new CheckedStream(maxBytes, maxEntries);
        for (const one of steps) {
          if (one.do === 'append') checked.append(one.gap, one.fields.flat());
          else if (one.do === 'delete') checked.delete(one.id);
          else if (one.do === 'trim') checked.trim(one.count, one.byLength, one.whole);
          else if (one.do === 'run') for (let i = 0; i < one.count; i++) checked.append(1, ['f', `${i}`]);
          else {
            const copy = checked.stream.copy();
            while (checked.stream.freeSome(2));
            checked.stream = copy;
          }
        }
        checked.check(from, to, limit);
        while (checked.stream.freeSome(3));
        expect(checked.heap.usedBytes).toBe(0);
      },
    ),
    { seed: 5, numRuns: 60 },
  );
});

test('a stream takes little more than its nodes, and each node no more than it needs', () => {
  const checked = new CheckedStream(4096, 100);
  for (let i = 0; i < 10_000; i++) checked.append(1, ['field', `value:${i}`]);
  let bytes = 0;
  for (let i = 0; i < checked.stream.nodes.count; i++) bytes += checked.stream.nodeBytes(i);
  expect(checked.stream.nodes.count).toBe(100);
  expect(checked.heap.usedBytes).toBeLessThan(bytes * 1.15);
  const small = new CheckedStream(4096, 100);
  small.append(1, ['f', 'v']);
  expect(small.heap.usedBytes).toBeLessThanOrEqual(256);
});

describe('groups', () => {
  const begin = () => {
    const heap = new Heap();
    const stream = new Stream(heap, new StreamScratch());
    const group = stream.addGroup(Buffer.from('g'), ZERO, ENTRIES_READ_UNKNOWN);
    const alice = group.addConsumer(Buffer.from('alice'), 5);
    const bob = group.addConsumer(Buffer.from('bob'), 5);
    return { heap, stream, group, alice, bob };
  };

  test('an entry is pending with one consumer at a time', () => {
    const { alice, bob, group } = begin();
    for (let i = 1; i <= 500; i++) group.deliver(idOf(i), i % 2 === 0 ? alice : bob, 1000 + i);
    expect([group.pendingCount, alice.pending.size, bob.pending.size]).toEqual([500, 250, 250]);
    group.deliver(idOf(7), alice, 9000);
    expect([group.consumer === alice, group.deliveryTimeMs, group.deliveryCount]).toEqual([true, 9000, 1]);
    expect([group.pendingCount, alice.pending.size, bob.pending.size]).toEqual([500, 251, 249]);
    expect(group.assign(idOf(7), bob)).toBe(true);
    expect(group.assign(idOf(501), bob)).toBe(false);
    expect(group.acknowledge(idOf(7))).toBe(true);
    expect(group.acknowledge(idOf(7))).toBe(false);
    expect([group.pendingCount, alice.pending.size, bob.pending.size]).toEqual([499, 250, 249]);
    group.removeConsumer(alice);
    expect([group.pendingCount, bob.pending.size, group.consumers.list.length]).toEqual([249, 249, 1]);
    const again = group.addConsumer(Buffer.from('again'), 6);
    group.find(idOf(9));
    expect(group.consumer === bob).toBe(true);
    group.assignFound(again);
    group.find(idOf(9));
    expect(group.consumer === again).toBe(true);
  });

  test('times and counts are exact, and entries may wait for their consumer', () => {
    const { alice, group } = begin();
    expect(group.addPending(idOf(3), -5n, 2n ** 63n)).toBe(true);
    expect(group.addPending(idOf(3), 1, 1)).toBe(false);
    group.find(idOf(3));
    expect([group.hasConsumer, BigInt(group.deliveryTimeMs), group.deliveryCount]).toEqual([
      false,
      -5n,
      2n ** 63n,
    ]);
    expect(group.assign(idOf(3), alice)).toBe(true);
    group.deliveryCount = 2 ** 32 - 1;
    group.countDelivery();
    expect([group.hasConsumer, group.deliveryCount]).toEqual([true, 2 ** 32]);
  });

  test('a copy is deep, and all memory comes back', () => {
    const { alice, bob, group, heap, stream } = begin();
    for (let i = 1; i <= 1000; i++) group.deliver(idOf(i), i % 3 === 0 ? alice : bob, i);
    group.removeConsumer(alice);
    const copy = stream.copy();
    const copied = copy.groups!.list[0]!;
    group.acknowledge(idOf(1));
    expect([copied.pendingCount, group.pendingCount]).toEqual([667, 666]);
    copied.find(idOf(2));
    expect([Buffer.from(copied.consumer.name).toString(), copied.consumer === bob]).toEqual(['bob', false]);
    expect(copy.usedBytes + stream.usedBytes).toBe(heap.usedBytes);
    copy.removeGroup(copied);
    while (stream.freeSome(5));
    expect(heap.usedBytes).toBe(0);
  });
});

test('what is no node is seen', () => {
  const checked = new CheckedStream(4096, 100);
  for (let i = 0; i < 5; i++) checked.append(1, i === 3 ? ['g', '1', 'h', 'x'.repeat(70)] : ['f', 'v']);
  checked.delete(2);
  const { stream } = checked;
  const start = stream.nodeOffset(0);
  const node = Uint8Array.from(stream.nodeMemory(0).subarray(start, start + stream.nodeBytes(0)));
  expect(isSoundNode(node, 0, node.length, true)).toBe(true);
  expect(isSoundNode(node, 0, node.length - 1, true)).toBe(false);
  expect(isSoundNode(node, 0, node.length - 1, false)).toBe(false);
  // One more or less of anything that is counted: entries, fields, elements of an entry.
  for (const at of [6, 8, 10, 15]) {
    for (const by of [-1, 1]) {
      const broken = Uint8Array.from(node);
      broken[at]! += by;
      expect(isSoundNode(broken, 0, node.length, true), `${at} ${by}`).toBe(false);
    }
  }
  // Whatever byte is changed, it comes to an end.
  for (let at = 0; at < node.length; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xc0, 0xe0, 0xf0, 0xf4, 0xff]) {
      const broken = Uint8Array.from(node);
      broken[at] = value;
      isSoundNode(broken, 0, node.length, true);
    }
  }
});

// Observed 7.2.4, with one entry a node.
test('the tree that Redis keeps has as many nodes', () => {
  const index = new IdIndex(new Heap());
  const sizes: number[] = [];
  const ids: [number | bigint, number | bigint][] = [
    [1, 1],
    [1, 2],
    [1, 300],
    [2, 0],
    [300, 0],
    [70000, 1],
    [2n ** 56n, 5],
    [2n ** 56n, 6],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
  ];
  for (const [ms, seq] of ids) {
    index.insert(index.count, StreamId.of(ms, seq), 1);
    sizes.push(radixTreeNodes(index));
  }
  for (const at of [1, 2, 3, 3, 0]) {
    index.remove(at);
    sizes.push(radixTreeNodes(index));
  }
  expect(sizes).toEqual([2, 4, 7, 11, 14, 17, 20, 22, 24, 23, 20, 17, 15, 11]);
  expect(radixTreeNodes(new IdIndex(new Heap()))).toBe(1);
});
