// SORT and SORT_RO: the elements of a list, set or sorted set in order of their numbers, their texts, or values kept under
// other keys. Elements and weights are latin1 texts here: sorting touches each of them many times.

import { compareText } from '../base/bytes.ts';
import type { Collation } from '../base/collation.ts';
import { parseDouble } from '../base/numbers.ts';
import { TYPE, type Type, typeOf } from '../datatypes/kind.ts';
import {
  type ArgumentSpec,
  arg,
  command,
  type FoundKey,
  KEY_ACCESS,
  type KeySpec,
  keyAt,
} from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { listLength, listTexts, storeList } from '../keyspace/list-value.ts';
import { forEachMember } from '../keyspace/set-value.ts';
import { enlargeSortedSet, forEachScored } from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  SORT_BY_DENIED,
  SORT_GET_DENIED,
  SORT_SCORES_NOT_FLOAT,
  SYNTAX,
  WRONG_TYPE,
} from '../resp/errors.ts';
import { EffectInParts } from './effect-in-parts.ts';
import { hasStar, SortPattern, untilZero } from './sort-pattern.ts';

const COMPLEXITY =
  'O(N+M*log(M)) for N elements of which M are returned; O(N) where the elements are not sorted.';
const PATTERN_KEYS: KeySpec = {
  flags: ['RO', 'access'],
  begin: 'unknown',
  find: 'unknown',
  notes: 'For BY and GET, whose keys follow from the elements',
};
const STORE_KEY: KeySpec = {
  flags: ['OW', 'update'],
  begin: 'unknown',
  find: 'unknown',
  notes: 'For STORE, which may stand anywhere among the options',
};
const READ_ARGS: readonly ArgumentSpec[] = [
  arg.key('key'),
  arg.pattern('by-pattern', { token: 'BY', displayText: 'pattern', keySpec: 1, optional: true }),
  arg.block('limit', [arg.integer('offset'), arg.integer('count')], { token: 'LIMIT', optional: true }),
  arg.pattern('get-pattern', {
    token: 'GET',
    displayText: 'pattern',
    keySpec: 1,
    optional: true,
    multiple: true,
    multipleToken: true,
  }),
  arg.oneOf('order', [arg.token('asc', 'ASC'), arg.token('desc', 'DESC')], { optional: true }),
  arg.token('sorting', 'ALPHA', { optional: true }),
];

export const sort = command({
  name: 'sort',
  since: '1.0.0',
  group: 'generic',
  complexity: COMPLEXITY,
  summary: 'Sorts a list, a set or a sorted set, and returns or stores the result.',
  arity: -2,
  flags: ['write', 'denyoom'],
  acl: ['set', 'sortedset', 'list', 'dangerous'],
  keys: [keyAt(1, 'RO', 'access'), PATTERN_KEYS, STORE_KEY],
  args: [...READ_ARGS, arg.key('destination', { token: 'STORE', keySpec: 2, optional: true })],
  findKeys: keysOfSort,
  run(ctx) {
    sortKey(ctx, true);
  },
});

export const sortRo = command({
  name: 'sort_ro',
  since: '7.0.0',
  group: 'generic',
  complexity: COMPLEXITY,
  summary: 'Sorts a list, a set or a sorted set, and returns the result.',
  arity: -2,
  flags: ['readonly'],
  acl: ['set', 'sortedset', 'list', 'dangerous'],
  keys: [keyAt(1, 'RO', 'access'), PATTERN_KEYS],
  args: READ_ARGS,
  findKeys: () => [{ index: 1, flags: ['RO', 'access'] }],
  run(ctx) {
    sortKey(ctx, false);
  },
});

interface SortOptions {
  by: string | null;
  /** False since a BY without a star was met, whatever came after it. */
  sorts: boolean;
  readonly get: SortPattern[];
  isAlpha: boolean;
  isDescending: boolean;
  offset: number;
  /** Negative: all. */
  count: number;
  /** The argument that names the destination, 0 without one. */
  store: number;
  /** Different elements to be stored have turned out to be equal: their order is that in which they are kept. */
  isAmbiguous: boolean;
}

