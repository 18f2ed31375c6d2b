// SUBSCRIBE, PUBLISH, PUBSUB and their relatives, as far as one client can see them. Who else receives what is in
// test/engine/pubsub.talks.ts.

import type { CommandCase } from '../support/case.ts';
import { anything, error, matching, OK, push, simple, unordered } from '../support/expected.ts';

const PONG = simple('PONG');
const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const refusal = (name: string) =>
  `Can't execute '${name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`;
const notNow = (name: string) => error(`ERR ${refusal(name)}`);
const syntax = (subcommand: string) =>
  error(`ERR unknown subcommand or wrong number of arguments for '${subcommand}'. Try PUBSUB HELP.`);
const NO_MULTI = 'a subscriber may not begin a transaction';
const NO_MESSAGES = 'messages have a form of their own';
const QUEUES = 'it is refused within a transaction';

export const cases: CommandCase[] = [
  {
    name: 'publishing to nobody',
    steps: [
      ['PUBLISH x hello', 0],
      ['publish x ""', 0],
      ['SPUBLISH x hello', 0],
      ['PUBLISH', arity('publish')],
      ['PUBLISH x', arity('publish')],
      ['PUBLISH x y z', arity('publish')],
      ['SPUBLISH x', arity('spublish')],
    ],
  },
  {
    name: 'subscribing takes a name',
    steps: [
      ['SUBSCRIBE', arity('subscribe')],
      ['PSUBSCRIBE', arity('psubscribe')],
      ['SSUBSCRIBE', arity('ssubscribe')],
    ],
  },
  {
    name: 'subscriptions are counted, those of shard channels by themselves',
    not: { resp3: NO_MESSAGES, multi: NO_MULTI },
    steps: [
      ['SUBSCRIBE a', ['subscribe', 'a', 1]],
      ['SUBSCRIBE b', ['subscribe', 'b', 2]],
      ['SUBSCRIBE a', ['subscribe', 'a', 2]],
      ['PSUBSCRIBE a*', ['psubscribe', 'a*', 3]],
      ['SSUBSCRIBE a', ['ssubscribe', 'a', 1]],
      ['UNSUBSCRIBE b', ['unsubscribe', 'b', 2]],
      ['UNSUBSCRIBE nosuch', ['unsubscribe', 'nosuch', 2]],
      ['PUNSUBSCRIBE', ['punsubscribe', 'a*', 1]],
      ['UNSUBSCRIBE', ['unsubscribe', 'a', 0]],
      ['UNSUBSCRIBE', ['unsubscribe', null, 0]],
      ['GET k', notNow('get')],
      ['SUNSUBSCRIBE', ['sunsubscribe', 'a', 0]],
      ['GET k', null],
    ],
  },
  {
    name: 'confirmations under RESP3 are messages',
    not: { multi: NO_MESSAGES, cut: 'HELLO in pieces is not followed by the client' },
    steps: [
      ['HELLO 3', anything],
      ['SUBSCRIBE a', push('subscribe', 'a', 1)],
      ['GET k', null],
      ['UNSUBSCRIBE', push('unsubscribe', 'a', 0)],
      ['UNSUBSCRIBE', push('unsubscribe', null, 0)],
    ],
  },
  {
    name: 'what a subscriber may do under RESP2',
    not: { resp3: 'it may do everything', multi: NO_MULTI },
    steps: [
      ['SUBSCRIBE a', ['subscribe', 'a', 1]],
      ['PING', ['pong', '']],
      ['PING hello', ['pong', 'hello']],
      ['PING a b', arity('ping')],
      ['ECHO x', notNow('echo')],
      ['ECHO', arity('echo')],
      ['CLIENT ID', notNow('client|id')],
      ['CLIENT', arity('client')],
      ['MULTI', notNow('multi')],
      ['EXEC', error(`EXECABORT Transaction discarded because of: ${refusal('exec')}`)],
      ['PUBLISH a 1', notNow('publish')],
      ['PUBSUB NUMPAT', notNow('pubsub|numpat')],
      ['NOSUCH', error("ERR unknown command 'NOSUCH', with args beginning with: ")],
      ['RESET', simple('RESET')],
      ['PING', PONG],
      ['ECHO x', 'x'],
    ],
  },
  {
    name: 'EXEC is refused to a subscriber, and says why',
    not: { resp3: NO_MESSAGES },
    steps: [
      ['MULTI', OK],
      ['SUBSCRIBE a', simple('QUEUED')],
      ['PING', simple('QUEUED')],
      [
        'EXEC',
        [
          ['subscribe', 'a', 1],
          ['pong', ''],
        ],
      ],
      ['MULTI', notNow('multi')],
    ],
  },
  {
    name: 'a shard channel is not subscribed to within a transaction',
    steps: [
      ['MULTI', OK],
      ['SSUBSCRIBE a', simple('QUEUED')],
      ['EXEC', [error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client")]],
      ['PUBSUB SHARDCHANNELS', []],
    ],
  },
  {
    name: 'PUBSUB looks at subscriptions',
    steps: [
      ['PUBSUB CHANNELS', []],
      ['PUBSUB CHANNELS *', []],
      ['PUBSUB NUMPAT', 0],
      ['PUBSUB NUMSUB', []],
      ['PUBSUB NUMSUB a b a', ['a', 0, 'b', 0, 'a', 0]],
      ['PUBSUB SHARDCHANNELS', []],
      ['PUBSUB SHARDCHANNELS *', []],
      ['PUBSUB SHARDNUMSUB', []],
      ['PUBSUB SHARDNUMSUB a', ['a', 0]],
      ['pubsub numpat', 0],
    ],
  },
  {
    name: 'a subscriber under RESP3 looks at its own subscriptions',
    referenceSince: '7.2.0',
    not: { multi: NO_MESSAGES, cut: 'HELLO in pieces is not followed by the client' },
    steps: [
      ['HELLO 3', anything],
      ['SUBSCRIBE one', push('subscribe', 'one', 1)],
      ['SUBSCRIBE two', push('subscribe', 'two', 2)],
      ['PSUBSCRIBE t*', push('psubscribe', 't*', 3)],
      ['SSUBSCRIBE shard', push('ssubscribe', 'shard', 1)],
      ['PUBSUB CHANNELS', unordered('one', 'two')],
      ['PUBSUB CHANNELS t*', ['two']],
      ['PUBSUB CHANNELS ""', []],
      ['PUBSUB NUMSUB two three', ['two', 1, 'three', 0]],
      ['PUBSUB NUMPAT', 1],
      ['PUBSUB SHARDCHANNELS', ['shard']],
      ['PUBSUB SHARDNUMSUB shard one', ['shard', 1, 'one', 0]],
      ['CLIENT INFO', matching(/ flags=P .* sub=2 psub=1 ssub=1 .* resp=3 /)],
    ],
  },
  {
    name: 'PUBSUB without, with an unknown, and with a wrong subcommand',
    steps: [
      ['PUBSUB', arity('pubsub')],
      ['PUBSUB NOSUCH', error("ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP.")],
      ['PUBSUB CHANNELS a b', syntax('CHANNELS')],
      ['pubsub shardChannels a b', syntax('shardChannels')],
      ['PUBSUB NUMPAT x', arity('pubsub|numpat')],
      ['PUBSUB HELP x', arity('pubsub|help')],
    ],
  },
  {
    name: 'a script may not subscribe',
    not: { multi: QUEUES },
    steps: [
      ["EVAL \"return redis.call('subscribe', 'x')\" 0", matching(/not allowed from script/)],
      ["EVAL \"return redis.call('publish', 'x', 'm')\" 0", 0],
    ],
  },
];
