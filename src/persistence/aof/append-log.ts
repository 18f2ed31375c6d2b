// The end of the append-only files: effects gather here while a turn of the event loop runs, and are written before any
// client hears of them, all of a turn in one write. How soon they are on the disk is up to `appendfsync`: `always` before
// the replies, too; `everysec` about once a second, beside the event loop; `no` when the system likes. What cannot be
// written stays, is tried again, and makes the server refuse writes meanwhile.

import type { Logger } from '../../base/logger.ts';
import type { Runtime } from '../../base/runtime.ts';
import type { Config } from '../../config/config.ts';
import type { ConfigValues } from '../../config/directives.ts';
import { errorCode, reasonOf } from '../../config/file-text.ts';
import { CommandBuffer } from '../../engine/command-buffer.ts';
import type { DebugSettings } from '../../engine/debug-settings.ts';
import type { LatencyMonitor } from '../../engine/latency-monitor.ts';
import { NO_DATABASE, type PropagationSink } from '../../engine/propagation.ts';
import type { Turn } from '../../engine/turn.ts';
import { timestampLine } from './timestamps.ts';

export interface AppendLogParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly turn: Turn;
  readonly debug: DebugSettings;
  readonly latency: LatencyMonitor;
  /** Whether a snapshot keeps the disk busy, which `no-appendfsync-on-rewrite` makes room for. */
  isSnapshotRunning(): boolean;
  /** Ends the server at once: no client may hear of what cannot be made safe. */
  giveUp(): void;
}

// Where the system makes a write wait for an fsync that is under way, writes are put off until that is done, but no
// longer than this.
const MAX_POSTPONE_SECONDS = 2;
// A write that takes so long beside an fsync was made to wait for it, and others will be for some time.
const HELD_UP_MS = 20;
const WARY_SECONDS = 300;
// A turn whose effects are forced to the disk before its replies waits for more to arrive, as long as that will take.
const MAX_LINGER_US = 4000;
// No system writes more at once.
const MAX_WRITE_BYTES = 2 ** 30;
const ERROR_LOG_SECONDS = 30;
const NO_SPACE = 'No space left on device';

export class AppendLog implements PropagationSink {
  readonly keepsDataOnly = true;
  /** How many bytes the file has. */
  fileSize = 0;
  /** How long turns of the event loop have waited for their effects to be written. */
  turnMicroseconds = 0;
  /** How often a write did not wait any longer for an fsync. */
  delayedFsyncs = 0;
  /** Called with how many bytes were written. */
  onWritten: (bytes: number) => void = () => {};
  /** Called when `lastError` changes. */
  onChange: () => void = () => {};
  /** How much of the stream of effects there is, which goes by replication's count. */
  streamOffset: () => number = () => 0;
  /** Called when more of it is on the disk. */
  onSynced: () => void = () => {};

  private readonly parts: AppendLogParts;
  private readonly buffer = new CommandBuffer();
  private readonly select: [string, string] = ['SELECT', ''];
  private policy: ConfigValues['appendfsync'] = 'everysec';
  private hasTimestamps = false;
  private dbId = NO_DATABASE;
  private timestampSeconds = 0;
  private fd = -1;
  // Up to where the file was given to the disk, or is just being given.
  private syncedSize = 0;
  private lastSyncSeconds: number;
  private isSyncing = false;
  // Files before this one that are being forced to the disk, and names: nothing that comes after them counts before.
  private heldBy = 0;
  private syncedStreamOffset = 0;
  // What is on the disk itself, but held.
  private heldStreamOffset = 0;
  // A file that is to be closed when the fsync that runs on it is done.
  private closing = -1;
  private postponedSinceSeconds = 0;
  // When the end of this turn was first put off, and for how long it may be: what the writes of the last ones took, about.
  private lingersSinceUs = 0;
  private lingersMostUs = 0;
  // Until then writes are expected to wait for fsyncs.
  private waryUntilSeconds = 0;
  private writeError = '';
  private syncError = '';
  private errorLoggedSeconds = Number.NEGATIVE_INFINITY;

