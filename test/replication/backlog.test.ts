// The stream's bytes in memory: whoever reads them, in whatever pieces, gets what was added, and no more is kept than
// somebody needs.

import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { Backlog, BLOCK_OVERHEAD_BYTES, Cursor } from '../../src/replication/backlog.ts';

const KB = 1024;
// What Redis's allocator makes of 16 KB and a header.
const BLOCK_BYTES = 20 * KB - 40;

function bytesOf(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) % 251);
}

function add(backlog: Backlog, length: number, first = 0): boolean {
  return backlog.append(bytesOf(length, first), 0, length);
}

function read(backlog: Backlog, cursor: Cursor, room = Number.POSITIVE_INFINITY): Uint8Array {
  const pieces: Uint8Array[] = [];
  const length = backlog.read(cursor, pieces, room);
  const all = Buffer.concat(pieces);
  expect(all.length).toBe(length);
  if (length > 0) backlog.advance(cursor, length);
  return all;
}

describe('what can be read again', () => {
  test('begins behind the offset at which the backlog does', () => {
    const backlog = new Backlog(16 * KB, 1000);
    expect([backlog.firstByte, backlog.length, backlog.memory]).toEqual([1001, 0, 0]);
    expect([backlog.has(1000), backlog.has(1001), backlog.has(1002)]).toEqual([false, true, false]);
    add(backlog, 10);
    expect([backlog.firstByte, backlog.length]).toEqual([1001, 10]);
    expect([backlog.has(1000), backlog.has(1011), backlog.has(1012)]).toEqual([false, true, false]);
  });

  test('is no less than the size, and a block more at the most', () => {
    const backlog = new Backlog(64 * KB, 0);
    for (let i = 0; i < 1000; i++) {
      add(backlog, 1000);
      if (i < 100) continue;
      expect(backlog.length).toBeGreaterThanOrEqual(64 * KB);
      expect(backlog.length).toBeLessThan(64 * KB + 2 * BLOCK_BYTES);
    }
    expect(backlog.memory).toBe(
      Math.ceil(backlog.memory / (BLOCK_BYTES + 64)) * (BLOCK_BYTES + BLOCK_OVERHEAD_BYTES),
    );
  });

  test('shrinks at once when the size does, and grows by what comes', () => {
    const backlog = new Backlog(1024 * KB, 0);
    for (let i = 0; i < 100; i++) add(backlog, 10_000);
    expect(backlog.firstByte).toBe(1);
    backlog.resize(100_000);
    expect(backlog.length).toBeLessThan(100_000 + 70_000);
    expect(backlog.length).toBeGreaterThanOrEqual(100_000);
    const { firstByte } = backlog;
    backlog.resize(10_000_000);
    for (let i = 0; i < 100; i++) add(backlog, 10_000);
    expect(backlog.firstByte).toBe(firstByte);
  });

  test('moves with the offset when the stream turns out to have begun elsewhere', () => {
    const backlog = new Backlog(16 * KB, 0);
    add(backlog, 50);
    backlog.shift(1000);
    expect(backlog.firstByte).toBe(1001);
    const cursor = new Cursor();
    backlog.seek(cursor, 1021);
    expect(read(backlog, cursor)).toEqual(Buffer.from(bytesOf(30, 20)));
  });
});

describe('a reader', () => {
  test('that is at the end gets what comes, from the middle of a block on', () => {
    const backlog = new Backlog(16 * KB, 0);
    add(backlog, 100);
    const cursor = new Cursor();
    backlog.seekEnd(cursor);
    expect(backlog.isBehind(cursor)).toBe(false);
    expect(backlog.memoryBehind(cursor)).toBe(0);
    add(backlog, 20, 7);
    expect(backlog.isBehind(cursor)).toBe(true);
    expect(backlog.memoryBehind(cursor)).toBe(BLOCK_BYTES + BLOCK_OVERHEAD_BYTES);
    expect(read(backlog, cursor)).toEqual(Buffer.from(bytesOf(20, 7)));
    expect(backlog.isBehind(cursor)).toBe(false);
  });

  test('that is behind keeps what it needs, and lets it go when it leaves', () => {
    const backlog = new Backlog(16 * KB, 0);
    const cursor = new Cursor();
    const other = new Cursor();
    backlog.seekEnd(cursor);
    add(backlog, 10);
    backlog.copy(other, cursor);
    for (let i = 0; i < 200; i++) add(backlog, 10_000, i);
    expect(backlog.length).toBe(2_000_010);
    expect(backlog.countBehind(cursor)).toBeGreaterThan(90);
    backlog.leave(cursor);
    expect(backlog.length).toBe(2_000_010);
    expect(read(backlog, other, 100).length).toBeGreaterThanOrEqual(100);
    backlog.leave(other);
    // A few blocks at a time, so that nobody waits for it.
    for (let i = 0; i < 20; i++) add(backlog, 20_000);
    expect(backlog.length).toBeLessThan(70_000);
  });

  test('of whatever was added by whatever steps gets the same', () => {
    const random = new SeededRandom(Buffer.from('backlog'));
    const backlog = new Backlog(64 * KB, 500);
    const sent: Uint8Array[] = [];
    const readers = Array.from({ length: 4 }, () => ({
      cursor: new Cursor(),
      got: [] as Uint8Array[],
      from: 0,
    }));
    for (const { cursor } of readers) backlog.seekEnd(cursor);
    for (let step = 0; step < 3000; step++) {
      const bytes = bytesOf(1 + random.below(step % 100 === 0 ? 200_000 : 300), step);
      sent.push(bytes);
      backlog.append(bytes, 0, bytes.length);
      const reader = readers[random.below(readers.length)]!;
      if (random.below(20) === 0) {
        // It comes back where it was, or where it still can.
        const total = 500 + sent.reduce((sum, { length }) => sum + length, 0);
        const offset = Math.max(backlog.firstByte, total + 1 - random.below(40_000));
        backlog.leave(reader.cursor);
        backlog.seek(reader.cursor, offset);
        reader.got = [];
        reader.from = offset - 501;
      } else {
        reader.got.push(read(backlog, reader.cursor, 1 + random.below(30_000)));
      }
    }
    const all = Buffer.concat(sent);
    for (const { cursor, from, got } of readers) {
      got.push(read(backlog, cursor));
      expect(Buffer.concat(got).equals(all.subarray(from))).toBe(true);
    }
  });
});
