// What the random sequences about one type of value are made of: the type's commands and a few of all keys, values that
// meet each other again and again, and limits so small that encodings change all the time. The grammars of the commands
// do the rest (see commands.ts): a new command of a group is told without a line here.

import type { RandomSource } from '../../src/base/runtime.ts';
import type { Command, CommandGroup } from '../../src/engine/command-spec.ts';
import { CommandFuzzer, type PoolOf, toldCommands } from './commands.ts';

export interface Theme {
  readonly name: string;
  readonly commands: readonly Command[];
  readonly poolOf: PoolOf;
  readonly config: Readonly<Record<string, string>>;
  /** Requests with these words (in lower case) are left out, with the reason. */
  readonly without: Readonly<Record<string, string>>;
  /** What may come in an argument's place by mistake, where not any number may. */
  readonly numbers?: readonly string[];
}

const OF_ALL_KEYS: ReadonlySet<string> = new Set([
  'copy',
  'del',
  'exists',
  'expire',
  'object|encoding',
  'persist',
  'rename',
  'renamenx',
  'type',
]);
// Their cursors and their choices are each server's own; the last takes seconds.
const NOT_ALIKE: ReadonlySet<string> = new Set(['zscan', 'hscan', 'sscan', 'spop', 'pfselftest']);

const KEYS = ['k1', 'k2', 'k3', 'k4', 'other'];
const MEMBERS = [
  ...'abcdefghijklmn',
  '',
  '0',
  '1',
  '2',
  '10',
  '-7',
  '007',
  '4096',
  '70000',
  '-9223372036854775808',
  'aa',
  'ab\0c',
  'x'.repeat(11),
  'x'.repeat(12),
  'x'.repeat(13),
  '\xff',
];
const SCORES = [
  '0',
  '0',
  '1',
  '1',
  '2',
  '-1',
  '3.5',
  '0.1',
  '1e300',
  '-2.25e-7',
  '4611686018427387904',
  '9007199254740993',
  'inf',
  '-inf',
];
const SCORE_BOUNDS = [
  ...SCORES,
  '(0',
  '(1',
  '(2',
  '(3.5',
  '-inf',
  '+inf',
  '-inf',
  '+inf',
  '(inf',
  '(-inf',
  '',
  '1 ',
  'x',
];
const LEX_BOUNDS = [
  '-',
  '+',
  '-',
  '+',
  ...MEMBERS.slice(0, 18).flatMap((member) => [`[${member}`, `(${member}`]),
  'a',
  '+x',
];
const RANKS = ['0', '0', '1', '2', '3', '5', '8', '-1', '-1', '-2', '-4', '-9', '100', '-100', 'x'];
const COUNTS = ['0', '1', '1', '2', '2', '3', '-1', '-2', 'x'];

const keysOr =
  (poolOf: PoolOf): PoolOf =>
  (argument, command) =>
    argument.type === 'key' ? KEYS : poolOf(argument, command);

// What adds is told more often: half of all other commands take something away.
const ADDING: Readonly<Record<string, number>> = {
  zadd: 10,
  sadd: 8,
  rpush: 4,
  lpush: 4,
  hset: 6,
  xadd: 10,
  geoadd: 12,
  setbit: 6,
  bitfield: 6,
  pfadd: 12,
};

function commandsOf(...groups: CommandGroup[]): Command[] {
  return often(({ spec, fullName }) => groups.includes(spec.group) || OF_ALL_KEYS.has(fullName));
}

function often(isOfTheme: (command: Command) => boolean): Command[] {
  const told = toldCommands().filter((command) => isOfTheme(command) && !NOT_ALIKE.has(command.fullName));
  return told.flatMap((command) => new Array<Command>(ADDING[command.name] ?? 1).fill(command));
}

function sortedSetPool(scores: readonly string[], bounds: readonly string[]): PoolOf {
  return keysOr(({ name }, command) => {
    // Options say what the bounds of these are: ranks are scores as well.
    if (/^zrange(store)?$/.test(command.name) && ['start', 'stop', 'min', 'max'].includes(name)) {
      return [...RANKS, ...RANKS, ...bounds.slice(0, 24)];
    }
    if (name === 'member') return MEMBERS;
    if (name === 'score' || name === 'increment') return scores;
    if (name === 'weight') return ['1', '2', '0', '-1', '0.5', 'inf', 'x'];
    if (['min', 'max'].includes(name)) return bounds;
    if (['start', 'stop'].includes(name)) return RANKS;
    if (['offset', 'count', 'limit', 'numkeys'].includes(name)) return COUNTS;
    return null;
  });
}

const SORTED_SET_LIMITS = {
  'zset-max-listpack-entries': '6',
  'zset-max-listpack-value': '12',
  'set-max-intset-entries': '4',
  'set-max-listpack-entries': '6',
};

const ELEMENTS: PoolOf = keysOr(({ name }) => {
  if (['element', 'pivot', 'member', 'field', 'value'].includes(name)) return MEMBERS;
  if (['index', 'start', 'stop', 'rank'].includes(name)) return RANKS;
  return /count|len|num|limit/.test(name) ? COUNTS : null;
});

const ENTRIES: PoolOf = keysOr((argument, command) => {
  const { name } = argument;
  if (/group/.test(name)) return ['g', 'h'];
  if (/consumer/.test(name)) return ['alice', 'bob'];
  if (/^id|-id$|^start$|^end$|threshold|last/.test(name)) {
    return ['1-1', '1-2', '2', '3-0', '5-*', '7-1', '9', '0', '-', '+', '$', '(2', '>', '10-3', 'x'];
  }
  return ELEMENTS(argument, command);
});

