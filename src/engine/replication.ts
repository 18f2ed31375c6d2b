// What handlers, and the two sides of replication, need of each other: `Replication` is the master's side (everyone has one,
// as replicas may have replicas of their own), `MasterLink` the replica's. Declared here, implemented in replication/ and
// wired by server.ts. What both share, the IDs and the offset of the stream, is the `History`.

import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import type { Client } from './client.ts';
import type { InfoField } from './info-section.ts';

/** The stream that this server's data are the result of: its own, or its master's. */
export interface History {
  /** 40 hexadecimal digits. */
  readonly id: string;
  /** How many bytes the stream has had so far. */
  readonly offset: number;
  /** The ID before a promotion, and the first byte (from 1) that is no longer valid under it; -1 without one. */
  readonly secondId: string;
  readonly secondOffset: number;
  /** A new ID, and no second one: nothing that came before can be continued. */
  newId(): void;
  /** A new ID from the next byte on; the one before becomes the second. */
  shift(): void;
  /** The data are those of another stream at `offset` (a full synchronization with a master). */
  adopt(id: string, offset: number): void;
  /** The master goes on under another ID, from the present offset on (+CONTINUE <id>): the old one becomes the second. */
  rename(id: string): void;
}

/** What a client has said of itself before it becomes a replica (REPLCONF). */
export interface ReplicaAnnouncement {
  /** Where it listens as a server, 0 when it has not said. */
  listeningPort: number;
  /** The address that others shall know it by, '' for the one that it comes from. */
  address: string;
  /** It can read a snapshot whose end is marked instead of its length told. */
  readsMarkedEnd: boolean;
  /** It understands PSYNC with a new ID in +CONTINUE. */
  readsNewIds: boolean;
  /** It wants the snapshot alone, and to be disconnected then. */
  wantsSnapshotOnly: boolean;
  /** It wants a snapshot without the keys, or without the functions. */
  skipsKeys: boolean;
  skipsFunctions: boolean;
}

/** `wait`: its snapshot has not begun. `send_bulk`: it gets it. */
export type ReplicaState = 'wait_bgsave' | 'send_bulk' | 'online';

/** A replica of this server as INFO and ROLE show it, and as FAILOVER chooses one. */
export interface ReplicaFigures {
  readonly client: Client;
  readonly host: string;
  readonly port: number;
  readonly state: ReplicaState;
  /** How much of the stream it has acknowledged. */
  readonly acknowledgedOffset: number;
  /** Seconds since its last sign of life; 0 before it is online. */
  readonly lagSeconds: number;
}

/** The window of the stream that partial resynchronizations are served from. */
export interface BacklogFigures {
  readonly isActive: boolean;
  /** `repl-backlog-size`. */
  readonly size: number;
  /** The first byte that is there (from 1), 0 without a backlog; and how many there are. */
  readonly firstByte: number;
  readonly length: number;
}

/** Bytes of memory that the stream takes. */
export interface ReplicationMemory {
  /** Of the blocks that the backlog and the replicas' output share. */
  readonly buffers: number;
  /** What of it is due to the backlog. */
  readonly backlog: number;
  /** What of it is there because replicas are behind. */
  readonly replicas: number;
}

/** What a client waits for (WAIT, WAITAOF). */
export interface WaitGoal {
  readonly offset: number;
  readonly replicas: number;
  /** 1: the append-only files of this server must have it, too. */
  readonly local: number;
  /** The replicas must have it on their disks. */
  readonly onDisk: boolean;
}

export interface Replication {
  readonly history: History;
  readonly replicaCount: number;
  /** How many replicas are online and not behind by more than `min-replicas-max-lag`. */
  readonly goodReplicaCount: number;
  readonly backlog: BacklogFigures;
  readonly memory: ReplicationMemory;
  /** Why a write is refused: too few good replicas (`min-replicas-to-write`). Usually null. */
  readonly writeRefusal: ReplyError | null;
  /** In the order in which they came. O(replicas). */
  figures(): readonly ReplicaFigures[];
  /** What a client has said of itself, to be read and changed. */
  announcementOf(client: Client): ReplicaAnnouncement;
  /** SYNC and PSYNC: makes a client a replica, or answers why not. */
  synchronize(client: Client, args: Arguments): void;
  /** A replica says up to where it has the stream, and up to where on its disk (-1: it did not say). */
  acknowledge(client: Client, offset: number, diskOffset: number): void;
  /** All replicas are asked how far they are, at the end of the turn. */
  askForAcknowledgements(): void;
  /** How many replicas have the stream up to `offset`, in memory or on their disks. O(replicas). */
  countAt(offset: number, onDisk: boolean): number;
  /** What a client's command that runs again has waited for; null when it runs for the first time. */
  goalOf(client: Client): WaitGoal | null;
  /** A client has begun to wait in `engine/blocking`: its command runs again when the goal is reached. */
  waitFor(client: Client, goal: WaitGoal): void;
  /** How much of the stream is safe in this server's append-only files; -1 when they are off. */
  readonly diskOffset: number;
  /** Database that the stream has selected, -1 when the next effect will say it. */
  readonly streamDb: number;

