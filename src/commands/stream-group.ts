// XGROUP: the groups of a stream and their consumers. None of it breaks a WATCH on the key: what a group does with a
// stream is no change of the stream.

import type { Stream } from '../datatypes/stream.ts';
import { ENTRIES_READ_UNKNOWN, type StreamGroup } from '../datatypes/stream-group.ts';
import type { StreamId } from '../datatypes/stream-id.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { newStream, storeStream, streamOf } from '../keyspace/stream-value.ts';
import {
  BUSY_GROUP,
  ENTRIES_READ_NEGATIVE,
  noGroupForKey,
  syntaxOfSubcommand,
  XGROUP_NEEDS_KEY,
} from '../resp/errors.ts';
import { readId, readIdOrEnd } from './stream-arguments.ts';
import { consumerOf, nameOf } from './stream-effects.ts';

const idSelector = arg.oneOf('id-selector', [arg.string('id'), arg.token('new-id', '$')]);

const create = command({
  name: 'create',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Creates a group.',
  history: [['7.0.0', 'The option `ENTRIESREAD`.']],
  arity: -5,
  flags: ['write', 'denyoom'],
  keys: [keyAt(2, 'RW', 'insert')],
  args: [
    arg.key('key'),
    arg.string('group'),
    idSelector,
    arg.token('mkstream', 'MKSTREAM', { optional: true }),
    arg.integer('entries-read', { token: 'ENTRIESREAD', optional: true }),
  ],
  run(ctx) {
    const { args, db, keyspace, reply } = ctx;
    const options = groupOptions(ctx, true);
    const found = streamOfRequest(ctx);
    if (found === null && !options.makesStream) throw XGROUP_NEEDS_KEY;
    if (args.count > 8) throw wrongSubcommand(ctx);
    const { given } = keyspace.streamScratch;
    if (isDollar(ctx, 4)) {
      if (found === null) given.setZero();
      else given.set(found.lastId);
    } else {
      readId(args, 4, given);
    }
    if (found !== null && found.group(args, 3) !== null) throw BUSY_GROUP;
    const stream = found ?? newStream(keyspace);
    stream.addGroup(nameOf(args, 3), given, options.entriesRead);
    if (found === null) {
      storeStream(db, args, 2, 0, stream);
      ctx.changed('xgroup-create', 2);
    } else {
      ctx.dirty++;
      ctx.event('xgroup-create', 2);
    }
    reply.ok();
  },
});

const createconsumer = command({
  name: 'createconsumer',
  since: '6.2.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Creates a consumer in a group.',
  arity: 5,
  flags: ['write', 'denyoom'],
  keys: [keyAt(2, 'RW', 'insert')],
  args: [arg.key('key'), arg.string('group'), arg.string('consumer')],
  run(ctx) {
    const { args, nowMs, reply } = ctx;
    const group = groupOfRequest(ctx, existingStream(ctx));
    if (consumerOf(args, 4, group) !== null) {
      reply.integer(0);
      return;
    }
    group.addConsumer(nameOf(args, 4), nowMs);
    ctx.dirty++;
    ctx.event('xgroup-createconsumer', 2);
    reply.integer(1);
  },
});

