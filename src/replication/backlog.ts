// The stream's bytes in memory, once for all: the backlog that partial resynchronizations are served from, and what
// replicas have not taken yet. They lie in a chain of blocks; the backlog and each replica hold on to the first block that
// they need, so a replica that is behind makes the chain longer and costs nothing else. Blocks have the sizes that Redis's
// have, because figures and limits that users know go by them.

import { copyBytes } from '../base/bytes.ts';
import { RunCopy } from '../base/run-copy.ts';

/** What a block takes beside its bytes, as Redis counts it. */
export const BLOCK_OVERHEAD_BYTES = 64;
// Of these, so many lie in front of the bytes.
const HEADER_BYTES = 40;
const LEAST_BLOCK_BYTES = 16 * 1024;
const BLOCKS_PER_BACKLOG = 16;
const MOST_TRIMMED = 64;
const MOST_TRIMMED_PER_TURN = 10 * MOST_TRIMMED;
const SPARE_BLOCKS = 4;

export class Block {
  readonly bytes: Buffer;
  /** How many bytes of the stream come before this block. */
  start = 0;
  /** Its place in the chain, counted from the first that there ever was. */
  number = 0;
  used = 0;
  holders = 0;
  next: Block | null = null;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size);
  }
}

/** The place in the chain up to where someone has the stream. */
export class Cursor {
  /** Null: everything was taken, and the block that comes next is not there yet. */
  block: Block | null = null;
  at = 0;
}

export class Backlog {
  /** How many bytes of the stream can be read again. */
  length = 0;
  /** Bytes of memory that the chain takes. */
  memory = 0;

  private size: number;
  private head: Block | null = null;
  private tail: Block | null = null;
  private blocks = 0;
  // Followers who have all, and whose block begins with the next byte.
  private readonly caughtUp: Cursor[] = [];
  // Blocks that nobody has lent: the next are made of them.
  private readonly spare: Block[] = [];
  private offset: number;
  // What is on its way to the last block.
  private readonly lent = new RunCopy();

  /** Begins behind `offset` bytes of the stream. `size` is how much it keeps, about. */
  constructor(size: number, offset: number) {
    this.size = size;
    this.offset = offset;
  }

  /** The first byte (from 1) that can be read again. */
  get firstByte(): number {
    return this.offset - this.length + 1;
  }

  /**
   * Adds the next bytes; what is lent stays as it is until `settle` is called. Returns whether a block was begun: followers may
   * have fallen behind too far.
   */
  append(bytes: Uint8Array, start: number, end: number, isLent = false): boolean {
    const length = end - start;
    const { tail } = this;
    if (tail === null || tail.bytes.length - tail.used < length || this.caughtUp.length > 0) {
      return this.appendInPieces(bytes, start, end);
    }
    if (isLent) this.lent.add(bytes, start, end, tail.bytes, tail.used);
    else copyBytes(bytes, start, tail.bytes, tail.used, length);
    this.added(tail, length);
    return false;
  }

  /** What was lent is needed no longer. */
  settle(): void {
    this.lent.settle();
  }

  /** How much is kept from here on. */
  resize(size: number): void {
    this.size = size;
    this.trim();
  }

  /** Lets go of what nobody needs any more, a part of it at a time; to be called at the end of each turn. */
  tidy(): void {
    if (this.length > this.size) this.trim(MOST_TRIMMED_PER_TURN);
  }

  /** Whether the stream can be read from byte `offset` (from 1) on. */
  has(offset: number): boolean {
    return offset >= this.firstByte && offset <= this.offset + 1;
  }

  /** The stream began at another offset than was thought: what is here came behind `by` more bytes. */
  shift(by: number): void {
    this.offset += by;
    for (let block = this.head; block !== null; block = block.next) block.start += by;
  }

  /** Makes a cursor stand before byte `offset`, which must be there. O(blocks). */
  seek(cursor: Cursor, offset: number): void {
    this.leave(cursor);
    if (this.length === 0) {
      this.caughtUp.push(cursor);
      return;
    }
    let block = this.head!;
    while (block.start + block.used < offset - 1) block = block.next!;
    this.hold(cursor, block, offset - 1 - block.start);
  }

  /** Makes a cursor stand at the end: it has all that there is. */
  seekEnd(cursor: Cursor): void {
    this.leave(cursor);
    this.caughtUp.push(cursor);
  }

  /** Makes a cursor stand where another one does. */
  copy(cursor: Cursor, other: Cursor): void {
    this.leave(cursor);
    if (other.block === null) this.caughtUp.push(cursor);
    else this.hold(cursor, other.block, other.at);
  }

