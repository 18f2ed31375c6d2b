// The line that CLIENT LIST, CLIENT INFO and the log show of a client.

import type { Client } from './client.ts';
import type { ServerParts } from './server-parts.ts';

// What a client object takes beside its buffers, measured; INFO and tot-mem count it.
const CLIENT_BYTES = 1200;

/** `id=… addr=… … lib-ver=…`, without a line end. */
export function describeClient(client: Client, server: ServerParts): string {
  const { connection } = client;
  const nowMs = server.keyspace.nowMs;
  const transaction = client.transaction;
  const transactionBytes = transaction?.bytes ?? 0;
  const fields: [string, string | number][] = [
    ['id', client.id],
    ['addr', connection.address],
    ['laddr', connection.localAddress],
    ['fd', connection.fd],
    ['name', client.name],
    ['age', Math.floor((nowMs - client.createdMs) / 1000)],
    ['idle', Math.floor((nowMs - client.lastInteractionMs) / 1000)],
    ['flags', clientFlags(client)],
    ['db', client.dbId],
    ['sub', 0],
    ['psub', 0],
    ['ssub', 0],
    ['multi', transaction === null ? -1 : transaction.queue.length],
    ['qbuf', connection.inputBytes],
    ['qbuf-free', connection.inputFreeBytes],
    ['argv-mem', client.argumentBytes],
    ['multi-mem', transactionBytes],
    ['rbs', 0],
    ['rbp', 0],
    ['obl', 0],
    ['oll', connection.outputPieces],
    ['omem', connection.outputBytes],
    ['tot-mem', clientBytes(client)],
    ['events', connection.outputBytes > 0 ? 'rw' : 'r'],
    ['cmd', client.lastCommand?.fullName ?? 'NULL'],
    ['user', client.user],
    ['redir', -1],
    ['resp', client.protocol],
    ['lib-name', client.libName],
    ['lib-ver', client.libVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(' ');
}

/** The bytes that a client takes: itself and its buffers. */
export function clientBytes(client: Client): number {
  const { connection } = client;
  return (
    CLIENT_BYTES +
    connection.inputBytes +
    connection.inputFreeBytes +
    connection.outputBytes +
    (client.transaction?.bytes ?? 0) +
    client.argumentBytes
  );
}

function clientFlags(client: Client): string {
  let flags = '';
  if (client.isMonitor) flags += 'O';
  if (client.transaction !== null) flags += 'x';
  if (client.postponed) flags += 'b';
  if (client.watchBroken) flags += 'd';
  if (client.closing) flags += 'A';
  if (client.connection.isUnixSocket) flags += 'U';
  if (client.noEvict) flags += 'e';
  if (client.noTouch) flags += 'T';
  return flags === '' ? 'N' : flags;
}
