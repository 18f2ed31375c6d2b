// A client: what the server remembers of one peer. Its bytes travel over a `ClientConnection`, which the network (or
// an in-process stream) provides; this file knows no socket.

import type { Wait } from './blocking.ts';
import type { Command } from './command-spec.ts';
import type { Subscriptions } from './pubsub.ts';
import type { ClientTracking } from './tracking.ts';
import type { Transaction } from './transaction.ts';

/** What a client needs of its transport. Declared here, implemented in net/. */
export interface ClientConnection {
  /** `ip:port`, `path:0` for a unix socket. */
  readonly address: string;
  readonly localAddress: string;
  /** The file descriptor, -1 where there is none. */
  readonly fd: number;
  readonly isUnixSocket: boolean;
  /** Whether the peer is on this machine (loopback, unix socket, in-process). */
  readonly isLocal: boolean;
  /** Bytes received that no finished request has used up, and the room that is held beside them. */
  readonly inputBytes: number;
  readonly inputFreeBytes: number;
  /** Bytes of the arguments of the request that is running or has arrived in part. */
  readonly argumentBytes: number;
  /** Bytes of replies of the present turn, which leave at its end. */
  readonly replyBytes: number;
  /** Bytes that were sent and that the peer has not taken yet, and in how many pieces they wait. */
  readonly outputBytes: number;
  readonly outputPieces: number;
  /** Queues bytes out of turn; they are copied. */
  send(bytes: Uint8Array): void;
  /**
   * Queues a message, `bytes[start, end)`, which is lent until the end of the turn. While a request of this client runs, the
   * message waits for its end, behind those that wait already or `ahead` of them. No silence holds it back.
   */
  push(bytes: Buffer, start: number, end: number, ahead: boolean): void;
  /** Whether what the running request is answered is dropped; messages are not. */
  readonly isMuted: boolean;
  /**
   * Sends a bulk of any size, each piece when the peer has taken the one before; `sent` is called after the last. All other
   * output waits behind it, and alone counts towards the output limit.
   */
  sendBulk(pieces: Iterable<Uint8Array>, sent: () => void): void;
  /** From here on what the running request is answered is dropped, and what all further ones are, until `unmute`. */
  mute(): void;
  /** Replies are sent again from here on. */
  unmute(): void;
  /** Runs `act`, whose replies go to this client, whoever else is being answered. Afterwards its requests go on. */
  answer(act: () => void): void;
  /** Stops running requests until `resume`; bytes that arrive meanwhile wait. */
  suspend(): void;
  resume(): void;
  /** Closes once the replies so far are sent; nothing more is read. */
  closeAfterReplies(): void;
  /** Closes now; unsent replies are lost. */
  close(): void;
}

/** CLIENT REPLY: `SKIP_NEXT` is for the request after the one that runs, `SKIP` for the one that runs. */
export const REPLY_MODE = { ON: 0, OFF: 1, SKIP: 2, SKIP_NEXT: 3 } as const;
export type ReplyMode = (typeof REPLY_MODE)[keyof typeof REPLY_MODE];

export const CLIENT_TYPES = ['normal', 'master', 'replica', 'pubsub'] as const;
export type ClientType = (typeof CLIENT_TYPES)[number];

export class Client {
  readonly id: number;
  readonly connection: ClientConnection;
  readonly createdMs: number;
  lastInteractionMs: number;

  dbId = 0;
  protocol: 2 | 3 = 2;
  name = '';
  libName = '';
  libVersion = '';
  user = 'default';
  authenticated = false;
  replyMode: ReplyMode = REPLY_MODE.ON;
  noEvict = false;
  noTouch = false;
  isMonitor = false;
  /** It has asked for all effects (SYNC), and is answered nothing any more. */
  isReplica = false;
  /** It runs the commands of scripts, for whoever has called the script. */
  isScript = false;
  /** What it sends has run before, here or elsewhere (the append-only file): it obeys no limits. */
  isMaster = false;
  closing = false;
  /** Waits for CLIENT UNPAUSE or the end of the pause with a command that must not run now. */
  postponed = false;
  /** The channels and patterns that it receives messages of; null when it never had one. */
  subscriptions: Subscriptions | null = null;
  /** It has subscribed to something: under RESP2 it may do little else. */
  isSubscriber = false;
  /** How it tracks keys for a cache of its own; null when it never has. */
  tracking: ClientTracking | null = null;
  /** What it waits for in a blocking command. */
  wait: Wait | null = null;
  transaction: Transaction | null = null;
  /** Watched keys have changed: the next EXEC answers null. */
  watchBroken = false;
  /** How many keys it watches. */
  watchCount = 0;
  /** The command of the last request; null before the first, and after one that named no command. */
  lastCommand: Command | null = null;

  constructor(id: number, connection: ClientConnection, nowMs: number) {
    this.id = id;
    this.connection = connection;
    this.createdMs = nowMs;
    this.lastInteractionMs = nowMs;
  }

  get type(): ClientType {
    if (this.isReplica) return 'replica';
    if (this.isMaster) return 'master';
    return this.isSubscriber ? 'pubsub' : 'normal';
  }
}
