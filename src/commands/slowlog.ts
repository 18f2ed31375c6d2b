// SLOWLOG: the requests that took long.

import { arg, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { COUNT_BELOW_MINUS_ONE, syntaxOfSubcommand } from '../resp/errors.ts';

const GROUP = 'server';
const FLAGS = ['admin', 'loading', 'stale'] as const;
const STANDARD_COUNT = 10;

export const slowlog = command({
  name: 'slowlog',
  since: '2.2.12',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about slow requests.',
  arity: -2,
  flags: [],
  help: [
    'GET [<count>]',
    '    Show the last <count> slow requests (10 of them, or all with -1), the newest first. Of each: its',
    '    number, the time, how many microseconds it took, its arguments, address and name of its client.',
    'LEN',
    '    Count the slow requests that are kept.',
    'RESET',
    '    Forget them.',
  ],
  subcommands: [
    command({
      name: 'get',
      since: '2.2.12',
      group: GROUP,
      complexity: 'O(N) where N is the number of requests shown',
      summary: 'Shows slow requests.',
      arity: -2,
      flags: FLAGS,
      tips: ['request_policy:all_nodes', 'nondeterministic_output'],
      history: [['4.0.0', 'Shows address and name of the client.']],
      args: [arg.integer('count', { optional: true })],
      run: replyEntries,
    }),
    helpSubcommand({ since: '6.2.0', group: GROUP }),
    command({
      name: 'len',
      since: '2.2.12',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Counts the slow requests that are kept.',
      arity: 2,
      flags: FLAGS,
      tips: ['request_policy:all_nodes', 'response_policy:agg_sum', 'nondeterministic_output'],
      run: ({ reply, server }) => reply.integer(server.slowLog.length),
    }),
    command({
      name: 'reset',
      since: '2.2.12',
      group: GROUP,
      complexity: 'O(N) where N is the number of requests that are kept',
      summary: 'Forgets all slow requests.',
      arity: 2,
      flags: FLAGS,
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      run: ({ reply, server }) => {
        server.slowLog.reset();
        reply.ok();
      },
    }),
  ],
});

function replyEntries({ args, reply, server }: CommandContext): void {
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), 'slowlog');
  const count = args.count > 2 ? Number(args.int64(2, COUNT_BELOW_MINUS_ONE)) : STANDARD_COUNT;
  if (count < -1) throw COUNT_BELOW_MINUS_ONE;
  const entries = server.slowLog.latest(count === -1 ? server.slowLog.length : count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.array(6);
    reply.integer(entry.id);
    reply.integer(entry.timeSeconds);
    reply.integer(entry.durationUs);
    reply.array(entry.args.length);
    for (const text of entry.args) reply.bulkText(text);
    reply.bulkText(entry.address);
    reply.bulkText(entry.clientName);
  }
}
