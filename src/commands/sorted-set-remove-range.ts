// Removing a part of a sorted set: ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

import { TYPE, typeOf } from '../datatypes/kind.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { FREEING } from '../keyspace/freeing.ts';
import { RANGE_BY, type RangeBy } from '../keyspace/sorted-set-range.ts';
import { removeRanks, sortedSetSize } from '../keyspace/sorted-set-value.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import { readPlainRange } from './sorted-set-bounds.ts';

export const zremrangebyrank = command({
  name: 'zremrangebyrank',
  since: '2.0.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements removed out of N',
  summary: 'Removes the elements of a sorted set between two ranks. The key goes with the last one.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.integer('start'), arg.integer('stop')],
  run: (ctx) => removeRange(ctx, RANGE_BY.RANK, 'zremrangebyrank'),
});

export const zremrangebyscore = command({
  name: 'zremrangebyscore',
  since: '1.2.0',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements removed out of N',
  summary: 'Removes the elements of a sorted set between two scores. The key goes with the last one.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.double('min'), arg.double('max')],
  run: (ctx) => removeRange(ctx, RANGE_BY.SCORE, 'zremrangebyscore'),
});

export const zremrangebylex = command({
  name: 'zremrangebylex',
  since: '2.8.9',
  group: 'sorted-set',
  complexity: 'O(log(N)+M) for M elements removed out of N',
  summary:
    'Removes the elements between two members of a sorted set whose scores are all equal. The key goes with the last one.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('min'), arg.string('max')],
  run: (ctx) => removeRange(ctx, RANGE_BY.LEX, 'zremrangebylex'),
});

function removeRange(ctx: CommandContext, by: RangeBy, event: string): void {
  const { args, db, reply } = ctx;
  const range = ctx.keyspace.sortedSetRange;
  readPlainRange(range, args, 2, by);
  const ref = db.lookupWrite(args, 1);
  if (ref === 0) {
    reply.integer(0);
    return;
  }
  if (typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
  range.resolve(db, ref);
  const { first, count } = range;
  if (count > 0) {
    const isAll = count === sortedSetSize(db, ref);
    if (isAll) db.removeAs(ref, FREEING.SOON);
    else removeRanks(db, ref, first, count);
    ctx.changed(event, 1, count);
    if (isAll) ctx.event('del', 1);
  }
  reply.integer(count);
}
