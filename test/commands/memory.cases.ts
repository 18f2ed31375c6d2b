// MEMORY and its subcommands.

import type { CommandCase } from '../support/case.ts';
import { anything, error, integerBetween, map, matching, OK } from '../support/expected.ts';

const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const SYNTAX = error('ERR syntax error');
const bytes = integerBetween(0, Number.MAX_SAFE_INTEGER);
const difference = integerBetween(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

export const cases: CommandCase[] = [
  {
    name: 'MEMORY USAGE is an integer for a key, null for none',
    steps: [
      ['MEMORY USAGE a', null],
      ['SET a text', OK],
      ['MEMORY USAGE a', integerBetween(16, 128)],
      ['MEMORY USAGE a SAMPLES 5', integerBetween(16, 128)],
      ['memory usage a samples 0 samples 9', integerBetween(16, 128)],
      [['SET', 'a', 'x'.repeat(10_000)], OK],
      ['MEMORY USAGE a', integerBetween(10_000, 13_000)],
      ['MEMORY USAGE a SAMPLES', SYNTAX],
      ['MEMORY USAGE a SAMPLES -1', SYNTAX],
      ['MEMORY USAGE a SAMPLES x', error('ERR value is not an integer or out of range')],
      ['MEMORY USAGE a nosuch 1', SYNTAX],
      ['MEMORY USAGE', arity('memory|usage')],
      ['MEMORY nosuch', error("ERR unknown subcommand 'nosuch'. Try MEMORY HELP.")],
    ],
  },
  {
    name: 'MEMORY USAGE counts collections',
    steps: [
      [['RPUSH', 'l', ...Array.from({ length: 300 }, () => 'x'.repeat(100))], 300],
      ['MEMORY USAGE l', integerBetween(30_000, 45_000)],
      [['SADD', 's', ...Array.from({ length: 300 }, (_, i) => `member:${i}`)], 300],
      ['MEMORY USAGE s SAMPLES 0', integerBetween(6_000, 40_000)],
      ['XADD x * field value', anything],
      ['MEMORY USAGE x', integerBetween(100, 6_000)],
    ],
  },
  {
    name: 'MEMORY STATS is a map of figures, with one for each database that has keys',
    steps: [
      ['SET a 1', OK],
      [
        'MEMORY STATS',
        map(
          ['peak.allocated', bytes],
          ['total.allocated', bytes],
          ['startup.allocated', bytes],
          ['replication.backlog', bytes],
          ['clients.slaves', bytes],
          ['clients.normal', bytes],
          ['cluster.links', 0],
          ['aof.buffer', bytes],
          ['lua.caches', bytes],
          ['functions.caches', bytes],
          [
            'db.0',
            map(
              ['overhead.hashtable.main', bytes],
              ['overhead.hashtable.expires', bytes],
              ['overhead.hashtable.slot-to-keys', 0],
            ),
          ],
          ['overhead.total', bytes],
          ['keys.count', 1],
          ['keys.bytes-per-key', bytes],
          ['dataset.bytes', bytes],
          ['dataset.percentage', anything],
          ['peak.percentage', anything],
          ['allocator.allocated', bytes],
          ['allocator.active', bytes],
          ['allocator.resident', bytes],
          ['allocator-fragmentation.ratio', anything],
          ['allocator-fragmentation.bytes', difference],
          ['allocator-rss.ratio', anything],
          ['allocator-rss.bytes', difference],
          ['rss-overhead.ratio', anything],
          ['rss-overhead.bytes', difference],
          ['fragmentation', anything],
          ['fragmentation.bytes', difference],
        ),
      ],
      ['MEMORY STATS x', arity('memory|stats')],
    ],
  },
  {
    name: 'MEMORY DOCTOR and MALLOC-STATS are texts for people, PURGE is done',
    steps: [
      ['MEMORY DOCTOR', matching(/little memory/)],
      ['MEMORY MALLOC-STATS', matching(/statistics/)],
      ['MEMORY PURGE', OK],
      ['MEMORY DOCTOR x', arity('memory|doctor')],
      ['MEMORY MALLOC-STATS x', arity('memory|malloc-stats')],
      ['MEMORY PURGE x', arity('memory|purge')],
      ['MEMORY', arity('memory')],
      ['MEMORY HELP x', arity('memory|help')],
    ],
  },
];
