// One peer: bytes in, requests to the dispatcher, replies out. It owns what is between the socket and the engine: the
// input that is not parsed yet and the output that is not taken yet. Any duplex stream can be one; a socket only has
// cheaper ways in (one shared read buffer) and out (memory that the kernel copies at once).

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { toBytes } from '../base/bytes.ts';
import type { Client, ClientConnection, OutputFeed } from '../engine/client.ts';
import { REPLY_MODE } from '../engine/client.ts';
import type { ReplyOwner } from '../engine/turn.ts';
import type { Arguments } from '../resp/arguments.ts';
import { NO_BYTES, PARSED, RequestParser } from '../resp/request-parser.ts';
import { FeedSender } from './feed-sender.ts';
import { grownCapacity, isKept, SMALL_BYTES, trimmedCapacity } from './input-size.ts';
import { Outlet, type OutletKind, SENT } from './outlet.ts';
import type { Peers } from './peers.ts';
import { GATHERED_BYTES, type ReplyPart } from './shared-output.ts';

// Of an argument that misses at least so much, the rest is read at once.
const LARGE_ARGUMENT_BYTES = 32 * 1024;
// Output of one turn is held against the limits from here on, as Redis does not count a client's first 16 KB.
const UNLIMITED_OUTPUT_BYTES = 16 * 1024;

/** Who the peer is, as CLIENT LIST shows it. */
export interface PeerAddress {
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly isUnixSocket: boolean;
  readonly isLocal: boolean;
}

export class Connection implements ClientConnection, ReplyOwner {
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly isUnixSocket: boolean;
  readonly isLocal: boolean;
  readonly client: Client;

  private readonly stream: Duplex;
  private readonly outlet: Outlet;
  private readonly peers: Peers;
  private readonly parser = new RequestParser();
  // A request whose end has not arrived keeps its arguments; all others share the server's.
  private partial: Arguments | null = null;
  private input: Buffer | null = null;
  private inputLength = 0;
  // The most that `input` has held since it was last looked through.
  private inputPeak = 0;
  // Other memory is held for input than when it was last counted.
  private inputChanged = false;
  // What is written for the request that runs, from mark 0 on, is dropped when it has ended.
  private muted = false;
  // Messages that wait for the end of the request that runs.
  private held: ReplyPart[] | null = null;
  private heldAhead = 0;
  private suspended = false;
  // It is held back until it may send more.
  private isHeld = false;
  private readsNot = false;
  private closing = false;
  private closed = false;
  private ending = false;

  private partBytes: Buffer | null = null;
  private partStart = 0;
  private partEnd = 0;
  private earlierParts: ReplyPart[] = [];
  private enlisted = false;
  private softLimitSinceMs = 0;
  private unsent = 0;
  // What a replica gets.
  private sender: FeedSender | null = null;
  // How much was answered when the request of a muted client began.
  private repliedBefore = 0;
  private errorsBefore = 0;

  constructor(stream: Duplex, peer: PeerAddress, outlet: OutletKind, peers: Peers) {
    this.stream = stream;
    this.outlet = new Outlet(stream, outlet, peers.output, () => this.outputTaken());
    this.peers = peers;
    this.address = peer.address;
    this.localAddress = peer.localAddress;
    this.fd = peer.fd;
    this.isUnixSocket = peer.isUnixSocket;
    this.isLocal = peer.isLocal;
    this.client = peers.clients.add(this);
    stream.on('error', (error) => {
      this.peers.readingFailed(this, error);
      this.forget();
    });
    stream.on('close', () => this.forget());
    stream.on('end', () => this.inputEnded());
  }

  get inputBytes(): number {
    const { parser } = this;
    if (this.peers.turn.serves(this)) return parser.end;
    // What is read of a request that has not arrived wholly are arguments.
    return parser.isWithinRequest ? this.inputLength - parser.at : this.inputLength;
  }

  get inputFreeBytes(): number {
    return this.input === null ? 0 : this.input.length - this.inputLength;
  }