  /** A cursor is of no use any more: what only it has held is let go. */
  leave(cursor: Cursor): void {
    const { block } = cursor;
    if (block === null) {
      const at = this.caughtUp.indexOf(cursor);
      if (at >= 0) this.caughtUp.splice(at, 1);
      return;
    }
    cursor.block = null;
    block.holders--;
    this.trim();
  }

  /** Adds what comes behind a cursor to `into`, up to about `room` bytes; returns how many bytes. Nothing is taken yet. */
  read(cursor: Cursor, into: Uint8Array[], room: number): number {
    this.settle();
    let { block, at } = cursor;
    let length = 0;
    while (block !== null && length < room) {
      if (at < block.used) into.push(block.bytes.subarray(at, block.used));
      length += block.used - at;
      block = block.next;
      at = 0;
    }
    return length;
  }

  /** A cursor has taken so many bytes more, which it has read. */
  advance(cursor: Cursor, bytes: number): void {
    const first = cursor.block!;
    let block = first;
    let at = cursor.at + bytes;
    while (at > block.used || (at === block.used && block.next !== null)) {
      at -= block.used;
      block = block.next!;
    }
    cursor.at = at;
    if (block === first) return;
    block.holders++;
    cursor.block = block;
    first.holders--;
    this.trim();
  }

  /** Whether there is anything behind a cursor. */
  isBehind({ block, at }: Cursor): boolean {
    return block !== null && (at < block.used || block.next !== null);
  }

  /** Bytes of memory from a cursor's block on: what CLIENT LIST shows, and what the output limit is about. */
  memoryBehind({ block }: Cursor): number {
    if (block === null) return 0;
    const last = this.tail!;
    return last.start + last.bytes.length - block.start + this.blocksBehind(block) * BLOCK_OVERHEAD_BYTES;
  }

  /** In how many blocks they are. */
  countBehind({ block }: Cursor): number {
    return block === null ? 0 : this.blocksBehind(block);
  }

  private blocksBehind(block: Block): number {
    return this.tail!.number - block.number + 1;
  }

  private hold(cursor: Cursor, block: Block, at: number): void {
    block.holders++;
    cursor.block = block;
    cursor.at = at;
  }

  private appendInPieces(bytes: Uint8Array, start: number, end: number): boolean {
    // What is on its way goes to a block that may be used anew.
    this.settle();
    let isNew = false;
    for (let from = start; from < end; ) {
      let block = this.tail;
      if (block === null || block.used === block.bytes.length) {
        block = this.addBlock(end - from);
        isNew = true;
      }
      this.beginCursors(block);
      const count = Math.min(end - from, block.bytes.length - block.used);
      copyBytes(bytes, from, block.bytes, block.used, count);
      this.added(block, count);
      from += count;
    }
    if (isNew) this.trim();
    return isNew;
  }

  private added(block: Block, bytes: number): void {
    block.used += bytes;
    this.length += bytes;
    this.offset += bytes;
  }

  private beginCursors(block: Block): void {
    for (const cursor of this.caughtUp) this.hold(cursor, block, block.used);
    this.caughtUp.length = 0;
  }

  private addBlock(wanted: number): Block {
    const limit = Math.max(Math.floor(this.size / BLOCKS_PER_BACKLOG), LEAST_BLOCK_BYTES);
    const size =
      allocatedBytes(Math.min(Math.max(wanted, LEAST_BLOCK_BYTES), limit) + HEADER_BYTES) - HEADER_BYTES;
    const block = this.spare.find(({ bytes }) => bytes.length === size) ?? new Block(size);
    const at = this.spare.indexOf(block);
    if (at >= 0) this.spare.splice(at, 1);
    block.start = this.offset;
    block.used = 0;
    block.number = this.blocks++;
    block.next = null;
    if (this.tail === null) {
      this.head = block;
      block.holders = 1;
    } else {
      this.tail.next = block;
      block.holders = 0;
    }
    this.tail = block;
    this.memory += size + BLOCK_OVERHEAD_BYTES;
    return block;
  }

  // As Redis: no less is kept than was asked for, and nothing of what somebody needs; a few blocks at a time.
  private trim(most = MOST_TRIMMED): void {
    for (let trimmed = 0; trimmed < most && this.length > this.size; trimmed++) {
      const first = this.head!;
      const { next } = first;
      if (next === null || first.holders > 1 || this.length - first.bytes.length <= this.size) return;
      this.length -= first.used;
      this.memory -= first.bytes.length + BLOCK_OVERHEAD_BYTES;
      this.head = next;
      next.holders++;
      first.holders = 0;
      if (this.spare.length < SPARE_BLOCKS) this.spare.push(first);
    }
  }
}

// What Redis's allocator takes for so many bytes: four sizes between one power of two and the next.
function allocatedBytes(bytes: number): number {
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}
