// One turn of the event loop: requests run as their bytes arrive, and what they answer leaves together at the end, one
// write per client. Between the two stand those who must act first (the AOF), so that no client hears of a write that
// could still be lost. The replies of all clients share output chunks; this file says which stretch is whose.

import type { TimerService } from '../base/runtime.ts';
import { ReplyWriter } from '../resp/reply-writer.ts';
import type { ReplyMark } from './call.ts';

const CHUNK_BYTES = 64 * 1024;
const SPARE_CHUNKS = 32;

/** Whoever owns replies: a connection. */
export interface ReplyOwner {
  /** Takes `bytes[start, end)` as the next part of its output, to be sent by `flush`. The memory is lent until then. */
  addReply(bytes: Buffer, start: number, end: number): void;
  /** How many parts were added since the last flush. */
  readonly replyParts: number;
  /** Takes back what was added after the first `parts` parts, save what lies in `bytes` before `at`. */
  truncateReplies(parts: number, bytes: Buffer, at: number): void;
  /** Goes on with requests that had to wait; see `Turn.wake`. */
  runWaiting(): void;
  /**
   * Sends what was added. Returns false when the memory is still in use (the peer is slow): it is then not reused.
   */
  flush(): boolean;
}

interface ReplyPosition {
  readonly chunk: Buffer | undefined;
  readonly at: number | undefined;
  readonly parts: number | undefined;
}

export class Turn implements ReplyMark {
  readonly writer: ReplyWriter;
  /** What runs before the replies leave, in order: serving unblocked clients, writing the AOF. */
  readonly beforeReplies: (() => void)[] = [];
  /** Whether the end may wait for what more has arrived meanwhile; asked as often as something has. */
  lingers: () => boolean = () => false;
  /** The end that is under way comes early: what need not leave with the replies can wait for the next one, which is near. */
  isEarly = false;
  /** What runs when a turn begins, before its first request. */
  onBegin: () => void = () => {};
  /** What runs when the replies of a turn are out. */
  onEnd: () => void = () => {};
  /** Told when memory that replies were in may be used again: for those who lend some of their own. `isLent`: it may not. */
  onRecycle: (isLent: boolean) => void = () => {};

  private readonly timers: TimerService;
  private readonly chunks: Buffer[] = [];
  private readonly spare: Buffer[] = [];
  private pending: (ReplyOwner | null)[] = [];
  private flushing: (ReplyOwner | null)[] = [];
  private pendingCount = 0;
  private isOpen = false;
  private owner: ReplyOwner | null = null;
  private ownerStart = 0;
  // Bytes in the chunks before the one that is written to.
  private filledBytes = 0;
  // By depth: 0 is the connection's, the rest the executor's (a command within EXEC has a mark of its own).
  private readonly markChunks: Buffer[] = [];
  private readonly markAts: number[] = [];
  private readonly markParts: number[] = [];
  private readonly woken: ReplyOwner[] = [];
  private onceSent: (() => void)[] = [];
  // Some memory was still in use at the end of a turn that could not put it away.
  private isLent = false;
  // Inputs since the end was last considered.
  private inputs = 0;
  private readonly endTurn = () => {
    if (!this.isOpen) return;
    if (this.inputs === 0 || !this.lingers()) {
      this.end();
      return;
    }
    this.inputs = 0;
    this.timers.afterTurn(this.endTurn);
  };

  constructor(timers: TimerService) {
    this.timers = timers;
    this.writer = new ReplyWriter((_writer, needed) => this.nextChunk(needed));
    this.nextChunk(0);
  }

  /** A client's input begins: its replies are written from here on. Returns whether it is the first of the turn. */
  begin(owner: ReplyOwner): boolean {
    const isFirst = !this.isOpen;
    if (isFirst) this.open();
    this.inputs++;
    this.owner = owner;
    this.ownerStart = this.writer.at;
    return isFirst;
  }

  /** The client's input is done: what was written is its. */
  finish(): void {
    this.handOver();
    this.owner = null;
  }

  /** Answers go to another owner (or to none) from here on. Returns the one before, to be switched back to. */
  switchTo(owner: ReplyOwner | null): ReplyOwner | null {
    this.handOver();
    if (!this.isOpen) this.open();
    const previous = this.owner;
    this.owner = owner;
    this.ownerStart = this.writer.at;
    return previous;
  }

  /** Whether it is this owner's requests that run. */
  serves(owner: ReplyOwner): boolean {
    return this.owner === owner;
  }

  /** Bytes written for the owner whose requests run that are not handed over to it yet. */
  get openBytes(): number {
    return this.writer.clientAt - this.ownerStart;
  }

  /** What the replies of this turn take so far, whoever's they are. O(1). */
  get heldBytes(): number {
    return this.filledBytes + this.writer.clientAt;
  }

  /** An owner has something to send at the end of this turn. */
  enlist(owner: ReplyOwner): void {
    if (!this.isOpen) this.open();
    this.pending[this.pendingCount++] = owner;
  }