  get argumentBytes(): number {
    if (this.partial !== null) return this.partial.totalBytes;
    return this.peers.turn.serves(this) ? this.peers.args.totalBytes : 0;
  }

  get replyBytes(): number {
    const { turn } = this.peers;
    return this.partsBytes + (turn.serves(this) ? turn.openBytes : 0);
  }

  get outputBytes(): number {
    if (this.sender !== null) return this.sender.feed.waitingBytes;
    return this.outlet.waitingBytes;
  }

  get replyParts(): number {
    return this.earlierParts.length + (this.partBytes === null ? 0 : 1);
  }

  get isMuted(): boolean {
    return this.muted;
  }

  get outputPieces(): number {
    if (this.sender !== null) return this.sender.feed.waitingPieces;
    return this.outlet.waitingPieces;
  }

  /** Bytes have arrived in `chunk[0, length)`; the memory is the caller's again when this returns. */
  receive(chunk: Buffer, length: number): void {
    if (this.closing) return;
    const { peers } = this;
    peers.stats.netInputBytes += length;
    peers.stats.totalReads++;
    if (peers.executor.isTurnLong) peers.turn.endEarly();
    if (this.inputLength === 0 && !this.suspended) {
      if (this.input === null) this.input = this.allocateInput(SMALL_BYTES);
      this.parser.bytes = chunk;
      this.parser.at = 0;
      this.parser.end = length;
      this.run();
      // A chunk may end right behind an argument: all of it is read, but the request still points into it.
      const isUsedUp = this.parser.at >= length && !this.parser.isWithinRequest;
      if (!isUsedUp && !this.closing) this.keepRest(chunk, length);
      if (peers.memory.isExact) this.noteMemory();
      return;
    }
    this.append(chunk, length);
    this.inputArrived();
  }

  restOfArgument(): Buffer | null {
    const { input, inputLength, parser } = this;
    if (this.closing || this.suspended || this.readsNot || input === null || !parser.isWithinRequest)
      return null;
    const missing = parser.missingBytes;
    if (missing < LARGE_ARGUMENT_BYTES) return null;
    const capacity = grownCapacity(inputLength, missing);
    if (capacity > input.length) this.moveInput(capacity);
    return this.input!.subarray(inputLength, inputLength + missing);
  }

  restArrived(length: number): void {
    const { stats } = this.peers;
    stats.netInputBytes += length;
    stats.totalReads++;
    this.inputGrew(this.inputLength + length);
    this.inputArrived();
  }

  // What has been put behind the input that waits is looked at.
  private inputArrived(): void {
    const { peers } = this;
    if (this.inputLength > peers.maxInputBytes) {
      peers.inputLimitReached(this);
      return;
    }
    if (this.suspended) this.client.lastInteractionMs = peers.clock.nowMs();
    else this.runInput();
    if (peers.memory.isExact) this.noteMemory();
  }

  mute(): void {
    if (this.muted) return;
    this.muted = true;
    if (this.peers.turn.serves(this)) this.markSilence();
  }

  unmute(): void {
    // Nothing may get into what a replica reads.
    if (!this.muted || this.client.isReplica) return;
    this.muted = false;
    if (this.peers.turn.serves(this)) this.peers.turn.rewind(0);
  }

  answer(act: () => void): void {
    const { turn } = this.peers;
    const outer = turn.switchTo(this);
    // Whoever is answered otherwise has a mark of its own.
    const outerMark = turn.saveMark();
    this.markSilence();
    act();
    if (this.client.wait === null) {
      if (this.muted || this.client.replyMode !== REPLY_MODE.ON) this.endSilence();
      this.resume();
    } else if (this.muted) {
      turn.rewind(0);
    }
    if (this.held !== null) this.releaseHeld();
    turn.switchTo(outer);
    turn.restoreMark(outerMark);
  }

  holdInput(): void {
    this.suspended = true;
    this.isHeld = true;
    this.readsNot = true;
    this.stream.pause();
  }

  releaseInput(): void {
    this.isHeld = false;
    this.resume();
  }

