// The commands that replicas send to their master: SYNC and PSYNC, and REPLCONF, by which they say before what they are
// and after how far they have come. What comes of it is replication/'s affair.

import { parseSafeInteger } from '../base/numbers.ts';
import { splitArguments } from '../base/quote.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { ReplicaAnnouncement } from '../engine/replication.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  MISSING_FILTER,
  replicaAddressTooLong,
  SYNTAX,
  unrecognizedReplconf,
  unsupportedFilter,
} from '../resp/errors.ts';

const MAX_ADDRESS_BYTES = 255;

export const sync = command({
  name: 'sync',
  since: '1.0.0',
  group: 'server',
  complexity: '',
  summary: 'Makes the connection a replica: it gets all data, then every change of them.',
  arity: 1,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  run: synchronize,
});

export const psync = command({
  name: 'psync',
  since: '2.8.0',
  group: 'server',
  complexity: '',
  summary: 'Makes the connection a replica, which goes on where it was when that is possible.',
  arity: -3,
  flags: ['admin', 'noscript', 'no_async_loading', 'no_multi'],
  args: [arg.string('replicationid'), arg.integer('offset')],
  run: synchronize,
});

export const replconf = command({
  name: 'replconf',
  since: '3.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'An internal command: a replica describes itself to its master.',
  docFlags: ['syscmd'],
  arity: -1,
  flags: ['admin', 'noscript', 'loading', 'stale', 'allow_busy'],
  run: configureReplica,
});

function synchronize({ args, client, server }: CommandContext): void {
  if (client.isReplica || client.isMonitor) return;
  server.replication.synchronize(client, args);
}

function configureReplica(ctx: CommandContext): void {
  const { args, client, reply, server } = ctx;
  const { replication } = server;
  if (args.count % 2 === 0) throw SYNTAX;
  if (args.count > 1) {
    const announcement = replication.announcementOf(client);
    for (let i = 1; i < args.count; i += 2) {
      // These two have no reply, whatever follows them.
      if (args.is(i, 'getack')) {
        server.masterLink.acknowledgeNow();
        return;
      }
      if (args.is(i, 'ack')) {
        acknowledge(ctx, i);
        return;
      }
      announce(announcement, args, i);
    }
  }
  reply.ok();
}

// ACK <offset> [FACK <offset that is on the disk>]
function acknowledge({ args, client, server }: CommandContext, i: number): void {
  if (!client.isReplica) return;
  const offset = offsetIn(args, i + 1);
  if (Number.isNaN(offset)) return;
  const hasDiskOffset = args.count > i + 3 && args.is(i + 2, 'fack');
  const diskOffset = hasDiskOffset ? offsetIn(args, i + 3) : -1;
  server.replication.acknowledge(client, offset, Number.isNaN(diskOffset) ? -1 : diskOffset);
}

function offsetIn(args: Arguments, i: number): number {
  return parseSafeInteger(args.bytes, args.start(i), args.length(i));
}

/** Takes in the option at argument `i`. */
function announce(announcement: ReplicaAnnouncement, args: Arguments, i: number): void {
  if (args.is(i, 'listening-port')) {
    // As Redis keeps it: the lower 32 bits.
    announcement.listeningPort = Number(BigInt.asIntN(32, BigInt(args.int64(i + 1))));
  } else if (args.is(i, 'ip-address')) {
    const length = args.length(i + 1);
    if (length > MAX_ADDRESS_BYTES) throw replicaAddressTooLong(length);
    announcement.address = args.string(i + 1);
  } else if (args.is(i, 'capa')) {
    // What a replica can do beside that is of no use.
    if (args.is(i + 1, 'eof')) announcement.readsMarkedEnd = true;
    else if (args.is(i + 1, 'psync2')) announcement.readsNewIds = true;
  } else if (args.is(i, 'rdb-only')) {
    announcement.wantsSnapshotOnly = args.intBetween(i + 1, 0, 1) === 1;
  } else if (args.is(i, 'rdb-filter-only')) {
    const wanted = splitArguments(args.string(i + 1));
    if (wanted === null) throw MISSING_FILTER;
    announcement.skipsKeys = announcement.skipsFunctions = true;
    for (const name of wanted) {
      if (name.toLowerCase() !== 'functions') throw unsupportedFilter(name);
      announcement.skipsFunctions = false;
    }
  } else {
    throw unrecognizedReplconf(args.string(i));
  }
}
