// OBJECT and its subcommands.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, OK, simple } from '../support/expected.ts';

const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const NO_IDLE_TIME = error(
  'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
const NO_FREQUENCY = error(
  'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
);
const SHARED = 2147483647;

export const cases: CommandCase[] = [
  {
    name: 'OBJECT ENCODING names the encodings of strings',
    steps: [
      ['OBJECT ENCODING a', null],
      ['SET a 12', OK],
      ['OBJECT ENCODING a', 'int'],
      ['SET a text', OK],
      ['object encoding a', 'embstr'],
      [['SET', 'a', 'x'.repeat(44)], OK],
      ['OBJECT ENCODING a', 'embstr'],
      [['SET', 'a', 'x'.repeat(45)], OK],
      ['OBJECT ENCODING a', 'raw'],
    ],
  },
  {
    name: 'OBJECT REFCOUNT is that of Redis, which shares small integers',
    steps: [
      ['OBJECT REFCOUNT a', null],
      ['SET a text', OK],
      ['OBJECT REFCOUNT a', 1],
      ['SET a 0', OK],
      ['OBJECT REFCOUNT a', SHARED],
      ['SET a 9999', OK],
      ['OBJECT REFCOUNT a', SHARED],
      ['SET a 10000', OK],
      ['OBJECT REFCOUNT a', 1],
      ['SET a -1', OK],
      ['OBJECT REFCOUNT a', 1],
      ['INCR a', 0],
      ['OBJECT REFCOUNT a', SHARED],
      ['RENAME a b', OK],
      ['OBJECT REFCOUNT b', SHARED],
    ],
  },
  {
    name: 'under a memory limit with an LRU policy integers are not shared',
    config: { maxmemory: '1gb', 'maxmemory-policy': 'allkeys-lru' },
    steps: [
      ['SET a 5', OK],
      ['OBJECT REFCOUNT a', 1],
    ],
  },
  {
    name: 'under a memory limit with an LFU policy neither',
    config: { maxmemory: '1gb', 'maxmemory-policy': 'volatile-lfu' },
    steps: [
      ['SET a 5', OK],
      ['OBJECT REFCOUNT a', 1],
    ],
  },
  {
    name: 'under a memory limit with another policy they are',
    config: { maxmemory: '1gb', 'maxmemory-policy': 'volatile-ttl' },
    steps: [
      ['SET a 5', OK],
      ['OBJECT REFCOUNT a', SHARED],
    ],
  },
  {
    name: 'without a memory limit they are, whatever the policy',
    config: { 'maxmemory-policy': 'allkeys-lru' },
    steps: [
      ['SET a 5', OK],
      ['OBJECT REFCOUNT a', SHARED],
    ],
  },
  {
    name: 'OBJECT IDLETIME counts seconds since the last access',
    steps: [
      ['OBJECT IDLETIME a', null],
      ['SET a text', OK],
      ['SET b text', OK],
      ['OBJECT IDLETIME a', integerBetween(0, 1)],
      { waitMs: 3100 },
      ['OBJECT IDLETIME a', integerBetween(2, 4)],
      // Looking is no access.
      ['TTL a', -1],
      ['TYPE a', simple('string')],
      ['EXISTS a', 1],
      ['OBJECT ENCODING a', 'embstr'],
      ['OBJECT IDLETIME a', integerBetween(2, 4)],
      ['TOUCH a', 1],
      ['OBJECT IDLETIME a', integerBetween(0, 1)],
      ['OBJECT IDLETIME b', integerBetween(2, 4)],
      ['GET b', 'text'],
      ['OBJECT IDLETIME b', integerBetween(0, 1)],
    ],
  },
  {
    name: 'a client in NO-TOUCH mode leaves no trace but by TOUCH',
    referenceSince: '7.2',
    not: { resp3: 'one real wait is enough' },
    steps: [
      ['SET a text', OK],
      ['CLIENT NO-TOUCH on', OK],
      { waitMs: 3100 },
      ['GET a', 'text'],
      ['OBJECT IDLETIME a', integerBetween(2, 4)],
      ['TOUCH a', 1],
      ['OBJECT IDLETIME a', integerBetween(0, 1)],
    ],
  },
  {
    name: 'OBJECT FREQ needs an LFU policy',
    steps: [
      ['OBJECT FREQ a', null],
      ['SET a text', OK],
      ['OBJECT FREQ a', NO_FREQUENCY],
    ],
  },
  {
    name: 'OBJECT FREQ begins at five and grows by luck',
    referenceSince: '7.2',
    config: { 'maxmemory-policy': 'allkeys-lfu' },
    steps: [
      ['OBJECT IDLETIME a', null],
      ['SET a text', OK],
      ['OBJECT IDLETIME a', NO_IDLE_TIME],
      ['OBJECT FREQ a', 5],
      ['GET a', 'text'],
      ['OBJECT FREQ a', integerBetween(5, 6)],
      ['COPY a b', 1],
      ['OBJECT FREQ b', 5],
      ['RENAME a c', OK],
      ['OBJECT FREQ c', 5],
    ],
  },
  {
    name: 'OBJECT wants a subcommand that it knows',
    steps: [
      ['OBJECT', arity('object')],
      ['OBJECT NONSENSE', error("ERR unknown subcommand 'NONSENSE'. Try OBJECT HELP.")],
      ['OBJECT NONSENSE a', error("ERR unknown subcommand 'NONSENSE'. Try OBJECT HELP.")],
      ['OBJECT ENCODING', arity('object|encoding')],
      ['OBJECT ENCODING a b', arity('object|encoding')],
      ['object refcount', arity('object|refcount')],
      ['OBJECT FREQ', arity('object|freq')],
      ['OBJECT IDLETIME', arity('object|idletime')],
      ['OBJECT HELP a', arity('object|help')],
    ],
  },
  {
    name: 'OBJECT HELP explains itself',
    not: { reference: 'the explanations are in words of our own' },
    steps: [
      [
        'OBJECT HELP',
        [
          simple('OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:'),
          simple('ENCODING <key>'),
          simple('    The name of the encoding in which the value of <key> is kept.'),
          simple('FREQ <key>'),
          simple('    How often <key> has been accessed of late, as a logarithmic counter. It is kept'),
          simple('    under an LFU maxmemory policy only.'),
          simple('IDLETIME <key>'),
          simple('    The seconds since <key> was last read or written. They are kept unless an LFU'),
          simple('    maxmemory policy is selected.'),
          simple('REFCOUNT <key>'),
          simple('    How many references there are to the value of <key>.'),
          simple('HELP'),
          simple('    Print this help.'),
        ],
      ],
    ],
  },
];
