// A data set as an RDB file: header, fields about its making, the databases, entry by entry, end and checksum. The
// encoder does not choose when: its owner calls it in slices of any size, lets it hand over what has come together, and
// decides where the bytes go. It reads the entries as they are at that moment.

import { Crc64 } from '../../base/checksums.ts';
import type { AccessClock } from '../../keyspace/access-clock.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Ref } from '../../memory/heap.ts';
import { RDB_MAGIC, RDB_OPCODE } from './rdb-format.ts';
import type { RdbWriter } from './rdb-writer.ts';
import { rdbTypeOf, writeValue } from './value-encoder.ts';

/** Takes bytes, which are good until it returns. */
export type TakeBytes = (bytes: Uint8Array, length: number) => void;

export interface RdbEncoderOptions {
  readonly version: number;
  /** Whether the file ends with a checksum; else zeros stand in its place. */
  readonly hasChecksum: boolean;
  /** Which note of its use an entry gets, by the eviction policy. */
  readonly use: 'lru' | 'lfu' | 'none';
}

/** Which note of use files get under a `maxmemory-policy`. */
export function useUnder(policy: string): RdbEncoderOptions['use'] {
  return policy.endsWith('-lru') ? 'lru' : policy.endsWith('-lfu') ? 'lfu' : 'none';
}

export class RdbEncoder {
  private readonly writer: RdbWriter;
  private readonly access: AccessClock;
  private readonly options: RdbEncoderOptions;
  private readonly crc = new Crc64();

  constructor(writer: RdbWriter, access: AccessClock, options: RdbEncoderOptions) {
    this.writer = writer;
    this.access = access;
    this.options = options;
    writer.clear();
  }

  /** How many bytes wait to be handed over. */
  get pendingBytes(): number {
    return this.writer.at;
  }

  /** Writes the header and fields about the file; numbers are written as such. */
  begin(fields: readonly (readonly [name: string, value: string])[]): void {
    this.writer.rawText(`${RDB_MAGIC}${String(this.options.version).padStart(4, '0')}`);
    for (const [name, value] of fields) {
      this.writer.byte(RDB_OPCODE.AUX);
      this.writer.stringText(name);
      this.writer.stringText(value);
    }
  }

  /** Says which database the entries that follow are of, and how many there will be. */
  database(id: number, size: number, volatileSize: number): void {
    const { writer } = this;
    writer.byte(RDB_OPCODE.SELECT_DB);
    writer.length(id);
    writer.byte(RDB_OPCODE.RESIZE_DB);
    writer.length(size);
    writer.length(volatileSize);
  }

  /** Writes an entry: deadline, use, type, key, value. O(size of the value). */
  entry(db: Database, ref: Ref): void {
    const { writer, access } = this;
    const deadline = db.exactDeadline(ref);
    if (deadline !== 0) {
      writer.byte(RDB_OPCODE.EXPIRE_TIME_MS);
      writer.int64(deadline);
    }
    if (this.options.use === 'lru') {
      writer.byte(RDB_OPCODE.IDLE);
      writer.length(access.idleSeconds(db.accessBits(ref)));
    } else if (this.options.use === 'lfu') {
      writer.byte(RDB_OPCODE.FREQ);
      writer.byte(access.frequency(db.accessBits(ref)));
    }
    writer.byte(rdbTypeOf(db, ref));
    writer.string(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref));
    writeValue(writer, db, ref);
  }

  /** Writes the end and hands over the last bytes. */
  end(take: TakeBytes): void {
    this.writer.byte(RDB_OPCODE.EOF);
    this.handOver(take);
    this.writer.checksum(this.options.hasChecksum ? this.crc : new Crc64());
    this.handOver(take);
  }

  /** Hands over what has come together. */
  handOver(take: TakeBytes): void {
    const { writer } = this;
    if (writer.at === 0) return;
    if (this.options.hasChecksum) this.crc.update(writer.bytes, 0, writer.at);
    take(writer.bytes, writer.at);
    writer.clear();
  }
}
