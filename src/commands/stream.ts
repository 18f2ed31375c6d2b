// Streams without groups: adding, deleting and reading entries by their IDs. Reading what is new is in stream-read.ts,
// groups are in stream-group.ts and what is pending in stream-pending.ts.

import type { Stream } from '../datatypes/stream.ts';
import { ID_FORM, type StreamId } from '../datatypes/stream-id.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { newStream, storeStream, streamOf } from '../keyspace/stream-value.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  ENTRIES_ADDED_BELOW_LENGTH,
  ENTRIES_ADDED_NEGATIVE,
  INVALID_STREAM_ID,
  NO_SUCH_KEY,
  STREAM_ENTRY_TOO_LARGE,
  STREAM_EXHAUSTED,
  SYNTAX,
  wrongArity,
  XADD_ID_TOO_SMALL,
  XADD_ID_ZERO,
  XSETID_BELOW_DELETED,
  XSETID_BELOW_GIVEN_DELETED,
  XSETID_BELOW_TOP,
  XTRIM_WITHOUT_STRATEGY,
} from '../resp/errors.ts';
import {
  finishTrim,
  readId,
  readRangeEnd,
  readRangeStart,
  readTrimOption,
  withArguments,
} from './stream-arguments.ts';
import { replyId, replyRange, replyReverseRange } from './stream-reply.ts';

const trimArgument = (optional: boolean) =>
  arg.block(
    'trim',
    [
      arg.oneOf('strategy', [arg.token('maxlen', 'MAXLEN'), arg.token('minid', 'MINID', { since: '6.2.0' })]),
      arg.oneOf('operator', [arg.token('equal', '='), arg.token('approximately', '~')], { optional: true }),
      arg.string('threshold'),
      arg.integer('count', { token: 'LIMIT', optional: true, since: '6.2.0' }),
    ],
    optional ? { optional } : {},
  );

export const xadd = command({
  name: 'xadd',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1), and O(N) for N entries that are trimmed off',
  summary: 'Adds an entry to a stream, which is created when there is none.',
  history: [
    ['6.2.0', 'The options `NOMKSTREAM`, `MINID` and `LIMIT`.'],
    ['7.0.0', 'IDs of the form `<ms>-*`.'],
  ],
  arity: -5,
  flags: ['write', 'denyoom', 'fast'],
  tips: ['nondeterministic_output'],
  keys: [{ ...keyAt(1, 'RW', 'update'), notes: 'UPDATE, although it inserts: trimming may delete as well' }],
  args: [
    arg.key('key'),
    arg.token('nomkstream', 'NOMKSTREAM', { optional: true, since: '6.2.0' }),
    trimArgument(true),
    arg.oneOf('id-selector', [arg.token('auto-id', '*'), arg.string('id')]),
    arg.block('data', [arg.string('field'), arg.string('value')], { multiple: true }),
  ],
  run(ctx) {
    if (isStar(ctx.args, 2)) addEntry(ctx, 2, 0, false, true);
    else addWithOptions(ctx);
  },
});

export const xlen = command({
  name: 'xlen',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Returns how many entries a stream has.',
  arity: 2,
  flags: ['readonly', 'fast'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run({ args, db, reply }) {
    const ref = db.lookupRead(args, 1);
    reply.integer(ref === 0 ? 0 : streamOf(db, ref).length);
  },
});

export const xrange = command({
  name: 'xrange',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N entries that are returned',
  summary: 'Returns the entries of a stream between two IDs.',
  history: [['6.2.0', 'Bounds that leave the ID itself out.']],
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.string('start'),
    arg.string('end'),
    arg.integer('count', { token: 'COUNT', optional: true }),
  ],
  run(ctx) {
    returnRange(ctx, 2, 3, replyRange);
  },
});

export const xrevrange = command({
  name: 'xrevrange',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N entries that are returned',
  summary: 'Returns the entries of a stream between two IDs, the last first.',
  history: [['6.2.0', 'Bounds that leave the ID itself out.']],
  arity: -4,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  args: [
    arg.key('key'),
    arg.string('end'),
    arg.string('start'),
    arg.integer('count', { token: 'COUNT', optional: true }),
  ],
  run(ctx) {
    returnRange(ctx, 3, 2, replyReverseRange);
  },
});

export const xdel = command({
  name: 'xdel',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1) for each ID',
  summary: 'Deletes entries of a stream and returns how many there were.',
  arity: -3,
  flags: ['write', 'fast'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('id', { multiple: true })],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    const stream = streamOf(db, ref);
    const { given } = keyspace.streamScratch;
    // All of them are looked at first, so that a wrong one leaves the stream as it was.
    for (let i = 2; i < args.count; i++) readId(args, i, given);
    let deleted = 0;
    for (let i = 2; i < args.count; i++) if (stream.delete(readId(args, i, given))) deleted++;
    if (deleted > 0) ctx.changed('xdel', 1, deleted);
    reply.integer(deleted);
  },
});

