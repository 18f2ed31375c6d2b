// The subcommand HELP of containers, whose reply is a frame common to all of them around the `help` lines of the spec. Here
// is only the frame; which lines a container has stands with the container.

import { upperCaseLatin1 } from '../base/bytes.ts';
import { type Command, type CommandSpec, command } from './command-spec.ts';
import type { CommandContext } from './context.ts';

/** The subcommand HELP of one container. */
export function helpSubcommand(facts: Pick<CommandSpec, 'since' | 'group' | 'acl'>): Command {
  return command({
    name: 'help',
    complexity: 'O(1)',
    summary: 'Explains the subcommands.',
    arity: 2,
    flags: ['loading', 'stale'],
    run: replyHelp,
    ...facts,
  });
}

/**
 * Answers the help of the container that the running subcommand belongs to (or of the running command), as an array of
 * simple strings. The frame names the container as the request did, so a renamed one shows its new name.
 */
export function replyHelp(ctx: CommandContext): void {
  const { args, reply, command } = ctx;
  const lines = (command.parent ?? command).spec.help ?? [];
  const container = upperCaseLatin1(args.string(0));
  reply.array(lines.length + 3);
  reply.simple(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  for (const line of lines) reply.simple(line);
  reply.simple('HELP');
  reply.simple('    Print this help.');
}
