// What the engine and the handlers need of persistence: the serialised forms of single values, the RDB file and how it is
// saved, the append-only files. Declared here, implemented in persistence/ and wired by server.ts.

import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import type { Loader } from './loading.ts';

/** A value that belongs to no key yet: it must be added to one or discarded, before another is read. */
export interface DetachedValue {
  /** Makes the key of argument `i`, which must not exist, hold the value, and returns the entry. */
  addTo(db: Database, args: Arguments, i: number): Ref;
  /** Frees it. */
  discard(): void;
}

/** How loading a file or several has ended. The log says why it failed. */
export const LOAD_RESULT = {
  /** The data are there. */
  OK: 'ok',
  /** There is nothing to load. */
  NOTHING: 'nothing',
  /** There are files without anything in them. */
  EMPTY: 'empty',
  /** The data are there, but for the end of the last file, which was cut off: a command was not whole. */
  TRUNCATED: 'truncated',
  /** The file could not be opened, or is none of this kind: nothing of it was loaded. */
  FAILED: 'failed',
  /** The file is damaged: what was read before the damage stays. A server that is not embedded ends. */
  DAMAGED: 'damaged',
} as const;
export type LoadResult = (typeof LOAD_RESULT)[keyof typeof LOAD_RESULT];

export interface RdbLoadOptions {
  /** A key of the file takes the place of one that is there; else such a file is refused. */
  readonly replaces: boolean;
}

/** What may be written in the background, one at a time. */
export type BackgroundJob = 'rdb' | 'aof' | 'replica';

/** How far the snapshot is that is being written. */
export interface SnapshotProgress {
  readonly keysProcessed: number;
  readonly keysTotal: number;
}

/** The RDB file: saving now, in the background, and by save points. */
export interface RdbSaves {
  /** A background save is under way. */
  readonly isRunning: boolean;
  /** When the data set was saved last, or the server started; when the running background save began, or -1. */
  readonly lastSaveSeconds: number;
  readonly startedSeconds: number;
  /** How the last background save ended, and how long it took, -1 before the first. */
  readonly lastSucceeded: boolean;
  readonly lastDurationSeconds: number;
  /** How many saves were asked for by commands or begun in the background. */
  readonly saves: number;

  /** Writes all data to the file that the configuration names, while everybody waits; returns whether it worked. */
  save(): boolean;
  /** As `save`, and counts it: SAVE. */
  saveOnRequest(): boolean;
  /** Begins to write all data as they are now; returns whether it could. Nothing else may be written in the background. */
  startInBackground(): boolean;
  /** A background save begins as soon as nothing else is written in the background. */
  schedule(): void;
  /** Ends the background save that is under way without a result. */
  abort(): void;
  /** All keys were removed: where there are save points, the file shall say so at once. */
  dataFlushed(): void;
}

/** The append-only files: what effects are appended to, and how they are rewritten. */
export interface AppendOnly {
  /** `waiting`: it begins with the rewrite that is under way or scheduled. */
  readonly state: 'off' | 'on' | 'waiting';
  readonly isRewriting: boolean;
  readonly isRewriteScheduled: boolean;
  /** When the running rewrite began, or -1; how long the last one took, -1 before the first. */
  readonly rewriteStartedSeconds: number;
  readonly lastRewriteSeconds: number;
  readonly lastRewriteSucceeded: boolean;
  readonly rewrites: number;
  readonly rewriteFailuresInARow: number;
  /** False while what clients were told could be missing from the files: a write or an fsync has failed. */
  readonly lastWriteSucceeded: boolean;
  /** The system's words for what is wrong then. */
  readonly lastWriteError: string;
  /** Bytes: of all files that would be loaded, and of them after the last rewrite; waiting to be written. */
  readonly currentSize: number;
  readonly baseSize: number;
  readonly bufferLength: number;
  /** fsyncs that are under way, and how often a write had to wait for one. */
  readonly pendingFsyncs: number;
  readonly delayedFsyncs: number;
  /** Called when `state` or `lastWriteSucceeded` changes. */
  onChange: () => void;

  /** Begins a rewrite; returns whether it could (BGREWRITEAOF). Nothing else may be written in the background. */
  startRewrite(): boolean;
  /** A rewrite begins as soon as nothing else is written in the background. */
  scheduleRewrite(): void;
  /** Ends the rewrite that is under way without a result. */
  abortRewrite(): void;
  /** Reads the manifest again and loads what it names (DEBUG LOADAOF, and at start when `appendonly` is on). */
  load(): Loader<LoadResult>;
  /** Loading is over: opens what effects are appended to. Returns whether that worked; the log says why not. */
  open(): boolean;
  /** Writes what waits, and returns when it is safe on the disk (SHUTDOWN, DEBUG LOADAOF). */
  flush(): void;
  /** Sets the counters of rewrites and of delayed fsyncs back (CONFIG RESETSTAT). */
  resetStats(): void;
  /** Closes the files. */
  close(): void;
}

export interface Persistence {
  readonly rdb: RdbSaves;
  readonly aof: AppendOnly;
  /** Why commands that write are refused: the last save or the last write to the disk has failed. Usually null. */
  readonly writeRefusal: ReplyError | null;
  /** What is being written in the background. */
  readonly job: BackgroundJob | null;
  /** How far that is. */
  readonly progress: SnapshotProgress | null;
  /** How many blocks of values were searched for damage because `sanitize-dump-payload` asks for it. */
  readonly sanitizations: number;

  /** Sets the counters back that CONFIG RESETSTAT is about. */
  resetStats(): void;
  /** The DUMP payload of an entry's value: type, body, version, checksum. It holds until the next call. O(its size). */
  dump(db: Database, ref: Ref): Uint8Array;
  /** How many bytes the body of the value takes in a file. O(its size). */
  savedBytes(db: Database, ref: Ref): number;
  /** Whether a slice ends like a payload of a version that is known, with the checksum that it should have. */
  isPayload(bytes: Buffer, start: number, length: number): boolean;
  /** The value in a payload, or null when it is damaged or of a type that is not known. */
  undump(bytes: Buffer, start: number, length: number): DetachedValue | null;
  /** The payload of all function libraries. It holds until the next call. */
  dumpLibraries(): Uint8Array;
  /** The texts of the libraries in a payload, whose checksum must be right. Throws LibraryError. */
  undumpLibraries(bytes: Buffer, start: number, length: number): string[];

  /**
   * All data as they are now in the form of a file, or that file without any keys: in pieces, which are the caller's.
   * O(data set), in time and in memory.
   */
  snapshot(withKeys: boolean): Uint8Array[];
  /** Loads the RDB file that the configuration names. What was read before a damage stays. */
  loadRdb(options: RdbLoadOptions): Loader<LoadResult>;
  /** Loads what there is at start: the append-only files where they are on, else the RDB file. */
  loadAll(): Loader<LoadResult>;
}