  suspend(): void {
    this.suspended = true;
  }

  resume(): void {
    if (!this.suspended) return;
    this.suspended = false;
    this.peers.turn.wake(this);
  }

  runWaiting(): void {
    if (!this.suspended && !this.closing) this.runInput();
    // Not before what is here has run: the end of the input would cut it off.
    if (this.readsNot && !this.isHeld && !this.closed) {
      this.readsNot = false;
      this.stream.resume();
    }
  }

  send(bytes: Uint8Array): void {
    if (this.closing) return;
    this.peers.turn.handOver();
    const copy = Buffer.from(bytes);
    this.addReply(copy, 0, copy.length);
  }

  push(bytes: Buffer, start: number, end: number, ahead: boolean): void {
    if (this.closing) return;
    if (this.client.isReplica) this.peers.replicaAnswered(this, false);
    else if (this.held !== null || this.peers.turn.serves(this)) this.hold({ bytes, start, end }, ahead);
    else this.addReply(bytes, start, end);
  }

  feedFrom(feed: OutputFeed): void {
    const { stream, peers, outlet } = this;
    const noteSent = (bytes: number) => {
      this.noteSent(bytes);
      peers.stats.totalWrites++;
    };
    this.sender = new FeedSender(stream, feed, peers.timers, !outlet.mustCopy, noteSent);
  }

  sendFeed(): void {
    if (!this.closing) this.sender?.send();
  }

  feedGrew(): void {
    if (this.sender === null || this.closing) return;
    this.peers.behind.add(this);
    this.checkOutputLimit(this.peers.keyspace.nowMs);
  }

  delaySmallWrites(): void {
    if (this.stream instanceof Socket) this.stream.setNoDelay(false);
  }

  addReply(bytes: Buffer, start: number, end: number): void {
    if (this.closed) return;
    if (this.partBytes === bytes && this.partEnd === start) {
      this.partEnd = end;
      return;
    }
    const isLong = this.partBytes !== null;
    if (this.partBytes !== null) {
      this.earlierParts.push({ bytes: this.partBytes, start: this.partStart, end: this.partEnd });
    }
    this.partBytes = bytes;
    this.partStart = start;
    this.partEnd = end;
    this.enlist();
    // One input can ask for any number of replies: the limit holds within a turn, too.
    if (isLong) this.checkOutputLimit(this.peers.keyspace.nowMs);
  }

  truncateReplies(parts: number, bytes: Buffer, at: number): void {
    const all = this.takeParts();
    const next = all[parts];
    const kept = all.slice(
      0,
      next !== undefined && next.bytes === bytes && next.start < at ? parts + 1 : parts,
    );
    const last = kept.pop();
    this.earlierParts = kept;
    if (last === undefined) return;
    this.partBytes = last.bytes;
    this.partStart = last.start;
    this.partEnd = last.bytes === bytes ? Math.min(last.end, at) : last.end;
  }

  flush(): boolean {
    this.enlisted = false;
    const { outlet, peers } = this;
    const last = this.partBytes;
    if (last === null || this.closed) {
      this.endIfClosing();
      return true;
    }
    const length = this.partsBytes;
    const wasBehind = outlet.isBehind;
    if (!wasBehind) this.softLimitSinceMs = 0;
    if (length > UNLIMITED_OUTPUT_BYTES && this.checkOutputLimit(peers.keyspace.nowMs)) return true;
    this.noteSent(length);
    peers.stats.totalWrites++;
    // What a silent subscriber takes counts as a sign of life.
    if (!wasBehind) this.client.lastInteractionMs = peers.keyspace.nowMs;
    const isOne =
      !wasBehind && this.earlierParts.length === 0 && !(outlet.encrypts && length > GATHERED_BYTES);
    const sent = isOne
      ? outlet.sendOne(last, this.partStart, this.partEnd)
      : outlet.send(this.takeParts(), length);
    this.dropPart();
    const waits = sent !== SENT.OUT;
    if (waits) {
      peers.behind.add(this);
      this.checkOutputLimit(peers.keyspace.nowMs);
    }
    if (peers.memory.isExact && (waits || peers.memory.isByClient)) this.noteOutput(waits);
    this.endIfClosing();
    return sent !== SENT.LENT;
  }