export const xtrim = command({
  name: 'xtrim',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N entries that are trimmed off',
  summary: 'Deletes entries at the beginning of a stream and returns how many.',
  history: [['6.2.0', 'The options `MINID` and `LIMIT`.']],
  arity: -4,
  flags: ['write'],
  tips: ['nondeterministic_output'],
  keys: [keyAt(1, 'RW', 'delete')],
  args: [arg.key('key'), trimArgument(false)],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const { trim } = keyspace.streamScratch;
    let threshold = 0;
    let hasLimit = false;
    trim.limit = 0;
    for (let i = 2; i < args.count; ) {
      const next = readTrimOption(args, i, trim, threshold);
      if (next === i) throw SYNTAX;
      if (args.is(i, 'limit')) hasLimit = true;
      else threshold = next - 1;
      i = next;
    }
    if (threshold === 0 && trim.limit === 0) throw XTRIM_WITHOUT_STRATEGY;
    finishTrim(ctx, trim, threshold, hasLimit);
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) {
      reply.integer(0);
      return;
    }
    const stream = streamOf(db, ref);
    const removed = stream.trim(trim);
    if (removed > 0) {
      ctx.changed('xtrim', 1, removed);
      if (trim.isApproximate && ctx.propagates) {
        const replaced = new Map<number, string>();
        replaceThreshold(ctx, stream, threshold, replaced);
        ctx.propagateAs(...withArguments(args, replaced));
      }
    }
    reply.integer(removed);
  },
});

export const xsetid = command({
  name: 'xsetid',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Sets the last ID of a stream, and what it counts, as they were elsewhere.',
  history: [['7.0.0', 'The options `ENTRIESADDED` and `MAXDELETEDID`.']],
  arity: -3,
  flags: ['write', 'denyoom', 'fast'],
  keys: [keyAt(1, 'RW', 'update')],
  args: [
    arg.key('key'),
    arg.string('last-id'),
    arg.integer('entries-added', { token: 'ENTRIESADDED', optional: true, since: '7.0.0' }),
    arg.string('max-deleted-id', { token: 'MAXDELETEDID', optional: true, since: '7.0.0' }),
  ],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const { given, from: maxDeleted } = keyspace.streamScratch;
    let entriesAdded: number | bigint = -1;
    readId(args, 2, given);
    maxDeleted.setZero();
    for (let i = 3; i < args.count; i += 2) {
      if (i + 1 < args.count && args.is(i, 'entriesadded')) {
        entriesAdded = args.int64(i + 1);
        if (entriesAdded < 0) throw ENTRIES_ADDED_NEGATIVE;
      } else if (i + 1 < args.count && args.is(i, 'maxdeletedid')) {
        readId(args, i + 1, maxDeleted);
        if (given.compare(maxDeleted) < 0) throw XSETID_BELOW_GIVEN_DELETED;
      } else {
        throw SYNTAX;
      }
    }
    const ref = db.lookupWrite(args, 1);
    if (ref === 0) throw NO_SUCH_KEY;
    const stream = streamOf(db, ref);
    if (given.compare(stream.maxDeletedId) < 0) throw XSETID_BELOW_DELETED;
    if (stream.length > 0) {
      if (given.compare(stream.lastEntryId()) < 0) throw XSETID_BELOW_TOP;
      if (entriesAdded !== -1 && stream.length > entriesAdded) throw ENTRIES_ADDED_BELOW_LENGTH;
    }
    stream.lastId.set(given);
    if (entriesAdded !== -1) stream.entriesAdded = entriesAdded;
    if (!maxDeleted.isZero) stream.maxDeletedId.set(maxDeleted);
    // Observed 7.2.4: it breaks no WATCH.
    ctx.dirty++;
    ctx.event('xsetid', 1);
    reply.ok();
  },
});

// XADD with anything before the ID, or with an ID that is given.
function addWithOptions(ctx: CommandContext): void {
  const { args, keyspace } = ctx;
  const { given, trim } = keyspace.streamScratch;
  let threshold = 0;
  let hasLimit = false;
  let makesStream = true;
  trim.limit = 0;
  trim.isApproximate = false;
  let i = 2;
  let form: number = ID_FORM.COMPLETE;
  let isGiven = false;
  while (i < args.count && !isStar(args, i)) {
    const next = readTrimOption(args, i, trim, threshold);
    if (next > i) {
      if (args.is(i, 'limit')) hasLimit = true;
      else threshold = next - 1;
      i = next;
    } else if (args.is(i, 'nomkstream')) {
      makesStream = false;
      i++;
    } else {
      form = given.parse(args.bytes, args.start(i), args.length(i));
      if (form === ID_FORM.INVALID) throw INVALID_STREAM_ID;
      isGiven = true;
      break;
    }
  }
  finishTrim(ctx, trim, threshold, hasLimit);
  if (isGiven && form === ID_FORM.COMPLETE && given.isZero && hasFields(args, i)) throw XADD_ID_ZERO;
  addEntry(ctx, i, threshold, isGiven && form === ID_FORM.COMPLETE, makesStream, isGiven);
}

