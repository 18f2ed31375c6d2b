// Checks an AOF: one file of commands, one that begins with an RDB file, or the files that a manifest names, in the order
// in which they are loaded. Only the end of the last one may be cut off: what follows damage in an earlier file would be
// applied to the wrong data. The words are those of redis-check-aof.

import { dirname } from 'node:path';
import { errorCode, pathFromBytes, reasonOf } from '../config/file-text.ts';
import { type AofFile, type Manifest, ManifestError, parseManifest } from '../persistence/aof/manifest.ts';
import { AofScan, parseLong } from './aof-scan.ts';
import { type InputKind, isRdb } from './input-kind.ts';
import { announceRdbCheck, RdbCheck } from './rdb-check.ts';
import { GaveUp, giveUp, logOf, type Tool } from './tool.ts';

export interface AofCheckOptions {
  /** Cuts off what is damaged, after asking. */
  readonly fixes: boolean;
  /** Seconds since the epoch: cuts off what was written later. 0: nothing. */
  readonly timestamp: number | bigint;
}

type Outcome = 'valid' | 'empty' | 'truncated' | 'truncated to a timestamp';

interface CheckedFile {
  /** What it is called in messages, and where it is. */
  readonly name: string;
  readonly path: string;
  readonly isLast: boolean;
  readonly hasPreamble: boolean;
}

export class AofCheck {
  private readonly tool: Tool;
  private readonly options: AofCheckOptions;
  // Redis counts lines on from file to file.
  private line = 1;

  constructor(tool: Tool, options: AofCheckOptions) {
    this.tool = tool;
    this.options = options;
  }

  /** Checks the file and prints what is found; throws GaveUp unless it is sound, or has been made so. */
  run(path: string, kind: InputKind): void {
    if (kind === 'manifest') this.checkParts(path);
    else this.checkWhole(path, kind === 'rdb');
  }

  private checkWhole(path: string, hasPreamble: boolean): void {
    this.tool.print('Start checking Old-Style AOF\n');
    const outcome = this.checkFile({ name: path, path, isLast: true, hasPreamble });
    this.printOutcome(outcome, 'AOF', path);
  }

  private checkParts(path: string): void {
    const { tool } = this;
    tool.print('Start checking Multi Part AOF\n');
    const { base, files, increments } = this.readManifest(path);
    const last = files[files.length - 1];
    const folder = dirname(path);
    const place = (file: AofFile) => ({
      name: file.name,
      path: `${folder}/${file.name}`,
      isLast: file === last,
      hasPreamble: false,
    });
    if (base !== null) {
      const hasPreamble = isRdb(tool, place(base).path);
      tool.print(`Start to check BASE AOF (${hasPreamble ? 'RDB' : 'RESP'} format).\n`);
      this.printOutcome(this.checkFile({ ...place(base), hasPreamble }), 'BASE AOF', base.name);
    }
    if (increments.length > 0) tool.print('Start to check INCR files.\n');
    for (const file of increments) this.printOutcome(this.checkFile(place(file)), 'INCR AOF', file.name);
    tool.print('All AOF files and manifest are valid\n');
  }

  private readManifest(path: string): Manifest {
    const { tool } = this;
    try {
      return parseManifest(tool.runtime.files.readFileSync(pathFromBytes(path), 'latin1'));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      error.log(logOf(tool), (text) => text);
      throw new GaveUp(error.reason);
    }
  }

  private checkFile(file: CheckedFile): Outcome {
    const { files } = this.tool.runtime;
    let fd: number;
    try {
      fd = files.openSync(pathFromBytes(file.path), 'r+');
    } catch (error) {
      return giveUp(this.tool, `Cannot open file ${file.path}: ${reasonOf(error)}, aborting...\n`);
    }
    try {
      return this.checkOpen(file, fd, files.fstatSync(fd).size);
    } catch (error) {
      if (errorCode(error) === '') throw error;
      return giveUp(this.tool, `Failed to read from AOF ${file.name}, aborting...\n`);
    } finally {
      files.closeSync(fd);
    }
  }