  /** Looks after what the peer has not taken; returns whether it is still behind. */
  checkBehind(nowMs: number): boolean {
    const unsent = this.outlet.unsentBytes;
    if (unsent !== this.unsent) this.client.lastInteractionMs = nowMs;
    this.unsent = unsent;
    if (this.peers.memory.isExact) this.peers.memory.update(this.client);
    if (this.outputBytes > 0) return !this.checkOutputLimit(nowMs);
    this.softLimitSinceMs = 0;
    return false;
  }

  /** Lets go of input memory that it does not need; returns whether it holds any. */
  trimInput(nowMs: number): boolean {
    const { input, parser, inputLength } = this;
    if (input === null) return false;
    const idleMs = nowMs - this.client.lastInteractionMs;
    const missing = parser.isWithinRequest ? parser.missingBytes : 0;
    const capacity = trimmedCapacity(input.length, inputLength, missing, this.inputPeak, idleMs);
    this.inputPeak = inputLength + missing;
    if (capacity === 0) this.dropInput();
    else if (capacity < input.length) this.moveInput(capacity);
    if (this.inputChanged && this.peers.memory.isExact) this.noteMemory();
    return capacity > 0;
  }

  closeAfterReplies(): void {
    if (this.closing) return;
    this.closing = true;
    this.client.closing = true;
    this.mute();
    this.enlist();
  }

  close(): void {
    if (this.closed) return;
    this.closing = true;
    this.client.closing = true;
    this.forget();
    const { stream } = this;
    if (!this.outlet.encrypts) {
      stream.destroy();
      return;
    }
    // Says that it is the end, if that can be said at once: else it might be somebody's who cuts the line.
    stream.end();
    this.peers.timers.afterTurn(() => stream.destroy());
  }

  // Input has arrived and run as far as it can, while a limit on memory depends on what clients take.
  private noteMemory(): void {
    const { client, peers } = this;
    const { memory, turn } = peers;
    if (this.closing) return;
    if (memory.isByClient) {
      // As in Redis, one with too much output is gone before it could cost others their connections.
      if (this.partsBytes > UNLIMITED_OUTPUT_BYTES && this.checkOutputLimit(peers.keyspace.nowMs)) return;
      memory.update(client);
      turn.expect();
    } else if (this.inputChanged || client.transaction !== null) {
      memory.update(client);
    }
    this.inputChanged = false;
  }

  private noteOutput(waits: boolean): void {
    this.peers.memory.update(this.client);
    if (waits && !this.closed) this.outlet.awaitDrain();
  }

  private outputTaken(): void {
    if (this.peers.memory.isExact) this.peers.memory.update(this.client);
  }

  // Redis disconnects a client at once at the hard limit, and after a while at the soft one. Returns whether it did.
  private checkOutputLimit(nowMs: number): boolean {
    const limit = this.peers.outputLimit(this.client);
    const waiting = this.outputBytes + this.partsBytes;
    const pastSoft = limit.softBytes > 0 && waiting > limit.softBytes;
    if (!pastSoft) this.softLimitSinceMs = 0;
    else if (this.softLimitSinceMs === 0) this.softLimitSinceMs = nowMs;
    const softForMs = pastSoft ? nowMs - this.softLimitSinceMs : 0;
    const hard = limit.hardBytes > 0 && waiting > limit.hardBytes;
    if (!hard && softForMs <= limit.softSeconds * 1000) return false;
    this.peers.outputLimitReached(this);
    return true;
  }

  // As Redis, which answers what came before the end of the input, tries to send it once, and closes.
  private inputEnded(): void {
    this.peers.inputEnded(this);
    if (!this.enlisted) {
      this.close();
      return;
    }
    this.closeAfterReplies();
    this.peers.turn.afterReplies(() => this.close());
  }

