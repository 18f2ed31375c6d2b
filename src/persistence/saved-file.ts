// How a file takes the place of an older one so that there is always a whole one: written beside it, forced to the disk,
// renamed, and the folder forced to the disk as well. An error names the step, as the log tells it.

import { dirname } from 'node:path';
import type { FileDoor } from '../base/runtime.ts';
import { reasonOf } from '../config/file-text.ts';
import type { TakeBytes } from './snapshot-encoder.ts';

// What was written is forced to the disk in portions of this size, so that the last one does not take long. Everybody
// waits for this save anyway: the portions are larger than those of one in the background.
const SYNC_BYTES = 32 * 1024 * 1024;

/** A step of saving has failed; the text is for the log. */
export class SaveError extends Error {}

/** Writes a new file and forces it to the disk; on an error it is gone, and a SaveError is thrown. */
export function writeFile(
  files: FileDoor,
  path: string,
  shown: { readonly name: string; readonly folder: string },
  syncsOften: boolean,
  write: (take: TakeBytes) => void,
): void {
  let fd: number;
  try {
    fd = files.openSync(path, 'w', 0o644);
  } catch (error) {
    throw new SaveError(
      `Failed opening the temp RDB file ${shown.name} (in server root dir ${shown.folder}) for saving: ${reasonOf(error)}`,
    );
  }
  let step = 'rdbSaveRio';
  try {
    try {
      let unsynced = 0;
      write((bytes, length) => {
        for (let at = 0; at < length; ) at += files.writeSync(fd, bytes, at, length - at);
        unsynced += length;
        if (!syncsOften || unsynced < SYNC_BYTES) return;
        files.fdatasyncSync(fd);
        unsynced = 0;
      });
      step = 'fsync';
      files.fsyncSync(fd);
      step = 'fclose';
    } finally {
      files.closeSync(fd);
    }
  } catch (error) {
    removeFile(files, path);
    throw new SaveError(`Write error while saving DB to the disk(${step}): ${reasonOf(error)}`);
  }
}

/**
 * Gives a file that is safe on the disk its final name. The old file of that name is let go of in the background, because
 * freeing the blocks of a large one takes long. Throws a SaveError, and removes the new file then.
 */
export function moveIntoPlace(
  files: FileDoor,
  temporary: string,
  path: string,
  shown: { readonly name: string; readonly finalName: string; readonly folder: string },
): void {
  const old = openIfThere(files, path);
  try {
    files.renameSync(temporary, path);
  } catch (error) {
    removeFile(files, temporary);
    throw new SaveError(
      `Error moving temp DB file ${shown.name} on the final destination ${shown.finalName} (in server root dir ${shown.folder}): ${reasonOf(error)}`,
    );
  } finally {
    if (old >= 0) files.close(old, () => {});
  }
}

/** Forces the names in the folder of a file to the disk. Where folders cannot be opened (Windows), nothing is to be done. */
export function syncFolderOf(files: FileDoor, path: string): void {
  const fd = openIfThere(files, dirname(path));
  if (fd < 0) return;
  try {
    files.fsyncSync(fd);
  } catch (error) {
    throw new SaveError(`Failed to fsync directory while saving DB: ${reasonOf(error)}`);
  } finally {
    files.closeSync(fd);
  }
}

/** As `syncFolderOf`, beside the event loop; `done` is given what went wrong, or null. */
export function syncFolderInBackground(
  files: FileDoor,
  path: string,
  done: (error: SaveError | null) => void,
): void {
  const fd = openIfThere(files, dirname(path));
  if (fd < 0) {
    done(null);
    return;
  }
  files.fsync(fd, (error) => {
    files.close(fd, () => {});
    done(
      error === null ? null : new SaveError(`Failed to fsync directory while saving DB: ${reasonOf(error)}`),
    );
  });
}

function openIfThere(files: FileDoor, path: string): number {
  try {
    return files.openSync(path, 'r');
  } catch {
    return -1;
  }
}

function removeFile(files: FileDoor, path: string): void {
  try {
    files.unlinkSync(path);
  } catch {
    // It was never made, or the disk is in no state to be tidied up.
  }
}
