// A client: what the server remembers of one peer. Its bytes travel over a `ClientConnection`, which the network (or
// an in-process stream) provides; this file knows no socket.

import type { AclUser } from './acl-user.ts';
import type { Wait } from './blocking.ts';
import type { Command } from './command-spec.ts';
import type { Subscriptions } from './pubsub.ts';
import type { ClientThrottle } from './throttle.ts';
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
  /** From here on all that the peer gets comes from `feed`, and its figures are those of the output; no replies are sent. */
  feedFrom(feed: OutputFeed): void;
  /** The feed has something to send. */
  sendFeed(): void;
  /** More waits in the feed than before: when it is too much, the peer is disconnected. */
  feedGrew(): void;
  /** Small writes leave together, which takes them longer (`repl-disable-tcp-nodelay`). */
  delaySmallWrites(): void;
  /** From here on what the running request is answered is dropped, and what all further ones are, until `unmute`. */
  mute(): void;
  /** Replies are sent again from here on. */
  unmute(): void;
  /** Runs `act`, whose replies go to this client, whoever else is being answered. Afterwards its requests go on. */
  answer(act: () => void): void;
  /** Stops running requests and, as far as that can be, reading, until `releaseInput`. */
  holdInput(): void;
  releaseInput(): void;
  /** Stops running requests until `resume`; bytes that arrive meanwhile wait. */
  suspend(): void;
  resume(): void;
  /** Closes once the replies so far are sent; nothing more is read. */
  closeAfterReplies(): void;
  /** Closes now; unsent replies are lost. */
  close(): void;
}

/** Output beside replies: what a replica gets. It is asked for more whenever the peer has taken what came before. */
export interface OutputFeed {
  /** Memory that it takes because the peer has not taken it yet, and in how many pieces. */
  readonly waitingBytes: number;
  readonly waitingPieces: number;
  /** Adds what comes next to `into`, or nothing when there is none; it stays as it is until `taken`. */
  next(into: Uint8Array[]): void;
  /** The peer's system has all that `next` gave. */
  taken(): void;
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
  /** Whose rules hold for it. */
  user: AclUser;
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
  /** What is left of the limits of its requests; null when it never had any. */
  throttle: ClientThrottle | null = null;
  /** What it waits for in a blocking command. */
  wait: Wait | null = null;
  transaction: Transaction | null = null;
  /** Watched keys have changed: the next EXEC answers null. */
  watchBroken = false;
  /** How many keys it watches. */
  watchCount = 0;
  /** Up to where the stream of effects went when its last command had ended: what WAIT waits for. */
  writeOffset = 0;
  /** What it took when it was last looked at, as which class; its magnitude among those that may be evicted, -1: it may not. */
  memoryBytes = 0;
  memoryType: ClientType = 'normal';
  memoryMagnitude = -1;
  /** The command of the last request; null before the first, and after one that named no command. */
  lastCommand: Command | null = null;

  constructor(id: number, connection: ClientConnection, nowMs: number, user: AclUser) {
    this.id = id;
    this.connection = connection;
    this.user = user;
    this.createdMs = nowMs;
    this.lastInteractionMs = nowMs;
  }

  get type(): ClientType {
    if (this.isReplica) return 'replica';
    if (this.isMaster) return 'master';
    return this.isSubscriber ? 'pubsub' : 'normal';
  }
}
