// When the data set is saved to its RDB file and how that ends: SAVE, BGSAVE, save points, the count of changes, the
// figures for INFO. There is no child process: a background save is a snapshot (snapshots.ts) that is written in slices,
// so where Redis names the pid of the child, it is the server's own.

import { resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import type { CronTask } from '../engine/cron.ts';
import type { RdbSaves } from '../engine/persistence.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { moveIntoPlace, SaveError, syncFolderInBackground, syncFolderOf, writeFile } from './saved-file.ts';
import type { SnapshotEncoder, TakeBytes } from './snapshot-encoder.ts';
import type { SnapshotOptions, Snapshots } from './snapshots.ts';

/** The count of changes since the last save. */
export interface ChangeCounter {
  dirty: number;
}

export interface RdbFileSavesParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly snapshots: Snapshots;
  /** An encoder of its own for each file. */
  newEncoder(): SnapshotEncoder;
  /** Whether anything is written in the background. */
  isBusy(): boolean;
}

// After a background save that failed, the next one waits so long.
const RETRY_DELAY_SECONDS = 5;
// So much comes together before it is written to the file.
const WRITE_BYTES = 64 * 1024;
const REPORT_INTERVAL_SECONDS = 5;

export class RdbFileSaves implements RdbSaves, CronTask {
  lastSaveSeconds: number;
  startedSeconds = -1;
  lastSucceeded = true;
  lastDurationSeconds = -1;
  saves = 0;
  isRunning = false;
  /** Called when `lastSucceeded` may have changed. */
  onStatus: () => void = () => {};
  onBackgroundEnd: (succeeded: boolean) => void = () => {};
  /** Where changes are counted. */
  counter: ChangeCounter = { dirty: 0 };

  private readonly parts: RdbFileSavesParts;
  private isScheduled = false;
  private lastTrySeconds = 0;
  private dirtyBefore = 0;
  private reportedSeconds = 0;
  // The snapshot is being written, and not yet put into place.
  private isWriting = false;
  // The last save of a server that ends is under way.
  private isFinal = false;
  // Tells a background save that was given up from the one that came after it.
  private generation = 0;

  constructor(parts: RdbFileSavesParts) {
    this.parts = parts;
    this.lastSaveSeconds = this.nowSeconds;
  }

  get path(): string {
    return this.pathOf(this.parts.config.values.dbfilename);
  }

  saveOnRequest(): boolean {
    this.saves++;
    return this.save();
  }

  save(): boolean {
    const { config, keyspace, runtime } = this.parts;
    const { files } = runtime;
    const name = this.foregroundName;
    const folder = config.values.dir;
    try {
      writeFile(
        files,
        this.pathOf(name),
        { name, folder },
        config.values['rdb-save-incremental-fsync'],
        (take) => encodeNow(this.parts.newEncoder(), keyspace.databases, take, () => this.delayKey()),
      );
    } catch (error) {
      return this.stepFailed(error);
    }
    return this.putIntoPlace(name);
  }

  saveInSlices(done: (saved: boolean) => void): void {
    const { snapshots } = this.parts;
    // Nobody writes now, so everything is written at once where it can be.
    if (this.parts.isBusy()) {
      done(this.save());
      return;
    }
    const generation = ++this.generation;
    this.isFinal = true;
    const written = (error: Error | null) => {
      if (generation !== this.generation) return;
      this.isFinal = false;
      done(error === null ? this.putIntoPlace(this.foregroundName) : this.notSaved(error));
    };
    try {
      snapshots.start(this.snapshotOptions(this.foregroundName, written));
    } catch (error) {
      this.isFinal = false;
      done(this.notSaved(this.notOpened(this.foregroundName, error)));
    }
  }

  startInBackground(): boolean {
    const { log, runtime, snapshots } = this.parts;
    if (this.parts.isBusy()) return false;
    const generation = ++this.generation;
    this.isRunning = this.isWriting = true;
    this.saves++;
    this.dirtyBefore = this.counter.dirty;
    this.lastTrySeconds = this.startedSeconds = this.reportedSeconds = this.nowSeconds;
    log.notice(`Background saving started by pid ${runtime.pid}`);
    const done = (error: unknown) => {
      if (generation === this.generation) this.written(error);
    };
    try {
      snapshots.start(this.snapshotOptions(this.backgroundName, done));
    } catch (error) {
      // That the file cannot be made is found out in the background, as all that goes wrong with it.
      const reason = this.notOpened(this.backgroundName, error);
      runtime.timers.afterTurn(() => done(reason));
    }
    return true;
  }

  schedule(): void {
    this.isScheduled = true;
  }

  abort(): void {
    if (this.isFinal) {
      this.generation++;
      this.isFinal = false;
      this.parts.snapshots.abort();
      // At once: the process may be about to end.
      this.parts.runtime.files.rmSync(this.pathOf(this.foregroundName), { force: true });
    }
    if (!this.isRunning) return;
    this.generation++;
    if (this.isWriting) this.parts.snapshots.abort();
    this.parts.log.warning('Background saving aborted');
    this.ended();
    this.onBackgroundEnd(false);
  }

  dataFlushed(): void {
    if (this.parts.config.values.save.length > 0) this.save();
  }

  /** Save points; what is behind them waits for `startScheduled`. */
  run(): void {
    const { config, log } = this.parts;
    if (this.isRunning) this.report();
    if (this.parts.isBusy()) return;
    const nowSeconds = this.nowSeconds;
    for (const { changes, seconds } of config.values.save) {
      if (this.counter.dirty < changes || nowSeconds - this.lastSaveSeconds <= seconds) continue;
      if (!this.mayTry(nowSeconds)) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.startInBackground();
      return;
    }
  }