  constructor(parts: AppendLogParts) {
    this.parts = parts;
    this.lastSyncSeconds = this.nowSeconds;
    this.applySettings();
    parts.config.onChangeOfAny(['appendfsync', 'aof-timestamp-enabled'], () => {
      this.applySettings();
      this.flush(true);
      return null;
    });
    parts.turn.beforeReplies.push(() => {
      if (this.buffer.at === 0) return;
      const { clock } = parts.runtime;
      const startedUs = clock.monotonicUs();
      this.flush(false);
      const tookUs = clock.monotonicUs() - startedUs;
      this.turnMicroseconds += tookUs;
      this.lingersMostUs = Math.min((this.lingersMostUs + tookUs) / 2, MAX_LINGER_US);
      this.lingersSinceUs = 0;
    });
    parts.turn.lingers = () => this.lingers();
  }

  get isOpen(): boolean {
    return this.fd >= 0;
  }

  /** The file that effects go to, -1 without one. */
  get descriptor(): number {
    return this.fd;
  }

  /** Bytes that are not written yet. */
  get bufferLength(): number {
    return this.buffer.at;
  }

  /** How much of the stream of effects is on the disk. */
  get syncedOffset(): number {
    const isDone = this.buffer.at === 0 && this.syncedSize === this.fileSize && this.lastError === '';
    return isDone && !this.isSyncing && this.heldBy === 0 ? this.streamOffset() : this.syncedStreamOffset;
  }

  get pendingFsyncs(): number {
    return this.isSyncing ? 1 : 0;
  }

  /** The system's words for why effects are not safe; '' when they are. */
  get lastError(): string {
    return this.writeError === '' ? this.syncError : this.writeError;
  }

  /** Effects go to another file from here on, which has `size` bytes; the one before is closed when it is on the disk. */
  open(fd: number, size: number): void {
    if (this.fd >= 0) this.syncAndClose(this.fd);
    this.fd = fd;
    this.fileSize = this.syncedSize = size;
    this.dbId = NO_DATABASE;
  }

  /** Nothing more counts as being on the disk until `release` is called. */
  hold(): void {
    this.heldBy++;
  }

  release(): void {
    this.heldBy--;
    this.streamSynced(this.heldStreamOffset);
  }

  /** Writes and forces to the disk what there is, and closes the file. */
  close(): void {
    if (this.fd < 0) return;
    this.syncAll();
    const { fd } = this;
    this.fd = -1;
    if (this.isSyncing) this.closing = fd;
    else this.parts.runtime.files.closeSync(fd);
    this.drop();
    this.dbId = NO_DATABASE;
    this.fileSize = this.syncedSize = 0;
  }

  /** Forgets what is not written. */
  drop(): void {
    this.buffer.clear();
    this.postponedSinceSeconds = 0;
  }

  /** Errors of the past are of no interest any more: the log begins anew. */
  forgetErrors(): void {
    const { log } = this.parts;
    this.lastSyncSeconds = this.nowSeconds;
    if (this.syncError !== '') log.warning('AOF reopen, just ignore the AOF fsync error in bio job');
    if (this.writeError !== '') log.warning('AOF reopen, just ignore the last error.');
    this.setErrors('', '');
  }

  effect(dbId: number, bytes: Uint8Array, start: number, end: number, isLent: boolean): void {
    const { buffer } = this;
    if (buffer.at === 0) this.parts.turn.expect();
    if (this.hasTimestamps) this.addTimestamp();
    if (dbId !== NO_DATABASE && dbId !== this.dbId) {
      this.dbId = dbId;
      this.select[1] = String(dbId);
      buffer.addTexts(this.select);
    }
    if (isLent) buffer.addLent(bytes, start, end);
    else buffer.addBytes(bytes, start, end);
  }

  settle(): void {
    this.buffer.settle();
  }

  /**
   * Writes what waits, and forces it to the disk as `appendfsync` has it; to be called several times a second, for what has
   * to be done by the clock and for what could not be written. `force`: also while an fsync is under way.
   */
  flush(force: boolean): void {
    if (this.fd < 0) return;
    if (this.buffer.at > 0) {
      if (!force && this.mustWait()) return;
      this.buffer.settle();
      if (!this.write()) return;
    }
    this.syncIfDue();
  }

  /** Writes what waits. Returns when all of it is on the disk; false when it cannot be brought there: the log says why. */
  syncAll(): boolean {
    if (this.fd < 0) return true;
    this.flush(true);
    try {
      this.parts.runtime.files.fdatasyncSync(this.fd);
      this.noteSynced();
    } catch (error) {
      this.parts.log.warning(`Fail to fsync the AOF file: ${reasonOf(error)}.`);
      return false;
    }
    return this.buffer.at === 0;
  }

