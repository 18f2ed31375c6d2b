// Key ranges and keys of requests, for key specs of every kind. The commands here are made for the test; what Redis
// 7.2.4 answers for its own (COMMAND GETKEYSANDFLAGS) is the expectation throughout.

import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import {
  COMMAND_FLAG,
  type Command,
  type CommandFlag,
  type CommandSpec,
  command,
  type KeyFlag,
  type KeySpec,
  keyAccess,
  keyAfter,
  keyAt,
  keysAfter,
  keysCounted,
  keysFrom,
} from '../../src/engine/command-spec.ts';
import { hasKeys, keyRange, keysOf } from '../../src/engine/key-extraction.ts';
import { Arguments } from '../../src/resp/arguments.ts';
import { goldenFacts } from '../support/command-facts.ts';

function withKeys(keys: readonly KeySpec[], more: Partial<CommandSpec> = {}): Command {
  return command({
    name: 'test',
    since: '1.0.0',
    group: 'generic',
    complexity: 'O(1)',
    summary: 'A command of the test.',
    arity: -1,
    flags: [],
    keys,
    ...more,
  });
}

function found(of: Command, request: string): string[] {
  const args = Arguments.from(request.split(' '));
  return keysOf(of, args).map(({ index, flags }) => [args.string(index), ...flags].join(' '));
}

describe('the key range of every command of Redis follows from its key specs', () => {
  for (const [name, facts] of goldenFacts()) {
    if (facts.keys === undefined && facts.range === undefined) continue;
    test(name, () => {
      const range = keyRange(withKeys((facts.keys ?? '').split('; ').map(keySpecOf)));
      expect(`${range.first} ${range.last} ${range.step}`).toBe(facts.range ?? '0 0 0');
      expect(range.isMovable).toBe((facts.flags ?? '').split(' ').includes('movablekeys'));
    });
  }
});

/** The key spec that a golden line describes. */
function keySpecOf(line: string): KeySpec {
  const [flags, begin, find] = line.split(', ');
  return {
    flags: flags!.split(' ') as KeyFlag[],
    begin: beginOf(begin!),
    find: findOf(find!),
  };
}

function beginOf(text: string): KeySpec['begin'] {
  const [type, ...fields] = text.split(' ');
  const values = fields.map((field) => field.slice(field.indexOf('=') + 1));
  if (type === 'index') return { index: Number(values[0]) };
  return type === 'keyword' ? { keyword: values[0]!, startFrom: Number(values[1]) } : 'unknown';
}

function findOf(text: string): KeySpec['find'] {
  const [type, ...fields] = text.split(' ');
  const [a, b, c] = fields.map((field) => Number(field.slice(field.indexOf('=') + 1)));
  if (type === 'range') return { lastKey: a!, step: b!, limit: c! };
  return type === 'keynum' ? { countIndex: a!, firstKey: b!, step: c! } : 'unknown';
}

const evalLike = withKeys([keysCounted(2, 'RW', 'access')]);
const zunionstoreLike = withKeys([keyAt(1, 'OW', 'update'), keysCounted(2, 'RO', 'access')], {
  flags: ['write'],
});
const xreadLike = withKeys([keysAfter('STREAMS', 1, 2, 'RO', 'access')]);

