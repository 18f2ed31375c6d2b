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

/** Why a snapshot has ended that was aborted. */
export class SnapshotAborted extends Error {
  constructor() {
    super('the snapshot was aborted');
  }
}

/** Where the bytes of a snapshot go. */
export interface SnapshotOutput {
  /** Bytes that have arrived. */
  readonly written: number;
  /** Whether its owner should wait for `onRoom`. What is given all the same is kept. */
  readonly isFull: boolean;
  /** Adds bytes, which are copied. */
  write(bytes: Uint8Array, length: number): void;
  /** Nothing more will be added: `onEnd` is called when all has arrived. */
  finish(): void;
  /** The snapshot is given up. `onEnd` is not called. */
  abandon(): void;
}

/** A snapshot for replicas, sent while it is made. */
export interface StreamedSnapshot {
  /** What it leaves out. */
  readonly skipsKeys: boolean;
  readonly skipsFunctions: boolean;
  /** Makes its output. `onRoom` is to be called when it is not full any more, `onEnd` with what went wrong, or null. */
  open(onRoom: () => void, onEnd: (error: Error | null) => void): SnapshotOutput;
  /** Called once: everything has arrived, or this is why not. */
  done(error: Error | null): void;
}

/** What the RDB file said of the stream that its data are the result of. */
export interface SavedHistory {
  readonly id: string;
  readonly offset: number;
  readonly streamDb: number;
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
  /** Where the file is. */
  readonly path: string;
  /** Called when a background save has ended; `succeeded` is false also when it was aborted. */
  onBackgroundEnd: (succeeded: boolean) => void;

  /** Writes all data to the file that the configuration names, while everybody waits; returns whether it worked. */
  save(): boolean;
  /**
   * As `save`, in slices, so that signals are heard meanwhile; whoever asks sees to it that nobody writes. `done` is told, within the
   * call or later, whether it worked; it is not called after `abort`.
   */
  saveInSlices(done: (saved: boolean) => void): void;
  /** As `save`, and counts it: SAVE. */
  saveOnRequest(): boolean;
  /** Begins to write all data as they are now; returns whether it could. Nothing else may be written in the background. */
  startInBackground(): boolean;
  /** A background save begins as soon as nothing else is written in the background. */
  schedule(): void;
  /** Ends the background save, or the one in slices, that is under way without a result. */
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
  /** How long turns of the event loop have waited for their effects to be written. */
  readonly turnMicroseconds: number;
  /** fsyncs that are under way, and how often a write had to wait for one. */
  readonly pendingFsyncs: number;
  readonly delayedFsyncs: number;
  /** Called when `state` or `lastWriteSucceeded` changes. */
  onChange: () => void;
  /** How much of the stream of effects is on the disk, by replication's count, and what is called when that has grown. */
  readonly syncedOffset: number;
  onSynced: () => void;

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
  /** Effects go to no file, whatever the directive says, until `restart`: other data are about to take the place of these. */
  stop(): void;
  /** Begins anew, with a rewrite. Returns whether it could; the log says why not. */
  restart(): boolean;
  /** Writes what waits, and returns when it is safe on the disk (SHUTDOWN, DEBUG LOADAOF). */
  flush(): void;
  /** Sets the counters of rewrites and of delayed fsyncs back (CONFIG RESETSTAT). */
  resetStats(): void;
  /** Closes the files. */
  close(): void;
}

/** Who receives a file. */
export interface IncomingFileOwner {
  /** It is not full any more. */
  room(): void;
  /** It is the RDB file, safe on the disk. */
  ready(): void;
  /** It could not be written; the log says why. */
  failed(): void;
}

/** An RDB file that comes from the master. */
export interface IncomingFile {
  /** Whether its owner should wait for `room`. What is given all the same is kept. */
  readonly isFull: boolean;
  /** Adds bytes, which are copied. */
  write(bytes: Uint8Array): void;
  /** Nothing more will be added: `ready` or `failed` is called later. */
  finish(): void;
  /** Removes it, unless it is ready; its owner hears nothing more. */
  abandon(): void;
}

/** What the master has said of a snapshot that comes over its connection. */
export interface IncomingRequest {
  /** Infinity when only its end is marked. */
  readonly totalBytes: number;
  /** What stands behind its last byte; null when its length was told. */
  readonly endMark: string | null;
  /** It is loaded beside the present data, which it replaces when it is whole. */
  readonly isAside: boolean;
  /** And clients are served from the present data meanwhile. */
  readonly isAsync: boolean;
  /** There is room for more than `push` has taken lately. */
  readonly onRoom: () => void;
}

/** A snapshot that is loaded while it comes, without a file. */
export interface IncomingSnapshot {
  /** Takes bytes, which are copied; whoever waits for them goes on. */
  push(bytes: Uint8Array): void;
  /** Nothing has come for a while. */
  settle(): void;
  /** No more will come. */
  close(): void;
  /** No more should be pushed, until `onRoom`. */
  readonly isFull: boolean;
  /** What was pushed and comes behind the snapshot; good until the next `push`. */
  rest(): Uint8Array;
  /** Reads it, to be resumed until it has ended. What was read of one that is not aside stays when it fails. */
  load(): Loader<LoadResult>;
  /** Of one that is aside and whole: puts it in the place of the present data. */
  takePlace(): void;
  /** The database that the stream of effects has selected, as the snapshot says; -1 when it does not. */
  readonly streamDb: number;
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
  /**
   * The value in a payload, or null when it is damaged or of a type that is not known. Where only what clients bring is to be
   * checked thoroughly, what `isTrusted` is not.
   */
  undump(bytes: Buffer, start: number, length: number, isTrusted: boolean): DetachedValue | null;
  /** The payload of all function libraries. It holds until the next call. */
  dumpLibraries(): Uint8Array;
  /** The texts of the libraries in a payload, whose checksum must be right. Throws LibraryError. */
  undumpLibraries(bytes: Buffer, start: number, length: number): string[];

  /** Begins a snapshot for replicas, which is no file. Nothing else may be written in the background. */
  streamSnapshot(options: StreamedSnapshot): void;
  /** Ends it. */
  abortStreamedSnapshot(): void;
  /** Loads the RDB file that the configuration names. What was read before a damage stays. */
  loadRdb(options: RdbLoadOptions): Loader<LoadResult>;
  /** As `loadRdb`, of the file that has come from the master, whose deadlines are its own affair. `streamDb` as above. */
  loadReceivedFile(noteStreamDb: (dbId: number) => void): Loader<LoadResult>;
  /** An RDB file begins to come from the master. Throws Node's error when it cannot be opened. */
  receiveFile(owner: IncomingFileOwner): IncomingFile;
  /** Removes the RDB file, which has come from the master and is wanted by nobody. */
  removeReceivedFile(): void;
  /** A snapshot begins to come from the master, which is loaded while it comes. */
  receive(request: IncomingRequest): IncomingSnapshot;
  /** Loads what there is at start: the append-only files where they are on, else the RDB file. */
  loadAll(): Loader<LoadResult>;
}