  private checkOpen(file: CheckedFile, fd: number, sizeBytes: number): Outcome {
    const { tool } = this;
    const { name } = file;
    if (sizeBytes === 0) return 'empty';
    const scan = new AofScan(tool.runtime.files, fd, this.line, {
      name: file.path,
      offset: file.hasPreamble ? this.checkPreamble(file, fd) : 0,
      sizeBytes,
      onRead: (offset) => tool.progress(offset, sizeBytes),
      onAnnotation: (line, offset) => this.mayGoOn(file, fd, line, offset),
    });
    scan.run();
    this.line = scan.line;
    if (scan.isStopped) return 'truncated to a timestamp';
    if (scan.isForeign) tool.print(`AOF ${name} format error\n`);
    if (scan.problem !== '') tool.print(`${scan.problem}\n`);
    const { soundBytes } = scan;
    const lostBytes = sizeBytes - soundBytes;
    if (lostBytes === 0 && this.options.timestamp !== 0) {
      tool.print(`Truncate nothing in AOF ${name} to timestamp ${this.options.timestamp}\n`);
      return 'valid';
    }
    tool.print(
      `AOF analyzed: filename=${name}, size=${sizeBytes}, ok_up_to=${soundBytes}, ok_up_to_line=${scan.line}, diff=${lostBytes}\n`,
    );
    return lostBytes > 0 ? this.repair(file, fd, soundBytes, lostBytes) : 'valid';
  }

  /** Checks the RDB file at the beginning and returns where it ends. */
  private checkPreamble(file: CheckedFile, fd: number): number {
    announceRdbCheck(this.tool, file.path);
    const check = new RdbCheck(this.tool, fd);
    if (!check.run()) giveUp(this.tool, 'RDB preamble of AOF file is not sane, aborting.\n');
    this.tool.print('RDB preamble is OK, proceeding with AOF tail...\n');
    return check.offset;
  }

  private repair(file: CheckedFile, fd: number, soundBytes: number, lostBytes: number): Outcome {
    const { options, tool } = this;
    const { name } = file;
    if (!options.fixes) giveUp(tool, `AOF ${name} is not valid. Use the --fix option to try fixing it.\n`);
    if (!file.isLast) giveUp(tool, `Failed to truncate AOF ${name} because it is not the last file\n`);
    const sizeBytes = soundBytes + lostBytes;
    tool.print(
      `This will shrink the AOF ${name} from ${sizeBytes} bytes, with ${lostBytes} bytes, to ${soundBytes} bytes\n`,
    );
    tool.print('Continue? [y/N]: ');
    if (tool.readAnswer().toLowerCase() !== 'y') giveUp(tool, 'Aborting...\n');
    this.truncate(fd, soundBytes, `Failed to truncate AOF ${name}\n`);
    return 'truncated';
  }

  /** Whether what follows an annotation belongs to the file; where it is later than wanted, it is cut off. */
  private mayGoOn(file: CheckedFile, fd: number, annotation: string, offset: number): boolean {
    const { tool } = this;
    const { timestamp } = this.options;
    if (timestamp === 0 || !annotation.startsWith(TIMESTAMP_MARK)) return true;
    const digits = annotation.slice(TIMESTAMP_MARK.length);
    const { isOutOfRange, length, value } = parseLong(digits);
    if (isOutOfRange || digits[length] !== '\r') giveUp(tool, 'Invalid timestamp annotation\n');
    if (value <= timestamp) return true;
    const { path } = file;
    if (offset === 0) {
      giveUp(tool, `AOF ${path} has nothing before timestamp ${timestamp}, aborting...\n`);
    }
    if (!file.isLast) {
      tool.print(
        `Failed to truncate AOF ${path} to timestamp ${timestamp} to offset ${offset} because it is not the last file.\n`,
      );
      giveUp(
        tool,
        'If you insist, please delete all files after this file according to the manifest file and delete the corresponding records in manifest file manually. Then re-run redis-check-aof.\n',
      );
    }
    this.truncate(fd, offset, `Failed to truncate AOF ${path} to timestamp ${timestamp}\n`);
    return false;
  }

  private truncate(fd: number, sizeBytes: number, failure: string): void {
    const { files } = this.tool.runtime;
    try {
      files.ftruncateSync(fd, sizeBytes);
      files.fsyncSync(fd);
    } catch {
      giveUp(this.tool, failure);
    }
  }

  private printOutcome(outcome: Outcome, what: string, name: string): void {
    this.tool.print(
      {
        valid: `${what} ${name} is valid\n`,
        empty: `${what} ${name} is empty\n`,
        truncated: `Successfully truncated AOF ${name}\n`,
        'truncated to a timestamp': `Successfully truncated AOF ${name} to timestamp ${this.options.timestamp}\n`,
      }[outcome],
    );
  }
}

const TIMESTAMP_MARK = '#TS:';
