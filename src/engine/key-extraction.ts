// Where the keys of a request stand, from the key specs of its command: for COMMAND GETKEYS, and for all who must know
// the keys before the command runs (ACL, cluster slots, tracking). The handlers do not need it: they know their keys.

import { leadingInt32 } from '../base/numbers.ts';
import type { Arguments } from '../resp/arguments.ts';
import { COMMAND_FLAG, type Command, type FoundKey, type KeySpec } from './command-spec.ts';

/** First key, last key and step as clients of before key specs understand them; all 0 for a command without such keys. */
export interface KeyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  /** There are keys that first, last and step do not tell. */
  readonly isMovable: boolean;
}

const NO_RANGE = { first: 0, last: 0, step: 0 };

type IndexedSpec = KeySpec & {
  readonly begin: { readonly index: number };
  readonly find: { readonly lastKey: number; readonly step: number };
};

/** The key range of a command. Several key specs make one range where they are plain and follow each other. */
export function keyRange(command: Command): KeyRange {
  const specs = command.spec.keys ?? [];
  if (specs.length === 0) return { ...NO_RANGE, isMovable: false };
  const only = specs[0]!;
  if (specs.length === 1 && isIndexed(only)) {
    const { index } = only.begin;
    const { lastKey, step } = only.find;
    return {
      first: index,
      last: lastKey < 0 ? lastKey : index + lastKey,
      step,
      isMovable: only.flags.includes('incomplete'),
    };
  }
  let first = 0;
  let last = 0;
  let isMovable = false;
  for (const spec of specs) {
    if (!isIndexed(spec) || spec.find.step !== 1 || (last !== 0 && last !== spec.begin.index - 1)) {
      isMovable = true;
      continue;
    }
    if (spec.flags.includes('incomplete')) isMovable = true;
    const { index } = spec.begin;
    const { lastKey } = spec.find;
    first = first === 0 ? index : Math.min(first, index);
    const end = lastKey < 0 ? lastKey : index + lastKey;
    // A place that is counted from the end lies behind all that are counted from the start.
    if (last >= 0 && (end < 0 || end > last)) last = end;
    else if (last < 0 && end < 0) last = Math.max(last, end);
  }
  return first === 0 ? { ...NO_RANGE, isMovable: true } : { first, last, step: 1, isMovable };
}

function isIndexed(spec: KeySpec): spec is IndexedSpec {
  return (
    typeof spec.begin === 'object' &&
    'index' in spec.begin &&
    typeof spec.find === 'object' &&
    'lastKey' in spec.find
  );
}

/** Whether requests of this command can have keys at all. */
export function hasKeys(command: Command): boolean {
  const { spec } = command;
  return spec.findKeys !== undefined || (spec.keys?.some(isRealKey) ?? false);
}

function isRealKey(spec: KeySpec): boolean {
  return !spec.flags.includes('not_key');
}

/**
 * The keys of a request in the order of the key specs; none where the arguments make no sense. `args` begins with the
 * command's name, and their number suits its arity.
 */
export function keysOf(command: Command, args: Arguments): readonly FoundKey[] {
  const { spec } = command;
  const specs = spec.keys?.filter(isRealKey) ?? [];
  // Flags that vary are told by a look at the arguments only.
  const areReliable = !spec.keys?.some(({ flags }) => flags.includes('variable_flags'));
  if (specs.length > 0 && areReliable) {
    const found = keysBySpecs(specs, args);
    if (found !== null) return found;
  }
  if (spec.findKeys !== undefined) return spec.findKeys(args);
  return keysByLooseCount(command, specs, args);
}

function keysBySpecs(specs: readonly KeySpec[], args: Arguments): FoundKey[] | null {
  const found: FoundKey[] = [];
  for (const spec of specs) {
    const begin = beginOf(spec, args);
    if (begin === 0) continue;
    if (begin < 0 || spec.flags.includes('incomplete')) return null;
    const range = rangeFrom(begin, spec, args);
    if (range === null) return null;
    const [first, last, step] = range;
    if (last >= args.count || last < first || first >= args.count) return null;
    for (let index = first; index <= last; index += step) found.push({ index, flags: spec.flags });
  }
  return found;
}

/** Where the search for keys begins; 0 when the keyword of the spec is absent, -1 when nobody can know. */
function beginOf({ begin }: KeySpec, args: Arguments): number {
  if (begin === 'unknown') return -1;
  if ('index' in begin) return begin.index;
  const keyword = begin.keyword.toLowerCase();
  const { startFrom } = begin;
  if (startFrom > 0) {
    // A keyword that is the last argument has nothing behind it.
    for (let i = startFrom; i < args.count - 1; i++) if (args.is(i, keyword)) return i + 1;
  } else {
    for (let i = args.count + startFrom; i > 1; i--) if (args.is(i, keyword)) return i + 1;
  }
  return 0;
}

function rangeFrom(
  begin: number,
  { find }: KeySpec,
  args: Arguments,
): [first: number, last: number, step: number] | null {
  if (find === 'unknown') return null;
  if ('lastKey' in find) {
    const { lastKey, step, limit } = find;
    if (lastKey >= 0) return [begin, begin + lastKey, step];
    if (limit === 0) return [begin, args.count + lastKey, step];
    return [begin, begin + Math.floor((args.count - begin) / limit) + lastKey, step];
  }
  const countAt = begin + find.countIndex;
  if (countAt >= args.count) return null;
  const count = countIn(args, countAt);
  if (count === null || count < 0) return null;
  const first = begin + find.firstKey;
  return [first, first + count - 1, find.step];
}

function countIn(args: Arguments, i: number): number | null {
  const text = args.string(i);
  if (!/^(?:0|-?[1-9][0-9]{0,15})$/.test(text)) return null;
  return Number(text);
}

// Observed 7.2.4: where a number of keys is no strict integer, it is read once more as atoi does (`EVAL script 1x key`),
// and then the counted keys come before the key that stands in front of the number.
function keysByLooseCount(command: Command, specs: readonly KeySpec[], args: Arguments): FoundKey[] {
  const counted = specs.find(({ find }) => typeof find === 'object' && 'countIndex' in find);
  if (counted === undefined || typeof counted.begin !== 'object' || !('index' in counted.begin)) return [];
  const countAt = counted.begin.index;
  const count = leadingInt32(args.string(countAt));
  const first = countAt + 1;
  if (count < 1 || count > args.count - first) return [];
  const found = Array.from({ length: count }, (_, i): FoundKey => ({ index: first + i, flags: [] }));
  const isStore = command.has(COMMAND_FLAG.write) && specs.some((spec) => spec !== counted);
  if (isStore) found.push({ index: 1, flags: [] });
  return found;
}
