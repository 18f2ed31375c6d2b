// MEMORY: what memory is used for. The figures are this server's own and exact: its values do not take what Redis's take.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { SYNTAX } from '../resp/errors.ts';
import { memoryReport } from './memory-doctor.ts';
import { replyMallocStats, replyMemoryStats } from './memory-stats.ts';

const SINCE = { since: '4.0.0', group: 'server' } as const;
const TO_ALL_SHARDS = [
  'nondeterministic_output',
  'request_policy:all_shards',
  'response_policy:special',
] as const;

export const memory = command({
  ...SINCE,
  name: 'memory',
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about memory.',
  arity: -2,
  flags: [],
  help: [
    'DOCTOR',
    '    Say what looks wrong with the use of memory.',
    'MALLOC-STATS',
    '    Show how the allocator of user data is filled.',
    'PURGE',
    '    Give memory that is kept for later use back to the system.',
    'STATS',
    '    Show what memory is used for.',
    'USAGE <key> [SAMPLES <count>]',
    '    Show the bytes that a key and its value take. All of the value is counted, whatever SAMPLES says.',
  ],
  subcommands: [
    command({
      ...SINCE,
      name: 'doctor',
      complexity: 'O(1)',
      summary: 'Says what looks wrong with the use of memory.',
      arity: 2,
      flags: [],
      tips: TO_ALL_SHARDS,
      run: ({ reply, server }) => reply.verbatim(memoryReport(server), 'txt'),
    }),
    helpSubcommand(SINCE),
    command({
      ...SINCE,
      name: 'malloc-stats',
      complexity: 'Depends on how much memory is allocated, could be slow',
      summary: 'Shows how the allocator of user data is filled.',
      arity: 2,
      flags: [],
      tips: TO_ALL_SHARDS,
      run: replyMallocStats,
    }),
    command({
      ...SINCE,
      name: 'purge',
      complexity: 'Depends on how much memory is allocated, could be slow',
      summary: 'Gives memory that is kept for later use back to the system.',
      arity: 2,
      flags: [],
      tips: ['request_policy:all_shards', 'response_policy:all_succeeded'],
      run({ keyspace, reply }) {
        keyspace.purge();
        reply.ok();
      },
    }),
    command({
      ...SINCE,
      name: 'stats',
      complexity: 'O(1)',
      summary: 'Shows what memory is used for.',
      arity: 2,
      flags: [],
      tips: TO_ALL_SHARDS,
      run: replyMemoryStats,
    }),
    command({
      ...SINCE,
      name: 'usage',
      complexity: 'O(N) where N is the number of samples.',
      summary: 'Shows the bytes that a key and its value take.',
      arity: -3,
      flags: ['readonly'],
      keys: [keyAt(2, 'RO')],
      args: [arg.key('key'), arg.integer('count', { token: 'SAMPLES', optional: true })],
      run: replyUsage,
    }),
  ],
});

function replyUsage({ args, db, reply }: CommandContext): void {
  for (let i = 3; i < args.count; i += 2) {
    if (!args.is(i, 'samples') || i + 1 === args.count) throw SYNTAX;
    if (args.int64(i + 1) < 0) throw SYNTAX;
  }
  const ref = db.peekText(args.string(2));
  if (ref === 0) reply.null();
  else reply.integer(db.entryBytes(ref));
}