  // Redis closes as soon as the replies are out; it does not wait for the peer to close its side.
  private endIfClosing(): void {
    if (!this.closing || this.closed || this.ending) return;
    this.ending = true;
    this.sender?.cancel();
    const { stream, outlet } = this;
    outlet.release();
    // Nobody meets it any more, though the system takes a moment to say that it is closed.
    if (!outlet.isBehind) this.forget();
    stream.end(() => stream.destroy());
  }

  private enlist(): void {
    if (this.enlisted) return;
    this.enlisted = true;
    this.peers.turn.enlist(this);
  }

  private noteSent(bytes: number): void {
    const { stats } = this.peers;
    stats.netOutputBytes += bytes;
    if (this.client.isReplica) stats.netReplicationOutputBytes += bytes;
  }

  private get partsBytes(): number {
    let total = this.partEnd - this.partStart;
    if (this.earlierParts.length > 0) for (const part of this.earlierParts) total += part.end - part.start;
    return total;
  }

  private takeParts(): ReplyPart[] {
    const all = this.earlierParts;
    if (this.partBytes !== null) {
      all.push({ bytes: this.partBytes, start: this.partStart, end: this.partEnd });
    }
    this.earlierParts = [];
    this.dropPart();
    return all;
  }

  private dropPart(): void {
    this.partBytes = null;
    this.partStart = 0;
    this.partEnd = 0;
  }

  private run(): void {
    const { peers, parser, client } = this;
    const { turn, dispatcher, limits } = peers;
    // The first of a turn finds the clocks just read.
    if (!turn.begin(this)) peers.executor.inputBegins();
    client.lastInteractionMs = peers.keyspace.nowMs;
    let seen = parser.isWithinRequest ? parser.end : parser.at;
    while (!this.suspended && !this.closing) {
      if (parser.at >= seen) seen = peers.readAhead.look(client.dbId, parser.bytes, parser.at, parser.end);
      const args = this.partial ?? peers.args;
      limits.authenticated = client.authenticated || !peers.asksForPassword;
      const parsed = parser.next(args, limits);
      if (parsed === PARSED.REQUEST) {
        if (this.muted) this.markSilence();
        const done = dispatcher.dispatch(client, args);
        if (this.partial !== null) this.releasePartial();
        if (!done) {
          // It waits, and will be read again from its first byte.
          parser.at = parser.requestStart;
          break;
        }
        if ((this.muted || client.replyMode !== REPLY_MODE.ON) && client.wait === null) this.endSilence();
        if (this.held !== null) this.releaseHeld();
      } else if (parsed === PARSED.INCOMPLETE) {
        if (parser.isWithinRequest && this.partial === null) this.partial = peers.takeArguments();
        if (peers.throttles && parser.isWithinRequest) {
          peers.server.throttling.arrived(client, parser.end - parser.requestStart);
        }
        break;
      } else if (parsed === PARSED.ERROR) {
        if (this.muted) this.markSilence();
        peers.protocolError(this, parser.error!);
        if (this.muted) turn.rewind(0);
        break;
      }
    }
    peers.executor.inputEnded();
    turn.finish();
  }

  private hold(message: ReplyPart, ahead: boolean): void {
    this.held ??= [];
    if (ahead) this.held.splice(this.heldAhead++, 0, message);
    else this.held.push(message);
  }

  private releaseHeld(): void {
    // A script that takes long has not ended yet.
    if (this.peers.executor.isSuspended) return;
    const held = this.held!;
    this.held = null;
    this.heldAhead = 0;
    this.peers.turn.handOver();
    for (const { bytes, start, end } of held) this.addReply(bytes, start, end);
  }

