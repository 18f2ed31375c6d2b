// The append-only files of a server: what is loaded at start, what effects are appended to, and how all of it is rewritten
// when it has grown. A rewrite begins another increment and writes a snapshot of that moment; when that is done it becomes
// the base, and the files before it are history. At every step the files that the manifest names hold all that clients
// were told of, so that the process may be killed at any time.
//
// States: `off`; `waiting`, from CONFIG SET appendonly yes until the first rewrite has succeeded – effects go to a temporary
// increment while it runs, and nothing can be loaded from the files yet –; `on`.

import type { Logger } from '../../base/logger.ts';
import type { Runtime } from '../../base/runtime.ts';
import type { Config } from '../../config/config.ts';
import { errorCode, reasonOf } from '../../config/file-text.ts';
import type { CronTask } from '../../engine/cron.ts';
import type { DebugSettings } from '../../engine/debug-settings.ts';
import type { FunctionLibraries } from '../../engine/function-libraries.ts';
import type { LatencyMonitor } from '../../engine/latency-monitor.ts';
import type { Loader, Loading } from '../../engine/loading.ts';
import { type AppendOnly, LOAD_RESULT, type LoadResult } from '../../engine/persistence.ts';
import type { Propagation } from '../../engine/propagation.ts';
import type { ServerParts } from '../../engine/server-parts.ts';
import type { Turn } from '../../engine/turn.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import type { RdbFileReader } from '../rdb/rdb-file.ts';
import { encodeNow } from '../rdb-saves.ts';
import type { SnapshotEncoder, Snapshots } from '../snapshots.ts';
import { AofFolder, PERSISTED, type Persisted, shown } from './aof-folder.ts';
import { loadAof } from './aof-loader.ts';
import { AppendLog } from './append-log.ts';
import { CommandEncoder } from './command-encoder.ts';
import type { AofFile, BaseForm, Manifest } from './manifest.ts';
import { Replay } from './replay.ts';
import { RewriteLimit } from './rewrite-limit.ts';

export interface AppendOnlyParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly loading: Loading;
  readonly snapshots: Snapshots;
  readonly propagation: Propagation;
  readonly turn: Turn;
  readonly debug: DebugSettings;
  readonly latency: LatencyMonitor;
  readonly libraries: FunctionLibraries;
  /** An encoder for a base in RDB's form. */
  newRdbEncoder(): SnapshotEncoder;
  /** Loads the RDB data that an open file begins with, expired keys included, within a loading that has begun. */
  loadRdb(reader: RdbFileReader): Loader<LoadResult>;
  /** Ends the server at once: no client may hear of what cannot be made safe. */
  giveUp(): void;
}

/** Where effects go from a rewrite on, and the manifest that names it; no file (-1) when they go nowhere yet. */
interface NewIncrement {
  readonly fd: number;
  readonly changed: Manifest | null;
}

export class AppendOnlyFiles implements AppendOnly, CronTask {
  state: AppendOnly['state'];
  isRewriting = false;
  isRewriteScheduled = false;
  rewriteStartedSeconds = -1;
  lastRewriteSeconds = -1;
  lastRewriteSucceeded = true;
  rewrites = 0;
  rewriteFailuresInARow = 0;
  currentSize = 0;
  baseSize = 0;
  onChange: () => void = () => {};
  onSynced: () => void = () => {};
  /** Called when a rewrite begins. */
  onRewrite: () => void = () => {};

  private readonly parts: AppendOnlyParts;
  private readonly folder: AofFolder;
  private readonly appendLog: AppendLog;
  private readonly limit = new RewriteLimit();
  private server!: ServerParts;
  // Null before it was read.
  private manifest: Manifest | null = null;
  private isStarted = false;
  // Tells a rewrite that was given up from the one that came after it.
  private generation = 0;

