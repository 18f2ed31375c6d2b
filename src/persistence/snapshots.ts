// Snapshots without fork: all data as they are at one moment, written to a file in slices while the server goes on. Each
// database has a pass over its entries (memory/table-pass.ts): what is about to change is encoded first, so the file
// shows the moment of the start, and no more memory is needed than what changes meanwhile takes. BGSAVE and the rewriting
// of the AOF differ by their encoder alone.

import { resolve } from 'node:path';
import type { Clock, FileDoor, TimerHandle, TimerService } from '../base/runtime.ts';
import { isLarge } from '../datatypes/kind.ts';
import type { LatencyMonitor } from '../engine/latency-monitor.ts';
import { SnapshotAborted, type SnapshotOutput } from '../engine/persistence.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { BlockPass, type BlockRow } from '../memory/block-pass.ts';
import type { ChainedTable } from '../memory/chained-table.ts';
import type { Ref } from '../memory/heap.ts';
import { RefDeque } from '../memory/ref-deque.ts';
import { type EntryVisitor, TablePass } from '../memory/table-pass.ts';
import { BackgroundFile } from './background-file.ts';
import type { BlockEncoder, Section, SnapshotEncoder, TableEncoder, TakeBytes } from './snapshot-encoder.ts';

export type { SnapshotEncoder, TakeBytes };

export interface SnapshotOptions {
  readonly encoder: SnapshotEncoder;
  /** The folder, and the name in it under which the file is made. */
  readonly folder: string;
  readonly temporaryName: string;
  /** Whether the file is forced to the disk in portions while it is written. */
  readonly autoSync: boolean;
  /** Called once: the file is complete and on the disk, to be renamed; or it is gone, and this is why. */
  done(error: Error | null): void;
}

/** A snapshot that goes somewhere else than to a file. */
export interface StreamedSnapshotOptions {
  readonly encoder: SnapshotEncoder;
  /** It has no keys, only what stands before them. */
  readonly skipsKeys: boolean;
  /** Makes its output. `onRoom` is to be called when it is not full any more, `onEnd` with what went wrong, or null. */
  open(onRoom: () => void, onEnd: (error: Error | null) => void): SnapshotOutput;
  /** Called once: everything has arrived, or this is why not. */
  done(error: Error | null): void;
}

/** How far a snapshot is. */
export interface SnapshotProgress {
  readonly keysProcessed: number;
  readonly keysTotal: number;
  readonly startedMs: number;
  readonly bytesWritten: number;
}

export interface SnapshotParts {
  readonly clock: Clock;
  readonly timers: TimerService;
  readonly files: FileDoor;
  readonly latency?: LatencyMonitor;
  readonly keyspace: Keyspace;
  /** A number that grows when the server has something else to do. */
  readonly activity: () => number;
  /** `rdb-key-save-delay`: microseconds to wait for each key; a negative number of keys to wait one microsecond for. */
  readonly keyDelayUs: () => number;
  /** Called when one begins. */
  readonly onStart?: () => void;
}

// So much comes together before it is handed to the file.
const HAND_OVER_BYTES = 64 * 1024;
// A slice, and how long others go first when there are any. A snapshot takes so much of the time that the event loop has
// waited, and of the time that others took. What had to be encoded meanwhile because it was about to change is taken off
// the next slice.
const SLICE_US = 1000;
const LEAST_SLICE_US = 100;
const REST_MS = 3;
const SHARE_OF_IDLE = 1 / 2;
const SHARE_OF_BUSY = 1 / 8;
// From so many elements or blocks on a value is written in pieces.
const LEAST_ELEMENTS = 1024;
const LEAST_BLOCKS = 16;
// The clock is read after so many buckets, or entries that were copied.
const BUCKETS_PER_CLOCK = 16;
// Delays are waited for when so much of them has come together.
const LEAST_DELAY_US = 1000;
// No more of them at once.
const MAX_DELAY_MS = 100;

export class Snapshots {
  private readonly parts: SnapshotParts;
  private running: Snapshot | null = null;
  private rehearsal: Snapshot | null = null;

