// The directives whose value is no single word: save points, addresses, buffer limits per client class, percentiles
// and the like. Each is one exported builder without arguments; the tables place them. Their exposed values are
// structures ready to use, and must be treated as read-only.

import { parseDouble } from '../base/numbers.ts';
import { quote } from '../base/quote.ts';
import type { Directive, ParseContext, ParseResult } from './directive.ts';
import { formatEventClasses, parseEventClasses } from './keyspace-event-classes.ts';
import { formatMemorySize, parseIntegerPrefix, parseMemorySize } from './number-text.ts';

const wrongNumber = { error: 'wrong number of arguments' };

/** A number of changes within a number of seconds after which a snapshot is due. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export function save(): Directive<readonly SavePoint[], readonly SavePoint[]> {
  const format = (points: readonly SavePoint[]): string =>
    points.map(({ seconds, changes }) => `${seconds} ${changes}`).join(' ');
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: [
      { seconds: 3600, changes: 1 },
      { seconds: 300, changes: 100 },
      { seconds: 60, changes: 10000 },
    ],
    parse(words, current, { accumulate }) {
      if (words.length === 1 && words[0] === '') return { value: [] };
      if (words.length % 2 !== 0) return { error: 'Invalid save parameters' };
      const points: SavePoint[] = accumulate ? [...current] : [];
      for (let i = 0; i < words.length; i += 2) {
        const seconds = parseIntegerPrefix(words[i]!, 10);
        const changes = parseIntegerPrefix(words[i + 1]!, 10);
        if (seconds.rest !== '' || changes.rest !== '' || seconds.value < 1n || changes.value < 0n) {
          return { error: 'Invalid save parameters' };
        }
        points.push({ seconds: Number(seconds.value), changes: Number(BigInt.asIntN(32, changes.value)) });
      }
      return { value: points };
    },
    format,
    expose: (raw) => raw,
    // Every CONFIG SET of this kind counts as a change, as in the reference; so do those below that say so.
    equal: () => false,
    fileLines(name, points) {
      if (points.length === 0) return [{ text: `${name} ""`, force: true }];
      return points.map((point) => ({ text: `${name} ${format([point])}`, force: true }));
    },
  };
}

const MAX_BIND_ADDRESSES = 16;

export function bind(): Directive<readonly string[], readonly string[]> {
  const initial = ['*', '-::*'];
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: initial,
    parse(words) {
      if (words.length > MAX_BIND_ADDRESSES) return { error: 'Too many bind addresses specified.' };
      return { value: words.length === 1 && words[0] === '' ? [] : [...words] };
    },
    format: (addresses) => addresses.join(' '),
    expose: (raw) => raw,
    equal: () => false,
    fileLines(name, addresses) {
      if (addresses.length === initial.length && addresses.every((address, i) => address === initial[i]))
        return [];
      return [{ text: `${name} ${addresses.length === 0 ? '""' : addresses.join(' ')}`, force: true }];
    },
  };
}

/** How much output may wait for one client: at once, and for longer than a time. 0 is no limit. */
export interface OutputBufferLimit {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

export interface OutputBufferLimits {
  readonly normal: OutputBufferLimit;
  readonly replica: OutputBufferLimit;
  readonly pubsub: OutputBufferLimit;
}

export interface RawLimit {
  readonly hard: bigint;
  readonly soft: bigint;
  readonly seconds: number;
}

const CLIENT_CLASSES: ReadonlyMap<string, number> = new Map([
  ['normal', 0],
  ['slave', 1],
  ['replica', 1],
  ['pubsub', 2],
]);
const CLASS_SHOWN = ['normal', 'slave', 'pubsub'];
const CLASS_IN_FILE = ['normal', 'replica', 'pubsub'];
const MAX_RATE = BigInt(Number.MAX_SAFE_INTEGER);

export function clientOutputBufferLimit(): Directive<readonly RawLimit[], OutputBufferLimits> {
  const initial: readonly RawLimit[] = [
    { hard: 0n, soft: 0n, seconds: 0 },
    { hard: 256n * 1024n ** 2n, soft: 64n * 1024n ** 2n, seconds: 60 },
    { hard: 32n * 1024n ** 2n, soft: 8n * 1024n ** 2n, seconds: 60 },
  ];
  const same = (a: RawLimit, b: RawLimit) =>
    a.hard === b.hard && a.soft === b.soft && a.seconds === b.seconds;
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: initial,
    parse(words, current) {
      if (words.length % 4 !== 0)
        return { error: 'Wrong number of arguments in buffer limit configuration.' };
      const limits = [...current];
      for (let i = 0; i < words.length; i += 4) {
        const index = CLIENT_CLASSES.get(words[i]!.toLowerCase());
        if (index === undefined) {
          return { error: 'Invalid client class specified in buffer limit configuration.' };
        }
        const hard = parseMemorySize(words[i + 1]!);
        const soft = parseMemorySize(words[i + 2]!);
        const { value, rest } = parseIntegerPrefix(words[i + 3]!, 10);
        const seconds = Number(BigInt.asIntN(32, value));
        if (hard === null || soft === null || seconds < 0 || rest !== '') {
          return { error: 'Error in hard, soft or soft_seconds setting in buffer limit configuration.' };
        }
        limits[index] = { hard, soft, seconds };
      }
      return { value: limits };
    },
    format: (limits) =>
      limits.map(({ hard, soft, seconds }, i) => `${CLASS_SHOWN[i]} ${hard} ${soft} ${seconds}`).join(' '),
    expose: (limits) => ({
      normal: exposeLimit(limits[0]!),
      replica: exposeLimit(limits[1]!),
      pubsub: exposeLimit(limits[2]!),
    }),
    equal: (a, b) => a.every((limit, i) => same(limit, b[i]!)),
    fileLines: (name, limits) =>
      limits.map((limit, i) => ({
        text: `${name} ${CLASS_IN_FILE[i]} ${formatMemorySize(limit.hard)} ${formatMemorySize(limit.soft)} ${limit.seconds}`,
        force: !same(limit, initial[i]!),
      })),
  };
}