  constructor(parts: AppendOnlyParts) {
    this.parts = parts;
    const { config, log, runtime, snapshots } = parts;
    this.state = config.values.appendonly ? 'on' : 'off';
    this.folder = new AofFolder(runtime.files, config, log, parts.latency);
    this.appendLog = new AppendLog({ ...parts, isSnapshotRunning: () => snapshots.current !== null });
    this.appendLog.onWritten = (bytes) => {
      this.currentSize += bytes;
    };
    this.appendLog.onChange = () => this.onChange();
    this.appendLog.onSynced = () => this.onSynced();
    config.onChange('appendonly', (wanted) => this.switchTo(wanted));
    // What is on its way was begun under another promise.
    config.onChange('appendfsync', () => {
      this.folder.settle();
      return null;
    });
    config.onChange('aof-disable-auto-gc', (keepsHistory) => {
      if (!keepsHistory) this.deleteHistory();
      return null;
    });
  }

  /** Closes the circle: commands of the files are run by handlers that reach all parts of the server. */
  attach(server: ServerParts): void {
    this.server = server;
  }

  get syncedOffset(): number {
    return this.appendLog.syncedOffset;
  }

  /** How much of the stream of effects there is is asked of `offset`. */
  countBy(offset: () => number): void {
    this.appendLog.streamOffset = offset;
  }

  get lastWriteSucceeded(): boolean {
    return this.appendLog.lastError === '';
  }

  get lastWriteError(): string {
    return this.appendLog.lastError;
  }

  get bufferLength(): number {
    return this.appendLog.bufferLength;
  }

  get turnMicroseconds(): number {
    return this.appendLog.turnMicroseconds;
  }

  get pendingFsyncs(): number {
    return this.appendLog.pendingFsyncs;
  }

  get delayedFsyncs(): number {
    return this.appendLog.delayedFsyncs;
  }

  /** Sets the counters back that CONFIG RESETSTAT is about. */
  resetStats(): void {
    this.rewrites = this.rewriteFailuresInARow = 0;
    this.appendLog.delayedFsyncs = 0;
  }

  *load(): Loader<LoadResult> {
    const manifest = this.readManifest();
    if (manifest === null) return LOAD_RESULT.DAMAGED;
    if (this.isStarted) this.deleteHistory();
    if (!this.takeOldFile(manifest)) return LOAD_RESULT.DAMAGED;
    const { folder, server } = this;
    const loaded = yield* loadAof({ ...this.parts, folder, newReplay: () => new Replay(server) }, manifest);
    const { baseSize, changes, result, totalSize } = loaded;
    if (result === LOAD_RESULT.OK || result === LOAD_RESULT.TRUNCATED) {
      this.currentSize = totalSize;
      this.baseSize = baseSize;
    }
    server.executor.context.dirty += changes;
    return result;
  }

  open(): boolean {
    const manifest = this.manifest ?? this.readManifest();
    if (manifest === null) return false;
    if (this.state === 'on' && !this.openForAppending(manifest)) return false;
    this.isStarted = true;
    this.deleteHistory();
    return true;
  }

  stop(): void {
    if (this.state !== 'off') this.turnOff();
  }

  restart(): boolean {
    return this.state !== 'off' || this.turnOn();
  }

  flush(): void {
    this.folder.settle();
    this.appendLog.syncAll();
  }

  close(): void {
    this.abortRewrite();
    this.stopAppending();
    this.folder.settle();
  }

  /** By the clock: writes and fsyncs that are due, rewrites that are. */
  run(): void {
    if (!this.isStarted) return;
    if (this.isRewriteScheduled && this.mayRewrite()) this.startRewrite();
    else if (this.state === 'on') this.rewriteIfGrown();
    this.appendLog.flush(false);
  }

  startRewrite(): boolean {
    const { log, runtime, snapshots } = this.parts;
    if (snapshots.current !== null || this.isRewriting) return false;
    const increment = this.newIncrement();
    if (increment === null) {
      this.lastRewriteSucceeded = false;
      return false;
    }
    this.rewrites++;
    this.isRewriting = true;
    this.isRewriteScheduled = false;
    this.rewriteStartedSeconds = this.nowSeconds;
    log.notice(`Background append only file rewriting started by pid ${runtime.pid}`);
    this.onRewrite();
    this.generation++;
    if (increment.changed !== null) return this.announce(increment, increment.changed);
    this.beginSnapshot(increment);
    return true;
  }