  constructor(parts: SnapshotParts) {
    this.parts = parts;
  }

  /** The snapshot that is under way. */
  get current(): SnapshotProgress | null {
    return this.running;
  }

  /** Begins one, of what the keyspace holds now; none may be under way. Throws when its file cannot be made. */
  start(options: SnapshotOptions): void {
    this.rehearsal?.fail(new SnapshotAborted());
    this.run(options);
  }

  /** As `start`, to an output of the caller's. */
  stream({ encoder, skipsKeys, open, done }: StreamedSnapshotOptions): void {
    this.rehearsal?.fail(new SnapshotAborted());
    this.run({ encoder, skipsKeys, open, done, folder: '', temporaryName: null, autoSync: false });
  }

  private run(options: RunOptions): void {
    this.running = new Snapshot(this.parts, options, () => {
      this.running = null;
    });
    this.parts.onStart?.();
  }

  /** Ends what is under way, removes its file and tells its owner. */
  abort(): void {
    this.running?.fail(new SnapshotAborted());
  }

  get isRehearsing(): boolean {
    return this.rehearsal !== null;
  }

  /** Goes through what a snapshot does, as far as `visits` entries, and writes nothing. */
  rehearse(encoder: SnapshotEncoder, visits: number): void {
    const options = { encoder, folder: '', temporaryName: null, autoSync: false, done: () => {} };
    this.rehearsal = new Snapshot(this.parts, options, () => {
      this.rehearsal = null;
    });
    this.rehearsal.endsAfter = visits;
  }
}

/** A database of a snapshot. */
class DatabasePart implements EntryVisitor {
  readonly id: number;
  readonly db: Database;
  readonly pass: TablePass;
  readonly size: number;
  readonly volatileSize: number;
  isBegun = false;
  /** Copies of small entries that were changed before their turn. */
  readonly kept: RefDeque;

  private readonly snapshot: Snapshot;

  constructor(snapshot: Snapshot, db: Database) {
    this.snapshot = snapshot;
    this.id = db.id;
    this.db = db;
    this.size = db.size;
    this.volatileSize = db.volatile.size;
    this.kept = new RefDeque(db.heap);
    this.pass = new TablePass(db.dict, this);
  }

  visit(ref: Ref): void {
    this.snapshot.visit(this, ref);
  }
}

/** A large value that is written in pieces, at its turn or before, when they are about to change. */
interface OpenValue {
  readonly part: DatabasePart;
  /** What was written of it before its turn. */
  readonly section: Section;
  readonly encoder: TableEncoder | BlockEncoder;
  readonly pass: TablePass | BlockPass;
}

class OpenTable implements OpenValue, EntryVisitor {
  readonly part: DatabasePart;
  readonly section: Section;
  readonly encoder: TableEncoder;
  readonly pass: TablePass;

  private readonly snapshot: Snapshot;

  constructor(
    snapshot: Snapshot,
    part: DatabasePart,
    section: Section,
    encoder: TableEncoder,
    table: ChainedTable,
  ) {
    this.snapshot = snapshot;
    this.part = part;
    this.section = section;
    this.encoder = encoder;
    this.pass = new TablePass(table, this);
  }

  visit(element: Ref): void {
    this.snapshot.visitElement(this, element);
  }
}

/** A snapshot's options, or a rehearsal's, which has no file. */
type RunOptions = Omit<SnapshotOptions, 'temporaryName'> &
  Partial<StreamedSnapshotOptions> & { readonly temporaryName: string | null };

class Snapshot implements SnapshotProgress {
  keysProcessed = 0;
  /** It ends when so many entries or pieces were visited. */
  endsAfter = Number.POSITIVE_INFINITY;
  readonly keysTotal: number;
  readonly startedMs: number;