/** An element with what it is sorted by. */
interface Sortable {
  readonly text: string;
  score: number;
  /** Null where BY has found nothing. */
  weight: string | null;
}

type Comparator = (a: Sortable, b: Sortable) => number;

function sortKey(ctx: CommandContext, mayStore: boolean): void {
  const { args, db, reply } = ctx;
  const options = sortOptions(ctx, mayStore);
  const ref = db.lookupRead(args, 1);
  const type = ref === 0 ? TYPE.LIST : typeOf(db.kind(ref));
  if (type !== TYPE.LIST && type !== TYPE.SET && type !== TYPE.SORTED_SET) throw WRONG_TYPE;
  // A set has no order of its own: what is stored, and what a script does with it, must not depend on the server.
  if (!options.sorts && type === TYPE.SET && (options.store !== 0 || ctx.client.isScript)) {
    options.sorts = true;
    options.isAlpha = true;
    options.by = null;
  }
  let elements = elementsOf(ctx, ref, type);
  if (options.sorts) elements = sorted(ctx, elements, options);
  else if (options.isDescending && type !== TYPE.SET) elements.reverse();
  const first = Math.min(Math.max(options.offset, 0), elements.length);
  const chosen = elements.slice(first, options.count < 0 ? undefined : first + options.count);
  if (options.store !== 0) {
    storeSorted(ctx, options, chosen);
    return;
  }
  const { get } = options;
  reply.array(chosen.length * Math.max(1, get.length));
  for (const element of chosen) {
    if (get.length === 0) reply.bulkText(element);
    for (const pattern of get) {
      const value = pattern.valueOf(db, element);
      if (value === null) reply.null();
      else reply.bulkText(value);
    }
  }
}

function sortOptions(ctx: CommandContext, mayStore: boolean): SortOptions {
  const { args } = ctx;
  // What BY and GET name are keys that follow from the elements, which rules of keys cannot foresee.
  const readsAnyKey = ctx.client.user.allowsOnAnyKey(ctx.command, args, KEY_ACCESS.READ);
  const options: SortOptions = {
    by: null,
    sorts: true,
    get: [],
    isAlpha: false,
    isDescending: false,
    offset: 0,
    count: -1,
    store: 0,
    isAmbiguous: false,
  };
  for (let i = 2; i < args.count; i++) {
    const left = args.count - i - 1;
    if (args.is(i, 'asc')) options.isDescending = false;
    else if (args.is(i, 'desc')) options.isDescending = true;
    else if (args.is(i, 'alpha')) options.isAlpha = true;
    else if (args.is(i, 'limit') && left >= 2) {
      options.offset = Number(args.int64(++i));
      options.count = Number(args.int64(++i));
    } else if (mayStore && args.is(i, 'store') && left >= 1) options.store = ++i;
    else if (args.is(i, 'by') && left >= 1) {
      options.by = args.string(++i);
      if (!hasStar(options.by)) options.sorts = false;
      else if (!readsAnyKey) throw SORT_BY_DENIED;
    } else if (args.is(i, 'get') && left >= 1) {
      if (!readsAnyKey) throw SORT_GET_DENIED;
      options.get.push(new SortPattern(args.string(++i)));
    } else throw SYNTAX;
  }
  return options;
}

// Observed 7.2.4: a STORE that is the last word has no key, and words behind an option that takes them are not looked at;
// the name of the destination is, in case it is an option.
function keysOfSort(args: Arguments): readonly FoundKey[] {
  const found: FoundKey[] = [{ index: 1, flags: ['RO', 'access'] }];
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'limit')) i += 2;
    else if (args.is(i, 'get') || args.is(i, 'by')) i++;
    else if (args.is(i, 'store') && i + 1 < args.count) found[1] = { index: i + 1, flags: ['OW', 'update'] };
  }
  return found;
}

// The elements in the order in which they are kept.
function elementsOf({ db }: CommandContext, ref: Ref, type: Type): string[] {
  if (ref === 0) return [];
  if (type === TYPE.LIST) return listTexts(db, ref, 0, listLength(db, ref) - 1);
  const elements: string[] = [];
  if (type === TYPE.SET) {
    forEachMember(db, ref, (member) => elements.push(member));
  } else {
    // Observed 7.2.4: sorting makes a small sorted set a large one, for good.
    forEachScored(db, enlargeSortedSet(db, ref), (member) => elements.push(member));
  }
  return elements;
}

