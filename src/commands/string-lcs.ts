// LCS: what two strings have in common, as the bytes themselves, their number, or the ranges in which they lie. The
// algorithm is in datatypes/common-subsequence.ts.

import { type CommonSubsequence, commonSubsequence } from '../datatypes/common-subsequence.ts';
import { isString } from '../datatypes/kind.ts';
import { arg, command, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import {
  LCS_LEN_AND_IDX,
  LCS_NOT_STRINGS,
  LCS_OUT_OF_MEMORY,
  LCS_TOO_LARGE,
  SYNTAX,
} from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

// What a cell of Redis's table takes: the limit is stated in its terms.
const CELL_BYTES = 4;
const NO_BYTES = new Uint8Array(0);

interface Options {
  onlyLength: boolean;
  ranges: boolean;
  withLengths: boolean;
  minLength: number;
}

/** Bytes that match one to one: `length` of them, from `a` in the first string and from `b` in the second. */
interface Range {
  a: number;
  b: number;
  length: number;
}

export const lcs = command({
  name: 'lcs',
  since: '7.0.0',
  group: 'string',
  complexity: 'O(N*M) for strings of N and M bytes',
  summary: 'Finds the longest common subsequence of two strings.',
  arity: -3,
  flags: ['readonly'],
  keys: [keysFrom(1, 1, 1, 'RO', 'access')],
  args: [
    arg.key('key1'),
    arg.key('key2'),
    arg.token('len', 'LEN', { optional: true }),
    arg.token('idx', 'IDX', { optional: true }),
    arg.integer('min-match-len', { token: 'MINMATCHLEN', optional: true }),
    arg.token('withmatchlen', 'WITHMATCHLEN', { optional: true }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const first = db.lookupRead(args, 1);
    const second = db.lookupRead(args, 2);
    if ((first !== 0 && !isString(db.kind(first))) || (second !== 0 && !isString(db.kind(second)))) {
      throw LCS_NOT_STRINGS;
    }
    const options = readOptions(ctx);
    const found = search(ctx, first, second, !options.onlyLength);
    if (options.ranges) replyRanges(reply, rangesOf(found), found.length, options);
    else if (options.onlyLength) reply.integer(found.length);
    else replyBytes(ctx, first, found);
  },
});

function readOptions({ args }: CommandContext): Options {
  const options: Options = { onlyLength: false, ranges: false, withLengths: false, minLength: 0 };
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'idx')) options.ranges = true;
    else if (args.is(i, 'len')) options.onlyLength = true;
    else if (args.is(i, 'withmatchlen')) options.withLengths = true;
    else if (args.is(i, 'minmatchlen') && i + 1 < args.count) options.minLength = Number(args.int64(++i));
    else throw SYNTAX;
  }
  if (options.onlyLength && options.ranges) throw LCS_LEN_AND_IDX;
  return options;
}

function search(ctx: CommandContext, first: Ref, second: Ref, withPath: boolean): CommonSubsequence {
  const { db } = ctx;
  const aLength = lengthOf(db, first);
  const bLength = lengthOf(db, second);
  const tableBytes = (aLength + 1) * (bLength + 1) * CELL_BYTES;
  if (tableBytes > ctx.server.config.values['proto-max-bulk-len']) throw LCS_TOO_LARGE;
  try {
    return commonSubsequence(
      {
        a: first === 0 ? NO_BYTES : db.valueMemory(first),
        aStart: first === 0 ? 0 : db.valueOffset(first),
        aLength,
        b: second === 0 ? NO_BYTES : db.valueMemory(second),
        bStart: second === 0 ? 0 : db.valueOffset(second),
        bLength,
      },
      withPath,
    );
  } catch (error) {
    if (error instanceof RangeError) throw LCS_OUT_OF_MEMORY;
    throw error;
  }
}

function lengthOf(db: Database, ref: Ref): number {
  return ref === 0 ? 0 : db.valueLength(ref);
}

function replyBytes({ db, reply }: CommandContext, first: Ref, found: CommonSubsequence): void {
  const bytes = new Uint8Array(found.length);
  if (found.length > 0) {
    const memory = db.valueMemory(first);
    const start = db.valueOffset(first);
    let at = found.length;
    found.walkBack((aIndex) => {
      bytes[--at] = memory[start + aIndex]!;
    });
  }
  reply.bulk(bytes, 0, bytes.length);
}

// From the last to the first, as they are found and as Redis lists them.
function rangesOf(found: CommonSubsequence): Range[] {
  const ranges: Range[] = [];
  let open: Range = { a: -1, b: -1, length: 0 };
  found.walkBack((aIndex, bIndex) => {
    if (open.a === aIndex + 1 && open.b === bIndex + 1) {
      open.a = aIndex;
      open.b = bIndex;
      open.length++;
    } else {
      open = { a: aIndex, b: bIndex, length: 1 };
      ranges.push(open);
    }
  });
  return ranges;
}

function replyRanges(reply: ReplyWriter, ranges: readonly Range[], length: number, options: Options): void {
  const listed = ranges.filter((range) => range.length >= options.minLength);
  reply.map(2);
  reply.bulkText('matches');
  reply.array(listed.length);
  for (const range of listed) {
    reply.array(options.withLengths ? 3 : 2);
    replyRange(reply, range.a, range.length);
    replyRange(reply, range.b, range.length);
    if (options.withLengths) reply.integer(range.length);
  }
  reply.bulkText('len');
  reply.integer(length);
}

function replyRange(reply: ReplyWriter, start: number, length: number): void {
  reply.array(2);
  reply.integer(start);
  reply.integer(start + length - 1);
}
