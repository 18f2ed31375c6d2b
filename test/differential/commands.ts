// Random command sequences, made from the commands' own grammars: whatever is registered is told, a new command without a
// line here. What cannot be compared between two servers is named below, with the reason.

import type { RandomSource } from '../../src/base/runtime.ts';
import { COMMANDS } from '../../src/commands/registry.ts';
import type { ArgumentSpec, Command } from '../../src/engine/command-spec.ts';

/** Commands that are never told, by name or `container|subcommand`; a container stands for all of its subcommands. */
const NEVER_TOLD: Readonly<Record<string, string>> = {
  acl: 'changes who may do what',
  bgrewriteaof: 'works in the background',
  bgsave: 'works in the background',
  auth: 'the reference forgets to answer a wrong password behind other requests',
  'client|id': 'numbers of connections differ',
  'client|info': 'about this connection, whose address differs',
  'client|kill': 'can end the connection',
  'client|list': 'about connections, whose addresses differ',
  'client|pause': 'holds up whoever tells the story',
  'client|reply': 'silences the connection',
  'client|tracking': 'lets messages come in between',
  'client|unblock': 'needs another connection',
  cluster: 'needs a cluster',
  command: 'has a test of its own',
  config: 'its values are those of another machine',
  debug: 'can end the process',
  dump: 'the order of tables and the times of consumers differ; see test/persistence',
  eval: 'needs a program',
  eval_ro: 'needs a program',
  evalsha: 'needs a program',
  evalsha_ro: 'needs a program',
  failover: 'needs a replica',
  function: 'needs a program',
  hello: 'changes the protocol',
  info: 'about another process',
  lastsave: 'a time',
  latency: 'about another process',
  lolwut: 'art',
  memory: 'about another process',
  migrate: 'needs another server',
  module: 'there are none',
  monitor: 'turns the connection into another',
  'object|freq': 'depends on the policy and on time',
  'object|idletime': 'a time',
  'object|refcount': "who shares what is an implementation's own affair",
  psubscribe: 'turns the connection into another',
  psync: 'turns the connection into another',
  punsubscribe: 'belongs to subscriptions',
  randomkey: 'random; has a test of its own',
  quit: 'ends the connection',
  replconf: 'turns the connection into another',
  replicaof: 'needs another server',
  reset: 'changes the protocol',
  restore: 'needs the bytes of a dump',
  'restore-asking': 'needs the bytes of a dump',
  role: 'about another process',
  save: 'writes a file',
  scan: 'cursors differ; has a test of its own',
  script: 'needs a program',
  shutdown: 'ends the process',
  slaveof: 'needs another server',
  slowlog: 'about another process',
  spop: 'chooses, and what it leaves is its choice; has tests of its own',
  ssubscribe: 'turns the connection into another',
  subscribe: 'turns the connection into another',
  sunsubscribe: 'belongs to subscriptions',
  sync: 'turns the connection into another',
  time: 'a time',
  unsubscribe: 'belongs to subscriptions',
  wait: 'waits',
  waitaof: 'waits',
};

/** Commands whose answer depends on when they are asked: integers may differ a little. */
const ABOUT_TIME: ReadonlySet<string> = new Set(['ttl', 'pttl', 'expiretime', 'pexpiretime', 'exec']);
/** Their documentation calls the answer open, but it is not. */
const NOT_SO_OPEN: ReadonlySet<string> = new Set(['object|encoding']);

/** Equal weights, and sets that are not sorted, leave elements in the order of a hash table. Stories tell the rest. */
const IN_ORDER_OF_TABLES: ReadonlySet<string> = new Set(['sort', 'sort_ro']);

// Told as often as the others these would leave little for the others to work on.
const SELDOM: ReadonlySet<string> = new Set(['flushall', 'flushdb', 'select', 'swapdb', 'watch']);

