// respite-check-aof beside the real tool: the same lines, the same exit code and the same files afterwards, for files put
// together by hand and for random ones from fixed seeds.

import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { checkAof } from '../../src/tools/check-aof.ts';
import { packageDirectory } from '../support/our-process.ts';
import { requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';
import { AOF_SAMPLES, command, SELECT_AND_SET } from './aof-samples.ts';
import { olderRdbFile } from './rdb-samples.ts';
import { normalized, record } from './recording-tool.ts';

const RANDOM_FILES = 300;

type Files = Readonly<Record<string, string>>;

interface Case {
  readonly files: Files;
  readonly options?: readonly string[];
  readonly answer?: string;
}

let redis = '';

beforeAll(() => {
  redis = requireProgram('redis-check-aof');
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'respite-check-aof-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

/** Runs both tools in the same folder, each with the files as they are at first. */
async function both(path: string, { answer = '', files, options = [] }: Case) {
  const args = [...options, join(path, Object.keys(files)[0] ?? 'missing')];
  write(path, files);
  const theirs = await runProgram(redis, args, { stdin: answer });
  const after = read(path);
  write(path, files);
  const ours = record(checkAof, args, { files: fs, answer });
  return {
    theirs: { code: theirs.code, stdout: shown(theirs.stdout), files: after },
    ours: { code: ours.code, stdout: shown(ours.stdout), files: read(path) },
  };
}

// Redis 7.0 leaves out the folder here.
function shown(text: string): string {
  return normalized(text).replace(/^(\[offset 0\] Checking RDB file ).*\//gm, '$1');
}

function write(path: string, files: Files): void {
  rmSync(path, { recursive: true });
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content, 'latin1');
}

function read(path: string): Files {
  return Object.fromEntries(
    readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]),
  );
}

test('files put together by hand', async () => {
  const path = folder();
  for (const sample of AOF_SAMPLES) {
    const { ours, theirs } = await both(path, sample);
    expect(ours, sample.name).toEqual(theirs);
  }
});

test('as a program: an answer on standard input, wrong arguments, a folder', async () => {
  const program = join(packageDirectory(), 'bin/check-aof.js');
  const path = folder();
  for (const answer of ['y\n', 'n\n', '']) {
    const args = ['--fix', join(path, 'a.aof')];
    write(path, { 'a.aof': `${SELECT_AND_SET}*1` });
    const theirs = await runProgram(redis, args, { stdin: answer });
    const after = read(path);
    write(path, { 'a.aof': `${SELECT_AND_SET}*1` });
    const ours = await runProgram(process.execPath, [program, ...args], { stdin: answer });
    expect({ code: ours.code, stdout: normalized(ours.stdout), files: read(path) }).toEqual({
      code: theirs.code,
      stdout: normalized(theirs.stdout),
      files: after,
    });
  }
  for (const args of [
    [],
    [path],
    ['--fix'],
    ['a', 'b'],
    ['--truncate-to-timestamp', 'x', 'a'],
    ['a', 'b', 'c', 'd'],
  ]) {
    const theirs = await runProgram(redis, args);
    const ours = await runProgram(process.execPath, [program, ...args]);
    const usage = (text: string) => text.replace(/Usage: \S+/, 'Usage: NAME');
    expect({ ...ours, stdout: usage(ours.stdout) }, args.join(' ')).toEqual({
      ...theirs,
      stdout: usage(theirs.stdout),
    });
  }
});

test('random files, manifests, options and answers', async () => {
  const random = new SeededRandom(Uint8Array.of(3, 6, 9));
  const path = folder();
  for (let i = 0; i < RANDOM_FILES; i++) {
    const one = randomCase(random);
    const { ours, theirs } = await both(path, one);
    expect(ours, JSON.stringify(one)).toEqual(theirs);
  }
});

const COMMON = [SELECT_AND_SET, command('RPUSH', 'list', '', 'a\r\nb'), '#TS:100\r\n', '#TS:200\r\n'];
const RARE = [
  command('MULTI'),
  command('EXEC'),
  command('multi'),
  '#TS:150\r\n',
  '#a note\r\n',
  `#${'x'.repeat(1022)}\r\n`,
  '#TS: 100\r\n',
  '#TS:99999999999999999999\r\n',
  '#TS:1x\r\n',
  '*0\r\n',
  '*-1\r\n',
  '*1\r\n$ 4\r\nPING\r\n',
  `*${'0'.repeat(140)}\r\n`,
  command('SET', 'key', 'x'.repeat(300)),
  command('SET', 'key', '\nfile'),
  olderRdbFile().toString('latin1'),
];

function randomCase(random: SeededRandom): Case {
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)]!;
  const content = () => {
    let text = '';
    for (let left = random.below(8); left > 0; left--) text += pick(random.below(3) === 0 ? RARE : COMMON);
    const at = random.below(text.length + 1);
    const how = random.below(6);
    if (how === 0) return text.slice(0, at);
    if (how === 1)
      return `${text.slice(0, at)}${pick(['\0', '\n', '\r', '$', '*', '#', '7', '\xff'])}${text.slice(at + 1)}`;
    return text;
  };
  const files: Record<string, string> = {};
  if (random.below(3) > 0) files['a.aof'] = content();
  else {
    files['a.manifest'] = '';
    if (random.below(2) === 0) files.base = content();
    for (let n = random.below(4); n > 0; n--) files[`increment-${9 - n}`] = content();
    for (const name of Object.keys(files).slice(1)) {
      files['a.manifest'] += `file ${name} seq ${name === 'base' ? 1 : name.slice(-1)} type ${name[0]}\n`;
    }
  }
  const options = pick([
    [],
    ['--fix'],
    ['--truncate-to-timestamp', pick(['50', '100', '150', '300', '-1', '0'])],
  ]);
  return { files, options, answer: pick(['y\n', 'Yes\n', 'n\n', '']) };
}
