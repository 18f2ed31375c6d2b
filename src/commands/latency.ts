// LATENCY: how long commands take. The events of the latency monitor are not watched yet.

import { arg, type Command, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import type { LatencyHistogram } from '../engine/latency-histogram.ts';

const GROUP = 'server';
const FLAGS = ['admin', 'noscript', 'loading', 'stale'] as const;

export const latency = command({
  name: 'latency',
  since: '2.8.13',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about durations.',
  arity: -2,
  flags: [],
  help: [
    'HISTOGRAM [<command> ...]',
    '    Show how often commands took how long: for the named ones and their subcommands, or for all.',
    'RESET [<event> ...]',
    '    Forget the samples of events, of all without a name.',
  ],
  subcommands: [
    helpSubcommand({ since: '2.8.13', group: GROUP }),
    command({
      name: 'histogram',
      since: '7.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of commands shown',
      summary: 'Shows how often commands took how long.',
      arity: -2,
      flags: FLAGS,
      tips: ['nondeterministic_output', 'request_policy:all_nodes', 'response_policy:special'],
      args: [arg.string('command', { optional: true, multiple: true })],
      run: replyHistograms,
    }),
    command({
      name: 'reset',
      since: '2.8.13',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Forgets the samples of events.',
      arity: -2,
      flags: FLAGS,
      tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
      args: [arg.string('event', { optional: true, multiple: true })],
      // No event has samples, so none is reset.
      run: ({ reply }) => reply.integer(0),
    }),
  ],
});

function replyHistograms({ args, reply, server }: CommandContext): void {
  const { stats, table } = server;
  const names = args.strings(2);
  const asked =
    names.length === 0
      ? [...table.commands.values()]
      : names.map((name) => table.get(name)).filter((one) => one !== null);
  const kept = new Map(stats.commands);
  const found: [Command, LatencyHistogram][] = [];
  for (const top of asked) {
    for (const one of [top, ...top.subcommands.values()]) {
      const histogram = kept.get(one)?.histogram ?? null;
      if (histogram !== null) found.push([one, histogram]);
    }
  }
  reply.map(found.length);
  for (const [one, histogram] of found) {
    reply.bulkText(one.fullName);
    reply.map(2);
    reply.bulkText('calls');
    reply.integer(histogram.count);
    reply.bulkText('histogram_usec');
    const limits = histogram.cumulative();
    reply.map(limits.length);
    for (const [limitMicroseconds, count] of limits) {
      reply.integer(limitMicroseconds);
      reply.integer(count);
    }
  }
}