  // A request has ended while replies are dropped, or shall be for the next one (CLIENT REPLY).
  private endSilence(): void {
    const { client } = this;
    if (this.muted) {
      const isAnswered = this.replyBytes > this.repliedBefore;
      this.peers.turn.rewind(0);
      // As Redis, which has no other use for what a replica makes it say.
      if (isAnswered && client.isReplica && client.replyMode === REPLY_MODE.ON) {
        this.peers.replicaAnswered(this, this.peers.turn.writer.errors > this.errorsBefore);
      }
    }
    if (client.replyMode === REPLY_MODE.SKIP_NEXT) {
      client.replyMode = REPLY_MODE.SKIP;
      this.muted = true;
    } else if (client.replyMode === REPLY_MODE.SKIP) {
      client.replyMode = REPLY_MODE.ON;
      this.muted = this.closing || client.isReplica;
    }
  }

  private markSilence(): void {
    this.peers.turn.mark(0);
    this.repliedBefore = this.replyBytes;
    this.errorsBefore = this.peers.turn.writer.errors;
  }

  private releasePartial(): void {
    if (this.partial === null) return;
    this.peers.giveBackArguments(this.partial);
    this.partial = null;
  }

  private runInput(): void {
    const { parser } = this;
    if (this.input === null) return;
    parser.bytes = this.input;
    parser.end = this.inputLength;
    if (this.partial === null) parser.at = 0;
    this.run();
    if (this.closing || this.input === null) return;
    if (parser.at >= this.inputLength && !parser.isWithinRequest) {
      this.inputLength = 0;
      parser.at = 0;
      if (!isKept(this.input.length)) this.dropInput();
      return;
    }
    const consumed = parser.isWithinRequest ? parser.requestStart : parser.at;
    if (consumed > 0) {
      this.input.copyWithin(0, consumed, this.inputLength);
      this.inputLength -= consumed;
      this.shift(this.input, -consumed);
    }
  }

  // The shared read buffer goes back to its owner: what is not parsed yet moves into memory of this connection.
  private keepRest(chunk: Buffer, length: number): void {
    const { parser } = this;
    const from = parser.isWithinRequest ? parser.requestStart : parser.at;
    const rest = length - from;
    const capacity = grownCapacity(rest, parser.missingBytes);
    if (this.input === null || this.input.length < capacity) this.input = this.allocateInput(capacity);
    chunk.copy(this.input, 0, from, length);
    this.inputGrew(rest);
    this.shift(this.input, -from);
  }

  private shift(bytes: Buffer, by: number): void {
    this.parser.moved(bytes, by);
    this.partial?.moved(bytes, by);
  }

  private append(chunk: Buffer, length: number): void {
    const needed = this.inputLength + length;
    if (this.input === null || needed > this.input.length) {
      const missing = Math.max(0, this.inputLength + this.parser.missingBytes - needed);
      this.moveInput(grownCapacity(needed, missing));
    }
    chunk.copy(this.input!, this.inputLength, 0, length);
    this.inputGrew(needed);
  }

  private inputGrew(length: number): void {
    this.inputLength = length;
    if (length > this.inputPeak) this.inputPeak = length;
  }

  private moveInput(capacity: number): void {
    const moved = this.allocateInput(capacity);
    if (this.input !== null) this.input.copy(moved, 0, 0, this.inputLength);
    this.input = moved;
    this.shift(moved, 0);
  }

  private dropInput(): void {
    this.input = null;
    this.inputChanged = true;
    this.parser.bytes = NO_BYTES;
  }

  private allocateInput(capacity: number): Buffer {
    this.peers.holdingInput.add(this);
    this.inputChanged = true;
    return Buffer.allocUnsafeSlow(capacity);
  }

  private forget(): void {
    if (this.closed) return;
    this.closed = true;
    this.closing = true;
    this.client.closing = true;
    this.dropInput();
    this.inputLength = 0;
    this.sender?.cancel();
    this.sender = null;
    this.outlet.forget();
    // A command that is running still reads its arguments.
    if (!this.peers.turn.serves(this)) this.releasePartial();
    this.peers.gone(this);
  }
}

/** Connects a stream that has no handle to take over: in-process, TLS, or a platform without `onread`. */
export function receiveByEvents(stream: Duplex, connection: Connection): void {
  stream.on('data', (chunk: Buffer | string) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(toBytes(chunk)) : chunk;
    connection.receive(bytes, bytes.length);
  });
}