  scheduleRewrite(): void {
    this.isRewriteScheduled = true;
    // Whoever asks for it does not want to wait for the end of a pause.
    this.rewriteFailuresInARow = 0;
  }

  abortRewrite(): void {
    // One whose file is written is done but for the manifest.
    this.folder.settle();
    if (!this.isRewriting) return;
    const { log, runtime, snapshots } = this.parts;
    log.notice(`Killing running AOF rewrite child: ${runtime.pid}`);
    this.generation++;
    snapshots.abort();
    this.isRewriting = false;
    this.rewriteStartedSeconds = -1;
    if (this.state === 'waiting') this.detach();
  }

  // CONFIG SET appendonly. Returns why it could not be done, or null.
  private switchTo(wanted: boolean): string | null {
    if (wanted === (this.state !== 'off')) return null;
    if (!wanted) {
      this.turnOff();
      return null;
    }
    return this.turnOn() ? null : 'Unable to turn on AOF. Check server logs.';
  }

  private turnOff(): void {
    this.folder.settle();
    this.stopAppending();
    this.state = 'off';
    this.isRewriteScheduled = false;
    this.abortRewrite();
    this.onChange();
  }

  private turnOn(): boolean {
    const { log, snapshots } = this.parts;
    this.state = 'waiting';
    if (snapshots.current !== null && !this.isRewriting) {
      this.isRewriteScheduled = true;
      log.notice(
        'AOF was enabled but there is already another background operation. An AOF background was scheduled to start when possible.',
      );
    } else if (this.server.executor.depth > 1) {
      this.isRewriteScheduled = true;
      log.notice(
        'AOF was enabled during a transaction. An AOF background was scheduled to start when possible.',
      );
    } else if (!this.startFirstRewrite()) {
      this.state = 'off';
      log.warning(
        "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check the above logs for more info about the error.",
      );
      return false;
    }
    this.appendLog.forgetErrors();
    this.onChange();
    return true;
  }

  private startFirstRewrite(): boolean {
    if (this.isRewriting) {
      this.parts.log.notice(
        'AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and starting a rewrite now.',
      );
      this.abortRewrite();
    }
    return this.startRewrite();
  }

  private readManifest(): Manifest | null {
    this.manifest = this.folder.readManifest();
    return this.manifest;
  }

  private takeOldFile(manifest: Manifest): boolean {
    try {
      return this.adoptOldFile(manifest);
    } catch (error) {
      if (errorCode(error) === '') throw error;
      const name = shown(this.folder.name);
      this.parts.log.warning(
        `Fatal error: can't open the append log file ${name} for reading: ${reasonOf(error)}`,
      );
      return false;
    }
  }

  // A file from before there were manifests becomes the base; also when that was begun and not finished.
  private adoptOldFile(manifest: Manifest): boolean {
    const { config, log, runtime } = this.parts;
    const { folder } = this;
    const { name } = folder;
    if (!folder.hasOldFile) return true;
    const isBegun = manifest.base?.name === name && manifest.increments.length === 0 && !folder.has(name);
    if (folder.exists && !manifest.isEmpty && !isBegun) return true;
    if (!folder.create()) return false;
    manifest.adoptOldFile(name);
    if (folder.persist(manifest) !== PERSISTED.SAFE) return false;
    const folderName = shown(config.values.appenddirname);
    try {
      runtime.files.renameSync(folder.pathBeside(name), folder.path(name));
    } catch (error) {
      log.warning(
        `Error trying to move the old AOF file ${shown(name)} into dir ${folderName}: ${reasonOf(error)}`,
      );
      return false;
    }
    log.notice(
      `Successfully migrated an old-style AOF file (${shown(name)}) into the AOF directory (${folderName}).`,
    );
    return true;
  }

