// The reply of `<container> HELP`: a frame that is common to all containers around the `help` lines of the spec. Here is
// only the frame; which lines a container has stands with the container.

import { upperCaseLatin1 } from '../base/bytes.ts';
import type { CommandContext } from './context.ts';

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