function exposeLimit({ hard, soft, seconds }: RawLimit): OutputBufferLimit {
  return { hardBytes: Number(hard), softBytes: Number(soft), softSeconds: seconds };
}

/** How fast a client may be: requests, and bytes of their arguments, in a second; 0 is no limit. */
export interface ThrottleLimit {
  readonly commandsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface ClientThrottles {
  readonly normal: ThrottleLimit;
  readonly replica: ThrottleLimit;
  readonly pubsub: ThrottleLimit;
}

export function clientThrottle(): Directive<readonly ThrottleLimit[], ClientThrottles> {
  const none: ThrottleLimit = { commandsPerSecond: 0, bytesPerSecond: 0 };
  const same = (a: ThrottleLimit, b: ThrottleLimit) =>
    a.commandsPerSecond === b.commandsPerSecond && a.bytesPerSecond === b.bytesPerSecond;
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: [none, none, none],
    parse(words, current) {
      if (words.length % 3 !== 0) return { error: 'Wrong number of arguments in throttle configuration.' };
      const limits = [...current];
      for (let i = 0; i < words.length; i += 3) {
        const index = CLIENT_CLASSES.get(words[i]!.toLowerCase());
        if (index === undefined) {
          return { error: 'Invalid client class specified in throttle configuration.' };
        }
        const { value: commands, rest } = parseIntegerPrefix(words[i + 1]!, 10);
        const bytes = parseMemorySize(words[i + 2]!);
        const isRate = (rate: bigint) => rate >= 0n && rate <= MAX_RATE;
        if (rest !== '' || bytes === null || !isRate(commands) || !isRate(bytes)) {
          return { error: 'Error in commands or bytes per second in throttle configuration.' };
        }
        limits[index] = { commandsPerSecond: Number(commands), bytesPerSecond: Number(bytes) };
      }
      return { value: limits };
    },
    format: (limits) => limits.map((limit, i) => `${CLASS_IN_FILE[i]} ${ratesText(limit)}`).join(' '),
    expose: (limits) => ({ normal: limits[0]!, replica: limits[1]!, pubsub: limits[2]! }),
    equal: (a, b) => a.every((limit, i) => same(limit, b[i]!)),
    fileLines: (name, limits) =>
      limits.map((limit, i) => ({
        text: `${name} ${CLASS_IN_FILE[i]} ${limit.commandsPerSecond} ${formatMemorySize(BigInt(limit.bytesPerSecond))}`,
        force: !same(limit, none),
      })),
  };
}

function ratesText({ commandsPerSecond, bytesPerSecond }: ThrottleLimit): string {
  return `${commandsPerSecond} ${bytesPerSecond}`;
}

