// Small commands about the server as a whole: its clock, its role.

import { command } from '../engine/command-spec.ts';

export const time = command({
  name: 'time',
  since: '2.6.0',
  group: 'server',
  complexity: 'O(1)',
  summary: "Tells the server's time: seconds since the epoch, and microseconds.",
  arity: 1,
  flags: ['loading', 'stale', 'fast'],
  tips: ['nondeterministic_output'],
  run: ({ reply, server }) => {
    // Within a transaction or a script time stands still.
    const isWithin = server.executor.depth > 1;
    const nowUs = isWithin ? server.keyspace.nowMs * 1000 : server.runtime.clock.nowUs();
    const seconds = Math.floor(nowUs / 1e6);
    reply.array(2);
    reply.bulkInteger(seconds);
    reply.bulkInteger(nowUs - seconds * 1e6);
  },
});

export const role = command({
  name: 'role',
  since: '2.8.12',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Tells the part that the server has in replication.',
  arity: 1,
  flags: ['noscript', 'loading', 'stale', 'fast'],
  acl: ['admin', 'dangerous'],
  run: ({ reply, server: { masterLink, replication } }) => {
    if (masterLink.isReplica) {
      reply.array(5);
      reply.bulkText('slave');
      reply.bulkText(masterLink.host);
      reply.integer(masterLink.port);
      reply.bulkText(masterLink.state);
      reply.integer(masterLink.appliedOffset);
      return;
    }
    const online = replication.figures().filter(({ state }) => state === 'online');
    reply.array(3);
    reply.bulkText('master');
    reply.integer(replication.history.offset);
    reply.array(online.length);
    for (const { host, port, acknowledgedOffset } of online) {
      reply.array(3);
      reply.bulkText(host);
      reply.bulkInteger(port);
      reply.bulkInteger(acknowledgedOffset);
    }
  },
});
