// MEMORY: what keys take. The figures are this server's own and exact: its values do not take what Redis's take.

import { arg, command, keyAt } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { SYNTAX } from '../resp/errors.ts';

export const memory = command({
  name: 'memory',
  since: '4.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about memory.',
  arity: -2,
  flags: [],
  help: [
    'USAGE <key> [SAMPLES <count>]',
    '    Show the bytes that a key and its value take. All of the value is counted, whatever SAMPLES says.',
  ],
  subcommands: [
    helpSubcommand({ since: '4.0.0', group: 'server' }),
    command({
      name: 'usage',
      since: '4.0.0',
      group: 'server',
      complexity: 'O(1)',
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
    if (!args.is(i, 'samples') || i + 1 === args.count || args.int64(i + 1) < 0) throw SYNTAX;
  }
  const ref = db.peekText(args.string(2));
  if (ref === 0) reply.null();
  else reply.integer(db.entryBytes(ref));
}
