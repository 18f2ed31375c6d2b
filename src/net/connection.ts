// One peer: bytes in, requests to the dispatcher, replies out. It owns what is between the socket and the engine: the
// input that is not parsed yet and the output that is not taken yet. Any duplex stream can be one; a socket only has
// cheaper ways in (one shared read buffer) and out (memory that the kernel copies at once).

import type { Duplex } from 'node:stream';
import { toBytes } from '../base/bytes.ts';
import type { Client, ClientConnection } from '../engine/client.ts';
import { REPLY_MODE, type ReplyMode } from '../engine/client.ts';
import type { ReplyOwner } from '../engine/turn.ts';
import type { Arguments } from '../resp/arguments.ts';
import { PARSED, RequestParser } from '../resp/request-parser.ts';
import type { Peers } from './peers.ts';

const SMALL_INPUT_BYTES = 16 * 1024;
const GROW_EXACTLY_BYTES = 1024 * 1024;

/** Who the peer is, as CLIENT LIST shows it. */
export interface PeerAddress {
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly isUnixSocket: boolean;
  readonly isLocal: boolean;
}

interface ReplyPart {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class Connection implements ClientConnection, ReplyOwner {
  readonly address: string;
  readonly localAddress: string;
  readonly fd: number;
  readonly isUnixSocket: boolean;
  readonly isLocal: boolean;
  readonly client: Client;

  private readonly stream: Duplex;
  private readonly peers: Peers;
  // The kernel has copied what `write` took completely; other streams keep the memory and must get a copy.
  private readonly kernelCopies: boolean;
  private readonly parser = new RequestParser();
  // A request whose end has not arrived keeps its arguments; all others share the server's.
  private partial: Arguments | null = null;
  private input: Buffer | null = null;
  private inputLength = 0;
  private suspended = false;
  private closing = false;
  private closed = false;
  private ending = false;

  private partBytes: Buffer | null = null;
  private partStart = 0;
  private partEnd = 0;
  private earlierParts: ReplyPart[] = [];
  private enlisted = false;
  private softLimitSinceMs = 0;

  constructor(stream: Duplex, peer: PeerAddress, kernelCopies: boolean, peers: Peers) {
    this.stream = stream;
    this.kernelCopies = kernelCopies;
    this.peers = peers;
    this.address = peer.address;
    this.localAddress = peer.localAddress;
    this.fd = peer.fd;
    this.isUnixSocket = peer.isUnixSocket;
    this.isLocal = peer.isLocal;
    this.client = peers.clients.add(this, peers.keyspace.nowMs);
    stream.on('error', () => this.forget());
    stream.on('close', () => this.forget());
    stream.on('end', () => this.close());
  }

  get inputBytes(): number {
    return this.input === null ? 0 : this.inputLength;
  }

  get inputFreeBytes(): number {
    return this.input === null ? 0 : this.input.length - this.inputLength;
  }

  get outputBytes(): number {
    let waiting = this.partEnd - this.partStart;
    for (const part of this.earlierParts) waiting += part.end - part.start;
    return this.stream.writableLength + waiting;
  }

  get replyParts(): number {
    return this.earlierParts.length + (this.partBytes === null ? 0 : 1);
  }

  get outputPieces(): number {
    return this.replyParts + (this.stream.writableLength > 0 ? 1 : 0);
  }

  /** Bytes have arrived in `chunk[0, length)`; the memory is the caller's again when this returns. */
  receive(chunk: Buffer, length: number): void {
    if (this.closing) return;
    const { peers, client } = this;
    peers.stats.netInputBytes += length;
    peers.stats.totalReads++;
    if (this.inputLength === 0 && !this.suspended) {
      client.lastInteractionMs = peers.keyspace.nowMs;
      this.parser.bytes = chunk;
      this.parser.at = 0;
      this.parser.end = length;
      this.run();
      if (this.parser.at < length && !this.closing) this.keepRest(chunk, length);
      return;
    }
    this.append(chunk, length);
    if (this.inputLength > peers.maxInputBytes) {
      peers.inputLimitReached(this);
      return;
    }
    if (this.suspended) return;
    client.lastInteractionMs = peers.keyspace.nowMs;
    this.runInput();
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
  }

  send(bytes: Uint8Array): void {
    if (this.closing) return;
    this.peers.turn.handOver();
    const copy = Buffer.from(bytes);
    this.addReply(copy, 0, copy.length);
  }

  addReply(bytes: Buffer, start: number, end: number): void {
    if (this.closed) return;
    if (this.partBytes === bytes && this.partEnd === start) {
      this.partEnd = end;
      return;
    }
    if (this.partBytes !== null) {
      this.earlierParts.push({ bytes: this.partBytes, start: this.partStart, end: this.partEnd });
    }
    this.partBytes = bytes;
    this.partStart = start;
    this.partEnd = end;
    this.enlist();
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
    const { stream, peers } = this;
    const last = this.partBytes;
    if (last === null || this.closed) {
      this.endIfClosing();
      return true;
    }
    // To a peer that is behind already, replies wait in memory of their own size, not in a chunk of which they are a part.
    const copies = !this.kernelCopies || stream.writableLength > 0;
    let sent = this.partEnd - this.partStart;
    if (this.earlierParts.length > 0) {
      for (const { bytes, start, end } of this.earlierParts) {
        sent += end - start;
        this.write(bytes.subarray(start, end), copies);
      }
      this.earlierParts = [];
    }
    this.write(last.subarray(this.partStart, this.partEnd), copies);
    this.partBytes = null;
    this.partStart = 0;
    this.partEnd = 0;
    peers.stats.totalWrites++;
    peers.stats.netOutputBytes += sent;
    const waits = stream.writableLength > 0;
    if (waits) this.checkOutputLimit();
    else this.softLimitSinceMs = 0;
    this.endIfClosing();
    return copies || !waits;
  }