  // One fsync costs as much as hundreds of requests: those that arrive meanwhile shall have part in it.
  private lingers(): boolean {
    if (this.policy !== 'always' || this.buffer.at === 0) return false;
    const nowUs = this.parts.runtime.clock.monotonicUs();
    if (this.lingersSinceUs === 0) this.lingersSinceUs = nowUs;
    return nowUs - this.lingersSinceUs < this.lingersMostUs;
  }

  // Under `everysec`, where a write would wait for the fsync that is under way, and with it everybody else. Most systems
  // write on meanwhile, and what is written outlives the process: see decision 9.
  private mustWait(): boolean {
    if (this.policy !== 'everysec' || !this.isSyncing) return false;
    const { nowSeconds } = this;
    if (nowSeconds >= this.waryUntilSeconds) return false;
    if (this.postponedSinceSeconds === 0) {
      this.postponedSinceSeconds = nowSeconds;
      return true;
    }
    if (nowSeconds - this.postponedSinceSeconds < MAX_POSTPONE_SECONDS) return true;
    this.delayedFsyncs++;
    this.parts.log.notice(
      'Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down Redis.',
    );
    return false;
  }

  // Returns whether all of it was written.
  private write(): boolean {
    const { debug, latency, runtime } = this.parts;
    const { buffer } = this;
    this.postponedSinceSeconds = 0;
    const length = buffer.at;
    const startedUs = runtime.clock.monotonicUs();
    if (debug.aofFlushSleepUs > 0) runtime.timers.block(debug.aofFlushSleepUs / 1000);
    const { written, error } = latency.isOn ? this.measureWrite(length) : this.writeBytes(length);
    if (this.isSyncing && this.policy === 'everysec') this.noteDuration(startedUs);
    if (written < length) {
      this.writeFailed(written, length, error);
      return false;
    }
    this.written(length);
    buffer.clear();
    if (this.writeError !== '') {
      this.parts.log.notice('AOF write error looks solved, Redis can write again.');
      this.setErrors('', this.syncError);
    }
    return true;
  }

  private noteDuration(startedUs: number): void {
    const { log, runtime } = this.parts;
    const ms = Math.floor((runtime.clock.monotonicUs() - startedUs) / 1000);
    if (ms < HELD_UP_MS) return;
    if (this.nowSeconds >= this.waryUntilSeconds) {
      log.notice(
        `A write to the AOF file took ${ms} ms beside an fsync: writes wait for fsyncs from now on.`,
      );
    }
    this.waryUntilSeconds = this.nowSeconds + WARY_SECONDS;
  }

  // A write is recorded twice: as one, and by what it may have had to wait for.
  private measureWrite(length: number): { written: number; error: unknown } {
    const { isSnapshotRunning, latency } = this.parts;
    const beside = isSnapshotRunning() ? 'aof-write-active-child' : 'aof-write-alone';
    const event = this.isSyncing ? 'aof-write-pending-fsync' : beside;
    return latency.measure('aof-write', () => latency.measure(event, () => this.writeBytes(length)));
  }

  private writeBytes(length: number): { written: number; error: unknown } {
    const { files } = this.parts.runtime;
    let written = 0;
    try {
      while (written < length) {
        const most = Math.min(length - written, MAX_WRITE_BYTES);
        const count = files.writeSync(this.fd, this.buffer.bytes, written, most);
        if (count === 0) break;
        written += count;
      }
    } catch (error) {
      return { written, error };
    }
    return { written, error: null };
  }

  private writeFailed(written: number, expected: number, error: unknown): void {
    const { log } = this.parts;
    const { nowSeconds } = this;
    const isQuiet = nowSeconds - this.errorLoggedSeconds <= ERROR_LOG_SECONDS;
    if (!isQuiet) this.errorLoggedSeconds = nowSeconds;
    let kept = 0;
    if (written === 0 && error !== null) {
      if (!isQuiet) log.warning(`Error writing to the AOF file: ${reasonOf(error)}`);
    } else {
      if (!isQuiet)
        log.warning(`Short write while writing to the AOF file: (nwritten=${written}, expected=${expected})`);
      if (!this.takeBack(isQuiet)) kept = written;
    }
    if (this.policy === 'always') {
      log.warning("Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...");
      this.parts.giveUp();
      return;
    }
    if (kept > 0) {
      this.written(kept);
      this.buffer.bytes.copyWithin(0, kept, expected);
      this.buffer.at -= kept;
    }
    this.setErrors(written === 0 && error !== null ? reasonOf(error) : NO_SPACE, this.syncError);
  }

