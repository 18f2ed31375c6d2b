import { expect, test } from 'vitest';
import { checkAof } from '../../src/tools/check-aof.ts';
import { MemoryFiles } from '../support/memory-files.ts';
import { AOF_SAMPLES, type AofSample, command, SELECT_AND_SET } from './aof-samples.ts';
import { normalized, record } from './recording-tool.ts';

function diskOf(files: Readonly<Record<string, string>>): MemoryFiles {
  const disk = new MemoryFiles();
  disk.directories.add('/aof');
  for (const [name, content] of Object.entries(files)) disk.write(`/aof/${name}`, content);
  return disk;
}

function check(disk: MemoryFiles, args: readonly string[], answer?: string) {
  return record(checkAof, args, { files: disk.door, ...(answer === undefined ? {} : { answer }) });
}

function run({ answer, files, options = [] }: AofSample) {
  const disk = diskOf(files);
  return { disk, ...check(disk, [...options, `/aof/${Object.keys(files)[0]}`], answer) };
}

test.each(AOF_SAMPLES)('$name', (sample) => {
  const { code, disk, stderr, stdout } = run(sample);
  expect(normalized(stdout).replace(/\n$/, '').split('\n')).toEqual(
    sample.lines.map((line) => line.replaceAll('@', '/aof/')),
  );
  expect(stderr).toBe('');
  expect(code).toBe(sample.code);
  for (const [name, content] of Object.entries({ ...sample.files, ...sample.after }))
    expect(disk.read(`/aof/${name}`), name).toBe(content);
});

test('what was cut off is safe before the tool ends', () => {
  const disk = diskOf({ 'a.aof': `${SELECT_AND_SET}*1` });
  check(disk, ['--fix', '/aof/a.aof'], 'y');
  const calls = disk.calls.map((call) => call.split(' ')[0]);
  expect(calls.slice(-2)).toEqual(['ftruncateSync', 'fsyncSync']);
});

test('a failure of the disk', () => {
  const cut = diskOf({ 'a.aof': `${SELECT_AND_SET}*1` });
  cut.fail('ftruncateSync', 'EIO');
  expect(check(cut, ['--fix', '/aof/a.aof'], 'y')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('Continue? [y/N]: Failed to truncate AOF /aof/a.aof\n'),
  });
  const later = diskOf({ 'a.aof': `${SELECT_AND_SET}#TS:9\r\n` });
  later.fail('ftruncateSync', 'EIO');
  expect(check(later, ['--truncate-to-timestamp', '5', '/aof/a.aof'])).toMatchObject({
    code: 1,
    stdout: 'Start checking Old-Style AOF\nFailed to truncate AOF /aof/a.aof to timestamp 5\n',
  });
  const readOnly = diskOf({ 'a.aof': SELECT_AND_SET });
  readOnly.fail('openSync', 'EACCES', 2);
  expect(check(readOnly, ['/aof/a.aof'])).toMatchObject({
    code: 1,
    stdout: 'Start checking Old-Style AOF\nCannot open file /aof/a.aof: Permission denied, aborting...\n',
  });
});

test('a file that cannot be read', () => {
  const { door } = diskOf({ 'a.aof': SELECT_AND_SET });
  const failing = (after: number) => {
    let left = after;
    const readSync = ((...args: Parameters<typeof door.readSync>) => {
      if (left-- > 0) return door.readSync(...args);
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    }) as typeof door.readSync;
    return record(checkAof, ['/aof/a.aof'], { files: { ...door, readSync } });
  };
  expect(failing(0)).toMatchObject({ code: 1, stdout: 'Cannot read file: /aof/a.aof\n' });
  expect(failing(3)).toMatchObject({
    code: 1,
    stdout: 'Start checking Old-Style AOF\nFailed to read from AOF /aof/a.aof, aborting...\n',
  });
});

test('a file of many windows, with values that are longer than one', () => {
  const value = 'v'.repeat(700_000);
  const many = command('SET', 'key', 'x'.repeat(40)).repeat(10_000);
  const content = command('SET', 'a', value) + many + command('SET', 'b', value);
  const disk = diskOf({ 'a.aof': `${content}*1\r\n$4\r\nPI` });
  const { code, progress, stdout } = check(disk, ['/aof/a.aof']);
  expect(code).toBe(1);
  expect(stdout).toContain(
    `size=${content.length + 10}, ok_up_to=${content.length}, ok_up_to_line=70017, diff=10\n`,
  );
  expect(progress.length).toBeGreaterThan(4);
});

test('a manifest is told by its lines, also across the window that is read', () => {
  // Lines of 1024 characters are lines of their own, however long the line goes on.
  for (const [before, isManifest] of [
    [262_144 - 2, true],
    [262_144, true],
    [1024, true],
    [1023, false],
  ] as const) {
    const disk = diskOf({
      'a.aof': `${'x'.repeat(before - 1)}${isManifest && before !== 1024 ? '\n' : 'x'}file`,
    });
    const { stdout } = check(disk, ['/aof/a.aof']);
    expect(stdout.split('\n')[0], String(before)).toBe(
      isManifest ? 'Start checking Multi Part AOF' : 'Start checking Old-Style AOF',
    );
  }
});

test('arguments', () => {
  const disk = diskOf({ 'a.aof': SELECT_AND_SET });
  const usage =
    'Usage: respite-check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n';
  for (const args of [
    [],
    ['/aof/a.aof', '--fix'],
    ['--fix', '--fix', '/aof/a.aof'],
    ['--truncate-to-timestamp', '/aof/a.aof'],
    ['--fix', '--truncate-to-timestamp', '1', '/aof/a.aof'],
  ]) {
    expect(check(disk, args), args.join(' ')).toMatchObject({ code: 1, stdout: usage });
  }
  for (const text of ['x', '5x', '5 ', '9223372036854775808', '-9223372036854775809']) {
    const { code, stdout } = check(disk, ['--truncate-to-timestamp', text, '/aof/a.aof']);
    expect({ code, stdout }, text).toEqual({ code: 1, stdout: 'Invalid timestamp, aborting...\n' });
  }
  for (const text of [' 5', '+5', '-5', '9223372036854775807']) {
    const { code, stdout } = check(disk, ['--truncate-to-timestamp', text, '/aof/a.aof']);
    expect(code, text).toBe(0);
    expect(stdout).toContain(`Truncate nothing in AOF /aof/a.aof to timestamp ${BigInt(text)}\n`);
  }
  // No number is 0, and 0 is no timestamp.
  for (const text of ['0', ''])
    expect(check(disk, ['--truncate-to-timestamp', text, '/aof/a.aof']).stdout).toContain('AOF analyzed: ');
});

test('a name is shown and opened as it is given', () => {
  const disk = new MemoryFiles();
  disk.write('/größe', '');
  const { code, stdout } = check(disk, ['/größe']);
  expect(Buffer.from(stdout, 'latin1').toString()).toBe(
    'Start checking Old-Style AOF\nAOF /größe is empty\n',
  );
  expect(code).toBe(0);
});
