// A snapshot that comes from a master and is loaded while it comes (repl-diskless-load): in the place of data that were
// emptied before, or beside the present ones, whose place it takes when it is whole.

import type { Loader, Loading } from '../engine/loading.ts';
import {
  type IncomingRequest,
  type IncomingSnapshot,
  LOAD_RESULT,
  type LoadResult,
} from '../engine/persistence.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { DataAwaited, RdbError } from './rdb/rdb-reader.ts';
import { RdbStreamReader } from './rdb/rdb-stream.ts';
import { loadRdb, type RdbLoadingParts } from './rdb-loading.ts';

export interface ReceivedSnapshotParts extends RdbLoadingParts {
  readonly noteSanitized: (blocks: number) => void;
}

export class ReceivedSnapshot implements IncomingSnapshot {
  streamDb = -1;

  private readonly parts: ReceivedSnapshotParts;
  private readonly request: IncomingRequest;
  private readonly reader: RdbStreamReader;
  private readonly target: RdbLoadingParts;
  private isOver = false;

  constructor(parts: ReceivedSnapshotParts, request: IncomingRequest) {
    this.parts = parts;
    this.request = request;
    this.reader = new RdbStreamReader(request.totalBytes);
    this.target = request.isAside
      ? { ...parts, keyspace: parts.keyspace.twin(), libraries: parts.libraries.twin() }
      : parts;
  }

  get isFull(): boolean {
    return this.reader.isFull;
  }

  push(bytes: Uint8Array): void {
    this.reader.push(bytes);
    this.goOnIfReady();
  }

  settle(): void {
    this.reader.settle();
    this.goOnIfReady();
  }

  close(): void {
    this.isOver = true;
    this.reader.close();
    this.goOnIfReady();
  }

  rest(): Uint8Array {
    return this.reader.rest();
  }

  *load(): Loader<LoadResult> {
    const { loading } = this.parts;
    const { isAside, isAsync, totalBytes } = this.request;
    const keyspace: Keyspace = this.parts.keyspace;
    loading.begin(Number.isFinite(totalBytes) ? totalBytes : 0, isAsync);
    if (isAside) keyspace.successor = this.target.keyspace;
    try {
      const result = yield* this.whenReady(
        loadRdb(this.target, this.reader, {
          replaces: false,
          dropsExpired: false,
          noteSanitized: this.parts.noteSanitized,
          noteFields: ({ streamDatabase }) => {
            this.streamDb = streamDatabase;
          },
          failed: (error) => this.failed(error),
        }),
      );
      if (result !== LOAD_RESULT.OK) return result;
      return yield* this.checkEnd();
    } finally {
      keyspace.successor = null;
      loading.end();
    }
  }

  takePlace(): void {
    const { keyspace, libraries } = this.parts;
    keyspace.adopt(this.target.keyspace);
    libraries.adopt(this.target.libraries);
  }

  private goOnIfReady(): void {
    if (this.reader.isReady) this.parts.loading.wake();
  }

  // Resumes `loader` whenever there is something to read.
  private *whenReady<Result>(loader: Loader<Result>): Loader<Result> {
    const loading: Loading = this.parts.loading;
    for (;;) {
      const step = loader.next();
      if (step.done) return step.value;
      if (!this.reader.isReady) loading.wait();
      if (!this.reader.isFull) this.request.onRoom();
      yield;
    }
  }

  private *checkEnd(): Loader<LoadResult> {
    const { endMark } = this.request;
    if (endMark === null) return LOAD_RESULT.OK;
    const mark = yield* this.whenReady(this.readMark(endMark.length));
    if (mark === endMark) return LOAD_RESULT.OK;
    this.parts.log.warning('Replication stream EOF marker is broken');
    return LOAD_RESULT.FAILED;
  }

  // null when the data ends before.
  private *readMark(length: number): Loader<string | null> {
    const { reader } = this;
    for (;;) {
      reader.keepFrom();
      try {
        return reader.rawText(length);
      } catch (error) {
        if (error instanceof RdbError) return null;
        if (!(error instanceof DataAwaited)) throw error;
      }
      yield;
    }
  }

  // Observed 7.2.4: a connection that ends is no reason to end, too; data that cannot be are.
  private failed(error: RdbError): LoadResult {
    const { log } = this.parts;
    const isShort = error.isShort || this.isOver;
    if (isShort) log.warning('Short read or OOM loading DB. Unrecoverable error, aborting now.');
    const what = `Internal error in RDB reading offset ${error.offset} -> ${error.reason}. Failure loading rdb format`;
    if (isShort) {
      log.warning(`${what} from socket, assuming connection error, resuming operation.`);
      return LOAD_RESULT.FAILED;
    }
    log.warning(what);
    log.warning('Terminating server after rdb file reading failure.');
    return LOAD_RESULT.DAMAGED;
  }
}
