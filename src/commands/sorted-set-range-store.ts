// ZRANGESTORE: what ZRANGE would answer, stored in a key.

import { KIND, TYPE, typeOf } from '../datatypes/kind.ts';
import type { SortedSetTable } from '../datatypes/sorted-set-table.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import { RANGE_BY } from '../keyspace/sorted-set-range.ts';
import { newTable, storeTable } from '../keyspace/sorted-set-value.ts';
import type { Ref } from '../memory/heap.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import { type RangeForm, readRange } from './sorted-set-bounds.ts';

const FORM: RangeForm = { firstBound: 3, by: null, reversed: null, takesWithScores: false };

export const zrangestore = command({
  name: 'zrangestore',
  since: '6.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements stored out of N',
  summary: 'Stores the elements of a sorted set between two ranks, scores or members in another key.',
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [keyAt(1, 'OW', 'update'), keyAt(2, 'RO', 'access')],
  args: [
    arg.key('dst'),
    arg.key('src', { keySpec: 1 }),
    arg.string('min'),
    arg.string('max'),
    arg.oneOf('sortby', [arg.token('byscore', 'BYSCORE'), arg.token('bylex', 'BYLEX')], { optional: true }),
    arg.token('rev', 'REV', { optional: true }),
    arg.block('limit', [arg.integer('offset'), arg.integer('count')], { token: 'LIMIT', optional: true }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const range = ctx.keyspace.sortedSetRange;
    readRange(range, args, FORM);
    const ref = db.lookupRead(args, 2);
    range.count = 0;
    if (ref !== 0) {
      if (typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
      range.resolve(db, ref);
    }
    const { count } = range;
    if (count === 0) {
      removeResult(ctx);
    } else {
      const table = copyOfRange(ctx, ref);
      const existing = db.lookupWrite(args, 1);
      // Observed 7.2.4: what was found by score or by member is stored in a table, however small it is.
      if (range.by === RANGE_BY.RANK) storeTable(db, args, 1, existing, table);
      else db.writeLarge(args, 1, existing, KIND.SORTED_SET_TABLE, table);
      ctx.changed('zrangestore', 1);
    }
    reply.integer(count);
  },
});

function copyOfRange({ db, keyspace }: CommandContext, ref: Ref): SortedSetTable {
  const { first, count, reversed } = keyspace.sortedSetRange;
  const { cursor } = keyspace.sortedSets;
  const table = newTable(db);
  table.reserve(count);
  const lowest = reversed ? first - count + 1 : first;
  const unsigned = withoutSign(db, ref, lowest);
  cursor.seek(db, ref, lowest, false);
  for (let i = 0; i < count; i++) {
    cursor.next();
    const losesSign = reversed ? i >= unsigned : i < unsigned;
    // -0 + 0 is 0.
    table.append(losesSign ? cursor.score + 0 : cursor.score, cursor.memory, cursor.start, cursor.length);
  }
  return table;
}

/**
 * Observed 7.2.4: what is found by rank is stored member by member, in the small form until one is too long for it, and
 * that form knows no -0. Where in the range this ends (from its lower end; in a reversed range, where it begins).
 */
function withoutSign(db: Database, ref: Ref, lowest: number): number {
  const { limits, sortedSetRange, sortedSets } = db.keyspace;
  const { by, count, reversed } = sortedSetRange;
  if (by !== RANGE_BY.RANK || count > limits['zset-max-listpack-entries']) return reversed ? count : 0;
  let end = reversed ? 0 : count;
  const { cursor } = sortedSets;
  cursor.seek(db, ref, lowest, false);
  for (let i = 0; i < count; i++) {
    cursor.next();
    if (cursor.length <= limits['zset-max-listpack-value']) continue;
    if (!reversed) return i;
    end = i + 1;
  }
  return end;
}

/** An empty result removes the key, argument 1, that it was to be stored in. */
export function removeResult(ctx: CommandContext): void {
  const ref = ctx.db.lookupWrite(ctx.args, 1);
  if (ref === 0) return;
  ctx.db.removeAs(ref, ctx.keyspace.whenReplaced);
  ctx.changed('del', 1);
}