  closeAfterReplies(): void {
    if (this.closing) return;
    this.closing = true;
    this.client.closing = true;
    this.enlist();
  }

  close(): void {
    if (this.closed) return;
    this.closing = true;
    this.client.closing = true;
    this.forget();
    this.stream.destroy();
  }

  // Redis disconnects a client at once at the hard limit, and after a while at the soft one.
  private checkOutputLimit(): void {
    const limit = this.peers.outputLimit(this.client);
    const waiting = this.stream.writableLength;
    const nowMs = this.peers.keyspace.nowMs;
    const pastSoft = limit.softBytes > 0 && waiting > limit.softBytes;
    if (pastSoft && this.softLimitSinceMs === 0) this.softLimitSinceMs = nowMs;
    if (!pastSoft) this.softLimitSinceMs = 0;
    const softForMs = pastSoft ? nowMs - this.softLimitSinceMs : 0;
    const hard = limit.hardBytes > 0 && waiting > limit.hardBytes;
    if (hard || (pastSoft && softForMs > limit.softSeconds * 1000)) this.peers.outputLimitReached(this);
  }

  // Redis closes as soon as the replies are out; it does not wait for the peer to close its side.
  private endIfClosing(): void {
    if (!this.closing || this.closed || this.ending) return;
    this.ending = true;
    const { stream } = this;
    stream.end(() => stream.destroy());
  }

  private enlist(): void {
    if (this.enlisted) return;
    this.enlisted = true;
    this.peers.turn.enlist(this);
  }

  private write(bytes: Buffer, copies: boolean): void {
    this.stream.write(copies ? Buffer.from(bytes) : bytes);
  }

  private takeParts(): ReplyPart[] {
    const all = this.earlierParts;
    if (this.partBytes !== null) {
      all.push({ bytes: this.partBytes, start: this.partStart, end: this.partEnd });
    }
    this.earlierParts = [];
    this.partBytes = null;
    this.partStart = 0;
    this.partEnd = 0;
    return all;
  }

  private run(): void {
    const { peers, parser, client } = this;
    const { turn, dispatcher, limits } = peers;
    turn.begin(this);
    peers.executor.inputBegins();
    while (!this.suspended && !this.closing) {
      const args = this.partial ?? peers.args;
      limits.authenticated = client.authenticated;
      const parsed = parser.next(args, limits);
      if (parsed === PARSED.REQUEST) {
        const replyMode = client.replyMode;
        if (replyMode !== REPLY_MODE.ON) turn.mark(0);
        const done = dispatcher.dispatch(client, args);
        if (this.partial !== null) this.releasePartial();
        if (!done) {
          // It waits, and will be read again from its first byte.
          parser.at = parser.requestStart;
          break;
        }
        if (replyMode !== client.replyMode || replyMode !== REPLY_MODE.ON) this.applyReplyMode(replyMode);
      } else if (parsed === PARSED.INCOMPLETE) {
        if (parser.isWithinRequest && this.partial === null) this.partial = peers.takeArguments();
        break;
      } else if (parsed === PARSED.ERROR) {
        peers.protocolError(this, parser.error!);
        break;
      }
    }
    turn.finish();
  }

  // CLIENT REPLY: what the request was answered is taken back, unless the request itself was what ended the silence.
  private applyReplyMode(before: ReplyMode): void {
    const { client } = this;
    const silent = before === REPLY_MODE.OFF || before === REPLY_MODE.SKIP;
    if (silent && client.replyMode !== REPLY_MODE.ON) this.peers.turn.rewind(0);
    if (client.replyMode === REPLY_MODE.SKIP_NEXT) client.replyMode = REPLY_MODE.SKIP;
    else if (client.replyMode === REPLY_MODE.SKIP) client.replyMode = REPLY_MODE.ON;
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
      this.input = null;
      this.inputLength = 0;
      parser.at = 0;
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
    this.input = Buffer.allocUnsafeSlow(this.capacityFor(rest, rest));
    chunk.copy(this.input, 0, from, length);
    this.inputLength = rest;
    this.shift(this.input, -from);
  }

  private shift(bytes: Buffer, by: number): void {
    this.parser.moved(bytes, by);
    this.partial?.moved(bytes, by);
  }

  private append(chunk: Buffer, length: number): void {
    const needed = this.inputLength + length;
    if (this.input === null || needed > this.input.length) {
      const grown = Buffer.allocUnsafeSlow(this.capacityFor(needed, this.inputLength));
      if (this.input !== null) this.input.copy(grown, 0, 0, this.inputLength);
      this.input = grown;
      this.shift(grown, 0);
    }
    chunk.copy(this.input, this.inputLength, 0, length);
    this.inputLength = needed;
  }

  // Doubling at first, because a length that a client announces costs it nothing; when a good part of a large value has
  // arrived, what is missing is allocated at once.
  private capacityFor(needed: number, have: number): number {
    const announced = this.inputLength + this.parser.missingBytes;
    const doubled = Math.max(SMALL_INPUT_BYTES, needed, have * 2);
    return have >= GROW_EXACTLY_BYTES ? Math.max(needed, Math.min(announced, have * 64)) : doubled;
  }

  private forget(): void {
    if (this.closed) return;
    this.closed = true;
    this.closing = true;
    this.client.closing = true;
    this.input = null;
    this.inputLength = 0;
    this.releasePartial();
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
