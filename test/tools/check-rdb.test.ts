import { expect, test } from 'vitest';
import { checkRdb } from '../../src/tools/check-rdb.ts';
import { MemoryFiles } from '../support/memory-files.ts';
import { bytes, RDB_SAMPLES, rdbFile, string } from './rdb-samples.ts';
import { normalized, record } from './recording-tool.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function check(file: Buffer | null, ...args: string[]) {
  const disk = new MemoryFiles();
  if (file !== null) disk.write('/dump.rdb', file.toString('latin1'));
  return record(checkRdb, args.length === 0 ? ['/dump.rdb'] : args, { files: disk.door, nowMs: NOW_MS });
}

test.each(RDB_SAMPLES)('$name', ({ code, file, lines }) => {
  const ran = check(file);
  const expected = ['[offset 0] Checking RDB file /dump.rdb', ...lines];
  expect(normalized(ran.stdout).trimEnd().split('\n')).toEqual(expected);
  expect(ran.code).toBe(code);
});

test('a deadline counts as expired from the moment that it has passed', () => {
  const deadline = Buffer.alloc(8);
  deadline.writeBigInt64LE(BigInt(NOW_MS));
  const file = rdbFile(0xfc, deadline, 0, string('k'), string('v'));
  const at = (nowMs: number) => {
    const disk = new MemoryFiles();
    disk.write('/dump.rdb', file.toString('latin1'));
    return record(checkRdb, ['/dump.rdb'], { files: disk.door, nowMs }).stdout;
  };
  expect(at(NOW_MS)).toContain('[info] 0 already expired');
  expect(at(NOW_MS + 1)).toContain('[info] 1 already expired');
});

test('what only a later version has is read in a file of that version', () => {
  const later = (...rest: Buffer[]) => check(bytes('REDIS0012', ...rest, 0xff, new Uint8Array(8)));
  const slots = bytes(0xf4, 5, 1, 0);
  const hash = (time: Uint8Array) =>
    bytes(24, string('k'), new Uint8Array(8), 1, time, string('field'), string('value'));
  expect(later(slots, hash(Uint8Array.of(0)))).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('[info] 1 keys read\n'),
  });
  // All its fields have expired.
  expect(later(hash(Uint8Array.of(5))).code).toBe(0);
  // One is yet to expire: the server would refuse the file.
  const refused = later(hash(Uint8Array.of(0x81, 0x10, 0, 0, 0, 0, 0, 0, 0)));
  expect(refused.stdout).toContain('fields with a TTL are not supported\n');
  expect(refused.code).toBe(1);
  for (const part of [slots, hash(Uint8Array.of(0))])
    expect(check(bytes('REDIS0011', part, 0xff)).stdout).toContain(`Invalid object type: ${part[0]}\n`);
});

test('messages are cut to 1023 characters, keys are not', () => {
  const long = 'x'.repeat(2000);
  const longString = bytes(0x40 | (long.length >> 8), long.length & 0xff, long);
  const field = check(rdbFile(0xfa, longString, string(''))).stdout.split('\n')[1]!;
  expect(field).toBe(`[offset 2013] ${`AUX FIELD ${long}`.slice(0, 1023)}`);
  const key = check(bytes('REDIS0011', 2, longString, 0)).stdout;
  expect(key).toContain(`Reading key '${long}'\n`);
});

test('how far it is, is told while a long file is read', () => {
  const value = Buffer.alloc(100_000, 'ab');
  const entry = bytes(0, string('k'), 0x80, 0, 1, 0x86, 0xa0, value);
  const file = rdbFile(...Array.from({ length: 20 }, () => entry));
  const { code, progress } = check(file);
  expect(code).toBe(0);
  expect(progress.length).toBeGreaterThan(4);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
});

test('a file that is not there: the first line, then nothing on standard output', () => {
  expect(check(null)).toMatchObject({
    code: 1,
    stdout: '[offset 0] Checking RDB file /dump.rdb\n',
    stderr: 'Cannot open file /dump.rdb: No such file or directory\n',
  });
});

test('a file that cannot be read ends there', () => {
  const { door } = new MemoryFiles();
  const files = {
    ...door,
    openSync: () => 5,
    closeSync: () => {},
    fstatSync: (() => ({ size: 4096 })) as unknown as typeof door.fstatSync,
    readSync: () => {
      throw Object.assign(new Error('EISDIR: illegal operation on a directory, read'), { code: 'EISDIR' });
    },
  };
  const { code, stdout } = record(checkRdb, ['/'], { files });
  expect(stdout).toContain(
    '[offset 0] Unexpected EOF reading RDB file\n[additional info] While doing: start\n',
  );
  expect(code).toBe(1);
});

test('what must not happen is told as Redis tells it, and thrown', () => {
  const { door } = new MemoryFiles();
  const files = {
    ...door,
    openSync: () => 5,
    closeSync: () => {},
    fstatSync: (() => ({ size: 4096 })) as unknown as typeof door.fstatSync,
    readSync: () => {
      throw new TypeError('a mistake');
    },
  };
  expect(() => record(checkRdb, ['/dump.rdb'], { files })).toThrow('a mistake');
});

test('arguments', () => {
  const usage = { code: 1, stdout: '', stderr: 'Usage: respite-check-rdb <rdb-file-name>\n' };
  const disk = new MemoryFiles();
  expect(record(checkRdb, [], { files: disk.door })).toMatchObject(usage);
  expect(check(null, 'a', 'b')).toMatchObject(usage);
  for (const option of ['-v', '--version'])
    expect(check(null, option)).toMatchObject({ code: 0, stdout: 'respite-check-rdb 7.2.4\n', stderr: '' });
});
