// The log: its lines in both forms, its levels, and the file that is followed by its name.

import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger, type Logger, type RoleLetter } from '../../src/base/logger.ts';
import { systemRuntime } from '../../src/base/runtime.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

function newLogger() {
  const runtime = new VirtualRuntime({ pid: 77 });
  const lines: string[] = [];
  const state = { role: 'M' as RoleLetter };
  const log = createLogger({ ...runtime, pid: 77, role: () => state.role, sink: (line) => lines.push(line) });
  return { lines, log, runtime, state };
}

describe('lines', () => {
  test.each([
    ['debug', '.'],
    ['verbose', '-'],
    ['notice', '*'],
    ['warning', '#'],
  ] as const)('%s has the sign %s', (level, sign) => {
    const { lines, log } = newLogger();
    log.setLevel('debug');
    log[level]('hello');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(`^77:M \\d\\d [A-Z][a-z][a-z] \\d{4} \\d\\d:\\d\\d:\\d\\d\\.000 \\${sign} hello\\n$`),
    );
  });

  test('the letter is that of the role at the moment', () => {
    const { lines, log, state } = newLogger();
    for (const role of ['C', 'M', 'S', 'X'] as const) {
      state.role = role;
      log.notice('x');
    }
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['77:C', '77:M', '77:S', '77:X']);
  });

  test('levels below the one that is set are dropped, raw text as well', () => {
    const { lines, log } = newLogger();
    const all = () => {
      log.debug('d');
      log.verbose('v');
      log.notice('n');
      log.warning('w');
      log.raw('notice', 'rn\n');
      log.raw('warning', 'rw\n');
      return lines.splice(0).map((line) => line.replace(/^77.*[.*#-] /, '').trim());
    };
    expect(all()).toEqual(['n', 'w', 'rn', 'rw']);
    log.setLevel('debug');
    expect(all()).toEqual(['d', 'v', 'n', 'w', 'rn', 'rw']);
    log.setLevel('warning');
    expect(all()).toEqual(['w', 'rw']);
    expect([log.logs('notice'), log.logs('warning')]).toEqual([false, true]);
    log.setLevel('nothing');
    expect(all()).toEqual([]);
  });

  test('raw text stands as it is', () => {
    const { lines, log } = newLogger();
    log.raw('warning', '\n\n=== A\nb ===\n');
    expect(lines).toEqual(['\n\n=== A\nb ===\n']);
  });
});

describe('JSON', () => {
  test('has the level, the time, the pid, the role and the message', () => {
    const { lines, log, runtime, state } = newLogger();
    log.setFormat('json');
    log.warning('a "quoted" one\nand a second line');
    state.role = 'S';
    log.raw('notice', '\nraw\n');
    const time = runtime.clock.nowMs();
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'warning', time, pid: 77, role: 'master', msg: 'a "quoted" one\nand a second line' },
      { level: 'notice', time, pid: 77, role: 'replica', msg: 'raw' },
    ]);
    expect(Object.keys(JSON.parse(lines[0]!) as object)).toEqual(['level', 'time', 'pid', 'role', 'msg']);
    expect(lines.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  });

  test('bytes that are UTF-8 are text, others stay what they are', () => {
    const { lines, log } = newLogger();
    log.setFormat('json');
    log.notice(Buffer.from('grün', 'utf8').toString('latin1'));
    log.notice('gr\xfcn');
    log.notice('ключ');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['grün', 'grün', 'ключ']);
  });

  test('the form can change while the server runs', () => {
    const { lines, log } = newLogger();
    log.setFormat('json');
    log.notice('a');
    log.setFormat('redis');
    log.notice('b');
    expect([lines[0]!.startsWith('{'), lines[1]!.startsWith('77:M ')]).toEqual([true, true]);
  });
});

test('a mirror gets the level and the message, as long as it is set', () => {
  const { log } = newLogger();
  const seen: string[] = [];
  log.setMirror((level, text) => seen.push(`${level} ${text}`));
  log.debug('not logged');
  log.notice('a');
  log.raw('warning', 'b');
  log.setMirror(null);
  log.notice('c');
  expect(seen).toEqual(['notice a', 'warning b']);
});

describe('a file', () => {
  let folder = '';
  let path = '';
  let log: Logger;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'respite-log-'));
    path = join(folder, 'redis.log');
    log = createLogger({ ...systemRuntime(), role: () => 'M' });
  });
  afterEach(() => {
    log.close();
    rmSync(folder, { recursive: true });
  });

  const messages = (file: string) =>
    readFileSync(file, 'latin1')
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^.* \* /, ''));

  test('is appended to', () => {
    writeFileSync(path, 'before\n');
    log.setFile(path);
    log.notice('after');
    expect(messages(path)).toEqual(['before', 'after']);
  });

  test('that is renamed is made anew by the next line', () => {
    log.setFile(path);
    log.notice('one');
    renameSync(path, `${path}.1`);
    log.notice('two');
    log.notice('three');
    expect(messages(`${path}.1`)).toEqual(['one']);
    expect(messages(path)).toEqual(['two', 'three']);
  });

  test('that another has taken the name of is left', () => {
    log.setFile(path);
    log.notice('one');
    const other = `${path}.new`;
    writeFileSync(other, '');
    renameSync(path, `${path}.1`);
    renameSync(other, path);
    log.notice('two');
    expect(messages(path)).toEqual(['two']);
  });

  test('that is emptied goes on from its beginning', () => {
    log.setFile(path);
    log.notice('one');
    writeFileSync(path, '');
    log.notice('two');
    expect(messages(path)).toEqual(['two']);
  });

  test('that is gone comes back, and where it cannot, lines are lost without harm', () => {
    log.setFile(path);
    log.notice('one');
    rmSync(path);
    log.notice('two');
    expect(messages(path)).toEqual(['two']);
    const lost = join(folder, 'no-such-folder', 'redis.log');
    log.setFile(lost);
    log.notice('three');
    expect(existsSync(lost)).toBe(false);
  });

  test('gets the bytes of byte strings, and other text in UTF-8', () => {
    log.setFile(path);
    log.notice('\xff\xfe');
    log.notice('ключ');
    expect(messages(path)).toEqual(['\xff\xfe', Buffer.from('ключ').toString('latin1')]);
    expect(statSync(path).size).toBeGreaterThan(0);
  });
});
