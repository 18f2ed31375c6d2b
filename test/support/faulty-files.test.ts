// The faulty disk itself: what it forgets, what it keeps, and how it fails.

import { describe, expect, test } from 'vitest';
import { imageOf, type Loss } from './disk-journal.ts';
import { FaultyFiles } from './faulty-files.ts';

function disk(files: Readonly<Record<string, string>> = {}): FaultyFiles {
  return FaultyFiles.inMemory(imageOf('/data', files));
}

function leftBy(faulty: FaultyFiles, loss: Loss, operation = faulty.count): Record<string, string> {
  const { files } = faulty.journal.imageAfter(operation, loss);
  return Object.fromEntries([...files].map(([path, bytes]) => [path.slice(6), bytes.toString('latin1')]));
}

describe('power loss', () => {
  test('keeps of a file what was forced, and its name when its folder was', () => {
    const faulty = disk({ old: 'abc' });
    const { door } = faulty;
    const fd = door.openSync('/data/new', 'w');
    door.writeSync(fd, 'safe');
    door.fsyncSync(fd);
    door.writeSync(fd, 'unsafe');
    expect(leftBy(faulty, 'all is lost')).toEqual({ old: 'abc' });
    const folder = door.openSync('/data', 'r');
    door.fsyncSync(folder);
    door.closeSync(folder);
    expect(leftBy(faulty, 'all is lost')).toEqual({ old: 'abc', new: 'safe' });
    expect(leftBy(faulty, 'nothing is lost')).toEqual({ old: 'abc', new: 'safeunsafe' });
    const seen = new Set(Array.from({ length: 100 }, (_, seed) => leftBy(faulty, seed).new));
    expect([...seen].sort()).toEqual(
      ['', 'u', 'un', 'uns', 'unsa', 'unsaf', 'unsafe'].map((end) => `safe${end}`),
    );
  });

  test('undoes a rename and a removal that were not forced', () => {
    const faulty = disk({ a: 'new', b: 'old', c: 'gone' });
    faulty.door.renameSync('/data/a', '/data/b');
    faulty.door.unlinkSync('/data/c');
    expect(leftBy(faulty, 'all is lost')).toEqual({ a: 'new', b: 'old', c: 'gone' });
    expect(leftBy(faulty, 'nothing is lost')).toEqual({ b: 'new' });
    expect(leftBy(faulty, 'nothing is lost', 1)).toEqual({ b: 'new', c: 'gone' });
  });

  test('an fsync in the background covers what was written when it began', async () => {
    const faulty = disk({ log: '' });
    const { door } = faulty;
    const fd = door.openSync('/data/log', 'a');
    door.writeSync(fd, 'one');
    const synced = new Promise((resolve) => door.fsync(fd, resolve));
    door.writeSync(fd, 'two');
    expect(leftBy(faulty, 'all is lost')).toEqual({ log: '' });
    expect(await synced).toBeNull();
    expect(leftBy(faulty, 'all is lost')).toEqual({ log: 'one' });
  });

  test('what was cut off comes back', () => {
    const faulty = disk({ log: 'abcdef' });
    const fd = faulty.door.openSync('/data/log', 'r+');
    faulty.door.ftruncateSync(fd, 2);
    expect(leftBy(faulty, 'all is lost')).toEqual({ log: 'abcdef' });
    faulty.door.fsyncSync(fd);
    expect(leftBy(faulty, 'all is lost')).toEqual({ log: 'ab' });
  });
});

describe('faults', () => {
  test('the n-th operation fails, those around it do not', () => {
    const faulty = disk();
    faulty.failAt(3, { kind: 'error', code: 'EIO' });
    const fd = faulty.door.openSync('/data/file', 'w');
    faulty.door.writeSync(fd, 'a');
    expect(() => faulty.door.writeSync(fd, 'b')).toThrow('EIO: i/o error, write');
    faulty.door.writeSync(fd, 'c');
    expect(faulty.door.readFileSync('/data/file', 'latin1')).toBe('ac');
  });

  test('a short write says how much it took', () => {
    const faulty = disk();
    faulty.failAt(2, { kind: 'short' });
    const fd = faulty.door.openSync('/data/file', 'w');
    expect(faulty.door.writeSync(fd, Buffer.from('abcdef'), 0, 6)).toBe(3);
    expect(faulty.door.readFileSync('/data/file', 'latin1')).toBe('abc');
  });

  test('a full disk stays full until it is healed', async () => {
    const faulty = disk();
    faulty.failAt(2, { kind: 'full' });
    const fd = faulty.door.openSync('/data/file', 'w');
    expect(faulty.door.writeSync(fd, 'abcdef')).toBe(3);
    expect(() => faulty.door.writeSync(fd, 'def')).toThrow('ENOSPC');
    const code = await new Promise((resolve) => faulty.door.fsync(fd, (error) => resolve(error?.code)));
    expect(code).toBe('ENOSPC');
    faulty.heal();
    expect(faulty.door.writeSync(fd, 'def')).toBe(3);
  });
});
