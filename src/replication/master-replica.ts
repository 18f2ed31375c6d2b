// A replica of this server: what it has said of itself, how far its synchronization is, how much of the stream it has.

import { secondsBetween } from '../base/seconds.ts';
import type { Client, ClientConnection } from '../engine/client.ts';
import type { ReplicaAnnouncement, ReplicaFigures } from '../engine/replication.ts';
import type { Backlog } from './backlog.ts';
import { MasterOutput } from './master-output.ts';

/** `waiting`: its snapshot has not begun; `saving`: it is made; `sending`: the file is sent; `done`: it wanted no more. */
export type SyncState = 'waiting' | 'saving' | 'sending' | 'online' | 'done';

export class Replica {
  readonly client: Client;
  readonly announcement: ReplicaAnnouncement;
  readonly output: MasterOutput;
  /** It has sent SYNC: it knows no offsets, and acknowledges none. */
  readonly isOld: boolean;
  state: SyncState = 'waiting';
  /** Where the stream stood when its snapshot began. */
  startOffset = 0;
  /** The stream waits for its first acknowledgement: only then it has found the end of the snapshot. */
  startsOnAcknowledgement = false;
  /** It has acknowledged before we knew that all of the snapshot was taken. */
  hasFoundEnd = false;
  acknowledgedOffset = 0;
  acknowledgedDiskOffset = 0;
  acknowledgedMs = 0;
  /** When it asked for the snapshot. */
  readonly requestedMs: number;
  private movedMs = 0;
  private movedTo = -1;

  constructor(
    client: Client,
    announcement: ReplicaAnnouncement,
    backlog: Backlog,
    isOld: boolean,
    nowMs: number,
  ) {
    this.client = client;
    this.announcement = announcement;
    this.output = new MasterOutput(backlog);
    this.isOld = isOld;
    this.requestedMs = nowMs;
    client.connection.feedFrom(this.output);
  }

  /** Whether effects are kept for it. */
  get follows(): boolean {
    return this.state !== 'waiting' && !this.announcement.wantsSnapshotOnly;
  }

  get host(): string {
    return hostOf(this.client, this.announcement);
  }

  /** As the log names it. */
  get name(): string {
    return replicaName(this.client, this.announcement);
  }

  figures(nowMs: number): ReplicaFigures {
    const { acknowledgedMs, acknowledgedOffset, announcement, client, host, state } = this;
    return {
      client,
      host,
      port: announcement.listeningPort,
      state: state === 'online' ? 'online' : state === 'sending' ? 'send_bulk' : 'wait_bgsave',
      acknowledgedOffset,
      lagSeconds: state === 'online' ? secondsBetween(acknowledgedMs, nowMs) : 0,
    };
  }

  /** When it took a piece of the snapshot last, or had taken all that there was; to be asked by the clock. */
  movedSinceMs(nowMs: number): number {
    const { isLent, taken } = this.output.progress;
    if (!isLent || taken !== this.movedTo) this.movedMs = nowMs;
    this.movedTo = taken;
    return this.movedMs;
  }

  /** Says that we are there, unless it has not even taken what was said before. */
  keepAlive(): void {
    if (!this.output.hasLines) this.say('\n');
  }

  /** Sends a line of the protocol, at once. */
  say(line: string): void {
    this.output.line(line);
    this.client.connection.sendFeed();
  }
}

export function replicaName(client: Client, announcement: ReplicaAnnouncement): string {
  const host = hostOf(client, announcement);
  const { listeningPort } = announcement;
  if (listeningPort === 0) return `${host}:<unknown-replica-port>`;
  return `${host.includes(':') ? `[${host}]` : host}:${listeningPort}`;
}

function hostOf({ connection }: Client, { address }: ReplicaAnnouncement): string {
  return address === '' ? peerHost(connection) : address;
}

function peerHost({ address, isUnixSocket }: ClientConnection): string {
  if (isUnixSocket) return '/unixsocket';
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}