  private openForAppending(manifest: Manifest): boolean {
    const { log } = this.parts;
    const { folder } = this;
    if (!folder.create()) return false;
    if (manifest.isEmpty) {
      const base = manifest.addBase(folder.name, this.baseForm);
      if (!this.writeBase(base)) return false;
      log.notice(`Creating AOF base file ${shown(base.name)} on server start`);
    }
    const isNew = manifest.lastIncrement === null;
    const { name } = manifest.lastIncrement ?? manifest.addIncrement(folder.name);
    const fd = this.openIncrement(name);
    if (fd < 0) return false;
    if (folder.persist(manifest) !== PERSISTED.SAFE) {
      this.parts.runtime.files.closeSync(fd);
      return false;
    }
    this.appendLog.open(fd, Math.max(0, folder.size(name)));
    this.parts.propagation.addSink(this.appendLog);
    log.notice(`${isNew ? 'Creating' : 'Opening'} AOF incr file ${shown(name)} on server start`);
    return true;
  }

  // All data now, while nobody is served yet.
  private writeBase({ name }: AofFile): boolean {
    const { keyspace, log, runtime } = this.parts;
    const { files } = runtime;
    const temporary = this.folder.pathBeside(`temp-rewriteaof-${runtime.pid}.aof`);
    let failure = 'Opening the temp file for AOF rewrite in rewriteAppendOnlyFile()';
    try {
      const fd = files.openSync(temporary, 'w', 0o644);
      failure = 'Write error writing append only file on disk';
      try {
        encodeNow(this.newEncoder(), keyspace.databases, (bytes, length) => {
          for (let at = 0; at < length; ) at += files.writeSync(fd, bytes, at, length - at);
        });
        files.fsyncSync(fd);
      } finally {
        files.closeSync(fd);
      }
      failure = 'Error moving temp append only file on the final destination';
      files.renameSync(temporary, this.folder.path(name));
      return true;
    } catch (error) {
      log.warning(`${failure}: ${reasonOf(error)}`);
      files.rmSync(temporary, { force: true });
      return false;
    }
  }

  // Opens an increment for appending; -1 when that fails, and the log says why.
  private openIncrement(name: string): number {
    try {
      return this.parts.runtime.files.openSync(this.folder.path(name), 'a', 0o644);
    } catch (error) {
      this.parts.log.warning(`Can't open the append-only file ${shown(name)}: ${reasonOf(error)}`);
      return -1;
    }
  }

  // Effects will go to another increment: those before it will be in the snapshot. Null when that cannot be.
  private newIncrement(): NewIncrement | null {
    const { folder, manifest } = this;
    if (manifest === null || !folder.create()) return null;
    if (this.state === 'off') return { fd: -1, changed: null };
    this.appendLog.flush(true);
    // What cannot be written now would come behind the snapshot that has it already.
    if (this.appendLog.bufferLength > 0) return null;
    const changed = this.state === 'waiting' ? null : manifest.copy();
    const name = changed?.addIncrement(folder.name).name ?? folder.temporaryIncrementName;
    const fd = this.openEmptyIncrement(name);
    if (fd < 0) return null;
    this.parts.log.notice(`Creating AOF incr file ${shown(name)} on background rewrite`);
    return { fd, changed };
  }

  // Effects go to the increment, and the snapshot begins, from the moment at which the manifest names it; under `always` not
  // before the name is safe, for which everybody waits: what clients have heard of, a power cut could take back with it.
  // Returns false when it has failed already.
  private announce(increment: NewIncrement, changed: Manifest): boolean {
    const { appendLog, folder, generation } = this;
    let isTaken = false;
    let hasFailed = false;
    const take = () => {
      isTaken = true;
      this.manifest = changed;
      appendLog.hold();
      this.beginSnapshot(increment);
    };
    const done = (outcome: Persisted) => {
      if (isTaken) appendLog.release();
      else this.parts.runtime.files.closeSync(increment.fd);
      hasFailed = outcome !== PERSISTED.SAFE;
      if (hasFailed && generation === this.generation) this.notAnnounced(outcome === PERSISTED.IN_DOUBT);
    };
    if (this.parts.config.values.appendfsync === 'always') {
      const outcome = folder.persist(changed);
      if (outcome === PERSISTED.SAFE) take();
      done(outcome);
    } else {
      // Only the last file may be torn by a power cut.
      const prepare = () => appendLog.syncAll();
      folder.persistInBackground(changed, done, { fd: appendLog.descriptor, prepare, take });
    }
    return !hasFailed;
  }

