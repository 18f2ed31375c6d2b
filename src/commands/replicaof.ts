// The commands that give the server another role: a replica of some master, a master, or the replica of one of its own
// replicas. What becomes of it is replication/'s affair.

import { describeClient } from '../engine/client-info.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { FailoverRequest } from '../engine/replication.ts';
import {
  FAILOVER_FORCE_NEEDS_TARGET,
  FAILOVER_IN_PROGRESS,
  FAILOVER_NEEDS_REPLICAS,
  FAILOVER_OF_REPLICA,
  FAILOVER_TIMEOUT_NOT_POSITIVE,
  INVALID_MASTER_PORT,
  NO_FAILOVER,
  NOT_INTEGER,
  REPLICA_CANNOT_COMMAND,
  REPLICAOF_DURING_FAILOVER,
  SYNTAX,
} from '../resp/errors.ts';

const MAX_PORT = 65535;

const masterArgument = arg.oneOf('args', [
  arg.block('host-port', [arg.string('host'), arg.integer('port')]),
  arg.block('no-one', [arg.token('no', 'NO'), arg.token('one', 'ONE')]),
]);

export const replicaof = command({
  name: 'replicaof',
  since: '5.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Makes the server a replica of another, or, with NO ONE, a master.',
  arity: 3,
  flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
  args: [masterArgument],
  run: chooseMaster,
});

export const slaveof = command({
  name: 'slaveof',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Makes the server a replica of another, or, with NO ONE, a master.',
  docFlags: ['deprecated'],
  deprecatedSince: '5.0.0',
  replacedBy: '`REPLICAOF`',
  arity: 3,
  flags: ['admin', 'noscript', 'stale', 'no_async_loading'],
  args: [masterArgument],
  run: chooseMaster,
});

export const failover = command({
  name: 'failover',
  since: '6.2.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Gives the role of the master to one of the replicas.',
  arity: -1,
  flags: ['admin', 'noscript', 'stale'],
  args: [
    arg.block(
      'target',
      [arg.string('host'), arg.integer('port'), arg.token('force', 'FORCE', { optional: true })],
      {
        token: 'TO',
        optional: true,
      },
    ),
    arg.token('abort', 'ABORT', { optional: true }),
    arg.integer('milliseconds', { token: 'TIMEOUT', optional: true }),
  ],
  run(ctx) {
    const { args, reply, server } = ctx;
    const { masterLink, replication } = server;
    if (args.count === 2 && args.is(1, 'abort')) {
      if (!masterLink.abortFailover()) throw NO_FAILOVER;
      reply.ok();
      return;
    }
    const request = readFailover(ctx);
    if (masterLink.failoverState !== 'no-failover') throw FAILOVER_IN_PROGRESS;
    if (masterLink.isReplica) throw FAILOVER_OF_REPLICA;
    if (replication.replicaCount === 0) throw FAILOVER_NEEDS_REPLICAS;
    if (request.forces && (request.timeoutMs === 0 || request.target === null)) {
      throw FAILOVER_FORCE_NEEDS_TARGET;
    }
    masterLink.requestFailover(request);
    reply.ok();
  },
});

function chooseMaster({ args, client, reply, server }: CommandContext): void {
  const { log, masterLink } = server;
  if (masterLink.failoverState !== 'no-failover') throw REPLICAOF_DURING_FAILOVER;
  if (args.is(1, 'no') && args.is(2, 'one')) {
    if (masterLink.isReplica) {
      masterLink.promote();
      log.notice(`MASTER MODE enabled (user request from '${describeClient(client, server)}')`);
    }
    reply.ok();
    return;
  }
  if (client.isReplica) throw REPLICA_CANNOT_COMMAND;
  const host = args.string(1);
  const port = Number(args.int64(2, INVALID_MASTER_PORT));
  if (port < 0 || port > MAX_PORT) throw INVALID_MASTER_PORT;
  if (
    masterLink.isReplica &&
    masterLink.host.toLowerCase() === host.toLowerCase() &&
    masterLink.port === port
  ) {
    log.notice(
      'REPLICAOF would result into synchronization with the master we are already connected with. No operation performed.',
    );
    reply.simple('OK Already connected to specified master');
    return;
  }
  masterLink.follow(host, port);
  log.notice(`REPLICAOF ${host}:${port} enabled (user request from '${describeClient(client, server)}')`);
  reply.ok();
}

function readFailover({ args }: CommandContext): FailoverRequest {
  let target: FailoverRequest['target'] = null;
  let timeoutMs = 0;
  let forces = false;
  for (let i = 1; i < args.count; i++) {
    if (args.is(i, 'timeout') && i + 1 < args.count && timeoutMs === 0) {
      timeoutMs = Number(args.int64(++i, NOT_INTEGER));
      if (timeoutMs <= 0) throw FAILOVER_TIMEOUT_NOT_POSITIVE;
    } else if (args.is(i, 'to') && i + 2 < args.count && target === null) {
      target = { host: args.string(i + 1), port: Number(args.int64(i + 2, NOT_INTEGER)) };
      i += 2;
    } else if (args.is(i, 'force') && !forces) {
      forces = true;
    } else {
      throw SYNTAX;
    }
  }
  return { target, forces, timeoutMs };
}