  // For the replica's side.
  /** Bytes of our master's stream, applied here: they go into the backlog and to our replicas as they are. */
  feed(bytes: Uint8Array, start: number, end: number): void;
  /** The backlog exists from here on, at the present offset. Nothing happens when it does already. */
  openBacklog(): void;
  /** Forgets the backlog; there must be no replicas. */
  closeBacklog(): void;
  /** All replicas are disconnected: what they have is no longer what we have, or will have. */
  disconnectReplicas(): void;
  /** We were a replica and are a master now: shifts the ID and begins a stream of our own. Replicas are disconnected. */
  promoted(): void;
  /** We are a replica from here on: our own effects go to no replica. */
  demoted(): void;
  /** The snapshot that replicas wait for is given up (FLUSHALL of a full synchronization). */
  abortSnapshot(): void;
  /** Called when a replica has acknowledged an offset (FAILOVER, SHUTDOWN). */
  onAcknowledged: () => void;
}

/** How far the replica's side is: ROLE's words. */
export type MasterLinkState = 'none' | 'connect' | 'connecting' | 'handshake' | 'sync' | 'connected';

/** FAILOVER's options. */
export interface FailoverRequest {
  /** Null: any replica. */
  readonly target: { readonly host: string; readonly port: number } | null;
  /** It takes over in the end although it lacks something. */
  readonly forces: boolean;
  /** 0: no end. */
  readonly timeoutMs: number;
}

/** The replica's side: the link to our master. Implemented by replication/replica.ts. */
export interface MasterLink {
  /** REPLICAOF names a master. */
  readonly isReplica: boolean;
  /** And writes are our master's alone. */
  readonly isReadOnly: boolean;
  /** And the data may be old, which clients must not read (`replica-serve-stale-data`). */
  readonly isStale: boolean;
  readonly host: string;
  readonly port: number;
  /** 'none' when we are a master. */
  readonly state: MasterLinkState;
  /** ROLE's offset: up to where the master's stream has been applied, -1 before there is one. */
  readonly appliedOffset: number;
  /** The database that the master's stream has selected, for the RDB file; -1 when none is known. */
  readonly streamDb: number;
  /** How many keys with deadlines the clients of a replica that takes writes have made. */
  readonly ownVolatileKeys: number;
  /** INFO's master_failover_state. */
  readonly failoverState: 'no-failover' | 'waiting-for-sync' | 'failover-in-progress';
  /** Our master asks how far we are (REPLCONF GETACK *): we say it at once. */
  acknowledgeNow(): void;
  /** REPLICAOF host port, which is not our master's. */
  follow(host: string, port: number): void;
  /** FAILOVER, where there are replicas and none is under way. Throws a reply error when the target is none that could take over. */
  requestFailover(request: FailoverRequest): void;
  /** FAILOVER ABORT; false when none is under way. */
  abortFailover(): boolean;
  /** REPLICAOF NO ONE; PSYNC … FAILOVER, of our master, whose ID is ours: we are the master from here on. */
  promote(): void;
  /** Data of `history` were loaded from a file while REPLICAOF names a master: it may be continued from there. */
  cacheHistory(streamDb: number): void;
  /** The fields of INFO replication that only a replica has, from master_host to replica_announced. */
  fields(): readonly InfoField[];
}

/** For servers that have no master and never will. */
export const NO_MASTER: MasterLink = {
  isReplica: false,
  isReadOnly: false,
  isStale: false,
  host: '',
  port: 0,
  state: 'none',
  appliedOffset: -1,
  streamDb: -1,
  ownVolatileKeys: 0,
  failoverState: 'no-failover',
  acknowledgeNow: () => {},
  follow: () => {},
  requestFailover: () => {},
  abortFailover: () => false,
  promote: () => {},
  cacheHistory: () => {},
  fields: () => [],
};