  // After a power cut either manifest may be there, while effects go to the increment that only one names as its last:
  // another rewrite shall name one safely.
  private notAnnounced(isInDoubt: boolean): void {
    this.generation++;
    this.parts.snapshots.abort();
    this.finishRewrite(false);
    if (isInDoubt) this.isRewriteScheduled = true;
  }

  private beginSnapshot({ fd }: NewIncrement): void {
    if (fd >= 0) {
      this.appendLog.open(fd, 0);
      if (this.state === 'waiting') this.parts.propagation.addSink(this.appendLog);
    }
    this.startSnapshot();
  }

  // There may be one of that name from before, that no manifest names.
  private openEmptyIncrement(name: string): number {
    const fd = this.openIncrement(name);
    if (fd < 0) return fd;
    const { files } = this.parts.runtime;
    try {
      files.ftruncateSync(fd, 0);
      return fd;
    } catch (error) {
      this.parts.log.warning(`Can't open the append-only file ${shown(name)}: ${reasonOf(error)}`);
      files.closeSync(fd);
      return -1;
    }
  }

  private startSnapshot(): void {
    const { config, log, snapshots } = this.parts;
    const { generation } = this;
    // What the base will be called depends on how it is written.
    const form = this.baseForm;
    try {
      snapshots.start({
        encoder: this.newEncoder(),
        folder: this.folder.pathBeside('.'),
        temporaryName: this.temporaryBaseName,
        autoSync: config.values['aof-rewrite-incremental-fsync'],
        done: (error) => {
          if (generation === this.generation) this.rewriteEnded(error, form);
        },
      });
    } catch (error) {
      log.warning(`Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): ${reasonOf(error)}`);
      this.finishRewrite(false);
    }
  }

  private rewriteEnded(error: Error | null, form: BaseForm): void {
    const { log } = this.parts;
    const { generation } = this;
    // Small data are saved before their increment has its name for good.
    this.folder.settle();
    if (generation !== this.generation) return;
    if (error !== null) {
      log.warning(`Write error writing append only file on disk: ${reasonOf(error)}`);
      log.warning('Background AOF rewrite terminated with error');
      this.finishRewrite(false);
      return;
    }
    log.notice(`Successfully created the temporary AOF base file ${this.temporaryBaseName}`);
    log.notice('Background AOF rewrite terminated with success');
    if (this.adoptBase(form)) return;
    this.parts.runtime.files.unlink(this.temporaryBasePath, () => {});
    this.finishRewrite(false);
  }

  // The snapshot becomes the base, and what is in it history, as soon as the manifest says so; returns whether that was begun.
  // On failure the files stay those that they were.
  private adoptBase(form: BaseForm): boolean {
    const { folder } = this;
    const changed = this.manifest!.copy();
    const base = changed.addBase(folder.name, form);
    if (!this.rename('base', this.temporaryBasePath, this.temporaryBaseName, base.name)) return false;
    const names = [base.name];
    if (this.state === 'waiting') {
      const { temporaryIncrementName } = folder;
      const { name } = changed.addIncrement(folder.name);
      if (!this.rename('incr', folder.path(temporaryIncrementName), temporaryIncrementName, name)) {
        folder.remove(base.name);
        return false;
      }
      names.push(name);
    }
    changed.retireIncrements(this.appendLog.isOpen);
    folder.persistInBackground(changed, (outcome) => {
      if (outcome === PERSISTED.FAILED) for (const name of names) folder.remove(name);
      // In doubt, too: names that are on the disk, though not for good, must not be given to other files.
      else this.manifest = changed;
      if (outcome === PERSISTED.SAFE) this.baseAdopted(base);
      else this.finishRewrite(false);
    });
    return true;
  }

  private baseAdopted(base: AofFile): void {
    const { folder, manifest } = this;
    if (this.state !== 'off')
      this.currentSize = this.baseSize = Math.max(0, folder.size(base.name)) + this.appendLog.fileSize;
    this.removeHistory();
    folder.persistInBackground(manifest!, () => this.finishRewrite(true));
  }

