// The receivers of what a workload publishes: connections that have subscribed and throw away what they get. The benchmark's
// own process reads them, so that their cost is not the server's.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand } from './client.ts';

/** Who listens while a workload runs. */
export interface Subscribers {
  readonly channel: string;
  readonly count: number;
  /** How many further channels there are, to which one more connection has subscribed. */
  readonly otherChannels: number;
}

const CHANNELS_PER_REQUEST = 1000;

/** Subscribes; returns how to end it. */
export async function subscribe(
  port: number,
  { channel, count, otherChannels }: Subscribers,
): Promise<() => void> {
  const sockets = Array.from({ length: count }, () => connectTo(port));
  await Promise.all(sockets.map((socket) => subscribeTo(socket, [channel])));
  if (otherChannels > 0) {
    const other = connectTo(port);
    sockets.push(other);
    for (let first = 0; first < otherChannels; first += CHANNELS_PER_REQUEST) {
      const length = Math.min(CHANNELS_PER_REQUEST, otherChannels - first);
      await subscribeTo(
        other,
        Array.from({ length }, (_, i) => `other:${first + i}`),
      );
    }
  }
  for (const socket of sockets) socket.resume();
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

function connectTo(port: number): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  return socket;
}

// Until the last confirmation, which names the last channel, has come.
async function subscribeTo(socket: Socket, channels: readonly string[]): Promise<void> {
  socket.write(encodeCommand(['SUBSCRIBE', ...channels]), 'latin1');
  let text = '';
  while (!text.includes(`\r\n${channels.at(-1)}\r\n:`)) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    text += bytes.toString('latin1');
  }
}
