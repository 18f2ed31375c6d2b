// The RDB file that comes from a master: it is written beside the old one in the background, and takes its place when it is
// whole and safe on the disk.

import { basename, resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import type { IncomingFile, IncomingFileOwner } from '../engine/persistence.ts';
import { BackgroundFile } from './background-file.ts';
import { syncFolderOf } from './saved-file.ts';

export interface ReceivedFileParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
}

export class ReceivedFile implements IncomingFile {
  private readonly parts: ReceivedFileParts;
  private readonly owner: IncomingFileOwner;
  private readonly temporary: string;
  private readonly file: BackgroundFile;
  private isOver = false;

  /** Opens the file. Throws Node's error when that fails. */
  constructor(parts: ReceivedFileParts, owner: IncomingFileOwner) {
    this.parts = parts;
    this.owner = owner;
    const { runtime, config } = parts;
    const seconds = Math.floor(runtime.clock.nowMs() / 1000);
    this.temporary = pathFromBytes(resolve(config.values.dir, `temp-${seconds}.${runtime.pid}.rdb`));
    this.file = new BackgroundFile({
      files: runtime.files,
      path: this.temporary,
      autoSync: true,
      onRoom: () => owner.room(),
      onEnd: (error) => this.written(error),
    });
  }

  get isFull(): boolean {
    return this.file.isFull;
  }

  write(bytes: Uint8Array): void {
    this.file.write(bytes, bytes.length);
  }

  finish(): void {
    this.file.finish();
  }

  abandon(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.file.abandon();
    this.parts.runtime.files.unlink(this.temporary, () => {});
  }

  private written(error: Error | null): void {
    if (this.isOver) return;
    if (error !== null) {
      this.fail(
        `Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: ${reasonOf(error)}`,
      );
      return;
    }
    const { files } = this.parts.runtime;
    const { dir, dbfilename } = this.parts.config.values;
    const path = pathFromBytes(resolve(dir, dbfilename));
    let failure = `Failed trying to rename the temp DB into ${basename(path)} in MASTER <-> REPLICA synchronization`;
    try {
      files.renameSync(this.temporary, path);
      failure = `Failed trying to sync DB directory ${basename(path)} in MASTER <-> REPLICA synchronization`;
      syncFolderOf(files, path);
    } catch (error) {
      this.fail(`${failure}: ${reasonOf(error)}`);
      return;
    }
    this.isOver = true;
    this.owner.ready();
  }

  private fail(problem: string): void {
    this.abandon();
    this.parts.log.warning(problem);
    this.owner.failed();
  }
}