  private rename(kind: 'base' | 'incr', from: string, fromName: string, name: string): boolean {
    const { latency, log, runtime } = this.parts;
    const both = `the temporary AOF ${kind} file ${shown(fromName)} into ${shown(name)}`;
    try {
      latency.measure('aof-rename', () => runtime.files.renameSync(from, this.folder.path(name)));
    } catch (error) {
      log.warning(`Error trying to rename ${both}: ${reasonOf(error)}`);
      return false;
    }
    log.notice(`Successfully renamed ${both}`);
    return true;
  }

  private finishRewrite(succeeded: boolean): void {
    const { log } = this.parts;
    const nowSeconds = this.nowSeconds;
    this.isRewriting = false;
    this.lastRewriteSucceeded = succeeded;
    if (succeeded) {
      this.rewriteFailuresInARow = 0;
      log.notice('Background AOF rewrite finished successfully');
      if (this.state === 'waiting') this.state = 'on';
    } else {
      this.rewriteFailuresInARow++;
      if (this.state === 'waiting') {
        this.detach();
        const { temporaryIncrementName } = this.folder;
        log.notice(`Removing the temp incr aof file ${shown(temporaryIncrementName)} in the background`);
        this.folder.remove(temporaryIncrementName);
        this.isRewriteScheduled = true;
      }
    }
    this.lastRewriteSeconds = nowSeconds - this.rewriteStartedSeconds;
    this.rewriteStartedSeconds = -1;
    this.onChange();
  }

  // Effects are not appended until another rewrite begins: it will have them.
  private detach(): void {
    this.parts.propagation.removeSink(this.appendLog);
    this.appendLog.drop();
  }

  private stopAppending(): void {
    this.parts.propagation.removeSink(this.appendLog);
    this.appendLog.close();
  }

  private deleteHistory(): void {
    this.removeHistory();
    if (this.manifest !== null) this.folder.persist(this.manifest);
  }

  // Leaves it to the caller to put the manifest on the disk.
  private removeHistory(): void {
    const { config, log } = this.parts;
    const { manifest } = this;
    if (manifest === null || config.values['aof-disable-auto-gc'] || manifest.history.length === 0) return;
    for (const { name } of manifest.history) {
      log.notice(`Removing the history file ${shown(name)} in the background`);
      this.folder.remove(name);
    }
    manifest.forgetHistory();
  }

  private rewriteIfGrown(): void {
    const { config, log, snapshots } = this.parts;
    const percentage = config.values['auto-aof-rewrite-percentage'];
    if (percentage === 0 || snapshots.current !== null || this.isRewriting) return;
    if (this.currentSize <= config.values['auto-aof-rewrite-min-size']) return;
    const growth = Math.floor((this.currentSize * 100) / Math.max(1, this.baseSize)) - 100;
    if (growth < percentage || !this.mayRewrite()) return;
    log.notice(`Starting automatic rewriting of AOF on ${growth}% growth`);
    this.startRewrite();
  }

  private mayRewrite(): boolean {
    const { log, snapshots } = this.parts;
    if (snapshots.current !== null || this.isRewriting) return false;
    return !this.limit.holds(this.rewriteFailuresInARow, this.nowSeconds, (minutes) =>
      log.warning(
        `Background AOF rewrite has repeatedly failed and triggered the limit, will retry in ${minutes} minutes`,
      ),
    );
  }

  private newEncoder(): SnapshotEncoder {
    if (this.baseForm === 'rdb') return this.parts.newRdbEncoder();
    const hasTimestamp = this.parts.config.values['aof-timestamp-enabled'];
    const libraries = this.parts.libraries.values();
    return new CommandEncoder({ timestampSeconds: hasTimestamp ? this.nowSeconds : null, libraries });
  }

  private get baseForm(): BaseForm {
    return this.parts.config.values['aof-use-rdb-preamble'] ? 'rdb' : 'aof';
  }

  private get temporaryBaseName(): string {
    return `temp-rewriteaof-bg-${this.parts.runtime.pid}.aof`;
  }

  private get temporaryBasePath(): string {
    return this.folder.pathBeside(this.temporaryBaseName);
  }

  private get nowSeconds(): number {
    return Math.floor(this.parts.runtime.clock.nowMs() / 1000);
  }
}
