// The arguments of stream commands: IDs in their forms, bounds of ranges, what to trim.

import type { Trim } from '../datatypes/stream.ts';
import { ID_FORM, isMinus, isPlus, type StreamId } from '../datatypes/stream-id.ts';
import type { CommandPart } from '../engine/command-buffer.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  INVALID_END_ID,
  INVALID_START_ID,
  INVALID_STREAM_ID,
  LIMIT_WITHOUT_STRATEGY,
  LIMIT_WITHOUT_TILDE,
  MAXLEN_AND_MINID,
  MAXLEN_NEGATIVE,
  TRIM_LIMIT_NEGATIVE,
} from '../resp/errors.ts';

const OPEN_PARENTHESIS = 0x28;
const LIMIT_PER_NODE_ENTRY = 100;
const LIMIT_WHERE_NODES_ARE_ENDLESS = 10_000;
const MAX_DEFAULT_LIMIT = 1_000_000;

/** Reads the ID in argument `i`, without `-`, `+` or `<ms>-*`; throws what Redis answers to any other text. */
export function readId(args: Arguments, i: number, id: StreamId): StreamId {
  if (!isId(args, i, id)) throw INVALID_STREAM_ID;
  return id;
}

/** As `readId`; false instead of throwing. */
export function isId(args: Arguments, i: number, id: StreamId): boolean {
  return id.parse(args.bytes, args.start(i), args.length(i)) === ID_FORM.COMPLETE;
}

/** As `readId`, but `-` and `+` are the first and the last ID there is. */
export function readIdOrEnd(args: Arguments, i: number, id: StreamId, lastSequence = false): StreamId {
  const start = args.start(i);
  const length = args.length(i);
  if (isMinus(args.bytes, start, length)) return id.setZero();
  if (isPlus(args.bytes, start, length)) return id.setMax();
  if (id.parse(args.bytes, start, length, lastSequence) !== ID_FORM.COMPLETE) throw INVALID_STREAM_ID;
  return id;
}

/** Reads the first ID of a range: `(` before it leaves the ID itself out. */
export function readRangeStart(args: Arguments, i: number, id: StreamId): void {
  if (!readBound(args, i, id, false)) return;
  if (!id.increment()) throw INVALID_START_ID;
}

/** Reads the last ID of a range; one without a sequence number has the last there is. */
export function readRangeEnd(args: Arguments, i: number, id: StreamId): void {
  if (!readBound(args, i, id, true)) return;
  if (!id.decrement()) throw INVALID_END_ID;
}

// Returns whether the bound is exclusive.
function readBound(args: Arguments, i: number, id: StreamId, lastSequence: boolean): boolean {
  const start = args.start(i);
  const length = args.length(i);
  if (length < 2 || args.bytes[start] !== OPEN_PARENTHESIS) {
    readIdOrEnd(args, i, id, lastSequence);
    return false;
  }
  if (id.parse(args.bytes, start + 1, length - 1, lastSequence) !== ID_FORM.COMPLETE) throw INVALID_STREAM_ID;
  return true;
}

/**
 * Reads the trimming option in argument `i`, if it is one (MAXLEN, MINID, LIMIT), into `trim`, and returns the argument
 * after it, or `i` when it is none. `threshold` is where a strategy was found before, 0 when none was.
 */
export function readTrimOption(args: Arguments, i: number, trim: Trim, threshold: number): number {
  if (i + 1 >= args.count) return i;
  if (args.is(i, 'limit')) {
    const limit = args.int64(i + 1);
    if (limit < 0) throw TRIM_LIMIT_NEGATIVE;
    trim.limit = Number(limit);
    return i + 2;
  }
  const byLength = args.is(i, 'maxlen');
  if (!byLength && !args.is(i, 'minid')) return i;
  if (threshold !== 0) throw MAXLEN_AND_MINID;
  trim.isApproximate = i + 2 < args.count && args.is(i + 1, '~');
  if (trim.isApproximate || (i + 2 < args.count && args.is(i + 1, '='))) i++;
  if (byLength) {
    const maxLength = args.int64(i + 1);
    if (maxLength < 0) throw MAXLEN_NEGATIVE;
    trim.maxLength = Number(maxLength);
  } else {
    trim.maxLength = -1;
    readId(args, i + 1, trim.minId);
  }
  return i + 2;
}

/** Checks the options of trimming when all are read, and sets the limit where the client has not. */
export function finishTrim(ctx: CommandContext, trim: Trim, threshold: number, hasLimit: boolean): void {
  if (threshold === 0 && trim.limit !== 0) throw LIMIT_WITHOUT_STRATEGY;
  // What a master or the AOF says has been limited where it came from.
  if (ctx.client.type === 'master') trim.limit = 0;
  else if (hasLimit && !trim.isApproximate) throw LIMIT_WITHOUT_TILDE;
  else if (!hasLimit) trim.limit = trim.isApproximate ? defaultLimit(ctx) : 0;
}

function defaultLimit({ keyspace }: CommandContext): number {
  const perNode = keyspace.limits['stream-node-max-entries'];
  let limit = perNode * LIMIT_PER_NODE_ENTRY;
  // It may have overflowed in an int64.
  if (limit > Number.MAX_SAFE_INTEGER) limit = Number(BigInt.asIntN(64, BigInt(perNode) * 100n));
  if (limit <= 0) return LIMIT_WHERE_NODES_ARE_ENDLESS;
  return Math.min(limit, MAX_DEFAULT_LIMIT);
}

/** The request with other texts in place of some arguments: what is told where a request is repeated. */
export function withArguments(args: Arguments, replaced: ReadonlyMap<number, string>): CommandPart[] {
  return args.indexes(0).map((i) => replaced.get(i) ?? i);
}