  /** What is written so far becomes the owner's, so that other bytes can be put behind it in order. */
  handOver(): void {
    const { clientAt, clientBytes } = this.writer;
    if (this.owner !== null && clientAt > this.ownerStart) {
      this.owner.addReply(clientBytes, this.ownerStart, clientAt);
    }
    this.ownerStart = clientAt;
  }

  /** Remembers where the replies stand, for `rewind` at the same depth. */
  mark(depth: number): void {
    this.markChunks[depth] = this.writer.bytes;
    this.markAts[depth] = this.writer.at;
    this.markParts[depth] = this.owner === null ? 0 : this.owner.replyParts;
  }

  /** The mark of depth 0, for `restoreMark`: while another owner is answered in between. */
  saveMark(): ReplyPosition {
    return { chunk: this.markChunks[0], at: this.markAts[0], parts: this.markParts[0] };
  }

  restoreMark({ chunk, at, parts }: ReplyPosition): void {
    if (chunk === undefined) return;
    this.markChunks[0] = chunk;
    this.markAts[0] = at!;
    this.markParts[0] = parts!;
  }

  /** Takes back what the running owner was answered since `mark(depth)`. */
  rewind(depth: number): void {
    const { writer, owner } = this;
    const chunk = this.markChunks[depth]!;
    const at = this.markAts[depth]!;
    if (writer.isAside) {
      writer.at = at;
      return;
    }
    if (writer.bytes === chunk && this.ownerStart <= at) {
      writer.at = at;
      return;
    }
    // A part of it was handed over already: it went on into another chunk, or a message was put in between.
    owner?.truncateReplies(this.markParts[depth]!, chunk, at);
    writer.at = this.ownerStart;
  }

  /** Runs `act` once, when the replies of this turn are out. */
  afterReplies(act: () => void): void {
    if (!this.isOpen) this.open();
    this.onceSent.push(act);
  }

  /** Makes sure that the end of a turn comes: for those who have something to do there (`beforeReplies`). */
  expect(): void {
    if (!this.isOpen) this.open();
  }

  /** Ends the turn before its time, between two inputs, so that its replies need not wait for those that follow; begins another. */
  endEarly(): void {
    if (!this.isOpen || this.owner !== null || this.lingers()) return;
    this.isEarly = true;
    this.end();
    this.isEarly = false;
    this.expect();
  }

  /** Lets an owner go on with waiting requests before this turn's replies leave. */
  wake(owner: ReplyOwner): void {
    if (!this.isOpen) this.open();
    this.woken.push(owner);
  }

  private open(): void {
    this.isOpen = true;
    this.inputs = 0;
    this.onBegin();
    this.timers.afterTurn(this.endTurn);
  }

  private end(): void {
    // What wakes up may wake others; all of it belongs to this turn.
    if (this.woken.length > 0) this.runWoken();
    for (const act of this.beforeReplies) act();
    this.isOpen = false;
    if (this.flushPending()) this.isLent = true;
    this.onEnd();
    if (this.onceSent.length > 0) this.runOnceSent();
    if (this.owner !== null || this.pendingCount > 0) return;
    this.onRecycle(this.isLent);
    this.recycle(this.isLent);
    this.isLent = false;
  }

  // Returns whether a chunk is still in use. The lists keep their length: setting it is a call out of compiled code.
  private flushPending(): boolean {
    const owners = this.pending;
    const count = this.pendingCount;
    this.pending = this.flushing;
    this.flushing = owners;
    this.pendingCount = 0;
    let lent = false;
    for (let i = 0; i < count; i++) {
      if (!owners[i]!.flush()) lent = true;
      owners[i] = null;
    }
    return lent;
  }

  private runWoken(): void {
    for (let i = 0; i < this.woken.length; i++) this.woken[i]!.runWaiting();
    this.woken.length = 0;
  }

  private runOnceSent(): void {
    const acts = this.onceSent;
    this.onceSent = [];
    for (const act of acts) act();
  }

  private recycle(lent: boolean): void {
    const { chunks, spare } = this;
    const last = chunks[chunks.length - 1]!;
    if (!lent && chunks.length === 1 && last.length === CHUNK_BYTES) {
      this.writer.at = 0;
      return;
    }
    this.writer.at = 0;
    this.filledBytes = 0;
    if (lent) {
      chunks.length = 0;
      this.nextChunk(0);
      return;
    }
    for (let i = 0; i < chunks.length - 1; i++) {
      if (chunks[i]!.length === CHUNK_BYTES && spare.length < SPARE_CHUNKS) spare.push(chunks[i]!);
    }
    chunks.length = 0;
    if (last.length === CHUNK_BYTES) {
      chunks.push(last);
    } else {
      this.nextChunk(0);
    }
  }

  private nextChunk(needed: number): void {
    this.handOver();
    this.filledBytes += this.writer.at;
    const chunk =
      needed > CHUNK_BYTES
        ? Buffer.allocUnsafeSlow(needed)
        : (this.spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES));
    this.chunks.push(chunk);
    this.writer.bytes = chunk;
    this.writer.at = 0;
    this.ownerStart = 0;
  }
}
