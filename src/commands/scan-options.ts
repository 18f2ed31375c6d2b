// What SCAN, HSCAN, SSCAN and ZSCAN have in common: the cursor, the options, and how far one call goes.

import { BytePattern } from '../base/byte-pattern.ts';
import { lowerCaseLatin1 } from '../base/bytes.ts';
import { parseScanCursor } from '../base/numbers.ts';
import { arg } from '../engine/command-spec.ts';
import type { ChainedTable } from '../memory/chained-table.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { INVALID_CURSOR, SYNTAX } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

const DEFAULT_COUNT = 10;
// A call may visit this many buckets for each element that was asked for, lest a nearly empty table holds it up.
const STEPS_PER_ELEMENT = 10;

/** The arguments of HSCAN, SSCAN and ZSCAN. */
export const SCAN_ARGUMENTS = [
  arg.key('key'),
  arg.integer('cursor'),
  arg.pattern('pattern', { token: 'MATCH', optional: true }),
  arg.integer('count', { token: 'COUNT', optional: true }),
];

export interface ScanOptions {
  readonly count: number;
  /** Null when everything matches. */
  readonly pattern: BytePattern | null;
  /** The word after TYPE in lower case, or null. */
  readonly type: string | null;
}

/** The cursor in argument `i`; throws INVALID_CURSOR. Only the 32 bits that a table can use are kept. */
export function scanCursor(args: Arguments, i: number): number {
  const cursor = parseScanCursor(args.string(i));
  if (cursor === null) throw INVALID_CURSOR;
  return Number(BigInt.asUintN(32, BigInt(cursor)));
}

/** The options from argument `first` on; TYPE is one only where `takesType`. Throws what SCAN answers to wrong ones. */
export function scanOptions(args: Arguments, first: number, takesType: boolean): ScanOptions {
  let count = DEFAULT_COUNT;
  let pattern: BytePattern | null = null;
  let type: string | null = null;
  for (let i = first; i < args.count; i += 2) {
    const hasValue = i + 1 < args.count;
    if (hasValue && args.is(i, 'count')) {
      count = Number(args.int64(i + 1));
      if (count < 1) throw SYNTAX;
    } else if (hasValue && args.is(i, 'match')) {
      pattern = new BytePattern(args.string(i + 1));
      if (pattern.matchesAll) pattern = null;
    } else if (hasValue && takesType && args.is(i, 'type')) {
      type = lowerCaseLatin1(args.string(i + 1));
    } else {
      throw SYNTAX;
    }
  }
  return { count, pattern, type };
}

/** Calls `visit` for about `count` entries from `cursor` on and returns the next cursor. */
export function scanTable(
  table: ChainedTable,
  cursor: number,
  count: number,
  visit: (ref: Ref) => void,
): number {
  return table.scanMany(cursor, count, count * STEPS_PER_ELEMENT + 1, visit);
}

/** Begins the answer: the next cursor (0 at the end), and `count` items that are to follow. */
export function beginScanReply(reply: ReplyWriter, cursor: number, count: number): void {
  reply.array(2);
  reply.bulkInteger(cursor);
  reply.array(count);
}
