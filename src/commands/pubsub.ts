// Publish/subscribe: SUBSCRIBE and its relatives, PUBLISH, PUBSUB. Who receives what is kept by engine/pubsub; here are the
// requests and their confirmations, which are messages themselves and come even where replies are turned off.

import { globMatch } from '../base/glob.ts';
import { arg, command, keyAt, keysFrom } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Topics } from '../engine/pubsub.ts';
import { SSUBSCRIBE_IN_MULTI, syntaxOfSubcommand } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

const GROUP = 'pubsub';
const OF_SUBSCRIBERS = ['pubsub', 'noscript', 'loading', 'stale'] as const;
const OF_PUBLISHERS = ['pubsub', 'loading', 'stale', 'fast', 'may_replicate'] as const;
const OF_OBSERVERS = ['pubsub', 'loading', 'stale'] as const;

export const subscribe = command({
  name: 'subscribe',
  since: '2.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of channels to subscribe to.',
  summary: 'Lets the connection receive the messages of channels.',
  arity: -2,
  flags: OF_SUBSCRIBERS,
  channels: 'all',
  args: [arg.string('channel', { multiple: true })],
  forSubscribers: true,
  run: (ctx) => subscribeTo(ctx, ctx.server.pubsub.channels, 'subscribe'),
});

export const unsubscribe = command({
  name: 'unsubscribe',
  since: '2.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of channels to unsubscribe from.',
  summary: 'Ends the receiving of messages of channels, of all of them when none is named.',
  arity: -1,
  flags: OF_SUBSCRIBERS,
  args: [arg.string('channel', { optional: true, multiple: true })],
  forSubscribers: true,
  run: (ctx) => unsubscribeFrom(ctx, ctx.server.pubsub.channels, 'unsubscribe'),
});

export const psubscribe = command({
  name: 'psubscribe',
  since: '2.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of patterns to subscribe to.',
  summary: 'Lets the connection receive the messages of all channels that fit patterns.',
  arity: -2,
  flags: OF_SUBSCRIBERS,
  channels: 'patterns',
  args: [arg.pattern('pattern', { multiple: true })],
  forSubscribers: true,
  run: (ctx) => subscribeTo(ctx, ctx.server.pubsub.patterns, 'psubscribe'),
});

export const punsubscribe = command({
  name: 'punsubscribe',
  since: '2.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of patterns to unsubscribe from.',
  summary: 'Ends the receiving of messages by patterns, by all of them when none is named.',
  arity: -1,
  flags: OF_SUBSCRIBERS,
  args: [arg.pattern('pattern', { optional: true, multiple: true })],
  forSubscribers: true,
  run: (ctx) => unsubscribeFrom(ctx, ctx.server.pubsub.patterns, 'punsubscribe'),
});

export const ssubscribe = command({
  name: 'ssubscribe',
  since: '7.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of shard channels to subscribe to.',
  summary: 'Lets the connection receive the messages of shard channels.',
  arity: -2,
  flags: OF_SUBSCRIBERS,
  channels: 'all',
  keys: [keysFrom(1, -1, 1, 'not_key')],
  args: [arg.string('shardchannel', { multiple: true })],
  forSubscribers: true,
  run(ctx) {
    if (ctx.server.executor.depth > 1) throw SSUBSCRIBE_IN_MULTI;
    subscribeTo(ctx, ctx.server.pubsub.shardChannels, 'ssubscribe');
  },
});

export const sunsubscribe = command({
  name: 'sunsubscribe',
  since: '7.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of shard channels to unsubscribe from.',
  summary: 'Ends the receiving of messages of shard channels, of all of them when none is named.',
  arity: -1,
  flags: OF_SUBSCRIBERS,
  keys: [keysFrom(1, -1, 1, 'not_key')],
  args: [arg.string('shardchannel', { optional: true, multiple: true })],
  forSubscribers: true,
  run: (ctx) => unsubscribeFrom(ctx, ctx.server.pubsub.shardChannels, 'sunsubscribe'),
});

export const publish = command({
  name: 'publish',
  since: '2.0.0',
  group: GROUP,
  complexity:
    'O(N+M) where N is the number of clients subscribed to the channel and M is the number of patterns that clients are subscribed to.',
  summary: 'Sends a message to a channel.',
  arity: 3,
  flags: OF_PUBLISHERS,
  channels: 'one',
  args: [arg.string('channel'), arg.string('message')],
  run(ctx) {
    const { args, server } = ctx;
    const { pubsub } = server;
    ctx.propagateMessage();
    ctx.reply.integer(
      pubsub.isIdle ? 0 : pubsub.publish(args.string(1), args.bytes, args.start(2), args.length(2)),
    );
  },
});

export const spublish = command({
  name: 'spublish',
  since: '7.0.0',
  group: GROUP,
  complexity: 'O(N) where N is the number of clients subscribed to the shard channel.',
  summary: 'Sends a message to a shard channel.',
  arity: 3,
  flags: OF_PUBLISHERS,
  channels: 'one',
  keys: [keyAt(1, 'not_key')],
  args: [arg.string('shardchannel'), arg.string('message')],
  run(ctx) {
    const { args, server } = ctx;
    ctx.propagateMessage();
    ctx.reply.integer(
      server.pubsub.publishToShard(args.string(1), args.bytes, args.start(2), args.length(2)),
    );
  },
});

