// What a command is: one exported object with its metadata and its handler. Everything else that the server knows of
// commands (COMMAND's replies, arity errors, ACL categories, key extraction, gates, HELP of containers) is derived
// from it, so a command stands in one place.

import type { Config } from '../config/config.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { CommandContext } from './context.ts';
import type { ServerParts } from './server-parts.ts';

export type CommandGroup =
  | 'generic'
  | 'string'
  | 'list'
  | 'set'
  | 'sorted-set'
  | 'hash'
  | 'pubsub'
  | 'transactions'
  | 'connection'
  | 'server'
  | 'scripting'
  | 'hyperloglog'
  | 'cluster'
  | 'sentinel'
  | 'geo'
  | 'stream'
  | 'bitmap';

/** The flags as COMMAND INFO prints them; `touches_arbitrary_keys` and `only_sentinel` are known but never printed. */
export const COMMAND_FLAG = {
  write: 1 << 0,
  readonly: 1 << 1,
  denyoom: 1 << 2,
  module: 1 << 3,
  admin: 1 << 4,
  pubsub: 1 << 5,
  noscript: 1 << 6,
  blocking: 1 << 7,
  loading: 1 << 8,
  stale: 1 << 9,
  skip_monitor: 1 << 10,
  skip_slowlog: 1 << 11,
  asking: 1 << 12,
  fast: 1 << 13,
  no_auth: 1 << 14,
  may_replicate: 1 << 15,
  no_mandatory_keys: 1 << 16,
  protected: 1 << 17,
  no_async_loading: 1 << 18,
  no_multi: 1 << 19,
  allow_busy: 1 << 20,
  touches_arbitrary_keys: 1 << 21,
} as const;
export type CommandFlag = keyof typeof COMMAND_FLAG;

export type KeyFlag =
  | 'RO'
  | 'RW'
  | 'OW'
  | 'RM'
  | 'access'
  | 'update'
  | 'insert'
  | 'delete'
  | 'not_key'
  | 'incomplete'
  | 'variable_flags';

/** What is done with the content of a key, as rules of users see it. */
export const KEY_ACCESS = { READ: 1, WRITE: 2, BOTH: 3 } as const;

/** Bits of KEY_ACCESS for the flags of a key; 0 where its content is neither told nor changed. */
export function keyAccess(flags: readonly KeyFlag[]): number {
  let access = 0;
  for (const flag of flags) {
    if (flag === 'access') access |= KEY_ACCESS.READ;
    else if (flag === 'insert' || flag === 'update' || flag === 'delete') access |= KEY_ACCESS.WRITE;
  }
  return access;
}

/** Where keys stand among the arguments; made by `keyAt`, `keysFrom`, `keysCounted`, `keyAfter` and `keysAfter`. */
export interface KeySpec {
  readonly flags: readonly KeyFlag[];
  readonly begin:
    | { readonly index: number }
    | { readonly keyword: string; readonly startFrom: number }
    | 'unknown';
  readonly find:
    | { readonly lastKey: number; readonly step: number; readonly limit: number }
    | { readonly countIndex: number; readonly firstKey: number; readonly step: number }
    | 'unknown';
  readonly notes?: string;
}

/** Keys that stand at the same places in every request. */
export interface KeyPlaces {
  readonly first: number;
  /** Negative: counted from the end. */
  readonly last: number;
  readonly step: number;
  /** What is done with them, at most: bits of KEY_ACCESS. */
  readonly access: number;
  /** The arguments say what is really done. */
  readonly accessVaries: boolean;
}

/** A key among the arguments of a request. */
export interface FoundKey {
  readonly index: number;
  readonly flags: readonly KeyFlag[];
}

/** One key at a fixed place. */
export const keyAt = (index: number, ...flags: KeyFlag[]): KeySpec => ({
  flags,
  begin: { index },
  find: { lastKey: 0, step: 1, limit: 0 },
});

/** Keys from a place to the end, or to `last` (counted from the end: -1 is the last argument), every `step`th. */
export const keysFrom = (index: number, last: number, step: number, ...flags: KeyFlag[]): KeySpec => ({
  flags,
  begin: { index },
  find: { lastKey: last, step, limit: 0 },
});

/** As many keys as the argument at `index` says, right after it. */
export const keysCounted = (index: number, ...flags: KeyFlag[]): KeySpec => ({
  flags,
  begin: { index },
  find: { countIndex: 0, firstKey: 1, step: 1 },
});

/** One key after a word, which is looked for from `startFrom` on (from the end when negative). */
export const keyAfter = (keyword: string, startFrom: number, ...flags: KeyFlag[]): KeySpec => ({
  flags,
  begin: { keyword, startFrom },
  find: { lastKey: 0, step: 1, limit: 0 },
});