function sorted(ctx: CommandContext, elements: readonly string[], options: SortOptions): string[] {
  const { by, isAlpha, isDescending } = options;
  const pattern = by === null ? null : new SortPattern(by);
  let areNumbers = true;
  const items = elements.map((text): Sortable => {
    const weight = pattern === null ? text : pattern.valueOf(ctx.db, text);
    if (isAlpha || weight === null) return { text, score: 0, weight };
    const score = scoreOf(weight);
    if (Number.isNaN(score)) areNumbers = false;
    return { text, score, weight };
  });
  if (!areNumbers) throw SORT_SCORES_NOT_FLOAT;
  const compare = isAlpha
    ? options.store !== 0
      ? byWeight
      : byCollatedWeight(ctx.server.collation.compare)
    : byScore;
  items.sort(isDescending ? (a, b) => -compare(a, b) : compare);
  if (options.store !== 0) {
    options.isAmbiguous = items.some(
      (item, i) => i > 0 && compare(items[i - 1]!, item) === 0 && items[i - 1]!.text !== item.text,
    );
  }
  return items.map(({ text }) => text);
}

// Elements with equal scores are in order of their texts, so that the result is always the same.
const byScore: Comparator = (a, b) => {
  if (a.score > b.score) return 1;
  return a.score < b.score ? -1 : compareText(a.text, b.text);
};

const byWeight: Comparator = (a, b) => compareWeights(a.weight, b.weight, compareText);

// Observed 7.2.4: what is not stored is compared by strcoll, which sees a text up to its first zero byte.
function byCollatedWeight(collation: Collation | null): Comparator {
  const compare = collation ?? compareText;
  return (a, b) =>
    compareWeights(
      a.weight === null ? null : untilZero(a.weight),
      b.weight === null ? null : untilZero(b.weight),
      compare,
    );
}

function compareWeights(a: string | null, b: string | null, compare: Collation): number {
  if (a !== null && b !== null) return compare(a, b);
  if (a === b) return 0;
  return a === null ? -1 : 1;
}

const SMALLEST_NORMAL = 2 ** -1022;

/**
 * The number that a text spells for SORT; NaN when it is none.
 *
 * Observed 7.2.4: as strtod reads it, so an empty text is 0, space in front is passed over, a zero byte ends the text, and
 * what is too small to be exact is refused like what is too large.
 */
function scoreOf(weight: string): number {
  const text = untilZero(weight);
  if (text === '') return 0;
  const score = parseDouble(text.replace(/^[\t-\r ]+/, ''));
  if (score === null) return Number.NaN;
  const isInexact = score !== 0 && Math.abs(score) < SMALLEST_NORMAL && !/^\s*[+-]?0x/i.test(text);
  return isInexact ? Number.NaN : score;
}

function storeSorted(
  ctx: CommandContext,
  { get, store, isAmbiguous }: SortOptions,
  chosen: readonly string[],
): void {
  const { args, db, reply } = ctx;
  const stored =
    get.length === 0
      ? chosen
      : chosen.flatMap((element) => get.map((pattern) => pattern.valueOf(db, element) ?? ''));
  if (stored.length > 0) {
    storeList(db, args, store, db.lookupWrite(args, store), stored);
    ctx.changed('sortstore', store, stored.length);
    if (isAmbiguous && ctx.propagates) propagateStored(ctx, store, stored);
  } else {
    // Observed 7.2.4: the destination goes even if it has expired, as if it had not.
    const old = db.peekText(args.string(store));
    if (old !== 0) {
      db.removeAs(old, db.keyspace.whenReplaced);
      ctx.changed('del', store);
    }
  }
  reply.integer(stored.length);
}

// A replica may keep its elements in another order.
function propagateStored(ctx: CommandContext, store: number, stored: readonly string[]): void {
  ctx.propagateAs('DEL', store);
  const pushed = new EffectInParts(ctx, 'RPUSH', store);
  for (const element of stored) pushed.add(element);
  pushed.finish();
}
