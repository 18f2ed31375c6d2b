// What an RDB file says of itself in its fields (AUX): who wrote it and when, whether it belongs to an AOF, and where in
// the stream of effects it stands, for replication to go on from there. Names that are not known are passed over.

import type { Logger } from '../../base/logger.ts';

const ID_LENGTH = 40;
const MEGABYTE = 1024 * 1024;

export class RdbFields {
  /** How much memory the data took where they were saved; 0: the file does not say. */
  usedMemoryBytes = 0;
  /** The database that was selected in the stream of effects, -1: none. */
  streamDatabase = -1;
  /** The replication ID, '' without one, and the offset; -1 without one. */
  replicationId = '';
  replicationOffset: number | bigint = -1;
  /** The file is the base of an AOF: an incremental one goes on from there. */
  isAofBase = false;
  /** Effects follow behind the file's end, in the same file. */
  hasAofTail = false;

  private readonly log: Logger;
  private readonly nowMs: number;

  constructor(log: Logger, nowMs: number) {
    this.log = log;
    this.nowMs = nowMs;
  }

  /** Takes a field (latin1) and logs what Redis logs of it. */
  note(name: string, value: string): void {
    const { log } = this;
    if (name.startsWith('%')) {
      log.notice(`RDB '${name}': ${value}`);
      return;
    }
    switch (name.toLowerCase()) {
      case 'repl-stream-db':
        this.streamDatabase = leadingInteger(value);
        return;
      case 'repl-id':
        if (value.length === ID_LENGTH) this.replicationId = value;
        return;
      case 'repl-offset':
        this.replicationOffset = offsetOf(value);
        return;
      case 'redis-ver':
        log.notice(`Loading RDB produced by version ${value}`);
        return;
      case 'ctime': {
        const age = Math.floor(this.nowMs / 1000) - leadingInteger(value);
        log.notice(`RDB age ${Math.max(0, age)} seconds`);
        return;
      }
      case 'used-mem':
        this.usedMemoryBytes = leadingInteger(value);
        log.notice(`RDB memory usage when created ${(this.usedMemoryBytes / MEGABYTE).toFixed(2)} Mb`);
        return;
      case 'aof-preamble':
        this.hasAofTail = leadingInteger(value) !== 0;
        if (this.hasAofTail) log.notice('RDB has an AOF tail');
        return;
      case 'aof-base':
        this.isAofBase = leadingInteger(value) !== 0;
        if (this.isAofBase) log.notice('RDB is base AOF');
        return;
      case 'redis-bits':
      case 'lua':
        return;
      default:
        log.debug(`Unrecognized RDB AUX field: '${name}'`);
    }
  }
}

/** What the text begins with as an integer; 0 when with none. */
function leadingInteger(text: string): number {
  return Number.parseInt(text, 10) || 0;
}

function offsetOf(text: string): number | bigint {
  const digits = /^\s*[+-]?\d+/.exec(text)?.[0] ?? '0';
  const offset = BigInt.asIntN(64, BigInt(digits.trim().replace('+', '')));
  return Number.isSafeInteger(Number(offset)) ? Number(offset) : offset;
}