const delconsumer = command({
  name: 'delconsumer',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N pending entries of the consumer',
  summary: 'Deletes a consumer of a group, and what is pending with it.',
  arity: 5,
  flags: ['write'],
  keys: [keyAt(2, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('group'), arg.string('consumer')],
  run(ctx) {
    const { args, reply } = ctx;
    const group = groupOfRequest(ctx, existingStream(ctx));
    const consumer = consumerOf(args, 4, group);
    if (consumer === null) {
      reply.integer(0);
      return;
    }
    reply.integer(consumer.pending.size);
    group.removeConsumer(consumer);
    ctx.dirty++;
    ctx.event('xgroup-delconsumer', 2);
  },
});

const destroy = command({
  name: 'destroy',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(N) for N pending entries of the group',
  summary: 'Deletes a group.',
  arity: 4,
  flags: ['write'],
  keys: [keyAt(2, 'RW', 'delete')],
  args: [arg.key('key'), arg.string('group')],
  run(ctx) {
    const { args, db, reply, server } = ctx;
    const stream = existingStream(ctx);
    const group = stream.group(args, 3);
    if (group === null) {
      reply.integer(0);
      return;
    }
    stream.removeGroup(group);
    ctx.dirty++;
    ctx.event('xgroup-destroy', 2);
    // Who waits for what the group would get waits in vain.
    if (!server.blocking.isEmpty) server.blocking.keyChanged(db, args.string(2));
    reply.integer(1);
  },
});

const help = helpSubcommand({ since: '5.0.0', group: 'stream', acl: ['stream'] });

const setid = command({
  name: 'setid',
  since: '5.0.0',
  group: 'stream',
  complexity: 'O(1)',
  summary: 'Sets the last ID that a group has delivered.',
  history: [['7.0.0', 'The option `ENTRIESREAD`.']],
  arity: -5,
  flags: ['write'],
  keys: [keyAt(2, 'RW', 'update')],
  args: [
    arg.key('key'),
    arg.string('group'),
    idSelector,
    arg.integer('entriesread', { token: 'ENTRIESREAD', displayText: 'entries-read', optional: true }),
  ],
  run(ctx) {
    const { args, keyspace, reply } = ctx;
    const { entriesRead } = groupOptions(ctx, false);
    const stream = existingStream(ctx);
    const group = groupOfRequest(ctx, stream);
    if (args.count > 7) throw wrongSubcommand(ctx);
    const { given } = keyspace.streamScratch;
    const id: StreamId = isDollar(ctx, 4) ? stream.lastId : readIdOrEnd(args, 4, given);
    group.setLastId(id);
    group.entriesRead = entriesRead;
    ctx.dirty++;
    ctx.event('xgroup-setid', 2);
    reply.ok();
  },
});

export const xgroup = command({
  name: 'xgroup',
  since: '5.0.0',
  group: 'stream',
  complexity: 'Depends on the subcommand.',
  summary: 'A container for commands about the groups of streams.',
  arity: -2,
  flags: [],
  subcommands: [create, createconsumer, delconsumer, destroy, help, setid],
  help: [
    'CREATE <key> <groupname> <id|$> [option]',
    '    Create a group that begins behind the ID, or behind the last entry. Options are:',
    '    * MKSTREAM',
    '      Create an empty stream when there is none.',
    '    * ENTRIESREAD entries_read',
    '      How many entries the group counts as read (for internal use).',
    'CREATECONSUMER <key> <groupname> <consumer>',
    '    Create a consumer in the group.',
    'DELCONSUMER <key> <groupname> <consumer>',
    '    Delete the consumer and what is pending with it.',
    'DESTROY <key> <groupname>',
    '    Delete the group.',
    'SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]',
    '    Set the last ID that the group has delivered, and how many entries it counts as read.',
  ],
});

interface GroupOptions {
  makesStream: boolean;
  entriesRead: number | bigint;
}

function groupOptions(ctx: CommandContext, mayMakeStream: boolean): GroupOptions {
  const { args } = ctx;
  const options: GroupOptions = { makesStream: false, entriesRead: ENTRIES_READ_UNKNOWN };
  for (let i = 5; i < args.count; i++) {
    if (mayMakeStream && args.is(i, 'mkstream')) {
      options.makesStream = true;
    } else if (i + 1 < args.count && args.is(i, 'entriesread')) {
      options.entriesRead = args.int64(++i);
      if (options.entriesRead < ENTRIES_READ_UNKNOWN) throw ENTRIES_READ_NEGATIVE;
    } else {
      throw wrongSubcommand(ctx);
    }
  }
  return options;
}

function streamOfRequest({ args, db }: CommandContext): Stream | null {
  const ref = db.lookupWrite(args, 2);
  return ref === 0 ? null : streamOf(db, ref);
}

function existingStream(ctx: CommandContext): Stream {
  const stream = streamOfRequest(ctx);
  if (stream === null) throw XGROUP_NEEDS_KEY;
  return stream;
}

function groupOfRequest({ args }: CommandContext, stream: Stream): StreamGroup {
  const group = stream.group(args, 3);
  if (group === null) throw noGroupForKey(args.string(3), args.string(2));
  return group;
}

function isDollar({ args }: CommandContext, i: number): boolean {
  return args.length(i) === 1 && args.bytes[args.start(i)] === 0x24;
}

function wrongSubcommand({ args }: CommandContext) {
  return syntaxOfSubcommand(args.string(1), args.string(0));
}
