// Saving the data set to its file: SAVE, and what DEBUG RELOAD does first.

import { command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import { SAVE_FAILED } from '../resp/errors.ts';

export const save = command({
  name: 'save',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(N) for N keys in all databases.',
  summary: 'Saves the data set to its file while everybody waits.',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  run(ctx) {
    saveDataSet(ctx);
    ctx.reply.ok();
  },
});

/** Saves, or throws; then no changes are waiting to be saved. */
export function saveDataSet(ctx: CommandContext): void {
  if (!ctx.server.persistence.save()) throw SAVE_FAILED;
  ctx.dirty = 0;
  // The count has changed, but no key has.
  ctx.propagateNothing();
}