  /** Begins what BGSAVE SCHEDULE has asked for, when it can. */
  startScheduled(): void {
    if (!this.isScheduled || this.parts.isBusy() || !this.mayTry(this.nowSeconds)) return;
    if (this.startInBackground()) this.isScheduled = false;
  }

  private mayTry(nowSeconds: number): boolean {
    return this.lastSucceeded || nowSeconds - this.lastTrySeconds > RETRY_DELAY_SECONDS;
  }

  // The snapshot lies beside the old file, safe on the disk; or there is none.
  private written(error: unknown): void {
    const { config, runtime } = this.parts;
    this.isWriting = false;
    if (error !== null) {
      this.failed(explained(error));
      return;
    }
    try {
      moveIntoPlace(runtime.files, this.pathOf(this.backgroundName), this.path, {
        name: this.backgroundName,
        finalName: config.values.dbfilename,
        folder: config.values.dir,
      });
    } catch (error) {
      if (!(error instanceof SaveError)) throw error;
      this.failed(error.message);
      return;
    }
    const { generation } = this;
    syncFolderInBackground(runtime.files, this.path, (problem) => {
      if (generation !== this.generation) return;
      if (problem === null) this.succeeded();
      else this.failed(problem.message);
    });
  }

  private succeeded(): void {
    const { log } = this.parts;
    log.notice('DB saved on disk');
    log.notice('Background saving terminated with success');
    this.counter.dirty -= this.dirtyBefore;
    this.lastSaveSeconds = this.nowSeconds;
    this.ended();
    this.setStatus(true);
    this.onBackgroundEnd(true);
  }

  private failed(reason: string): void {
    const { log } = this.parts;
    log.warning(reason);
    log.warning('Background saving error');
    this.ended();
    this.setStatus(false);
    this.onBackgroundEnd(false);
  }

  private ended(): void {
    this.isRunning = this.isWriting = false;
    this.lastDurationSeconds = this.nowSeconds - this.startedSeconds;
    this.startedSeconds = -1;
  }

  private setStatus(succeeded: boolean): void {
    this.lastSucceeded = succeeded;
    this.onStatus();
  }

  // Whoever waits for a large data set to be saved sees that it goes on.
  private report(): void {
    const { log, snapshots } = this.parts;
    const { nowSeconds } = this;
    const { current } = snapshots;
    if (current === null || nowSeconds - this.reportedSeconds < REPORT_INTERVAL_SECONDS) return;
    this.reportedSeconds = nowSeconds;
    log.notice(`Background saving: ${current.keysProcessed} of ${current.keysTotal} keys`);
  }

  // `rdb-key-save-delay`, for tests.
  private delayKey(): void {
    const delayUs = this.parts.config.values['rdb-key-save-delay'];
    if (delayUs > 0) this.parts.runtime.timers.block(delayUs / 1000);
  }

  private snapshotOptions(name: string, done: (error: Error | null) => void): SnapshotOptions {
    const { values } = this.parts.config;
    return {
      encoder: this.parts.newEncoder(),
      folder: pathFromBytes(values.dir),
      temporaryName: name,
      autoSync: values['rdb-save-incremental-fsync'],
      done,
    };
  }

  private notOpened(name: string, error: unknown): SaveError {
    const { dir } = this.parts.config.values;
    return new SaveError(
      `Failed opening the temp RDB file ${name} (in server root dir ${dir}) for saving: ${reasonOf(error)}`,
    );
  }

  // Anything else than a step that did not work is an error of the server's own.
  private stepFailed(error: unknown): false {
    if (!(error instanceof SaveError)) throw error;
    return this.notSaved(error);
  }

  private notSaved(error: unknown): false {
    this.parts.log.warning(explained(error));
    return false;
  }

  // A file for which everybody waits is whole: it takes the place of the old one.
  private putIntoPlace(name: string): boolean {
    const { config, log, runtime } = this.parts;
    const { files } = runtime;
    const folder = config.values.dir;
    try {
      moveIntoPlace(files, this.pathOf(name), this.path, {
        name,
        finalName: config.values.dbfilename,
        folder,
      });
      syncFolderOf(files, this.path);
    } catch (error) {
      return this.stepFailed(error);
    }
    log.notice('DB saved on disk');
    this.counter.dirty = 0;
    // What a background save began with has been taken off already.
    this.dirtyBefore = 0;
    this.lastSaveSeconds = this.nowSeconds;
    this.setStatus(true);
    return true;
  }

  /** Where SAVE writes, and the last save of a server. */
  private get foregroundName(): string {
    return `temp-${this.parts.runtime.pid}.rdb`;
  }

  private get backgroundName(): string {
    return `temp-${this.parts.runtime.pid}-bg.rdb`;
  }

  private pathOf(name: string): string {
    return pathFromBytes(resolve(this.parts.config.values.dir, name));
  }

  private get nowSeconds(): number {
    return Math.floor(this.parts.runtime.clock.nowMs() / 1000);
  }
}

/** What the log says of an error of writing. */
function explained(error: unknown): string {
  if (error instanceof SaveError) return error.message;
  return `Write error while saving DB to the disk(rdbSaveRio): ${reasonOf(error)}`;
}

/** Encodes all that the databases hold while everybody waits. `afterKey` is called after each key. */
export function encodeNow(
  encoder: SnapshotEncoder,
  databases: readonly Database[],
  take: TakeBytes,
  afterKey: () => void = () => {},
): void {
  encoder.begin();
  for (const db of databases) {
    if (db.size === 0) continue;
    encoder.database(db.id, db.size, db.volatile.size);
    db.dict.visitAll((ref) => {
      encoder.entry(db, ref);
      if (encoder.pendingBytes >= WRITE_BYTES) encoder.handOver(take);
      afterKey();
    });
  }
  encoder.end(take);
}
