// The folder of the append-only files: where they are, and the few things that are done with them beside writing and
// loading. A manifest never names a file that a power cut could take away: names are made safe before it, and it before
// anything that it replaces is removed.

import { join, resolve } from 'node:path';
import type { Logger } from '../../base/logger.ts';
import type { FileDoor } from '../../base/runtime.ts';
import type { Config } from '../../config/config.ts';
import { errorCode, pathFromBytes, reasonOf } from '../../config/file-text.ts';
import type { LatencyMonitor } from '../../engine/latency-monitor.ts';
import { Manifest, ManifestError, parseManifest } from './manifest.ts';

/**
 * What became of a manifest: it is on the disk; it is not, and the one before still is; or it is there, but a power cut may
 * bring the one before back, so that the files of both must stay.
 */
export const PERSISTED = { SAFE: 0, FAILED: 1, IN_DOUBT: 2 } as const;
export type Persisted = (typeof PERSISTED)[keyof typeof PERSISTED];

/** What is done at the moment from which a manifest counts: `prepare` and `take` within one turn of the event loop. */
export interface Handover {
  /** A file of which most shall be on the disk before, so that `prepare` has little to wait for; -1: none. */
  readonly fd: number;
  /** The manifest is about to get its name. Returns whether it may: if not, it has failed. */
  prepare(): boolean;
  /** It has got it, though a power cut may take it back until all is done. */
  take(): void;
}

/** A manifest on its way to the disk, and what is being forced there for it. */
interface Pending {
  readonly steps: Generator<number, Persisted>;
  readonly done: (outcome: Persisted) => void;
  fd: number;
}

const NO_HANDOVER: Handover = { fd: -1, prepare: () => true, take: () => {} };
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

export class AofFolder {
  private readonly files: FileDoor;
  private readonly config: Config;
  private readonly log: Logger;
  private readonly latency: LatencyMonitor;
  private pending: Pending | null = null;

  constructor(files: FileDoor, config: Config, log: Logger, latency: LatencyMonitor) {
    this.files = files;
    this.config = config;
    this.log = log;
    this.latency = latency;
  }

  /** What all names begin with. */
  get name(): string {
    return this.config.values.appendfilename;
  }

  /** Where effects go while the first rewrite runs. */
  get temporaryIncrementName(): string {
    return `temp-${this.name}.incr`;
  }

  /** The path of a file of the folder. */
  path(name: string): string {
    const { appenddirname, dir } = this.config.values;
    return pathFromBytes(resolve(dir, appenddirname, name));
  }

  /** The path of a file beside the folder. */
  pathBeside(name: string): string {
    return pathFromBytes(resolve(this.config.values.dir, name));
  }

  /** Whether the folder is there; throws Node's error when that cannot be told, as `has` and `hasOldFile` do. */
  get exists(): boolean {
    return this.isKind(this.path('.'), 'isDirectory');
  }

  has(name: string): boolean {
    return this.isKind(this.path(name), 'isFile');
  }

  /** Whether there is a file of a server from before there were manifests. */
  get hasOldFile(): boolean {
    return this.isKind(this.pathBeside(this.name), 'isFile');
  }

  /** Makes the folder unless it is there; returns whether it is then. */
  create(): boolean {
    try {
      if (this.exists) return true;
      this.files.mkdirSync(this.path('.'), { mode: 0o755 });
      this.finish(this.folderSteps(this.pathBeside('.')));
      return true;
    } catch (error) {
      const reason = errorCode(error) === 'EEXIST' ? 'Not a directory' : reasonOf(error);
      this.log.warning(`Can't open or create append-only dir ${this.shownName}: ${reason}`);
      return false;
    }
  }

  /** The manifest, an empty one where there is none; null when it cannot be used: the log says why. */
  readManifest(): Manifest | null {
    const { log } = this;
    const name = this.manifestName;
    try {
      if (!this.exists) {
        log.debug(`The AOF directory ${this.shownName} doesn't exist`);
        return new Manifest();
      }
      if (!this.has(name)) {
        log.debug(`The AOF manifest file ${shown(name)} doesn't exist`);
        return new Manifest();
      }
      return parseManifest(this.files.readFileSync(this.path(name), 'latin1'));
    } catch (error) {
      if (error instanceof ManifestError) {
        error.log(log, shown);
      } else {
        const path = join(this.shownName, shown(name));
        log.warning(`Fatal error: can't open the AOF manifest file ${path} for reading: ${reasonOf(error)}`);
      }
      return null;
    }
  }

  /** Puts a manifest that has changed on the disk. The log says why it is not safe there. */
  persist(manifest: Manifest): Persisted {
    this.settle();
    return manifest.isChanged ? this.finish(this.steps(manifest, NO_HANDOVER)) : PERSISTED.SAFE;
  }

