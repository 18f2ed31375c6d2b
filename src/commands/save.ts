// Saving the data set to its file: SAVE, BGSAVE, LASTSAVE, and what DEBUG RELOAD does first.

import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { OTHER_JOB_ACTIVE, SAVE_FAILED, SAVE_IN_PROGRESS, SYNTAX } from '../resp/errors.ts';

export const save = command({
  name: 'save',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) for N keys in all databases.',
  summary: 'Saves the data set to its file while everybody waits.',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  run(ctx) {
    const { rdb } = ctx.server.persistence;
    if (rdb.isRunning || ctx.server.persistence.job === 'replica') throw SAVE_IN_PROGRESS;
    if (!rdb.saveOnRequest()) throw SAVE_FAILED;
    // The count of changes is another, but no key has changed.
    ctx.propagateNothing();
    ctx.reply.ok();
  },
});

export const bgsave = command({
  name: 'bgsave',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Saves the data set, as it is now, to its file while the server goes on.',
  arity: -1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  history: [['3.2.2', 'Takes `SCHEDULE`.']],
  args: [arg.token('schedule', 'SCHEDULE', { optional: true, since: '3.2.2' })],
  run: saveInBackground,
});

export const lastsave = command({
  name: 'lastsave',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Tells when the data set was saved last, in seconds since the epoch.',
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  acl: ['admin', 'dangerous'],
  tips: ['nondeterministic_output'],
  run: ({ reply, server }) => reply.integer(server.persistence.rdb.lastSaveSeconds),
});

function saveInBackground({ args, reply, server }: CommandContext): void {
  const schedules = args.count === 2 && args.is(1, 'schedule');
  if (args.count > 1 && !schedules) throw SYNTAX;
  const { persistence } = server;
  const { rdb } = persistence;
  if (rdb.isRunning || persistence.job === 'replica') throw SAVE_IN_PROGRESS;
  // Within EXEC it waits for the end of the transaction, whose effects belong together.
  const isInExec = server.executor.depth > 1;
  if (isInExec || persistence.job !== null) {
    if (!isInExec && !schedules) throw OTHER_JOB_ACTIVE;
    rdb.schedule();
    reply.simple('Background saving scheduled');
    return;
  }
  if (!rdb.startInBackground()) throw SAVE_FAILED;
  reply.simple('Background saving started');
}