const BITS: PoolOf = keysOr(({ name }) => {
  if (name === 'encoding') return ['u1', 'u2', 'u8', 'i8', 'i5', 'u32', 'i64', 'u63', 'u64', 'i0', 'x'];
  if (name === 'offset') return ['0', '1', '7', '8', '13', '64', '100', '511', '#0', '#1', '#9', '-1', 'x'];
  if (name === 'bit') return ['0', '1', '1', '1', '2'];
  if (name === 'start' || name === 'end') return [...RANKS, '30', '300', '-60', '-500'];
  return name === 'value' || name === 'increment'
    ? ['0', '1', '-1', '7', '100', '255', '-128', '65535', '-9223372036854775808', '9223372036854775807', 'x']
    : null;
});

// Many enough for the dense form, so few that they are met again.
const COUNTED = Array.from({ length: 500 }, (_, i) => `${i * i}`);
const SKETCHES: PoolOf = keysOr(({ name }) => (name === 'element' ? COUNTED : null));

const PLACES: PoolOf = keysOr(({ name }) => {
  if (/^member/.test(name)) return ['rome', 'oslo', 'quito', 'suva', 'nuuk', 'lima', 'bern', 'apia', ''];
  if (name === 'longitude')
    return ['13.361389', '15.087269', '-180', '180', '0', '12.5', '14', '-73.9', '181'];
  if (name === 'latitude')
    return ['38.115556', '37.502669', '85.05', '-85.05', '0', '38', '37.9', '40.7', '90'];
  if (/radius|width|height/.test(name)) return ['0', '1', '50', '200', '1500', '20000', '1e7', '-1', 'x'];
  return name === 'count' ? COUNTS : null;
});

const OF_EVERY_TYPE: ReadonlySet<string> = new Set(
  'append geoadd hset lpush pfadd rpush sadd set setbit xlen zadd'.split(' '),
);
const OF_THE_SESSION: ReadonlySet<string> = new Set(
  'dbsize discard exec multi select swapdb unwatch watch'.split(' '),
);

export const THEMES: readonly Theme[] = [
  {
    name: 'strings',
    commands: commandsOf('string'),
    poolOf: keysOr(() => null),
    config: {},
    without: {},
  },
  {
    name: 'keys',
    commands: often(
      ({ spec, name }) => spec.group === 'generic' || OF_EVERY_TYPE.has(name) || OF_THE_SESSION.has(name),
    ),
    poolOf: keysOr(({ name }) => (/member|element|field/.test(name) ? MEMBERS : null)),
    config: {},
    without: { store: 'SORT leaves equal weights in the order of a table' },
  },
  {
    name: 'bitmaps',
    commands: commandsOf('bitmap'),
    poolOf: BITS,
    config: {},
    without: {},
  },
  {
    name: 'hyperloglogs',
    commands: commandsOf('hyperloglog'),
    poolOf: SKETCHES,
    config: { 'hll-sparse-max-bytes': '120' },
    without: {},
  },
  {
    name: 'geo',
    commands: commandsOf('geo'),
    poolOf: PLACES,
    config: { 'zset-max-listpack-entries': '6' },
    without: {},
  },
  {
    name: 'sorted sets by score',
    commands: commandsOf('sorted-set').filter(({ name }) => !name.includes('lex')),
    poolOf: sortedSetPool(SCORES, SCORE_BOUNDS),
    config: SORTED_SET_LIMITS,
    without: { bylex: 'among different scores there is no order of members' },
  },
  {
    name: 'sorted sets by member',
    commands: commandsOf('sorted-set'),
    poolOf: sortedSetPool(['0'], LEX_BOUNDS),
    config: SORTED_SET_LIMITS,
    without: {},
    // Among different scores there is no order of members.
    numbers: ['0', '-0', 'abc', ''],
  },
  {
    name: 'sorted sets and sets',
    commands: [...commandsOf('sorted-set').filter(({ name }) => !name.includes('lex')), ...commandsOf('set')],
    poolOf: sortedSetPool(SCORES, SCORE_BOUNDS),
    config: SORTED_SET_LIMITS,
    without: { bylex: 'among different scores there is no order of members' },
  },
  {
    name: 'lists',
    commands: commandsOf('list'),
    poolOf: ELEMENTS,
    config: { 'list-max-listpack-size': '4' },
    without: {},
  },
  {
    name: 'hashes',
    commands: commandsOf('hash'),
    poolOf: ELEMENTS,
    config: { 'hash-max-listpack-entries': '6', 'hash-max-listpack-value': '12' },
    without: {},
  },
  {
    name: 'sets',
    commands: commandsOf('set'),
    poolOf: ELEMENTS,
    config: {
      'set-max-intset-entries': '4',
      'set-max-listpack-entries': '6',
      'set-max-listpack-value': '12',
    },
    without: {},
  },
  {
    name: 'streams',
    commands: commandsOf('stream'),
    poolOf: ENTRIES,
    config: { 'stream-node-max-entries': '4' },
    without: {
      '*': 'is a time',
      block: 'waits',
      xinfo: 'tells times',
      xpending: 'tells times',
      idle: 'is a time',
      maxlen: 'cuts where nodes end',
    },
  },
].filter(({ commands }) => commands.length > OF_ALL_KEYS.size);

/** What tells as many requests of a theme as one likes, again and again. */
export function requestsOf(
  { commands, numbers, poolOf, without }: Theme,
  random: RandomSource,
): (count: number) => string[][] {
  const fuzzer = new CommandFuzzer(random, commands, poolOf, numbers);
  const isTold = (request: readonly string[]) => !request.some((word) => word.toLowerCase() in without);
  return (count) => {
    const requests: string[][] = [];
    while (requests.length < count) requests.push(...fuzzer.sequence(1).filter(isTold));
    return requests;
  };
}