  private readonly parts: SnapshotParts;
  private readonly options: RunOptions;
  private readonly encoder: SnapshotEncoder;
  private readonly onEnd: () => void;
  private readonly file: SnapshotOutput;
  private readonly databases: readonly DatabasePart[];
  // Those whose pass has not ended.
  private readonly left: DatabasePart[];
  // Values in pieces that wait for their turn, and the one whose turn it is. While that one is written, entries that are about to
  // change go aside.
  private readonly waiting: OpenValue[] = [];
  private streamed: OpenValue | null = null;
  private readonly aside: Section;
  private isSlicing = false;
  // Which database the last entry was of, in the file and aside.
  private writtenPart: DatabasePart | null = null;
  private asidePart: DatabasePart | null = null;
  private timer: TimerHandle | null = null;
  private isScheduled = false;
  // Everything was given to the file.
  private isComplete = false;
  private sliceEndUs = 0;
  // When the slice before was done, and after how many visits.
  private pausedUs: number;
  private idleAtPauseUs: number;
  private visitsAtPause = 0;
  private visits = 0;
  // What a visit takes, about.
  private visitUs = 1;
  private isQuiet = false;
  private bucketsSeen = 0;
  private owedUs = 0;
  private activity = 0;
  private hasEnded = false;
  private readonly take: TakeBytes = (bytes, length) => this.file.write(bytes, length);
  private readonly enough = () => this.isEnough();
  private readonly runSlice = () => this.slice();

  constructor(parts: SnapshotParts, options: RunOptions, onEnd: () => void) {
    this.parts = parts;
    this.options = options;
    this.encoder = options.encoder;
    this.onEnd = onEnd;
    this.startedMs = parts.clock.nowMs();
    this.pausedUs = parts.clock.monotonicUs();
    this.idleAtPauseUs = parts.clock.idleUs();
    this.file = this.openOutput();
    this.aside = this.encoder.newSection();
    const databases = options.skipsKeys === true ? [] : parts.keyspace.databases;
    this.databases = databases.filter((db) => db.size > 0).map((db) => new DatabasePart(this, db));
    this.left = [...this.databases];
    this.keysTotal = this.left.reduce((sum, { size }) => sum + size, 0);
    this.encoder.begin();
    // The first slice need not wait: small data are done with it.
    this.activity = parts.activity();
    this.schedule();
  }

  private openOutput(): SnapshotOutput {
    const { autoSync, folder, open, temporaryName } = this.options;
    const onRoom = () => this.schedule();
    const onEnd = (error: Error | null) => this.fileEnded(error);
    if (open !== undefined) return open(onRoom, onEnd);
    if (temporaryName === null) return new NoFile(onEnd);
    const { files } = this.parts;
    return new BackgroundFile({ files, path: resolve(folder, temporaryName), autoSync, onRoom, onEnd });
  }

  get bytesWritten(): number {
    return this.file.written;
  }

  fail(error: Error): void {
    if (this.hasEnded) return;
    this.endPasses();
    this.file.abandon();
    this.end(error);
  }

  /** An entry's turn has come, or it is about to change. */
  visit(part: DatabasePart, ref: Ref): void {
    // A copy costs a fraction of what encoding does, which so takes its share of the time and no more.
    if (!this.isSlicing && ref > 0 && !isLarge(part.db.kind(ref))) {
      const { heap } = part.db;
      const copy = heap.copyOf(ref);
      heap.snapshotBytes += heap.capacity(copy);
      part.kept.insert(part.kept.length, copy);
      return;
    }
    this.encode(part, ref);
  }

  private encode(part: DatabasePart, ref: Ref): void {
    const { encoder } = this;
    this.keysProcessed++;
    this.visits++;
    const delayUs = this.parts.keyDelayUs();
    if (delayUs !== 0) this.owedUs += delayUs > 0 ? delayUs : -1 / delayUs;
    const { db } = part;
    if (isLarge(db.kind(ref)) && this.opens(part, ref)) return;
    if (this.streamed === null) {
      if (this.writtenPart !== part) this.begin(part);
      encoder.entry(db, ref);
      if (encoder.pendingBytes >= HAND_OVER_BYTES) encoder.handOver(this.take);
      return;
    }
    encoder.writeTo(this.aside);
    if (this.asidePart !== part) this.asidePart = this.announce(part);
    encoder.entry(db, ref);
    encoder.writeTo(null);
  }

  private begin(part: DatabasePart): void {
    this.writtenPart = this.announce(part);
  }

