// Waiting until what the client has written is elsewhere, too: WAIT for replicas, WAITAOF for disks.

import { TYPE } from '../datatypes/kind.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { WaitGoal } from '../engine/replication.ts';
import { NOT_POSITIVE, WAIT_ON_REPLICA, WAITAOF_ON_REPLICA, WAITAOF_WITHOUT_AOF } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { timeoutOfMilliseconds } from './block-timeout.ts';

const TIPS = ['request_policy:all_shards', 'response_policy:agg_min'];

export const wait = command({
  name: 'wait',
  since: '3.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: "Waits until so many replicas have acknowledged the connection's writes; tells how many have.",
  arity: 3,
  flags: [],
  acl: ['connection'],
  tips: TIPS,
  args: [arg.integer('numreplicas'), arg.integer('timeout')],
  run(ctx) {
    const { args, client, server } = ctx;
    if (server.masterLink.isReplica) throw WAIT_ON_REPLICA;
    const replicas = Number(args.int64(1));
    const timeoutMs = timeoutOfMilliseconds(ctx, 2);
    const { replication } = server;
    const goal = replication.goalOf(client) ?? {
      offset: client.writeOffset,
      replicas,
      local: 0,
      onDisk: false,
    };
    const answer = (reply: ReplyWriter) => reply.integer(replication.countAt(goal.offset, false));
    if (replication.countAt(goal.offset, false) >= replicas) answer(ctx.reply);
    else waitFor(ctx, goal, timeoutMs, answer);
  },
});

export const waitaof = command({
  name: 'waitaof',
  since: '7.2.0',
  group: 'generic',
  complexity: 'O(1)',
  summary:
    "Waits until the append-only files of this server and of so many replicas have the connection's writes on the disk.",
  arity: 4,
  flags: ['noscript'],
  acl: ['connection'],
  tips: TIPS,
  args: [arg.integer('numlocal'), arg.integer('numreplicas'), arg.integer('timeout')],
  run(ctx) {
    const { args, client, server } = ctx;
    const { replication } = server;
    const local = args.intBetween(1, 0, 1);
    const replicas = Number(args.int64(2));
    if (replicas < 0) throw NOT_POSITIVE;
    const timeoutMs = timeoutOfMilliseconds(ctx, 3);
    if (server.masterLink.isReplica) throw WAITAOF_ON_REPLICA;
    if (local > 0 && !server.config.values.appendonly) throw WAITAOF_WITHOUT_AOF;
    const goal = replication.goalOf(client) ?? { offset: client.writeOffset, replicas, local, onDisk: true };
    const localCount = () => (replication.diskOffset >= goal.offset ? 1 : 0);
    const answer = (reply: ReplyWriter) => {
      reply.array(2);
      reply.integer(localCount());
      reply.integer(replication.countAt(goal.offset, true));
    };
    if (replication.countAt(goal.offset, true) >= replicas && localCount() >= local) answer(ctx.reply);
    else waitFor(ctx, goal, timeoutMs, answer);
  },
});

function waitFor(
  ctx: CommandContext,
  goal: WaitGoal,
  timeoutMs: number,
  nothing: (reply: ReplyWriter) => void,
): void {
  const { client, server } = ctx;
  server.blocking.wait(ctx, { keys: [], type: TYPE.LIST, timeoutMs, nothing });
  if (client.wait !== null) server.replication.waitFor(client, goal);
}
