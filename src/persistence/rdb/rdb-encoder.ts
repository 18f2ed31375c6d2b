// A data set as an RDB file: header, fields about its making, the databases, entry by entry, end and checksum. The
// encoder does not choose when: its owner calls it in slices of any size, lets it hand over what has come together, and
// decides where the bytes go. It reads the entries as they are at that moment.

import { Crc64 } from '../../base/checksums.ts';
import { Stream } from '../../datatypes/stream.ts';
import type { AccessClock } from '../../keyspace/access-clock.ts';
import type { Database } from '../../keyspace/database.ts';
import type { Ref } from '../../memory/heap.ts';
import type { BlockEncoder, SnapshotEncoder, TableEncoder, TakeBytes } from '../snapshot-encoder.ts';
import { RDB_MAGIC, RDB_OPCODE } from './rdb-format.ts';
import { RdbWriter } from './rdb-writer.ts';
import { streamNodeIds, writeBehindNodes, writeStreamNode } from './stream-encoder.ts';
import { rdbTypeOf, writeElement, writeNode, writeValue } from './value-encoder.ts';

export interface RdbEncoderOptions {
  /** Whether the file ends with a checksum; else zeros stand in its place. */
  readonly hasChecksum: boolean;
  /** Which note of its use an entry gets, by the eviction policy. */
  readonly use: 'lru' | 'lfu' | 'none';
  /** What the file says of itself; numbers are written as such. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The texts (latin1) of the function libraries, as they are when the file is begun. */
  readonly libraries: Iterable<string>;
}

/** Which note of use files get under a `maxmemory-policy`. */
export function useUnder(policy: string): RdbEncoderOptions['use'] {
  return policy.endsWith('-lru') ? 'lru' : policy.endsWith('-lfu') ? 'lfu' : 'none';
}

export class RdbEncoder implements SnapshotEncoder {
  // What goes into the file, and where it is written at present: there, or to a section.
  private readonly file: RdbWriter;
  private writer: RdbWriter;
  private readonly access: AccessClock;
  private readonly options: RdbEncoderOptions;
  private readonly crc = new Crc64();

  constructor(writer: RdbWriter, access: AccessClock, options: RdbEncoderOptions) {
    this.file = this.writer = writer;
    this.access = access;
    this.options = options;
    writer.clear();
  }

  get pendingBytes(): number {
    return this.file.at;
  }

  /** Writes the header, the fields about the file and the function libraries. */
  begin(): void {
    this.writer.rawText(`${RDB_MAGIC}${String(this.file.version).padStart(4, '0')}`);
    for (const [name, value] of this.options.fields) {
      this.writer.byte(RDB_OPCODE.AUX);
      this.writer.stringText(name);
      this.writer.stringText(value);
    }
    for (const text of this.options.libraries) {
      this.writer.byte(RDB_OPCODE.FUNCTION);
      this.writer.stringText(text);
    }
  }

  database(id: number, size: number, volatileSize: number): void {
    const { writer } = this;
    writer.byte(RDB_OPCODE.SELECT_DB);
    writer.length(id);
    if (size === 0) return;
    writer.byte(RDB_OPCODE.RESIZE_DB);
    writer.length(size);
    writer.length(volatileSize);
  }

  /** Writes an entry: deadline, use, type, key, value. O(size of the value). */
  entry(db: Database, ref: Ref): void {
    this.beginEntry(db, ref);
    writeValue(this.writer, db, ref);
  }

  beginTable(db: Database, ref: Ref): TableEncoder {
    this.beginEntry(db, ref);
    const kind = db.kind(ref);
    const value = db.large(ref);
    this.writer.length(value.table!.size);
    return {
      element: (element) => writeElement(this.writer, db.heap, kind, value, element),
      end: () => {},
    };
  }

  beginBlocks(db: Database, ref: Ref): BlockEncoder {
    this.beginEntry(db, ref);
    const value = db.large(ref);
    this.writer.length(value.blocks!.blockCount);
    if (!(value instanceof Stream)) {
      return { block: (_i, memory, base) => writeNode(this.writer, memory, base), end: () => {} };
    }
    const ids = streamNodeIds(value);
    const behind = this.newSection();
    writeBehindNodes(behind, value);
    return {
      block: (i, memory, base) => writeStreamNode(this.writer, ids, i, memory, base),
      end: () => this.join(behind),
    };
  }

  newSection(): RdbWriter {
    const section = new RdbWriter();
    section.compresses = this.file.compresses;
    section.version = this.file.version;
    return section;
  }

  writeTo(section: RdbWriter | null): void {
    this.writer = section ?? this.file;
  }

  join(section: RdbWriter): void {
    this.writer.raw(section.bytes, 0, section.at);
    section.clear();
  }

  private beginEntry(db: Database, ref: Ref): void {
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
    writer.byte(rdbTypeOf(db, ref, writer.version));
    writer.string(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref));
  }

  /** Writes the end and hands over the last bytes. */
  end(take: TakeBytes): void {
    this.file.byte(RDB_OPCODE.EOF);
    this.handOver(take);
    this.file.checksum(this.options.hasChecksum ? this.crc : new Crc64());
    this.handOver(take);
  }

  /** Hands over what has come together. */
  handOver(take: TakeBytes): void {
    const writer = this.file;
    if (writer.at === 0) return;
    if (this.options.hasChecksum) this.crc.update(writer.bytes, 0, writer.at);
    take(writer.bytes, writer.at);
    writer.clear();
  }
}
