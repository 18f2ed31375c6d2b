// CONFIG: the directives of a running server. What they are and what may be set stands in config/; here is the wording
// of requests and replies.

import type { Config } from '../config/config.ts';
import { arg, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';
import { ReplyError, SYNTAX } from '../resp/errors.ts';

const GROUP = 'server';
const FLAGS = ['admin', 'noscript', 'loading', 'stale'] as const;
const TO_ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];

export const config = command({
  name: 'config',
  since: '2.0.0',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about the configuration.',
  arity: -2,
  flags: [],
  help: [
    'GET <pattern> [<pattern> ...]',
    '    Show the directives whose names match, with their values.',
    'SET <directive> <value> [<directive> <value> ...]',
    '    Change directives: all of them, or none when one cannot be changed.',
    'RESETSTAT',
    '    Set the counters that INFO shows back to zero.',
    'REWRITE',
    '    Write the present values to the configuration file.',
  ],
  subcommands: [
    command({
      name: 'get',
      since: '2.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of directives',
      summary: 'Shows directives and their values.',
      arity: -3,
      flags: FLAGS,
      history: [['7.0.0', 'Takes several patterns.']],
      args: [arg.string('parameter', { multiple: true })],
      run: ({ args, reply, server }) => {
        const found = server.config.get(args.strings(2));
        reply.map(found.length);
        for (const [name, value] of found) {
          reply.bulkText(name);
          reply.bulkText(value);
        }
      },
    }),
    helpSubcommand({ since: '5.0.0', group: GROUP }),
    command({
      name: 'resetstat',
      since: '2.0.0',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Sets the counters that INFO shows back to zero.',
      arity: 2,
      flags: FLAGS,
      tips: TO_ALL_NODES,
      run: ({ keyspace, reply, server }) => {
        server.stats.reset();
        keyspace.resetStats();
        server.defragmentation.resetStats();
        server.memoryLimit.resetStats();
        server.executor.statsReset();
        server.persistence.resetStats();
        reply.ok();
      },
    }),
    command({
      name: 'rewrite',
      since: '2.8.0',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Writes the present values to the configuration file.',
      arity: 2,
      flags: FLAGS,
      tips: TO_ALL_NODES,
      run: ({ reply, server }) => {
        const failure = server.config.rewrite({ userLines: server.acl.configLines() });
        if (failure !== null) throw new ReplyError(failure);
        reply.ok();
      },
    }),
    command({
      name: 'set',
      since: '2.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of directives',
      summary: 'Changes directives of the running server.',
      arity: -4,
      flags: FLAGS,
      tips: TO_ALL_NODES,
      history: [['7.0.0', 'Changes several directives at once.']],
      args: [arg.block('data', [arg.string('parameter'), arg.string('value')], { multiple: true })],
      secrets: sensitiveValues,
      run: setDirectives,
    }),
  ],
});

function setDirectives({ args, client, reply, server }: CommandContext): void {
  if (args.count % 2 !== 0) throw SYNTAX;
  const pairs: [string, string][] = [];
  for (let i = 2; i < args.count; i += 2) pairs.push([args.string(i), args.string(i + 1)]);
  const failure = server.config.set(pairs, {
    loading: server.loading.isActive,
    local: client.connection.isLocal,
  });
  if (failure !== null) throw new ReplyError(failure);
  reply.ok();
}

function sensitiveValues(args: Arguments, directives: Config): number[] {
  const found: number[] = [];
  for (let i = 2; i + 1 < args.count; i += 2) if (directives.isSensitive(args.string(i))) found.push(i + 1);
  return found;
}
