// Loading an RDB file into the data set: the file as it lies on the disk, the words in the log, the result. When there is
// time for the next slice is decided by engine/loading, what the bytes mean by rdb/rdb-decoder.

import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { errorCode, reasonOf } from '../config/file-text.ts';
import type { DebugSettings } from '../engine/debug-settings.ts';
import type { FunctionLibraries } from '../engine/function-libraries.ts';
import type { Loader, Loading } from '../engine/loading.ts';
import { LOAD_RESULT, type LoadResult } from '../engine/persistence.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { type ChecksumReader, RdbDecoder, RefusedLibrary } from './rdb/rdb-decoder.ts';
import type { RdbFields } from './rdb/rdb-fields.ts';
import { RdbFileReader } from './rdb/rdb-file.ts';
import { RDB_HEADER_BYTES } from './rdb/rdb-format.ts';
import { RdbError } from './rdb/rdb-reader.ts';

export interface RdbLoadingParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly libraries: FunctionLibraries;
  readonly debug: DebugSettings;
  readonly loading: Loading;
}

export interface RdbFileOptions {
  /** A key of the file takes the place of one that is there; else such a file is refused. */
  readonly replaces: boolean;
  /** Keys that have expired are left out. Not where effects follow that were made while they were there. */
  readonly dropsExpired: boolean;
  /** Told how many blocks of values were searched for damage. */
  readonly noteSanitized: (blocks: number) => void;
  /** Told of each key that is left out, in latin1. */
  readonly noteExpired?: ((dbId: number, key: string) => void) | undefined;
  /** Told what the file has said of itself, when all of it has been read. */
  readonly noteFields?: (fields: RdbFields) => void;
  /** Logs what is wrong with the data, where that is not as with a file. */
  readonly failed?: (error: RdbError) => LoadResult;
}

/** Loads the file that the configuration names; `loading` is told of its beginning and end. */
export function* loadRdbFile(
  parts: RdbLoadingParts,
  path: string,
  options: RdbFileOptions,
): Loader<LoadResult> {
  const { config, loading, log, runtime } = parts;
  const { files } = runtime;
  let fd: number;
  try {
    fd = files.openSync(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return LOAD_RESULT.NOTHING;
    const { dbfilename } = config.values;
    log.warning(`Fatal error: can't open the RDB file ${dbfilename} for reading: ${reasonOf(error)}`);
    return LOAD_RESULT.FAILED;
  }
  try {
    const reader = new RdbFileReader(files, fd);
    loading.begin(reader.left);
    return yield* loadRdb(parts, reader, options);
  } finally {
    files.closeSync(fd);
    loading.end();
  }
}

/** Loads what a reader gives, from header to checksum, within a loading that has begun. */
export function* loadRdb(
  parts: RdbLoadingParts,
  reader: ChecksumReader,
  { replaces, dropsExpired, noteSanitized, noteExpired, noteFields, failed: isWrong }: RdbFileOptions,
): Loader<LoadResult> {
  const { config, debug, keyspace, libraries, loading, log, runtime } = parts;
  const decoder = new RdbDecoder(keyspace, reader, log, {
    checksChecksum: config.values.rdbchecksum && !debug.skipsChecksums,
    deep: config.values['sanitize-dump-payload'] === 'yes',
    replaces,
    dropsExpired,
    noteExpired,
    nowMs: runtime.clock.nowMs(),
    libraries,
  });
  const steps = decoder.steps((offset) => loading.pauses(offset));
  try {
    while (!nextUnobserved(keyspace, steps)) {
      loading.keysLoaded = decoder.keysLoaded;
      loading.usedMemoryBytes = decoder.fields.usedMemoryBytes;
      yield;
    }
    noteFields?.(decoder.fields);
    return LOAD_RESULT.OK;
  } catch (error) {
    if (isWrong !== undefined && error instanceof RdbError) return isWrong(error);
    return failed(error, log);
  } finally {
    loading.keysLoaded = decoder.keysLoaded;
    loading.keysExpired = decoder.keysExpired;
    if (config.values['sanitize-dump-payload'] === 'yes') noteSanitized(decoder.blocks);
  }
}

// Nobody is told of keys that were there before.
function nextUnobserved(keyspace: Keyspace, steps: Generator<void, void, void>): boolean {
  const { observer } = keyspace;
  keyspace.observer = null;
  try {
    return steps.next().done === true;
  } finally {
    keyspace.observer = observer;
  }
}

function failed(error: unknown, log: Logger): LoadResult {
  if (!(error instanceof RdbError)) {
    if (errorCode(error) === '') throw error;
    log.warning(`Error reading the RDB file: ${reasonOf(error)}`);
    return LOAD_RESULT.DAMAGED;
  }
  if (error instanceof RefusedLibrary) {
    log.warning(error.reason);
    return LOAD_RESULT.FAILED;
  }
  // What is wrong with the header says that it is no file for us, not that it is damaged.
  if (error.offset <= RDB_HEADER_BYTES && !error.isShort) {
    log.warning(error.reason);
    return LOAD_RESULT.FAILED;
  }
  if (error.isShort) log.warning('Short read or OOM loading DB. Unrecoverable error, aborting now.');
  log.warning(`Internal error in RDB reading offset ${error.offset} -> ${error.reason}`);
  return LOAD_RESULT.DAMAGED;
}
