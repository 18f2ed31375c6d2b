// SHUTDOWN: reads what is asked for. Whether and how the server can end is its life cycle's affair.

import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { NO_SHUTDOWN, SYNTAX } from '../resp/errors.ts';

export const shutdown = command({
  name: 'shutdown',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) when it saves, where N is the number of keys; otherwise O(1)',
  summary: 'Ends the server, after saving the data set where that is wanted.',
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'no_multi', 'allow_busy'],
  history: [['7.0.0', 'Takes `NOW`, `FORCE` and `ABORT`.']],
  args: [
    arg.oneOf('save-selector', [arg.token('nosave', 'NOSAVE'), arg.token('save', 'SAVE')], {
      optional: true,
    }),
    arg.token('now', 'NOW', { optional: true, since: '7.0.0' }),
    arg.token('force', 'FORCE', { optional: true, since: '7.0.0' }),
    arg.token('abort', 'ABORT', { optional: true, since: '7.0.0' }),
  ],
  run: shutDown,
});

function shutDown(ctx: CommandContext): void {
  const { args, reply, server } = ctx;
  const chosen = { nosave: false, save: false, now: false, force: false, abort: false };
  const words = Object.keys(chosen) as (keyof typeof chosen)[];
  for (let i = 1; i < args.count; i++) {
    const word = words.find((one) => args.is(i, one));
    if (word === undefined) throw SYNTAX;
    chosen[word] = true;
  }
  const { abort, save, nosave, now, force } = chosen;
  if ((abort && (save || nosave || now || force)) || (save && nosave)) throw SYNTAX;
  if (abort) {
    if (!server.lifecycle.abortShutdown()) throw NO_SHUTDOWN;
    reply.ok();
    return;
  }
  if (server.executor.isSuspended && !nosave) throw server.scripting.busyError;
  // No reply: the end of the connection is the answer.
  server.lifecycle.shutdown(ctx, { save: save ? 'save' : nosave ? 'nosave' : 'default', now, force });
}
