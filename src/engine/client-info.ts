// The line that CLIENT LIST, CLIENT INFO and the log show of a client, and the bytes that a client takes. The figures
// are those of this server: buffers that clients share (of reads, of the replies of a turn) are nobody's.

import { untilZero } from '../base/bytes.ts';
import { secondsBetween } from '../base/seconds.ts';
import type { Client } from './client.ts';
import type { ServerParts } from './server-parts.ts';

// Resident memory of a connected client beside its buffers (2 KB of it on the JS heap), and of one key that it watches:
// measured with thousands of them on Node 20.
const CLIENT_BYTES = 5000;
const WATCHED_KEY_BYTES = 440;
const SUBSCRIPTION_BYTES = 200;
// A prefix that a client tracks: in its own list and in the table of all.
const PREFIX_BYTES = 200;

/** `id=… addr=… … lib-ver=…`, without a line end; the order of the fields is Redis's. */
export function describeClient(client: Client, server: ServerParts): string {
  const { connection, subscriptions, tracking, transaction } = client;
  const nowMs = server.keyspace.nowMs;
  const fields: [string, string | number][] = [
    ['id', client.id],
    ['addr', connection.address],
    ['laddr', connection.localAddress],
    ['fd', connection.fd],
    // Names are checked up to a zero byte only (see commands/client-attributes); what follows must not get into a line.
    ['name', untilZero(client.name)],
    ['age', secondsSince(client.createdMs, nowMs)],
    ['idle', secondsSince(client.lastInteractionMs, nowMs)],
    ['flags', clientFlags(client)],
    ['db', client.dbId],
    ['sub', subscriptions?.channels.size ?? 0],
    ['psub', subscriptions?.patterns.size ?? 0],
    ['ssub', subscriptions?.shardChannels.size ?? 0],
    ['multi', transaction === null ? -1 : transaction.count],
    ['qbuf', connection.inputBytes],
    ['qbuf-free', connection.inputFreeBytes],
    ['argv-mem', argumentBytes(client)],
    ['multi-mem', transaction?.bytes ?? 0],
    // A client has no reply buffer of its own.
    ['rbs', 0],
    ['rbp', 0],
    ['obl', connection.replyBytes],
    ['oll', connection.outputPieces],
    ['omem', connection.outputBytes],
    ['tot-mem', clientBytes(client)],
    ['events', connection.outputBytes > 0 ? 'rw' : 'r'],
    ['cmd', client.lastCommand?.fullName ?? 'NULL'],
    ['user', client.user.name],
    ['redir', tracking?.isOn ? tracking.redirectTo : -1],
    ['resp', client.protocol],
    ['lib-name', untilZero(client.libName)],
    ['lib-ver', untilZero(client.libVersion)],
  ];
  // What Redis does not have, for those whom it concerns.
  if (client.throttle !== null) fields.push(['throttled', client.throttle.heldMs]);
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** The bytes that a client takes: itself, its buffers, its transaction and what it watches. */
export function clientBytes(client: Client): number {
  const { connection } = client;
  return (
    CLIENT_BYTES +
    connection.inputBytes +
    connection.inputFreeBytes +
    argumentBytes(client) +
    connection.replyBytes +
    connection.outputBytes +
    (client.transaction?.bytes ?? 0) +
    client.watchCount * WATCHED_KEY_BYTES +
    (client.subscriptions?.count ?? 0) * SUBSCRIPTION_BYTES +
    (client.tracking?.prefixes.length ?? 0) * PREFIX_BYTES
  );
}

// Those of the request that has arrived in part, or that runs, or that waits for a key.
function argumentBytes({ connection, wait }: Client): number {
  return connection.argumentBytes + (wait === null ? 0 : wait.args.totalBytes);
}

function secondsSince(ms: number, nowMs: number): number {
  return Math.max(0, secondsBetween(ms, nowMs));
}

function clientFlags(client: Client): string {
  let flags = '';
  if (client.isMonitor) flags += 'O';
  if (client.isReplica) flags += 'S';
  if (client.isMaster) flags += 'M';
  if (client.isSubscriber) flags += 'P';
  if (client.transaction !== null) flags += 'x';
  if (client.postponed || client.wait !== null) flags += 'b';
  if (client.tracking?.isOn) flags += 't';
  if (client.tracking?.redirectionBroken) flags += 'R';
  if (client.tracking?.broadcasts) flags += 'B';
  if (client.watchBroken) flags += 'd';
  if (client.closing) flags += 'c';
  if (client.connection.isUnixSocket) flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}