describe('keys', () => {
  test('at a place, to the end, every second', () => {
    expect(found(withKeys([keyAt(1, 'RO', 'access')]), 'get a')).toEqual(['a RO access']);
    expect(found(withKeys([keysFrom(1, -1, 1, 'RO')]), 'del a b c')).toEqual(['a RO', 'b RO', 'c RO']);
    expect(found(withKeys([keysFrom(1, -1, 2, 'OW')]), 'mset a 1 b 2')).toEqual(['a OW', 'b OW']);
    expect(found(withKeys([keysFrom(1, -2, 1, 'RW')]), 'blpop a b 0')).toEqual(['a RW', 'b RW']);
    const lmove = withKeys([keyAt(1, 'RW', 'delete'), keyAt(2, 'RW', 'insert')]);
    expect(found(lmove, 'lmove a b left right')).toEqual(['a RW delete', 'b RW insert']);
  });

  test('as many as a number says', () => {
    expect(found(evalLike, 'eval s 2 a b c')).toEqual(['a RW access', 'b RW access']);
    expect(found(evalLike, 'eval s 0 a')).toEqual([]);
    expect(found(evalLike, 'eval s 3 a b')).toEqual([]);
    expect(found(evalLike, 'eval s -1 a')).toEqual([]);
    expect(found(zunionstoreLike, 'zunionstore d 2 a b')).toEqual([
      'd OW update',
      'a RO access',
      'b RO access',
    ]);
    expect(found(zunionstoreLike, 'zunionstore d 0 a')).toEqual([]);
  });

  test('a number that is no strict integer is read once more, as atoi does', () => {
    expect(found(evalLike, 'eval s 1x a b')).toEqual(['a']);
    expect(found(evalLike, 'eval s +1 a b')).toEqual(['a']);
    expect(found(evalLike, 'eval s 01 a')).toEqual(['a']);
    expect(found(evalLike, 'eval s x a')).toEqual([]);
    expect(found(zunionstoreLike, 'zunionstore d 1x a')).toEqual(['a', 'd']);
  });

  test('after a word', () => {
    expect(found(xreadLike, 'xread count 2 STREAMS a b 0 0')).toEqual(['a RO access', 'b RO access']);
    expect(found(xreadLike, 'xread streams a b c')).toEqual(['a RO access']);
    expect(found(xreadLike, 'xread streams a')).toEqual([]);
    expect(found(xreadLike, 'xread count 2 x')).toEqual([]);
    const georadius = withKeys([
      keyAt(1, 'RO', 'access'),
      keyAfter('STORE', 6, 'OW', 'update'),
      keyAfter('STOREDIST', 6, 'OW', 'update'),
    ]);
    expect(found(georadius, 'georadius k 1 1 1 m')).toEqual(['k RO access']);
    expect(found(georadius, 'georadius k 1 1 1 m store')).toEqual(['k RO access']);
    expect(found(georadius, 'georadius k 1 1 1 m store x storedist y')).toEqual([
      'k RO access',
      'x OW update',
      'y OW update',
    ]);
    const migrate = withKeys([keysAfter('KEYS', -2, 0, 'RW')]);
    expect(found(migrate, 'migrate h 1 keys 0 0 KEYS a b')).toEqual(['a RW', 'b RW']);
  });

  test('an incomplete or varying spec leaves it to the command', () => {
    const findKeys = () => [{ index: 2, flags: ['RM'] as const }];
    const incomplete = withKeys([keyAt(1, 'RO', 'incomplete')], { findKeys });
    expect(found(incomplete, 'test a b')).toEqual(['b RM']);
    expect(found(withKeys([keyAt(1, 'RO', 'variable_flags')], { findKeys }), 'test a b')).toEqual(['b RM']);
    expect(found(withKeys([keyAt(1, 'RO')], { findKeys }), 'test a b')).toEqual(['a RO']);
    expect(found(withKeys([keyAt(1, 'RO', 'incomplete')]), 'test a b')).toEqual([]);
    const unknown: KeySpec = { flags: ['RO'], begin: 'unknown', find: 'unknown' };
    expect(found(withKeys([keyAt(1, 'RO'), unknown]), 'test a')).toEqual([]);
  });

  test('channels are no keys', () => {
    const spublish = withKeys([keyAt(1, 'not_key')]);
    expect(hasKeys(spublish)).toBe(false);
    expect(found(spublish, 'spublish channel message')).toEqual([]);
    expect(hasKeys(withKeys([]))).toBe(false);
    expect(hasKeys(evalLike)).toBe(true);
  });
});

test('flags are told apart by their bits', () => {
  const names = Object.keys(COMMAND_FLAG) as CommandFlag[];
  expect(new Set(names.map((name) => COMMAND_FLAG[name])).size).toBe(names.length);
});

test('the places of keys that are the same in every request are those that the key specs find', () => {
  let compared = 0;
  const all = COMMANDS.flatMap((command) => [command, ...command.subcommands.values()]);
  for (const command of all) {
    const { keyPlaces } = command;
    if (keyPlaces === null) continue;
    for (let count = command.minCount; count <= command.minCount + (command.arity < 0 ? 4 : 0); count++) {
      const args = Arguments.from(Array.from({ length: count }, () => '1'));
      const { first, step, access, accessVaries } = keyPlaces;
      const last = keyPlaces.last < 0 ? count + keyPlaces.last : keyPlaces.last;
      if (last < first || last >= count) continue;
      const places: number[] = [];
      for (let i = first; i <= last; i += step) places.push(i);
      const found = keysOf(command, args);
      expect(
        found.map(({ index }) => index),
        command.fullName,
      ).toEqual(places);
      for (const { flags } of found) {
        if (accessVaries) expect(access & keyAccess(flags), command.fullName).toBe(keyAccess(flags));
        else expect(access, command.fullName).toBe(keyAccess(flags));
      }
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(300);
});
