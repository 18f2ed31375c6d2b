// LPOS: where in a list an element stands.

import { INT64_MAX } from '../base/numbers.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { expectList, listLength } from '../keyspace/list-value.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  LPOS_COUNT_NEGATIVE,
  LPOS_MAXLEN_NEGATIVE,
  RANK_ZERO,
  type ReplyError,
  rangeError,
  SYNTAX,
} from '../resp/errors.ts';

interface Search {
  /** How many matches to pass over. */
  readonly skipped: number;
  readonly fromTail: boolean;
  /** How many to find; null for a single one that is answered without an array. */
  readonly count: number | null;
  /** How many elements to look at. */
  readonly most: number;
}

export const lpos = command({
  name: 'lpos',
  since: '6.0.6',
  group: 'list',
  complexity: 'O(N) for N elements up to the last match wanted.',
  summary: 'Returns the indexes at which a list holds an element.',
  arity: -3,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.string('element'),
    arg.integer('rank', { token: 'RANK', optional: true }),
    arg.integer('num-matches', { token: 'COUNT', optional: true }),
    arg.integer('len', { token: 'MAXLEN', optional: true }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const search = searchOptions(args);
    const ref = db.lookupRead(args, 1);
    if (ref !== 0) expectList(db, ref);
    const found = ref === 0 ? [] : positions(ctx, ref, search);
    if (search.count !== null) {
      reply.array(found.length);
      for (const index of found) reply.integer(index);
    } else if (found.length > 0) {
      reply.integer(found[0]!);
    } else {
      reply.null();
    }
  },
});

function searchOptions(args: Arguments): Search {
  let skipped = 0;
  let fromTail = false;
  let count: number | null = null;
  let most = Number.POSITIVE_INFINITY;
  for (let i = 3; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (hasValue && args.is(i, 'rank')) {
      const rank = args.int64(i + 1);
      if (rank < -INT64_MAX) throw rangeError(-INT64_MAX, INT64_MAX);
      if (rank === 0) throw RANK_ZERO;
      fromTail = rank < 0;
      skipped = Math.abs(Number(rank)) - 1;
    } else if (hasValue && args.is(i, 'count')) {
      count = limitArgument(args, i + 1, LPOS_COUNT_NEGATIVE);
    } else if (hasValue && args.is(i, 'maxlen')) {
      most = limitArgument(args, i + 1, LPOS_MAXLEN_NEGATIVE);
    } else {
      throw SYNTAX;
    }
  }
  return { skipped, fromTail, count, most };
}

// 0 is no limit.
function limitArgument(args: Arguments, i: number, error: ReplyError): number {
  const limit = args.int64(i, error);
  if (limit < 0) throw error;
  return limit === 0 ? Number.POSITIVE_INFINITY : Number(limit);
}

function positions({ args, db, keyspace }: CommandContext, ref: Ref, search: Search): number[] {
  const { listCursor, scratch } = keyspace;
  const value = scratch.first.setBytes(args.bytes, args.start(2), args.length(2));
  const wanted = search.count ?? 1;
  const last = listLength(db, ref) - 1;
  const found: number[] = [];
  let { skipped } = search;
  listCursor.toEdge(db, ref, search.fromTail);
  for (let passed = 0; passed < search.most; passed++) {
    if (listCursor.equals(value) && skipped-- <= 0) {
      found.push(search.fromTail ? last - passed : passed);
      if (found.length >= wanted) break;
    }
    if (!listCursor.step(search.fromTail)) break;
  }
  return found;
}
