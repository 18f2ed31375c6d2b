// What handlers need of replication. Declared here, implemented in replication/ and wired by server.ts.

import type { Client } from './client.ts';

/** What a client has said of itself before it becomes a replica (REPLCONF). */
export interface ReplicaAnnouncement {
  /** Where it listens as a server, 0 when it has not said. */
  listeningPort: number;
  /** The address that others shall know it by, '' for the one that it comes from. */
  address: string;
  /** It can read a snapshot whose end is marked instead of its length told. */
  readsMarkedEnd: boolean;
  /** It wants the snapshot alone, and to be disconnected then. */
  wantsSnapshotOnly: boolean;
  /** It wants a snapshot without the keys. */
  skipsKeys: boolean;
}

/** A replica as INFO shows it. */
export interface ReplicaFigures {
  readonly host: string;
  readonly port: number;
  readonly state: 'send_bulk' | 'online';
  /** How much of the stream it has acknowledged. */
  readonly acknowledgedOffset: number;
  /** Seconds since its last sign of life; 0 before it is online. */
  readonly lagSeconds: number;
}

export interface Replication {
  /** How many bytes the stream of effects has had so far. */
  readonly offset: number;
  readonly replicaCount: number;
  /** In the order in which they came. O(replicas). */
  figures(): readonly ReplicaFigures[];
  /** What a client has said of itself, to be read and changed. */
  announcementOf(client: Client): ReplicaAnnouncement;
  /** Makes a client, which has no output waiting, a replica: it gets all data, then every effect. O(data set). */
  attach(client: Client): void;
  /** A replica says up to where it has the stream. */
  acknowledge(client: Client, offset: number): void;
}
