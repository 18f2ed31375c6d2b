// The stream of our master: its bytes are requests, which run as those of a client that obeys no limits and is not
// answered. What counts as applied, for our own replicas and for going on after a lost link, ends with a request, or with
// the EXEC of a transaction: what has come behind that is received again. The bytes of what was applied go to our replicas
// as they are.

import { toText } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Executor } from '../engine/call.ts';
import type { Client, ClientConnection } from '../engine/client.ts';
import { describeClient } from '../engine/client-info.ts';
import type { Dispatcher } from '../engine/dispatcher.ts';
import { panic } from '../engine/fault.ts';
import type { Loading } from '../engine/loading.ts';
import type { OutgoingConnection } from '../engine/peer-door.ts';
import type { Replication } from '../engine/replication.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { ServerStats } from '../engine/stats.ts';
import type { ReplyOwner, Turn } from '../engine/turn.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Arguments } from '../resp/arguments.ts';
import { NO_BYTES, PARSED, type RequestLimits, RequestParser } from '../resp/request-parser.ts';

const STAR = 42;
const LEAST_INPUT_BYTES = 16 * 1024;
const KEPT_INPUT_BYTES = 1024 * 1024;
const SHOWN_INPUT_BYTES = 128;
const SHOWN_REPLY_BYTES = 4096;
// A master knows what it sends.
const NO_LIMITS: RequestLimits = { maxBulkBytes: Number.MAX_SAFE_INTEGER, authenticated: true };

export interface ReplicaStreamParts {
  readonly server: ServerParts;
  readonly clock: Clock;
  readonly config: Config;
  readonly log: Logger;
  readonly executor: Executor;
  readonly dispatcher: Dispatcher;
  readonly keyspace: Keyspace;
  readonly loading: Loading;
  readonly replication: Replication;
  readonly stats: ServerStats;
  readonly turn: Turn;
}

export interface StreamStart {
  /** How much of the stream has been applied; -1: the master does not count. */
  readonly offset: number;
  /** The database that it has selected, -1 when it will say so. */
  readonly dbId: number;
}

export class ReplicaStream implements ClientConnection, ReplyOwner {
  readonly isUnixSocket = false;
  readonly isLocal = false;
  readonly isMuted = true;
  readonly replyBytes = 0;
  readonly outputBytes = 0;
  readonly outputPieces = 0;
  readonly replyParts = 0;
  /** The master, as CLIENT LIST shows it. */
  readonly client: Client;
  /** Up to where the stream was received; -1: the master does not count. */
  received: number;
  /** What has come is no stream that can be gone on with. */
  isBroken = false;

  private readonly parts: ReplicaStreamParts;
  private readonly link: OutgoingConnection;
  private readonly onClose: () => void;
  private readonly parser = new RequestParser();
  private readonly args = new Arguments();
  // What has come and is not applied yet: the first `inputLength` bytes.
  private input: Buffer | null = null;
  private inputLength = 0;
  // Up to where the stream was passed on; in the memory that is being read, up to where that is, and up to where it was
  // applied.
  private passedOn: number;
  private passedAt = 0;
  private appliedAt = 0;
  private suspended = false;
  private waitsForScript = false;
  private isPaused = false;
  private closed = false;

  /** Makes a client of an open link; `onClose` is called once, when it is over because of what happens here. */
  constructor(parts: ReplicaStreamParts, link: OutgoingConnection, start: StreamStart, onClose: () => void) {
    this.parts = parts;
    this.link = link;
    this.onClose = onClose;
    this.passedOn = this.received = start.offset;
    this.client = parts.server.clients.add(this);
    this.client.isMaster = true;
    this.client.authenticated = true;
    this.client.user = parts.server.acl.superuser;
    this.client.dbId = Math.max(0, start.dbId);
  }

  get address(): string {
    return this.link.address;
  }

  get localAddress(): string {
    return this.link.localAddress;
  }

  get fd(): number {
    return this.link.fd;
  }

  get inputBytes(): number {
    return this.inputLength;
  }

  get inputFreeBytes(): number {
    return this.input === null ? 0 : this.input.length - this.inputLength;
  }

  get argumentBytes(): number {
    return this.parser.isWithinRequest ? this.args.totalBytes : 0;
  }

  /** Whether the master counts what it sends, and so wants to know how far we are. */
  get isCounted(): boolean {
    return this.passedOn >= 0;
  }

