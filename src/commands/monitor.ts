// MONITOR: the connection watches what all others do (see engine/monitors).

import { command } from '../engine/command-spec.ts';
import { MONITOR_WAITS_FOR_REPLY } from '../resp/errors.ts';

export const monitor = command({
  name: 'monitor',
  since: '1.0.0',
  group: 'server',
  complexity: '',
  summary: 'Shows every command that the server runs, as it runs.',
  arity: 1,
  flags: ['admin', 'noscript', 'loading', 'stale'],
  run({ client, reply, server }) {
    // A transaction is answered as a whole, so there would be no place for what is seen meanwhile.
    if (server.executor.depth > 1) throw MONITOR_WAITS_FOR_REPLY;
    if (client.isMonitor || client.isReplica) return;
    server.monitors.add(client);
    reply.ok();
  },
});