  // A part of an effect in the file would end what can be loaded of it.
  private takeBack(isQuiet: boolean): boolean {
    const { log, runtime } = this.parts;
    try {
      runtime.files.ftruncateSync(this.fd, this.fileSize);
      return true;
    } catch (error) {
      if (!isQuiet)
        log.warning(
          `Could not remove short write from the append-only file.  Redis may refuse to load the AOF the next time it starts.  ftruncate: ${reasonOf(error)}`,
        );
      return false;
    }
  }

  private written(bytes: number): void {
    this.fileSize += bytes;
    this.onWritten(bytes);
  }

  private syncIfDue(): void {
    const { config, isSnapshotRunning } = this.parts;
    if (this.policy === 'no' || this.syncedSize === this.fileSize) return;
    if (config.values['no-appendfsync-on-rewrite'] && isSnapshotRunning()) return;
    if (this.policy === 'always') this.syncNow();
    else if (this.nowSeconds > this.lastSyncSeconds) this.syncInBackground();
  }

  private syncNow(): void {
    const { latency, log, runtime } = this.parts;
    try {
      latency.measure('aof-fsync-always', () => runtime.files.fdatasyncSync(this.fd));
      this.noteSynced();
    } catch (error) {
      log.warning(
        `Can't persist AOF for fsync error when the AOF fsync policy is 'always': ${reasonOf(error)}. Exiting...`,
      );
      this.parts.giveUp();
    }
  }

  private noteSynced(): void {
    this.syncedSize = this.fileSize;
    this.lastSyncSeconds = this.nowSeconds;
    this.streamSynced(this.streamOffset());
  }

  private streamSynced(offset: number): void {
    this.heldStreamOffset = offset;
    if (this.heldBy > 0) return;
    this.syncedStreamOffset = offset;
    this.onSynced();
  }

  private syncInBackground(): void {
    this.lastSyncSeconds = this.nowSeconds;
    if (this.isSyncing) return;
    this.isSyncing = true;
    this.syncedSize = this.fileSize;
    const offset = this.streamOffset();
    this.parts.runtime.files.fdatasync(this.fd, (error) => {
      this.isSyncing = false;
      this.noteSyncResult(error);
      if (error === null) this.streamSynced(offset);
      if (this.closing >= 0) this.parts.runtime.files.closeSync(this.closing);
      this.closing = -1;
      if (this.postponedSinceSeconds !== 0) this.flush(false);
    });
  }

  private syncAndClose(fd: number): void {
    const { files } = this.parts.runtime;
    this.lastSyncSeconds = this.nowSeconds;
    const offset = this.streamOffset();
    this.hold();
    files.fdatasync(fd, (error) => {
      this.noteSyncResult(error);
      if (error === null) this.streamSynced(offset);
      this.release();
      files.close(fd, () => {});
    });
  }

  // A file that is closed meanwhile, or that is none, is not one that has lost anything.
  private noteSyncResult(error: Error | null): void {
    const code = errorCode(error);
    if (error === null || code === 'EBADF' || code === 'EINVAL') {
      this.setErrors(this.writeError, '');
      return;
    }
    if (this.syncError === '') this.parts.log.warning(`Fail to fsync the AOF file: ${reasonOf(error)}`);
    this.setErrors(this.writeError, reasonOf(error));
  }

  private setErrors(writeError: string, syncError: string): void {
    const before = this.lastError;
    this.writeError = writeError;
    this.syncError = syncError;
    if (this.lastError !== before) this.onChange();
  }

  private applySettings(): void {
    const { values } = this.parts.config;
    this.policy = values.appendfsync;
    this.hasTimestamps = values['aof-timestamp-enabled'];
  }

  private addTimestamp(): void {
    const { nowSeconds } = this;
    if (this.timestampSeconds >= nowSeconds) return;
    this.timestampSeconds = nowSeconds;
    const line = Buffer.from(timestampLine(nowSeconds), 'latin1');
    this.buffer.addBytes(line, 0, line.length);
  }

  private get nowSeconds(): number {
    return Math.floor(this.parts.runtime.clock.nowMs() / 1000);
  }
}
