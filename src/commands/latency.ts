// LATENCY: how long commands take, and which events took too long. What is recorded is in engine/latency-monitor.

import { arg, type Command, type CommandSpec, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { latencyReport } from '../engine/latency-doctor.ts';
import { drawLatency } from '../engine/latency-graph.ts';
import type { LatencyHistogram } from '../engine/latency-histogram.ts';
import { noLatencySamples } from '../resp/errors.ts';

const GROUP = 'server';
const ALL_NODES: readonly string[] = [
  'nondeterministic_output',
  'request_policy:all_nodes',
  'response_policy:special',
];

const subcommand = (
  spec: Pick<CommandSpec, 'name' | 'summary' | 'arity' | 'run'> & Partial<CommandSpec>,
): Command =>
  command({
    since: '2.8.13',
    group: GROUP,
    complexity: 'O(1)',
    flags: ['admin', 'noscript', 'loading', 'stale'],
    tips: ALL_NODES,
    ...spec,
  });

export const latency = command({
  name: 'latency',
  since: '2.8.13',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about durations.',
  arity: -2,
  flags: [],
  help: [
    'DOCTOR',
    '    Tell what was slow, and what can be done about it.',
    'GRAPH <event>',
    '    Draw the samples of an event.',
    'HISTORY <event>',
    '    Show the samples of an event: seconds since 1970, and milliseconds.',
    'LATEST',
    '    Show the last sample of every event, and the longest one.',
    'RESET [<event> ...]',
    '    Forget the samples of events, of all without a name.',
    'HISTOGRAM [COMMAND ...]',
    '    Show how often commands took how long: for the named ones and their subcommands, or for all.',
  ],
  subcommands: [
    subcommand({
      name: 'doctor',
      summary: 'Tells what was slow, and what can be done about it.',
      arity: 2,
      run: ({ reply, server, nowMs }) =>
        reply.verbatim(latencyReport(server, Math.floor(nowMs / 1000)), 'txt'),
    }),
    subcommand({
      name: 'graph',
      summary: 'Draws the samples of an event.',
      arity: 3,
      args: [arg.string('event')],
      run: ({ args, reply, server, nowMs }) => {
        const series = server.latency.of(args.string(2));
        if (series === undefined) throw noLatencySamples(args.string(2));
        reply.verbatim(drawLatency(series, Math.floor(nowMs / 1000)), 'txt');
      },
    }),
    helpSubcommand({ since: '2.8.13', group: GROUP }),
    subcommand({
      name: 'histogram',
      since: '7.0.0',
      complexity: 'O(N) where N is the number of commands shown',
      summary: 'Shows how often commands took how long.',
      arity: -2,
      args: [arg.string('command', { optional: true, multiple: true })],
      run: replyHistograms,
    }),
    subcommand({
      name: 'history',
      summary: 'Shows the samples of an event.',
      arity: 3,
      args: [arg.string('event')],
      run: ({ args, reply, server }) => {
        const samples = server.latency.of(args.string(2))?.samples ?? [];
        reply.array(samples.length);
        for (const { timeSeconds, durationMs } of samples) {
          reply.array(2);
          reply.integer(timeSeconds);
          reply.integer(durationMs);
        }
      },
    }),
    subcommand({
      name: 'latest',
      summary: 'Shows the last and the longest sample of every event.',
      arity: 2,
      run: ({ reply, server }) => {
        const { all } = server.latency;
        reply.array(all.size);
        for (const { event, samples, maxMs } of all.values()) {
          const { timeSeconds, durationMs } = samples.at(-1)!;
          reply.array(4);
          reply.bulkText(event);
          reply.integer(timeSeconds);
          reply.integer(durationMs);
          reply.integer(maxMs);
        }
      },
    }),
    subcommand({
      name: 'reset',
      summary: 'Forgets the samples of events.',
      arity: -2,
      tips: ['request_policy:all_nodes', 'response_policy:agg_sum'],
      args: [arg.string('event', { optional: true, multiple: true })],
      run: ({ args, reply, server }) => {
        let count = args.count > 2 ? 0 : server.latency.reset(null);
        for (let i = 2; i < args.count; i++) count += server.latency.reset(args.string(i));
        reply.integer(count);
      },
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