  /**
   * As `persist`, but fsyncs are waited for beside the event loop; `done` is told, within the call or later, before any other
   * manifest is put on the disk.
   */
  persistInBackground(manifest: Manifest, done: (outcome: Persisted) => void, handover = NO_HANDOVER): void {
    this.settle();
    if (!manifest.isChanged) done(PERSISTED.SAFE);
    else this.advance({ steps: this.steps(manifest, handover), done, fd: -1 }, null);
  }

  /** Finishes at once what `persistInBackground` has begun, and what that leads to. */
  settle(): void {
    for (let { pending } = this; pending !== null; pending = this.pending) {
      this.pending = null;
      pending.done(this.finish(pending.steps, pending.fd));
    }
  }

  // How a manifest gets on the disk; what it yields is to be forced there, and its failure to be thrown.
  private *steps(manifest: Manifest, handover: Handover): Generator<number, Persisted> {
    const { files, log } = this;
    const name = this.manifestName;
    const temporary = `temp-${name}`;
    let fd = -1;
    let outcome: Persisted = PERSISTED.FAILED;
    let failure = (reason: string) => `Can't open the AOF manifest file ${shown(temporary)}: ${reason}`;
    try {
      // What it names is safe before it is.
      yield* this.folderSteps(this.path('.'));
      if (handover.fd >= 0) yield handover.fd;
      fd = files.openSync(this.path(temporary), 'w', 0o644);
      failure = (reason) =>
        `Error trying to write the temporary AOF manifest file ${shown(temporary)}: ${reason}`;
      const bytes = Buffer.from(manifest.format(), 'latin1');
      for (let at = 0; at < bytes.length; ) at += files.writeSync(fd, bytes, at, bytes.length - at);
      failure = (reason) => `Fail to fsync the temp AOF file ${shown(temporary)}: ${reason}.`;
      yield fd;
      if (!handover.prepare()) return outcome;
      failure = (reason) =>
        `Error trying to rename the temporary AOF manifest file ${shown(temporary)} into ${shown(name)}: ${reason}`;
      files.renameSync(this.path(temporary), this.path(name));
      outcome = PERSISTED.IN_DOUBT;
      handover.take();
      failure = (reason) => `Fail to fsync AOF directory ${join(this.shownName, shown(name))}: ${reason}.`;
      yield* this.folderSteps(this.path('.'));
      manifest.isChanged = false;
      return PERSISTED.SAFE;
    } catch (error) {
      log.warning(failure(reasonOf(error)));
      return outcome;
    } finally {
      if (fd >= 0) files.closeSync(fd);
    }
  }

  // Where folders cannot be opened (Windows), there is nothing to do.
  private *folderSteps(path: string): Generator<number, void> {
    let fd: number;
    try {
      fd = this.files.openSync(path, 'r');
    } catch {
      return;
    }
    try {
      yield fd;
    } finally {
      this.files.closeSync(fd);
    }
  }

  // Goes through steps to the end, now; `fd` is what they wait for, -1 before they begin.
  private finish<Result>(steps: Generator<number, Result>, fd = -1): Result {
    for (let waitsFor = fd; ; ) {
      let error: unknown = null;
      try {
        if (waitsFor >= 0) this.files.fsyncSync(waitsFor);
      } catch (thrown) {
        error = thrown;
      }
      const { done, value } = error === null ? steps.next() : steps.throw(error);
      if (done) return value;
      waitsFor = value;
    }
  }

  private advance(pending: Pending, error: Error | null): void {
    const { done, value } = error === null ? pending.steps.next() : pending.steps.throw(error);
    if (done) {
      this.pending = null;
      pending.done(value);
      return;
    }
    pending.fd = value;
    this.pending = pending;
    this.files.fsync(value, (failure) => {
      if (this.pending === pending) this.advance(pending, failure);
    });
  }

  /** The size of a file; -1 when it cannot be told, and the log says why. */
  size(name: string): number {
    try {
      return this.latency.measure('aof-fstat', () => this.files.statSync(this.path(name)).size);
    } catch (error) {
      this.log.warning(`Unable to obtain the AOF file ${shown(name)} length. stat: ${reasonOf(error)}`);
      return -1;
    }
  }

  /** Removes a file if it is there; its blocks are freed while the server goes on. */
  remove(name: string): void {
    this.files.unlink(this.path(name), () => {});
  }

  private get manifestName(): string {
    return `${this.name}.manifest`;
  }

  private get shownName(): string {
    return shown(this.config.values.appenddirname);
  }

  private isKind(path: string, kind: 'isFile' | 'isDirectory'): boolean {
    try {
      return this.files.statSync(path)[kind]();
    } catch (error) {
      // Anything else is no reason to begin anew, without the data that may be there.
      if (ABSENT.has(errorCode(error))) return false;
      throw error;
    }
  }
}

/** A name as it is shown in the log. */
export function shown(name: string): string {
  return pathFromBytes(name);
}