  private announce(part: DatabasePart): DatabasePart {
    if (part.isBegun) this.encoder.database(part.id, 0, 0);
    else this.encoder.database(part.id, part.size, part.volatileSize);
    part.isBegun = true;
    return part;
  }

  // Whether a large value is one that is written in pieces; what stands before them is written then.
  private opens(part: DatabasePart, ref: Ref): boolean {
    const { blocks, table } = part.db.large(ref);
    if (table !== undefined) {
      if (table.size < LEAST_ELEMENTS) return false;
      this.openTable(part, ref, table);
      return true;
    }
    return blocks !== undefined && blocks.blockCount >= LEAST_BLOCKS && this.opensBlocks(part, ref, blocks);
  }

  private openTable(part: DatabasePart, ref: Ref, table: ChainedTable): void {
    const { encoder } = this;
    const section = encoder.newSection();
    encoder.writeTo(section);
    const opened = new OpenTable(this, part, section, encoder.beginTable(part.db, ref), table);
    encoder.writeTo(null);
    this.waiting.push(opened);
  }

  private opensBlocks(part: DatabasePart, ref: Ref, blocks: BlockRow): boolean {
    const { encoder } = this;
    const section = encoder.newSection();
    encoder.writeTo(section);
    const value = encoder.beginBlocks(part.db, ref);
    encoder.writeTo(null);
    if (value === null) return false;
    const pass = new BlockPass(blocks, (i, memory, base) => {
      this.visits++;
      value.block(i, memory, base);
      if (encoder.pendingBytes >= HAND_OVER_BYTES) encoder.handOver(this.take);
    });
    this.waiting.push({ part, section, encoder: value, pass });
    return true;
  }

  /** As `visit`, for an element of a value in pieces. */
  visitElement(opened: OpenTable, element: Ref): void {
    const { encoder } = this;
    this.visits++;
    if (opened !== this.streamed) {
      encoder.writeTo(opened.section);
      opened.encoder.element(element);
      encoder.writeTo(null);
      return;
    }
    opened.encoder.element(element);
    if (encoder.pendingBytes >= HAND_OVER_BYTES) encoder.handOver(this.take);
  }

  private slice(): void {
    this.timer = null;
    this.isScheduled = false;
    if (this.hasEnded || this.file.isFull) return;
    const { clock, keyDelayUs } = this.parts;
    // Who has asked for the delays may have changed his mind.
    if (keyDelayUs() === 0) this.owedUs = 0;
    if (this.owedUs >= LEAST_DELAY_US) {
      this.schedule();
      return;
    }
    const startUs = clock.monotonicUs();
    this.sliceEndUs = startUs + this.sliceUs(startUs);
    const visitsBefore = this.visits;
    this.isSlicing = true;
    while (this.step()) {
      if (!this.isSliceOver()) continue;
      this.isSlicing = false;
      // Somebody waits for it.
      if (this.options.open !== undefined) this.encoder.handOver(this.take);
      this.pausedUs = clock.monotonicUs();
      this.idleAtPauseUs = clock.idleUs();
      this.visitsAtPause = this.visits;
      const sliceVisits = this.visits - visitsBefore;
      if (sliceVisits > 0) this.visitUs = (this.visitUs + (this.pausedUs - startUs) / sliceVisits) / 2;
      if (this.visits >= this.endsAfter) this.fail(new SnapshotAborted());
      else if (!this.file.isFull) this.schedule();
      return;
    }
    this.isComplete = true;
    this.encoder.end(this.take);
    this.file.finish();
  }

  private sliceUs(nowUs: number): number {
    if (this.isQuiet) return SLICE_US;
    const spentUs = (this.visits - this.visitsAtPause) * this.visitUs;
    const idleUs = this.parts.clock.idleUs() - this.idleAtPauseUs;
    const busyUs = nowUs - this.pausedUs - idleUs;
    const dueUs = idleUs * SHARE_OF_IDLE + busyUs * SHARE_OF_BUSY - spentUs;
    return Math.max(LEAST_SLICE_US, Math.min(dueUs, SLICE_US));
  }