  /** Up to where the stream was applied; -1: the master does not count. */
  get applied(): number {
    return this.isCounted ? this.passedOn + this.appliedAt - this.passedAt : this.passedOn;
  }

  /** Bytes have come, which are good until this returns. */
  receive(bytes: Uint8Array): void {
    if (this.closed) return;
    const { clock, stats } = this.parts;
    stats.netInputBytes += bytes.length;
    stats.netReplicationInputBytes += bytes.length;
    stats.totalReads++;
    this.client.lastInteractionMs = clock.nowMs();
    if (this.isCounted) this.received += bytes.length;
    if (this.inputLength > 0) {
      this.append(bytes);
      this.goOn();
      return;
    }
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.parser.bytes = chunk;
    this.parser.at = this.passedAt = this.appliedAt = 0;
    this.parser.end = chunk.length;
    this.run();
    if (!this.closed) this.keepRest(chunk);
  }

  /** To be called at the end of turns: a script that everybody waited for may be over. */
  goOnAfterScript(): void {
    if (!this.waitsForScript || this.parts.executor.isSuspended) return;
    this.waitsForScript = false;
    this.goOn();
  }

  /** Ends it, without a word to the owner. What was received and not applied is forgotten. */
  end(): void {
    if (this.closed) return;
    this.passOn();
    this.closed = true;
    this.received = this.applied;
    const { clients, transactions } = this.parts.server;
    this.client.closing = true;
    transactions.end(this.client);
    clients.remove(this.client);
    this.link.close();
    this.input = null;
    this.inputLength = 0;
    this.parser.bytes = NO_BYTES;
  }

  close(): void {
    if (this.closed) return;
    this.end();
    this.onClose();
  }

  closeAfterReplies(): void {
    this.close();
  }

  suspend(): void {
    this.suspended = true;
  }

  resume(): void {
    if (!this.suspended) return;
    this.suspended = false;
    this.parts.turn.wake(this);
  }

  runWaiting(): void {
    if (!this.suspended) this.goOn();
  }

  answer(act: () => void): void {
    const { turn } = this.parts;
    const outer = turn.switchTo(this);
    const outerMark = turn.saveMark();
    turn.mark(0);
    act();
    turn.rewind(0);
    if (this.client.wait === null) this.resume();
    turn.switchTo(outer);
    turn.restoreMark(outerMark);
  }

  // A master is answered nothing, and is nobody's replica.
  send(): void {}
  push(): void {}
  feedFrom(): void {}
  sendFeed(): void {}
  feedGrew(): void {}
  delaySmallWrites(): void {}
  holdInput(): void {}
  releaseInput(): void {}
  mute(): void {}
  unmute(): void {}
  addReply(): void {}
  truncateReplies(): void {}
  flush(): boolean {
    return true;
  }

  private run(): void {
    const { executor, keyspace, loading, turn } = this.parts;
    const { args, client, parser } = this;
    // What is wrong: null when it is no request, but a line of words.
    let problem: string | null | undefined;
    if (!turn.begin(this)) executor.inputBegins();
    // The master says itself what has expired.
    keyspace.isLoading = true;
    while (!this.suspended && !this.closed) {
      if (executor.isSuspended) {
        this.waitsForScript = true;
        break;
      }
      const parsed = parser.next(args, NO_LIMITS);
      if (parsed === PARSED.INCOMPLETE) break;
      if (parsed === PARSED.EMPTY) continue;
      if (parsed === PARSED.ERROR) {
        problem = parser.error!.line.replace(/^ERR Protocol error: /, '');
        break;
      }
      if (parser.bytes[parser.requestStart] !== STAR) {
        problem = null;
        break;
      }
      if (!this.dispatch()) {
        parser.at = parser.requestStart;
        break;
      }
      if (client.transaction === null && !this.closed) this.appliedAt = parser.at;
    }
    keyspace.isLoading = loading.isActive;
    this.passOn();
    executor.inputEnded();
    turn.finish();
    if (problem !== undefined && !this.closed) this.fail(problem);
    this.pauseOrResume();
  }

  // Returns whether the request has been done with.
  private dispatch(): boolean {
    const { dispatcher, turn } = this.parts;
    const { writer } = turn;
    turn.mark(0);
    const { at, bytes, errors } = writer;
    const done = dispatcher.dispatch(this.client, this.args);
    if (writer.errors > errors) {
      this.noteErrors(
        writer.errors - errors,
        writer.bytes === bytes ? bytes.subarray(at, writer.at) : NO_BYTES,
      );
    }
    turn.rewind(0);
    return done;
  }