const KEYS = ['a', 'b', 'c', 'k1', 'k2', 'list', 'n', '\xff\0\r\n'];
const VALUES = [
  '',
  'a',
  'abc',
  'hello world',
  '0',
  '1',
  '-1',
  '10',
  '9999',
  '10000',
  '01',
  '+1',
  ' 1',
  '1 ',
  '-0',
  '3.14',
  '1e3',
  '1.0',
  '0x10',
  'inf',
  'nan',
  '-inf',
  '1e400',
  '5e-324',
  '0.1',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '18446744073709551615',
  'x'.repeat(43),
  'x'.repeat(44),
  'x'.repeat(45),
  'y'.repeat(1000),
  '\0\xff\x80',
  'ohmytext',
  'mynewtext',
];
// Offsets that would fill hundreds of megabytes are left out: the largest valid one is far below the smallest invalid one.
const INTEGERS = [
  '0',
  '1',
  '-1',
  '2',
  '3',
  '-2',
  '5',
  '7',
  '8',
  '10',
  '-10',
  '31',
  '63',
  '64',
  '100',
  '-100',
  '1000',
  '65535',
  '5368709120',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '-9223372036854775809',
  '01',
  '+1',
  ' 1',
  '1.5',
  'abc',
  '',
];
const SMALL_INTEGERS = ['0', '1', '2', '3', '-1', '15', '16', 'abc'];
const DOUBLES = [
  '0',
  '1',
  '-1',
  '1.5',
  '0.1',
  '-3.25',
  '1e3',
  '1e-7',
  '3.0',
  'inf',
  '-inf',
  'nan',
  '1e308',
  'abc',
  '',
];
// Either long past or far away: what happens at the edge of now has tests of its own, with a clock that stands still.
const SECONDS = ['0', '-1', '-100000', '9223372036854775', '9223372036854775807', 'abc'];
const MILLISECONDS = ['0', '-1', '9223372036854775807', 'abc', '1.5'];
const UNIX_SECONDS = ['1', '0', '-1', '4000000000', '5000000000', '9223372036854775807', 'abc'];
const UNIX_MILLISECONDS = ['1', '0', '-1', '4000000000000', '5000000000000', '9223372036854775807', 'abc'];
const PATTERNS = ['*', 'a*', '?', '[ab]', '[^a]', 'k[1-9]', '\\*', 'nomatch', '*\xff*', ''];
// What takes the place of a number of a command that sets deadlines: a key that is gone a moment later is gone sooner on
// a slower server.
const NO_DEADLINES = ['0', '-1', '01x', '1.5', 'abc', ''];
// Databases are chosen seldom and few, so that the commands meet each other's keys.
const DATABASES = ['0', '0', '0', '1', '1', '2', '16', '-1', 'abc'];

/** How the answers to a command are compared. */
export interface Comparison {
  readonly inAnyOrder: boolean;
  readonly aboutTime: boolean;
  /** Only whether it is an error. */
  readonly isOpen: boolean;
}

/** All commands and subcommands that can be told, in the order of their names. */
export function toldCommands(): Command[] {
  return COMMANDS.flatMap((command) =>
    command.isContainer && command.subcommands.size > 0 ? [...command.subcommands.values()] : [command],
  )
    .filter((command) => !isNeverTold(command))
    .sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
}

/** How the answer to a request is compared. */
export function comparisonOf(args: readonly string[]): Comparison {
  const command = find(args);
  const tips = command?.spec.tips ?? [];
  const name = command?.fullName ?? '';
  return {
    inAnyOrder:
      tips.includes('nondeterministic_output_order') || name === 'exec' || IN_ORDER_OF_TABLES.has(name),
    aboutTime: ABOUT_TIME.has(name),
    isOpen: tips.includes('nondeterministic_output') && !ABOUT_TIME.has(name) && !NOT_SO_OPEN.has(name),
  };
}

const BY_NAME: ReadonlyMap<string, Command> = new Map(COMMANDS.map((one) => [one.name, one]));

function find(args: readonly string[]): Command | undefined {
  const command = BY_NAME.get(args[0]?.toLowerCase() ?? '');
  return command?.subcommands.get(args[1]?.toLowerCase() ?? '') ?? command;
}

function isNeverTold(command: Command): boolean {
  return (
    NEVER_TOLD[command.fullName] !== undefined ||
    NEVER_TOLD[command.parent?.name ?? ''] !== undefined ||
    (command.parent !== null && command.name === 'help') ||
    command.spec.flags.includes('blocking')
  );
}

/** What an argument may be, where a theme has something better than the pools here; null where it has not. */
export type PoolOf = (argument: ArgumentSpec, command: Command) => readonly string[] | null;

/** Makes requests from a random source. */
export class CommandFuzzer {
  private readonly random: RandomSource;
  private readonly commands: readonly Command[];
  private readonly poolOf: PoolOf;
  private readonly numbers: readonly string[];
  // Of the request that is being made: where it tells the number of its keys, and how many there are.
  private numkeysAt = 0;
  private keyCount = 1;

  /** `numbers` are what an argument may be damaged to. */
  constructor(
    random: RandomSource,
    commands: readonly Command[],
    poolOf: PoolOf = () => null,
    numbers: readonly string[] = INTEGERS,
  ) {
    this.random = random;
    this.commands = commands;
    this.poolOf = poolOf;
    this.numbers = numbers;
  }

  sequence(length: number): string[][] {
    return Array.from({ length }, () => this.request());
  }

