// Loading the append-only files: the base, then the increments, each an RDB file, commands, or the one with the other
// behind it. The last file may end in the middle of a command or of a transaction, as a crash leaves it: with
// `aof-load-truncated` that end is cut off. When there is time for the next slice is decided by engine/loading.

import { toText } from '../../base/bytes.ts';
import type { Logger } from '../../base/logger.ts';
import type { Runtime } from '../../base/runtime.ts';
import type { Config } from '../../config/config.ts';
import { errorCode, reasonOf } from '../../config/file-text.ts';
import type { Loader, Loading } from '../../engine/loading.ts';
import { LOAD_RESULT, type LoadResult } from '../../engine/persistence.ts';
import { Arguments } from '../../resp/arguments.ts';
import { RdbFileReader } from '../rdb/rdb-file.ts';
import { RDB_MAGIC } from '../rdb/rdb-format.ts';
import { type AofFolder, shown } from './aof-folder.ts';
import { AOF_FOUND, AofReader } from './aof-reader.ts';
import type { AofFile, Manifest } from './manifest.ts';
import { REPLAYED, type Replay } from './replay.ts';

export interface AofLoaderParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly loading: Loading;
  readonly folder: AofFolder;
  /** Runs commands; one for each loading. */
  newReplay(): Replay;
  /** Loads the RDB data that an open file begins with. Expired keys are kept: commands that follow may concern them. */
  loadRdb(reader: RdbFileReader): Loader<LoadResult>;
}

/** What was loaded. */
export interface AofLoaded {
  readonly result: LoadResult;
  /** Bytes of all files, and of the base. */
  readonly totalSize: number;
  readonly baseSize: number;
  /** How many changes the commands have made. */
  readonly changes: number;
}

/** A file that is being loaded. */
interface OpenFile {
  readonly name: string;
  readonly fd: number;
  readonly size: number;
}

const { OK, EMPTY, NOTHING, FAILED, DAMAGED, TRUNCATED } = LOAD_RESULT;

/** Loads what a manifest names. The log says what is wrong with it. */
export function* loadAof(parts: AofLoaderParts, manifest: Manifest): Loader<AofLoaded> {
  const { folder, loading } = parts;
  const nothing = (result: LoadResult) => ({ result, totalSize: 0, baseSize: 0, changes: 0 });
  if (manifest.isEmpty) return nothing(NOTHING);
  const sizes: number[] = [];
  for (const { name } of manifest.files) {
    const size = folder.size(name);
    // A file that is named but not there is no trifle.
    if (size < 0) return nothing(FAILED);
    sizes.push(size);
  }
  const totalSize = sizes.reduce((sum, size) => sum + size, 0);
  if (totalSize === 0) return nothing(EMPTY);
  const replay = parts.newReplay();
  loading.begin(totalSize);
  try {
    const result = yield* new FileLoader(parts, replay).loadAll(manifest);
    return {
      result,
      totalSize,
      baseSize: manifest.base === null ? 0 : sizes[0]!,
      changes: replay.changes,
    };
  } finally {
    loading.end();
  }
}

class FileLoader {
  private readonly parts: AofLoaderParts;
  private readonly replay: Replay;

  constructor(parts: AofLoaderParts, replay: Replay) {
    this.parts = parts;
    this.replay = replay;
  }

  *loadAll(manifest: Manifest): Loader<LoadResult> {
    const { loading, log, runtime } = this.parts;
    const { files } = manifest;
    let result: LoadResult = OK;
    for (const [i, file] of files.entries()) {
      const isLast = i === files.length - 1;
      const startedUs = runtime.clock.monotonicUs();
      if (i > 0) loading.nextFile();
      const loaded = yield* this.loadFile(file);
      if (loaded === FAILED || loaded === DAMAGED) return loaded;
      if (loaded === OK || (loaded === TRUNCATED && isLast)) {
        const seconds = ((runtime.clock.monotonicUs() - startedUs) / 1_000_000).toFixed(3);
        const kind = file === manifest.base ? 'base' : 'incr';
        log.notice(`DB loaded from ${kind} file ${shown(file.name)}: ${seconds} seconds`);
      }
      if (loaded === TRUNCATED && !isLast) {
        log.warning('Fatal error: the truncated file is not the last file');
        return FAILED;
      }
      result = loaded === TRUNCATED ? TRUNCATED : OK;
    }
    return result;
  }