  // What was applied: to our replicas, and into the backlog.
  private passOn(): void {
    const { appliedAt, passedAt } = this;
    if (appliedAt === passedAt) return;
    if (this.isCounted) this.passedOn += appliedAt - passedAt;
    this.passedAt = appliedAt;
    this.parts.replication.feed(this.parser.bytes, passedAt, appliedAt);
  }

  private goOn(): void {
    const { input, parser } = this;
    if (this.closed || input === null || this.inputLength === 0) return;
    parser.bytes = input;
    parser.end = this.inputLength;
    this.run();
    const { appliedAt } = this;
    if (this.closed || appliedAt === 0) return;
    input.copyWithin(0, appliedAt, this.inputLength);
    this.inputLength -= appliedAt;
    this.shift(input, -appliedAt);
    if (this.inputLength === 0 && input.length > KEPT_INPUT_BYTES) this.input = null;
  }

  // What is not applied yet moves into memory of our own.
  private keepRest(chunk: Buffer): void {
    const { appliedAt } = this;
    const rest = chunk.length - appliedAt;
    if (rest === 0) {
      this.parser.bytes = NO_BYTES;
      return;
    }
    if (this.input === null || this.input.length < rest) this.input = inputFor(rest);
    chunk.copy(this.input, 0, appliedAt);
    this.inputLength = rest;
    this.shift(this.input, -appliedAt);
  }

  private append(bytes: Uint8Array): void {
    const needed = this.inputLength + bytes.length;
    if (this.input!.length < needed) {
      const larger = inputFor(needed + this.parser.missingBytes);
      this.input!.copy(larger, 0, 0, this.inputLength);
      this.input = larger;
      this.shift(larger, 0);
    }
    this.input!.set(bytes, this.inputLength);
    this.inputLength = needed;
  }

  private shift(bytes: Buffer, by: number): void {
    this.parser.moved(bytes, by);
    this.appliedAt += by;
    this.passedAt += by;
    if (this.parser.isWithinRequest) this.args.moved(bytes, by);
  }

  // While it may not go on, the master shall keep what it has to say.
  private pauseOrResume(): void {
    const pauses = !this.closed && (this.suspended || this.waitsForScript);
    if (pauses === this.isPaused) return;
    this.isPaused = pauses;
    if (pauses) this.link.pause();
    else if (!this.closed) this.link.resume();
  }

  // The replica's data may be no longer the master's.
  private noteErrors(count: number, reply: Buffer): void {
    const { config, log, stats } = this.parts;
    const name = this.client.lastCommand?.fullName ?? '<unknown>';
    stats.unexpectedErrorReplies += count;
    log.warning(
      `== CRITICAL == This replica is sending an error to its master: '${firstError(reply)}' after processing the command '${name}'`,
    );
    const { 'propagation-error-behavior': behaviour, 'replica-read-only': isReadOnly } = config.values;
    if (!isReadOnly || behaviour === 'ignore') return;
    this.parts.server.lifecycle.crash(
      panic(`This replica panicked sending an error to its master after processing the command '${name}'`),
    );
  }

  private fail(problem: string | null): void {
    const { log, server } = this.parts;
    if (problem === null) {
      log.warning(
        'WARNING: Receiving inline protocol from master, master stream corruption? Closing the master connection and discarding the cached master.',
      );
    }
    const { bytes, end, requestStart } = this.parser;
    const input = toText(bytes, requestStart, Math.min(end, requestStart + SHOWN_INPUT_BYTES));
    log.warning(
      `Protocol error (${problem ?? 'Master using the inline protocol. Desync?'}) from client: ${describeClient(this.client, server)}. Query buffer during protocol error: '${input.replace(/[^ -~]/g, '.')}'`,
    );
    this.isBroken = true;
    this.close();
  }
}

function inputFor(needed: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(LEAST_INPUT_BYTES, needed + (needed >> 1)));
}

/** The first error within a reply, with its `-`. */
function firstError(reply: Buffer): string {
  const text = toText(reply, 0, Math.min(reply.length, SHOWN_REPLY_BYTES));
  return /(?:^|\r\n)(-[^\r]*)/.exec(text)?.[1] ?? '';
}