  private request(): string[] {
    let command = this.pick(this.commands);
    if (SELDOM.has(command.name) && !this.chance(10)) command = this.pick(this.commands);
    const args = [...this.nameOf(command)];
    this.numkeysAt = 0;
    for (const spec of command.spec.args ?? []) this.add(args, spec, command);
    return this.chance(12) ? this.damaged(args, command) : args;
  }

  private nameOf(command: Command): string[] {
    const words = command.parent === null ? [command.name] : [command.parent.name, command.name];
    return words.map((word) => (this.chance(4) ? word.toUpperCase() : word));
  }

  private add(args: string[], spec: ArgumentSpec, command: Command): void {
    if (spec.optional && !this.chance(3)) return;
    const times = spec.multiple ? this.timesOf(args, spec) : 1;
    for (let i = 0; i < times; i++) {
      if (spec.type !== 'pure-token' && spec.token !== undefined && (i === 0 || spec.multipleToken)) {
        args.push(this.cased(spec.token));
      }
      this.addOne(args, spec, command);
    }
  }

  // How often an argument that may come several times does: weights mostly as often as keys, whose number is mostly told
  // right.
  private timesOf(args: string[], spec: ArgumentSpec): number {
    if (spec.name === 'weight' && !this.chance(6)) return this.keyCount;
    const times = 1 + this.below(3);
    if (spec.type === 'key') {
      this.keyCount = times;
      if (this.numkeysAt > 0 && !this.chance(10)) args[this.numkeysAt] = String(times);
    }
    return times;
  }

  private addOne(args: string[], spec: ArgumentSpec, command: Command): void {
    if (spec.name === 'numkeys') this.numkeysAt = args.length;
    const pool = spec.args === undefined && spec.type !== 'pure-token' ? this.poolOf(spec, command) : null;
    if (pool !== null) {
      args.push(this.pick(pool));
      return;
    }
    switch (spec.type) {
      case 'pure-token':
        if (spec.token !== '') args.push(this.cased(spec.token!));
        return;
      case 'oneof':
        this.add(args, { ...this.pick(spec.args!), optional: false }, command);
        return;
      case 'block':
        for (const part of spec.args!) this.add(args, part, command);
        return;
      case 'key':
        args.push(this.pick(KEYS));
        return;
      case 'pattern':
        args.push(this.pick(PATTERNS));
        return;
      case 'double':
        args.push(this.pick(DOUBLES));
        return;
      case 'unix-time':
        args.push(this.pick(spec.name.includes('milliseconds') ? UNIX_MILLISECONDS : UNIX_SECONDS));
        return;
      case 'integer':
        args.push(this.integer(spec, command));
        return;
      case 'string':
        args.push(this.chance(20) ? this.bytes() : this.pick(VALUES));
    }
  }

  private integer(spec: ArgumentSpec, command: Command): string {
    const pool = integersFor(spec, command);
    if ((pool !== SECONDS && pool !== MILLISECONDS) || this.chance(2)) return this.pick(pool);
    // Days apart: whether one is later than another must not hang on a millisecond between two requests.
    const seconds = 100_000 * (1 + this.below(5000));
    return String(pool === SECONDS ? seconds : seconds * 1000);
  }

  // An argument too few, too many, twice, at another place, or another one.
  private damaged(args: string[], command: Command): string[] {
    const at = this.below(args.length);
    switch (this.below(5)) {
      case 0:
        return at === 0 ? args : args.toSpliced(at, 1);
      case 1:
        return args.toSpliced(at + 1, 0, this.pick(VALUES));
      case 2:
        return args.toSpliced(at + 1, 0, args[at]!);
      case 3:
        return at === 0
          ? args
          : args.with(at, this.pick(setsDeadlines(command) ? NO_DEADLINES : this.numbers));
      default:
        return [...args, ...args.slice(1 + this.below(args.length))];
    }
  }

  private bytes(): string {
    return Array.from({ length: this.below(80) }, () => String.fromCharCode(this.below(256))).join('');
  }

  private cased(word: string): string {
    return this.chance(3) ? word.toLowerCase() : word;
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  private chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  private below(bound: number): number {
    return this.random.below(bound);
  }
}

function setsDeadlines({ spec }: Command): boolean {
  const isTime = ({ name, type, args }: ArgumentSpec): boolean =>
    type === 'unix-time' || /second/.test(name) || (args ?? []).some(isTime);
  return (spec.args ?? []).some(isTime);
}

function integersFor({ name }: ArgumentSpec, command: Command): readonly string[] {
  if (name.includes('millisecond')) return MILLISECONDS;
  if (name.includes('second')) return SECONDS;
  const isDatabase = /(^|-)db|database|^index/.test(name);
  if (isDatabase && ['select', 'move', 'copy', 'swapdb'].includes(command.name)) return DATABASES;
  return /count|numkeys/.test(name) ? SMALL_INTEGERS : INTEGERS;
}
