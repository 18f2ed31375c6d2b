// The commands that replicas send to their master: SYNC, and REPLCONF, by which they say before what they are and after
// how far they have come. What comes of it is replication/'s affair.

import { parseSafeInteger } from '../base/numbers.ts';
import { splitArguments } from '../base/quote.ts';
import { command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { ReplicaAnnouncement } from '../engine/replication.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  FILTER_NEEDS_MARKED_END,
  MISSING_FILTER,
  replicaAddressTooLong,
  SYNC_WITH_PENDING_OUTPUT,
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
  run({ client, server }) {
    if (client.isReplica || client.isMonitor) return;
    // The snapshot must be the first that the replica reads.
    if (client.connection.replyBytes + client.connection.outputBytes > 0) throw SYNC_WITH_PENDING_OUTPUT;
    const { skipsKeys, readsMarkedEnd } = server.replication.announcementOf(client);
    if (skipsKeys && !readsMarkedEnd) throw FILTER_NEEDS_MARKED_END;
    server.replication.attach(client);
  },
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

function configureReplica({ args, client, reply, server }: CommandContext): void {
  const { replication } = server;
  if (args.count % 2 === 0) throw SYNTAX;
  if (args.count > 1) {
    const announcement = replication.announcementOf(client);
    for (let i = 1; i < args.count; i += 2) {
      // These two have no reply, whatever follows them.
      if (args.is(i, 'getack')) return;
      if (args.is(i, 'ack')) {
        const offset = parseSafeInteger(args.bytes, args.start(i + 1), args.length(i + 1));
        if (client.isReplica && !Number.isNaN(offset)) replication.acknowledge(client, offset);
        return;
      }
      announce(announcement, args, i);
    }
  }
  reply.ok();
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
    // What a replica can do beside that is of no use yet.
    if (args.is(i + 1, 'eof')) announcement.readsMarkedEnd = true;
  } else if (args.is(i, 'rdb-only')) {
    announcement.wantsSnapshotOnly = args.intBetween(i + 1, 0, 1) === 1;
  } else if (args.is(i, 'rdb-filter-only')) {
    const wanted = splitArguments(args.string(i + 1));
    if (wanted === null) throw MISSING_FILTER;
    announcement.skipsKeys = true;
    // There are no functions, so a snapshot with them is the same as one without.
    const unknown = wanted.find((name) => name.toLowerCase() !== 'functions');
    if (unknown !== undefined) throw unsupportedFilter(unknown);
  } else {
    throw unrecognizedReplconf(args.string(i));
  }
}