/** Keys after a word: all that follow, or the first `1/limit` of them (STREAMS keys ids: limit 2). */
export const keysAfter = (
  keyword: string,
  startFrom: number,
  limit: number,
  ...flags: KeyFlag[]
): KeySpec => ({
  flags,
  begin: { keyword, startFrom },
  find: { lastKey: -1, step: 1, limit },
});

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

/** One argument of the grammar that COMMAND DOCS prints. */
export interface ArgumentSpec {
  readonly name: string;
  readonly type: ArgumentType;
  readonly keySpec?: number;
  readonly token?: string;
  readonly summary?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly displayText?: string;
  readonly optional?: boolean;
  readonly multiple?: boolean;
  readonly multipleToken?: boolean;
  readonly args?: readonly ArgumentSpec[];
}

type ArgumentOptions = Omit<ArgumentSpec, 'name' | 'type' | 'args'>;
const plain =
  (type: ArgumentType) =>
  (name: string, options: ArgumentOptions = {}): ArgumentSpec => ({
    name,
    type,
    ...options,
  });

/** Constructors of ArgumentSpec: `arg.key('key')`, `arg.token('nx', 'NX')`, `arg.oneOf('condition', [...], {optional: true})`. */
export const arg = {
  string: plain('string'),
  integer: plain('integer'),
  double: plain('double'),
  pattern: plain('pattern'),
  unixTime: plain('unix-time'),
  /** A key; it belongs to the command's first key spec unless said otherwise. */
  key: (name: string, options: ArgumentOptions = {}): ArgumentSpec => ({
    name,
    type: 'key',
    keySpec: 0,
    ...options,
  }),
  token: (name: string, token: string, options: ArgumentOptions = {}): ArgumentSpec => ({
    name,
    type: 'pure-token',
    token,
    ...options,
  }),
  oneOf: (name: string, args: readonly ArgumentSpec[], options: ArgumentOptions = {}): ArgumentSpec => ({
    name,
    type: 'oneof',
    args,
    ...options,
  }),
  block: (name: string, args: readonly ArgumentSpec[], options: ArgumentOptions = {}): ArgumentSpec => ({
    name,
    type: 'block',
    args,
    ...options,
  }),
} as const;

export type EnablingDirective = 'enable-debug-command' | 'enable-module-command';

export interface CommandSpec {
  /** In lower case; a subcommand's own word (`list`, not `client list`). */
  readonly name: string;
  readonly since: string;
  readonly group: CommandGroup;
  readonly complexity: string;
  readonly summary: string;
  /** How many arguments, the name (for a subcommand both names) included; negative: at least as many. */
  readonly arity: number;
  readonly flags: readonly CommandFlag[];
  /** ACL categories beside those that follow from flags and group. */
  readonly acl?: readonly string[];
  readonly keys?: readonly KeySpec[];
  /** Its arguments are channels that it publishes to or subscribes to (the first, or all), or patterns of them. */
  readonly channels?: 'one' | 'all' | 'patterns';
  readonly args?: readonly ArgumentSpec[];
  readonly tips?: readonly string[];
  readonly history?: readonly (readonly [version: string, change: string])[];
  readonly deprecatedSince?: string;
  readonly replacedBy?: string;
  readonly docFlags?: readonly ('deprecated' | 'syscmd')[];
  readonly subcommands?: readonly Command[];
  /** The lines of `<container> HELP`: usage and explanation, without the frame that is common to all. */
  readonly help?: readonly string[];
  /**
   * Finds the keys where the key specs cannot: SORT, whose keys they do not tell, and SET, whose flags vary. Asked when a
   * spec has `variable_flags`, or does not fit the arguments.
   */
  readonly findKeys?: (args: Arguments) => readonly FoundKey[];
  /** The flags of a request where they depend on what it names: a script that has declared its own. */
  readonly flagsOf?: (server: ServerParts, command: Command, args: Arguments) => number;
  /** The arguments, by index, that no log may show: passwords. */
  readonly secrets?: (args: Arguments, config: Config) => readonly number[];
  /** What CLIENT CACHING has said holds on behind it, for the next command. */
  readonly keepsCaching?: boolean;
  /** Runs at once within MULTI instead of being queued. */
  readonly runsInMulti?: boolean;
  /** A client that has subscribed may run it under RESP2, too. */
  readonly forSubscribers?: boolean;
  /** Runs the client's queue, and so stands behind the gates of all that is in it. */
  readonly runsQueue?: boolean;
  /** Ends MULTI, or lets go of what it has queued: so it runs within MULTI even where memory is short. */
  readonly endsQueue?: boolean;
  /** The directive that must be `yes` (or `local`, for a local client) for the command to run at all. */
  readonly enabledBy?: EnablingDirective;
  /** Absent for a container that has nothing to do without a subcommand. */
  readonly run?: (ctx: CommandContext) => void;
}