export function oomScoreAdjValues(): Directive<readonly number[], readonly number[]> {
  const initial = [0, 200, 800];
  const equal = (a: readonly number[], b: readonly number[]) => a.every((value, i) => value === b[i]);
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: initial,
    parse(words, _current, { warn }) {
      if (words.length !== initial.length) return wrongNumber;
      const values: number[] = [];
      for (const word of words) {
        const { value, rest } = parseIntegerPrefix(word, 10);
        if (rest !== '' || value < -2000n || value > 2000n) {
          return { error: 'Invalid oom-score-adj-values, elements must be between -2000 and 2000.' };
        }
        values.push(Number(value));
      }
      if (values[1]! < values[0]! || values[2]! < values[1]!) {
        warn(
          'The oom-score-adj-values configuration may not work for non-privileged processes! Please consult the documentation.',
        );
      }
      return { value: values };
    },
    format: (values) => values.join(' '),
    expose: (raw) => raw,
    equal,
    fileLines: (name, values) => [{ text: `${name} ${values.join(' ')}`, force: !equal(values, initial) }],
  };
}

/** The exposed value is the OR of the bits of KEYSPACE_EVENT_CLASS. */
export function notifyKeyspaceEvents(): Directive<number, number> {
  return {
    kind: 'special',
    effective: true,
    multiple: false,
    default: 0,
    parse(words) {
      if (words.length !== 1) return wrongNumber;
      const bits = parseEventClasses(words[0]!);
      return bits === null
        ? { error: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'." }
        : { value: bits };
    },
    format: formatEventClasses,
    expose: (raw) => raw,
    equal: () => false,
    fileLines: (name, bits) => [{ text: `${name} ${quote(formatEventClasses(bits))}`, force: bits !== 0 }],
  };
}

/** The working directory, absolute. The default is the one that the configuration was created with. */
export function directory(): Directive<string, string> {
  return {
    kind: 'special',
    effective: true,
    protected: true,
    denyLoading: true,
    multiple: false,
    default: '',
    parse(words, _current, context: ParseContext): ParseResult<string> {
      return words.length === 1 ? context.enterDirectory(words[0]!) : wrongNumber;
    },
    format: (path) => path,
    expose: (raw) => raw,
    equal: () => false,
    fileLines: (name, path) => [{ text: `${name} ${quote(path)}`, force: true }],
  };
}

export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

/** The master that this server is a replica of, or null. */
export function replicaOf(): Directive<MasterAddress | null, MasterAddress | null> {
  const format = (master: MasterAddress | null) => (master === null ? '' : `${master.host} ${master.port}`);
  return {
    kind: 'special',
    effective: true,
    alias: 'slaveof',
    immutable: true,
    multiple: true,
    default: null,
    parse(words) {
      if (words.length !== 2) return wrongNumber;
      if (words[0]!.toLowerCase() === 'no' && words[1]!.toLowerCase() === 'one') return { value: null };
      const { value, rest } = parseIntegerPrefix(words[1]!, 10);
      const port = Number(BigInt.asIntN(32, value));
      if (rest !== '' || port < 0 || port > 65535) return { error: 'Invalid master port' };
      return { value: { host: words[0]!, port } };
    },
    format,
    expose: (raw) => raw,
    equal: () => false,
    fileLines: (name, master) =>
      master === null ? [] : [{ text: `${name} ${format(master)}`, force: true }],
  };
}

export function latencyTrackingInfoPercentiles(): Directive<readonly number[], readonly number[]> {
  const format = (values: readonly number[]): string => values.map(formatPercentile).join(' ');
  return {
    kind: 'special',
    effective: true,
    multiple: true,
    default: [50, 99, 99.9],
    parse(words) {
      if (words.length === 1 && words[0] === '') return { value: [] };
      const values: number[] = [];
      for (const word of words) {
        const value = parseDouble(word);
        if (value === null) return { error: 'Invalid latency-tracking-info-percentiles parameters' };
        if (value > 100 || value < 0) {
          return { error: 'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]' };
        }
        values.push(value);
      }
      return { value: values };
    },
    format,
    expose: (raw) => raw,
    equal: () => false,
    fileLines: (name, values) => [
      { text: `${name} ${values.length === 0 ? '""' : format(values)}`, force: true },
    ],
  };
}

/** Six decimals, without the zeros at the end. */
function formatPercentile(value: number): string {
  return value.toFixed(6).replace(/\.?0+$/, '');
}