  // Returns whether anything is left.
  private step(): boolean {
    if (this.streamed !== null) {
      if (!this.streamed.pass.step(this.enough)) this.endStreamed(this.streamed);
      return true;
    }
    for (const part of this.databases) {
      if (part.kept.length === 0) continue;
      this.encodeKept(part);
      return true;
    }
    const opened = this.waiting.shift();
    if (opened !== undefined) {
      this.stream(opened);
      return true;
    }
    const part = this.left[0];
    if (part === undefined) return false;
    if (!part.pass.step(this.enough)) this.left.shift();
    return true;
  }

  private encodeKept(part: DatabasePart): void {
    const { db, kept } = part;
    for (let i = Math.min(kept.length, BUCKETS_PER_CLOCK); i > 0; i--) {
      const ref = kept.get(0);
      this.encode(part, ref);
      kept.remove(0, 1);
      drop(db, ref);
    }
  }

  // Its turn: what was written of it before, then the rest.
  private stream(opened: OpenValue): void {
    if (this.writtenPart !== opened.part) this.begin(opened.part);
    this.encoder.join(opened.section);
    this.encoder.handOver(this.take);
    this.streamed = opened;
  }

  private endStreamed(opened: OpenValue): void {
    opened.encoder.end();
    this.streamed = null;
    if (this.aside.at === 0) return;
    this.encoder.join(this.aside);
    this.encoder.handOver(this.take);
    this.writtenPart = this.asidePart;
    this.asidePart = null;
  }

  private isEnough(): boolean {
    if (this.streamed === null && this.waiting.length > 0) return true;
    if (++this.bucketsSeen % BUCKETS_PER_CLOCK !== 0 && this.owedUs < LEAST_DELAY_US) return false;
    return this.isSliceOver();
  }

  private isSliceOver(): boolean {
    return (
      this.owedUs >= LEAST_DELAY_US || this.file.isFull || this.parts.clock.monotonicUs() >= this.sliceEndUs
    );
  }

  // While the file is full, nothing is scheduled: it says when it has room.
  private schedule(): void {
    if (this.hasEnded || this.isScheduled || this.isComplete) return;
    this.isScheduled = true;
    const { activity, timers } = this.parts;
    const now = activity();
    this.isQuiet = now === this.activity;
    this.activity = now;
    const owedMs = Math.min(Math.floor(this.owedUs / 1000), MAX_DELAY_MS);
    this.owedUs -= owedMs * 1000;
    const restMs = Math.max(owedMs, this.isQuiet ? 0 : REST_MS);
    if (restMs === 0) timers.afterTurn(this.runSlice);
    else this.timer = timers.after(restMs, this.runSlice, { unref: true });
  }

  private fileEnded(error: Error | null): void {
    if (this.hasEnded) return;
    this.endPasses();
    this.end(error);
  }

  private endPasses(): void {
    for (const { pass } of this.left) pass.end();
    for (const { pass } of this.waiting) pass.end();
    this.streamed?.pass.end();
    for (const { db, kept } of this.databases) {
      for (let i = 0; i < kept.length; i++) drop(db, kept.get(i));
      kept.release();
    }
    this.timer?.cancel();
  }

  private end(error: Error | null): void {
    const { folder, temporaryName } = this.options;
    this.hasEnded = true;
    this.onEnd();
    if (error !== null && temporaryName !== null) {
      const { files, latency } = this.parts;
      const remove = () => files.rmSync(resolve(folder, temporaryName), { force: true });
      if (latency === undefined) remove();
      else latency.measure('rdb-unlink-temp-file', remove);
    }
    this.options.done(error);
  }
}

class NoFile implements SnapshotOutput {
  readonly isFull = false;
  readonly written = 0;
  readonly finish: () => void;

  constructor(onEnd: (error: null) => void) {
    this.finish = () => onEnd(null);
  }

  write(): void {}

  abandon(): void {}
}

/** Frees the copy of an entry. */
function drop({ heap }: Database, copy: Ref): void {
  heap.snapshotBytes -= heap.capacity(copy);
  heap.free(copy);
}