/** Adds the entry whose ID is argument `idAt`; what is given of the ID is in `given` of the scratch. */
function addEntry(
  ctx: CommandContext,
  idAt: number,
  threshold: number,
  isComplete: boolean,
  makesStream: boolean,
  isGiven = false,
): void {
  const { args, db, keyspace, reply } = ctx;
  if (!hasFields(args, idAt)) throw wrongArity('xadd');
  const ref = db.lookupWrite(args, 1);
  let stream: Stream;
  if (ref !== 0) {
    stream = streamOf(db, ref);
  } else if (makesStream) {
    stream = newStream(keyspace);
    storeStream(db, args, 1, 0, stream);
  } else {
    reply.null();
    return;
  }
  const { given: id, trim } = keyspace.streamScratch;
  if (stream.lastId.isMax) throw STREAM_EXHAUSTED;
  if (!isComplete) completeId(id, stream.lastId, isGiven, ctx.nowMs);
  if (id.compare(stream.lastId) <= 0) throw XADD_ID_TOO_SMALL;
  const fieldsAt = idAt + 1;
  if (!stream.append(id, args, fieldsAt, (args.count - fieldsAt) >> 1, keyspace.limits)) {
    throw STREAM_ENTRY_TOO_LARGE;
  }
  replyId(reply, id);
  ctx.changed('xadd', 1);
  if (threshold !== 0 && stream.trim(trim) > 0) ctx.event('xtrim', 1);
  const isRewritten = !isComplete || (threshold !== 0 && trim.isApproximate);
  if (isRewritten && ctx.propagates) {
    const replaced = new Map<number, string>();
    if (!isComplete) replaced.set(idAt, id.text());
    if (threshold !== 0 && trim.isApproximate) replaceThreshold(ctx, stream, threshold, replaced);
    ctx.propagateAs(...withArguments(args, replaced));
  }
}

// The ID that follows the last: of now, or of the given time. It may come out too small.
function completeId(id: StreamId, lastId: StreamId, hasTime: boolean, nowMs: number): void {
  if (!hasTime) {
    id.setMs(nowMs);
    if (id.msHigh !== lastId.msHigh || id.msLow !== lastId.msLow) {
      if (id.compare(lastId) > 0) return;
    }
    id.set(lastId).increment();
    return;
  }
  if (id.msHigh !== lastId.msHigh || id.msLow !== lastId.msLow) return;
  // After the last sequence number there is no other of the same time.
  if ((lastId.seqHigh & lastId.seqLow) === -1) throw XADD_ID_TOO_SMALL;
  id.set(lastId).increment();
}

function hasFields(args: Arguments, idAt: number): boolean {
  const texts = args.count - idAt - 1;
  return texts >= 2 && texts % 2 === 0;
}

// How far an approximate trimming goes depends on the nodes: elsewhere it is to reach what it has reached here.
function replaceThreshold(
  { keyspace }: CommandContext,
  stream: Stream,
  threshold: number,
  replaced: Map<number, string>,
): void {
  const { trim, first } = keyspace.streamScratch;
  replaced.set(threshold - 1, '=');
  replaced.set(threshold, trim.maxLength >= 0 ? `${stream.length}` : stream.firstStoredId(first).text());
}

function returnRange(ctx: CommandContext, startAt: number, endAt: number, write: typeof replyRange): void {
  const { args, db, keyspace, reply } = ctx;
  const scratch = keyspace.streamScratch;
  const { from, to } = scratch;
  readRangeStart(args, startAt, from);
  readRangeEnd(args, endAt, to);
  let limit = Number.POSITIVE_INFINITY;
  for (let i = 4; i < args.count; i += 2) {
    if (i + 1 === args.count || !args.is(i, 'count')) throw SYNTAX;
    limit = Math.max(0, Number(args.int64(i + 1)));
  }
  const ref = db.lookupRead(args, 1);
  if (ref === 0) {
    reply.array(0);
    return;
  }
  const stream = streamOf(db, ref);
  if (limit === 0) reply.nullArray();
  else write(reply, scratch, stream, from, to, limit);
}

function isStar(args: Arguments, i: number): boolean {
  return args.length(i) === 1 && args.bytes[args.start(i)] === 0x2a;
}
