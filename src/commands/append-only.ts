// BGREWRITEAOF. What it begins is in persistence/aof.

import { command } from '../engine/command-spec.ts';
import { REWRITE_FAILED, REWRITE_IN_PROGRESS } from '../resp/errors.ts';

export const bgrewriteaof = command({
  name: 'bgrewriteaof',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary:
    'Rewrites the append-only files, so that they hold no more than the data, while the server goes on.',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading'],
  run({ reply, server }) {
    const { aof, job } = server.persistence;
    if (aof.isRewriting) throw REWRITE_IN_PROGRESS;
    // Within EXEC it waits for the end of the transaction, whose effects belong together.
    if (job !== null || server.executor.depth > 1) {
      aof.scheduleRewrite();
      reply.simple('Background append only file rewriting scheduled');
      return;
    }
    if (!aof.startRewrite()) throw REWRITE_FAILED;
    reply.simple('Background append only file rewriting started');
  },
});