  private *loadFile({ name }: AofFile): Loader<LoadResult> {
    const { folder, log, runtime } = this.parts;
    const { files } = runtime;
    let fd: number;
    try {
      fd = files.openSync(folder.path(name), 'r');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') {
        log.warning(`The append log file ${shown(name)} doesn't exist: ${reasonOf(error)}`);
        return NOTHING;
      }
      log.warning(
        `Fatal error: can't open the append log file ${shown(name)} for reading: ${reasonOf(error)}`,
      );
      return FAILED;
    }
    try {
      const { size } = files.fstatSync(fd);
      return size === 0 ? EMPTY : yield* this.loadOpenFile({ name, fd, size });
    } catch (error) {
      if (errorCode(error) === '') throw error;
      log.warning(`Unrecoverable error reading the append only file ${shown(name)}: ${reasonOf(error)}`);
      return FAILED;
    } finally {
      files.closeSync(fd);
    }
  }

  private *loadOpenFile(file: OpenFile): Loader<LoadResult> {
    let offset = 0;
    if (this.beginsAsRdb(file.fd)) {
      const { files } = this.parts.runtime;
      const reader = new RdbFileReader(files, file.fd);
      const result = yield* this.loadRdbPart(file.name, reader);
      if (result !== OK) return result;
      offset = reader.offset;
    }
    return yield* this.loadCommands(file, offset);
  }

  private beginsAsRdb(fd: number): boolean {
    const signature = Buffer.alloc(RDB_MAGIC.length);
    const read = this.parts.runtime.files.readSync(fd, signature, 0, signature.length, 0);
    return read === signature.length && toText(signature) === RDB_MAGIC;
  }

  private *loadRdbPart(name: string, reader: RdbFileReader): Loader<LoadResult> {
    const { config, log } = this.parts;
    // A file with the name of all of them is from before there were manifests.
    const isOldStyle = name === config.values.appendfilename;
    log.notice(
      isOldStyle ? 'Reading RDB preamble from AOF file...' : 'Reading RDB base file on AOF loading...',
    );
    const result = yield* this.parts.loadRdb(reader);
    if (result === OK) {
      if (isOldStyle) log.notice('Reading the remaining AOF tail...');
      return OK;
    }
    if (result === DAMAGED) {
      log.warning('Terminating server after rdb file reading failure.');
      return DAMAGED;
    }
    const what = isOldStyle ? 'RDB preamble of the AOF file' : 'RDB base file';
    log.warning(`Error reading the ${what} ${shown(name)}, AOF loading aborted`);
    return FAILED;
  }

  private *loadCommands(file: OpenFile, start: number): Loader<LoadResult> {
    const { loading, log, runtime } = this.parts;
    const { replay } = this;
    const reader = new AofReader(runtime.files, file.fd, file.size, start);
    const args = new Arguments();
    // Behind the last command, and before the transaction that has begun last.
    let validUpTo = start;
    let beforeTransaction = start;
    replay.beginFile();
    for (;;) {
      const found = reader.next(args);
      if (found === AOF_FOUND.WRONG_FORMAT) return this.wrongFormat(file.name);
      if (found === AOF_FOUND.SHORT) {
        // Redis keeps the MULTI without an EXEC, which at the next start takes with it all that is appended from now on.
        return this.cut(file, replay.isInTransaction ? beforeTransaction : validUpTo);
      }
      if (found === AOF_FOUND.END) break;
      const wasInTransaction = replay.isInTransaction;
      const replayed = replay.run(args);
      if (replayed === REPLAYED.UNKNOWN) {
        log.warning(`Unknown command '${args.string(0)}' reading the append only file ${shown(file.name)}`);
        return FAILED;
      }
      if (replayed === REPLAYED.WRONG_ARITY) return this.wrongFormat(file.name);
      if (replay.isInTransaction && !wasInTransaction) beforeTransaction = validUpTo;
      validUpTo = reader.offset;
      if (loading.pauses(validUpTo)) {
        yield;
        replay.readClocks();
      }
    }
    loading.pauses(file.size);
    if (!replay.isInTransaction) return OK;
    log.warning(`Revert incomplete MULTI/EXEC transaction in AOF file ${shown(file.name)}`);
    return this.cut(file, beforeTransaction);
  }

  private wrongFormat(name: string): LoadResult {
    this.parts.log.warning(
      `Bad file format reading the append only file ${shown(name)}: make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>`,
    );
    return FAILED;
  }

  // The file ends where more should follow.
  private cut(file: OpenFile, offset: number): LoadResult {
    const { config, log } = this.parts;
    const name = shown(file.name);
    if (config.values['aof-load-truncated']) {
      log.warning(`!!! Warning: short read while loading the AOF file ${name}!!!`);
      log.warning(`!!! Truncating the AOF ${name} at offset ${offset} !!!`);
      const error = this.truncate(file.name, offset);
      if (error === null) {
        log.warning(`AOF ${name} loaded anyway because aof-load-truncated is enabled`);
        return TRUNCATED;
      }
      log.warning(`Error truncating the AOF file ${name}: ${reasonOf(error)}`);
    }
    log.warning(
      `Unexpected end of file reading the append only file ${name}. You can: 1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.`,
    );
    return FAILED;
  }

  private truncate(name: string, size: number): unknown {
    const { folder, runtime } = this.parts;
    try {
      const fd = runtime.files.openSync(folder.path(name), 'r+');
      try {
        runtime.files.ftruncateSync(fd, size);
      } finally {
        runtime.files.closeSync(fd);
      }
      return null;
    } catch (error) {
      return error;
    }
  }
}