export const pubsub = command({
  name: 'pubsub',
  since: '2.8.0',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'Contains the commands that look at subscriptions.',
  arity: -2,
  flags: [],
  help: [
    'CHANNELS [<pattern>]',
    '    The channels with subscribers, or those of them that fit the <pattern>.',
    'NUMPAT',
    '    How many patterns are subscribed to.',
    'NUMSUB [<channel> ...]',
    '    How many clients have subscribed to each of the channels; those who receive them by a pattern',
    '    are not counted.',
    'SHARDCHANNELS [<pattern>]',
    '    The shard channels with subscribers, or those of them that fit the <pattern>.',
    'SHARDNUMSUB [<shardchannel> ...]',
    '    How many clients have subscribed to each of the shard channels.',
  ],
  subcommands: [
    command({
      name: 'channels',
      since: '2.8.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of channels, if patterns and names are short',
      summary: 'Returns the channels with subscribers.',
      arity: -2,
      flags: OF_OBSERVERS,
      args: [arg.pattern('pattern', { optional: true })],
      run: (ctx) => replyNames(ctx, ctx.server.pubsub.channels),
    }),
    helpSubcommand({ since: '6.2.0', group: GROUP }),
    command({
      name: 'numpat',
      since: '2.8.0',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Counts the patterns that are subscribed to.',
      arity: 2,
      flags: OF_OBSERVERS,
      run: ({ reply, server }) => reply.integer(server.pubsub.patterns.size),
    }),
    command({
      name: 'numsub',
      since: '2.8.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of channels asked for',
      summary: 'Counts the subscribers of channels.',
      arity: -2,
      flags: OF_OBSERVERS,
      args: [arg.string('channel', { optional: true, multiple: true })],
      run: (ctx) => replyReceiverCounts(ctx, ctx.server.pubsub.channels),
    }),
    command({
      name: 'shardchannels',
      since: '7.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of shard channels, if patterns and names are short',
      summary: 'Returns the shard channels with subscribers.',
      arity: -2,
      flags: OF_OBSERVERS,
      args: [arg.pattern('pattern', { optional: true })],
      run: (ctx) => replyNames(ctx, ctx.server.pubsub.shardChannels),
    }),
    command({
      name: 'shardnumsub',
      since: '7.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of shard channels asked for',
      summary: 'Counts the subscribers of shard channels.',
      arity: -2,
      flags: OF_OBSERVERS,
      args: [arg.string('shardchannel', { optional: true, multiple: true })],
      run: (ctx) => replyReceiverCounts(ctx, ctx.server.pubsub.shardChannels),
    }),
  ],
});

function subscribeTo(ctx: CommandContext, topics: Topics, word: string): void {
  const { args, client, server } = ctx;
  for (let i = 1; i < args.count; i++) {
    const name = args.string(i);
    topics.add(client, name);
    confirm(ctx, topics, word, name);
  }
  server.pubsub.subscriptionsChanged(client);
}

// Who has nothing to unsubscribe from is told so, once.
function unsubscribeFrom(ctx: CommandContext, topics: Topics, word: string): void {
  const { args, client, server } = ctx;
  const isAll = args.count === 1;
  if (isAll && topics.of(client).size === 0) confirm(ctx, topics, word, null);
  for (const name of isAll ? topics.of(client) : args.strings(1)) {
    topics.remove(client, name);
    confirm(ctx, topics, word, name);
  }
  server.pubsub.subscriptionsChanged(client);
}

function confirm(ctx: CommandContext, topics: Topics, word: string, name: string | null): void {
  const { client, reply, server } = ctx;
  if (!client.connection.isMuted) {
    writeConfirmation(reply, ctx, topics, word, name);
    return;
  }
  // It comes as early as a reply would: before messages that commands of the same transaction have sent.
  writeConfirmation(server.pushes.begin(client.protocol), ctx, topics, word, name);
  server.pushes.sendAhead(client);
}

function writeConfirmation(
  out: ReplyWriter,
  { client, server }: CommandContext,
  topics: Topics,
  word: string,
  name: string | null,
): void {
  const { channels, patterns, shardChannels } = server.pubsub;
  // Shard channels are counted by themselves.
  const count =
    topics === shardChannels
      ? shardChannels.of(client).size
      : channels.of(client).size + patterns.of(client).size;
  out.push(3);
  out.bulkText(word);
  if (name === null) out.null();
  else out.bulkText(name);
  out.integer(count);
}

function replyNames({ args, reply }: CommandContext, topics: Topics): void {
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), args.string(0));
  const names = [...topics.names()];
  const pattern = args.count === 3 ? args.string(2) : null;
  const shown = pattern === null ? names : names.filter((name) => globMatch(pattern, name, false));
  reply.array(shown.length);
  for (const name of shown) reply.bulkText(name);
}

function replyReceiverCounts({ args, reply }: CommandContext, topics: Topics): void {
  reply.array((args.count - 2) * 2);
  for (let i = 2; i < args.count; i++) {
    reply.bulk(args.bytes, args.start(i), args.length(i));
    reply.integer(topics.receiverCount(args.string(i)));
  }
}