/** A command with what follows from its spec. Immutable; the counters of a server are in `engine/stats`. */
export class Command {
  readonly spec: CommandSpec;
  readonly name: string;
  /** As errors and statistics name it: `get`, `client|list`. */
  readonly fullName: string;
  readonly arity: number;
  /** The fewest arguments, the name included. */
  readonly minCount: number;
  readonly flags: number;
  readonly isContainer: boolean;
  /** The keys it reads are remembered for clients that cache them; a script's are those of the commands that it runs. */
  readonly isTracked: boolean;
  /** Where its keys stand, one after another; `firstKey` is 0 where they have to be looked for (engine/key-extraction). */
  readonly firstKey: number;
  /** Negative: counted from the end. */
  readonly lastKey: number;
  /** Where its keys stand, where that is the same in every request. */
  readonly keyPlaces: KeyPlaces | null;
  readonly runsInMulti: boolean;
  // What every request asks: specs have many shapes, and a read of one costs what a whole gate may.
  readonly enabledBy: CommandSpec['enabledBy'];
  readonly flagsOf: CommandSpec['flagsOf'];
  readonly forSubscribers: boolean;
  readonly runsQueue: boolean;
  readonly endsQueue: boolean;
  readonly run: (ctx: CommandContext) => void;
  readonly parent: Command | null;
  readonly subcommands: ReadonlyMap<string, Command>;

  constructor(spec: CommandSpec, parent: Command | null) {
    this.spec = spec;
    this.parent = parent;
    this.name = spec.name;
    this.fullName = parent === null ? spec.name : `${parent.name}|${spec.name}`;
    this.arity = spec.arity;
    this.minCount = Math.abs(spec.arity);
    this.flags = spec.flags.reduce((bits, flag) => bits | COMMAND_FLAG[flag], 0);
    this.isContainer = spec.subcommands !== undefined;
    this.isTracked =
      this.has(COMMAND_FLAG.readonly) &&
      spec.keys !== undefined &&
      !['pubsub', 'scripting'].includes(spec.group);
    const [firstKey, lastKey] = plainKeys(spec);
    this.firstKey = firstKey;
    this.lastKey = lastKey;
    this.keyPlaces = keyPlaces(spec);
    this.runsInMulti = spec.runsInMulti ?? false;
    this.enabledBy = spec.enabledBy;
    this.flagsOf = spec.flagsOf;
    this.forSubscribers = spec.forSubscribers ?? false;
    this.runsQueue = spec.runsQueue ?? false;
    this.endsQueue = spec.endsQueue ?? false;
    this.run = spec.run ?? runNothing;
    this.subcommands = new Map(
      (spec.subcommands ?? []).map((sub) => [sub.name, new Command(sub.spec, this)]),
    );
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  acceptsCount(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }
}

/** Declares a command. Exported from a file in `commands/`, it is registered. */
export function command(spec: CommandSpec): Command {
  return new Command(spec, null);
}

// The first and the last key where all keys of a command follow each other from a fixed place on; else 0.
function plainKeys({ keys, findKeys }: CommandSpec): [first: number, last: number] {
  const only = keys?.[0];
  if (only === undefined || keys!.length > 1 || findKeys !== undefined) return [0, 0];
  const { begin, find, flags } = only;
  const isHidden = flags.some((flag) => ['not_key', 'incomplete', 'variable_flags'].includes(flag));
  if (isHidden || typeof begin !== 'object' || !('index' in begin)) return [0, 0];
  if (typeof find !== 'object' || !('lastKey' in find) || find.step !== 1 || find.limit !== 0) return [0, 0];
  return [begin.index, find.lastKey < 0 ? find.lastKey : begin.index + find.lastKey];
}

function keyPlaces({ keys, findKeys }: CommandSpec): KeyPlaces | null {
  const only = keys?.[0];
  if (only === undefined || keys!.length > 1) return null;
  const { begin, find, flags } = only;
  const accessVaries = flags.includes('variable_flags');
  if (flags.includes('not_key') || flags.includes('incomplete')) return null;
  if (typeof begin !== 'object' || !('index' in begin)) return null;
  if (typeof find !== 'object' || !('lastKey' in find) || find.limit !== 0) return null;
  if (findKeys !== undefined && !accessVaries) return null;
  return {
    first: begin.index,
    last: find.lastKey < 0 ? find.lastKey : begin.index + find.lastKey,
    step: find.step,
    access: accessVaries ? KEY_ACCESS.BOTH : keyAccess(flags),
    accessVaries,
  };
}

function runNothing(): void {
  throw new Error('a container without a handler was run');
}
