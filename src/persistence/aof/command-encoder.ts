// A data set as the commands that make it: the base of the append-only files where `aof-use-rdb-preamble` is off. The
// commands are those that Redis writes, no more than 64 elements in each. Commands and replies are framed alike, so they
// are written by what writes replies: lists, hashes and sets go out of their blocks without becoming strings.
//
// An entry may be asked for in the middle of a command that is about to change it, so nothing of the keyspace's own scratch
// space is used here.

import { copyBytes } from '../../base/bytes.ts';
import type { HashTable } from '../../datatypes/hash-table.ts';
import { intsetHigh, intsetLength, intsetLow } from '../../datatypes/intset.ts';
import { KIND, type Kind } from '../../datatypes/kind.ts';
import type { LargeValue } from '../../datatypes/large-value.ts';
import { isPlainNode, nodeBytes, PLAIN_HEADER_BYTES } from '../../datatypes/list-node.ts';
import type { NodeList } from '../../datatypes/node-list.ts';
import { replyEntries, replyEntry, replyFields } from '../../datatypes/packed-reply.ts';
import type { SetTable } from '../../datatypes/set-table.ts';
import type { SortedSetTable } from '../../datatypes/sorted-set-table.ts';
import type { Stream } from '../../datatypes/stream.ts';
import type { StreamConsumer, StreamGroup } from '../../datatypes/stream-group.ts';
import { ID_TEXT_BYTES, StreamId } from '../../datatypes/stream-id.ts';
import { after } from '../../datatypes/stream-node.ts';
import { StreamReader } from '../../datatypes/stream-reader.ts';
import type { Database } from '../../keyspace/database.ts';
import { SetMember } from '../../keyspace/set-member.ts';
import { SortedSetCursor } from '../../keyspace/sorted-set-cursor.ts';
import { sortedSetSize } from '../../keyspace/sorted-set-value.ts';
import type { Dict } from '../../memory/dict.ts';
import type { Ref } from '../../memory/heap.ts';
import { PACKED_HEADER_BYTES, packedLength } from '../../memory/packed.ts';
import { PackedEntry } from '../../memory/packed-entry.ts';
import { ReplyWriter } from '../../resp/reply-writer.ts';
import type { BlockEncoder, SnapshotEncoder, TableEncoder, TakeBytes } from '../snapshot-encoder.ts';
import { timestampLine } from './timestamps.ts';

const INITIAL_BYTES = 128 * 1024;
/** A buffer larger than this is not kept. */
const KEPT_BYTES = 1024 * 1024;
const SECTION_BYTES = 512;
const ELEMENTS_PER_COMMAND = 64;

export interface CommandEncoderOptions {
  /** What `aof-timestamp-enabled` writes at the beginning, in seconds since the epoch; null: nothing. */
  readonly timestampSeconds: number | null;
  /** The texts (latin1) of the function libraries, as they are when the file is begun. */
  readonly libraries: Iterable<string>;
}

export class CommandEncoder implements SnapshotEncoder {
  private readonly options: CommandEncoderOptions;
  // What goes into the file, and where it is written at present: there, or to a section.
  private readonly file = newWriter();
  private writer = this.file;
  private readonly element = new PackedEntry();
  private readonly member = new SetMember();
  private readonly sortedSet = new SortedSetCursor();
  private readonly reader = new StreamReader();
  private readonly first = new StreamId().setZero();
  private readonly last = new StreamId().setMax();
  private readonly id = new StreamId();
  private readonly idText = new Uint8Array(ID_TEXT_BYTES);
  // The key of the entry that is being written.
  private keyMemory: Uint8Array = NO_BYTES;
  private keyStart = 0;
  private keyLength = 0;

  constructor(options: CommandEncoderOptions) {
    this.options = options;
  }

  get pendingBytes(): number {
    return this.file.at;
  }

  begin(): void {
    const { libraries, timestampSeconds } = this.options;
    if (timestampSeconds !== null) this.writer.raw(timestampLine(timestampSeconds));
    for (const text of libraries) {
      this.writer.array(3);
      this.writer.bulkText('FUNCTION');
      this.writer.bulkText('LOAD');
      this.writer.bulkText(text);
    }
  }

  database(id: number): void {
    this.writer.array(2);
    this.writer.bulkText('SELECT');
    this.writer.bulkInteger(id);
  }

  entry(db: Database, ref: Ref): void {
    this.keyMemory = db.keyMemory(ref);
    this.keyStart = db.keyOffset(ref);
    this.keyLength = db.keyLength(ref);
    this.value(db, ref);
    this.deadline(db.exactDeadline(ref));
  }

  beginTable(db: Database, ref: Ref): TableEncoder {
    const { end, useKey } = this.beginParts(db, ref);
    const write = this.elementWriter(db, db.kind(ref), db.large(ref));
    return {
      element: (element) => {
        useKey();
        write(element);
      },
      end,
    };
  }

  // The commands for a stream depend on more than its nodes.
  beginBlocks(db: Database, ref: Ref): BlockEncoder | null {
    if (db.kind(ref) !== KIND.LIST_NODES) return null;
    const { end, useKey } = this.beginParts(db, ref);
    return {
      block: (_i, memory, base) => {
        useKey();
        this.listNode(memory, base);
      },
      end,
    };
  }

  // What is needed of an entry whose value comes in parts, with other entries in between.
  private beginParts(db: Database, ref: Ref): { useKey: () => void; end: () => void } {
    const deadline = db.exactDeadline(ref);
    const keyLength = db.keyLength(ref);
    const key = Buffer.from(db.keyMemory(ref).subarray(db.keyOffset(ref), db.keyOffset(ref) + keyLength));
    const useKey = () => {
      this.keyMemory = key;
      this.keyStart = 0;
      this.keyLength = keyLength;
    };
    const end = () => {
      useKey();
      this.deadline(deadline);
    };
    return { useKey, end };
  }

  newSection(): ReplyWriter {
    return newWriter(SECTION_BYTES);
  }

  writeTo(section: ReplyWriter | null): void {
    this.writer = section ?? this.file;
  }

  join(section: ReplyWriter): void {
    const { writer } = this;
    if (writer.at + section.at > writer.bytes.length) makeRoom(writer, section.at);
    copyBytes(section.bytes, 0, writer.bytes, writer.at, section.at);
    writer.at += section.at;
    section.at = 0;
  }

  end(take: TakeBytes): void {
    this.handOver(take);
  }

  handOver(take: TakeBytes): void {
    const writer = this.file;
    if (writer.at === 0) return;
    take(writer.bytes, writer.at);
    writer.at = 0;
    if (writer.bytes.length > KEPT_BYTES) writer.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  private deadline(deadline: number | bigint): void {
    if (deadline === 0) return;
    this.command('PEXPIREAT', 1);
    this.writer.bulkInteger(deadline);
  }

  // Each element that comes by itself is a command of its own.
  private elementWriter(db: Database, kind: Kind, value: LargeValue): (element: Ref) => void {
    if (kind === KIND.SET_TABLE) {
      const { members } = value as SetTable;
      return (ref) => {
        this.command('SADD', 1);
        this.writer.bulk(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
      };
    }
    if (kind === KIND.HASH_TABLE) {
      const { dict } = value as HashTable;
      return (ref) => {
        this.command('HMSET', 2);
        this.field(db, dict, ref);
      };
    }
    const set = value as SortedSetTable;
    return (ref) => {
      const { members } = set;
      this.command('ZADD', 2);
      this.writer.double(set.score(ref));
      this.writer.bulk(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
    };
  }

  private field(db: Database, dict: Dict, ref: Ref): void {
    const memory = db.heap.bytes(ref);
    this.writer.bulk(memory, dict.keyOffset(ref), dict.keyLength(ref));
    this.writer.bulk(memory, dict.valueOffset(ref), dict.valueLength(ref));
  }

  private value(db: Database, ref: Ref): void {
    switch (db.kind(ref)) {
      case KIND.LIST_PACKED:
        this.packed('RPUSH', db, ref, 1);
        return;
      case KIND.LIST_NODES:
        this.list(db.large(ref) as NodeList);
        return;
      case KIND.SET_INTSET:
        this.intset(db.valueMemory(ref), db.valueOffset(ref));
        return;
      case KIND.SET_PACKED:
        this.packed('SADD', db, ref, 1);
        return;
      case KIND.SET_TABLE:
        this.set(db.large(ref) as SetTable);
        return;
      case KIND.HASH_PACKED:
      case KIND.HASH_LONG:
        this.packed('HMSET', db, ref, 2);
        return;
      case KIND.HASH_TABLE:
        this.hash(db, db.large(ref) as HashTable);
        return;
      case KIND.SORTED_SET_PACKED:
      case KIND.SORTED_SET_TABLE:
        this.members(db, ref);
        return;
      case KIND.STREAM:
        this.stream(db.large(ref) as Stream);
        return;
      default:
        this.command('SET', 1);
        this.writer.bulk(db.valueMemory(ref), db.valueOffset(ref), db.valueLength(ref));
    }
  }

  /** The header of a command with the key, and `further` arguments that the caller writes. */
  private command(name: string, further: number): void {
    const { writer } = this;
    writer.array(further + 2);
    writer.bulkText(name);
    this.key();
  }

  private key(): void {
    this.writer.bulk(this.keyMemory, this.keyStart, this.keyLength);
  }

  /** The command for the elements from `done` on, of which there are `count` altogether, if it is time for one. */
  private batch(name: string, count: number, done: number, width: number): void {
    if (done % ELEMENTS_PER_COMMAND !== 0) return;
    this.command(name, Math.min(ELEMENTS_PER_COMMAND, count - done) * width);
  }

  // A block of elements of `width` entries each, in the order of the command's arguments.
  private packed(name: string, db: Database, ref: Ref, width: number): void {
    const memory = db.valueMemory(ref);
    const base = db.valueOffset(ref);
    const count = packedLength(memory, base) / width;
    let at = base + PACKED_HEADER_BYTES;
    for (let done = 0; done < count; done += ELEMENTS_PER_COMMAND) {
      this.batch(name, count, done, width);
      const entries = Math.min(ELEMENTS_PER_COMMAND, count - done) * width;
      replyEntries(this.writer, memory, at, entries, this.element);
      for (let i = 0; i < entries; i++) at = after(memory, at);
    }
  }

  private list(list: NodeList): void {
    for (let node = 0; node < list.nodeCount; node++) this.listNode(list.memory(node), list.base(node));
  }

  private listNode(memory: Uint8Array, base: number): void {
    if (isPlainNode(memory, base)) {
      this.command('RPUSH', 1);
      this.writer.bulk(memory, base + PLAIN_HEADER_BYTES, nodeBytes(memory, base));
      return;
    }
    const count = packedLength(memory, base);
    let at = base + PACKED_HEADER_BYTES;
    for (let done = 0; done < count; done += ELEMENTS_PER_COMMAND) {
      this.batch('RPUSH', count, done, 1);
      for (let i = Math.min(ELEMENTS_PER_COMMAND, count - done); i > 0; i--) {
        this.element.read(memory, base, at - base);
        at = replyEntry(this.writer, memory, at, this.element);
      }
    }
  }

  private intset(memory: Uint8Array, base: number): void {
    const { member, writer } = this;
    const count = intsetLength(memory, base);
    for (let done = 0; done < count; done++) {
      this.batch('SADD', count, done, 1);
      member.setInteger(intsetLow(memory, base, done), intsetHigh(memory, base, done));
      writer.bulk(member.bytes, member.start, member.length);
    }
  }

  private set({ members }: SetTable): void {
    let done = 0;
    members.visitAll((ref) => {
      this.batch('SADD', members.size, done++, 1);
      this.writer.bulk(members.keyMemory(ref), members.keyOffset(ref), members.keyLength(ref));
    });
  }

  private hash(db: Database, { dict }: HashTable): void {
    let done = 0;
    dict.visitAll((ref) => {
      this.batch('HMSET', dict.size, done++, 2);
      this.field(db, dict, ref);
    });
  }

  private members(db: Database, ref: Ref): void {
    const { sortedSet, writer } = this;
    const count = sortedSetSize(db, ref);
    sortedSet.seek(db, ref, 0, false);
    for (let done = 0; sortedSet.next(); done++) {
      this.batch('ZADD', count, done, 2);
      writer.double(sortedSet.score);
      writer.bulk(sortedSet.memory, sortedSet.start, sortedSet.length);
    }
  }

  private stream(stream: Stream): void {
    const { reader, writer } = this;
    if (stream.length === 0) this.emptyStream();
    reader.open(stream, this.first, this.last);
    while (reader.next()) this.streamEntry(reader);
    // The last entry may have been deleted.
    this.command('XSETID', 5);
    this.streamId(stream.lastId);
    writer.bulkText('ENTRIESADDED');
    writer.bulkInteger(stream.entriesAdded);
    writer.bulkText('MAXDELETEDID');
    this.streamId(stream.maxDeletedId);
    for (const group of stream.groups?.list ?? []) this.group(group);
  }

  // An entry that is trimmed at once leaves the stream without any.
  private emptyStream(): void {
    this.command('XADD', 5);
    for (const text of ['MAXLEN', '0', '0-1', 'x', 'y']) this.writer.bulkText(text);
  }

  private streamEntry(reader: StreamReader): void {
    this.command('XADD', 1 + 2 * reader.fields);
    this.streamId(reader.id);
    replyFields(this.writer, reader, this.element);
  }

  private group(group: StreamGroup): void {
    const { writer } = this;
    this.groupCommand('CREATE', group, 3);
    this.streamId(group.lastId);
    writer.bulkText('ENTRIESREAD');
    writer.bulkInteger(group.entriesRead);
    for (const consumer of group.consumers.list) {
      if (consumer.pending.size > 0) {
        this.pending(group, consumer);
        continue;
      }
      this.groupCommand('CREATECONSUMER', group, 1);
      this.name(consumer.name);
    }
  }

  private groupCommand(subcommand: string, group: StreamGroup, further: number): void {
    const { writer } = this;
    writer.array(further + 4);
    writer.bulkText('XGROUP');
    writer.bulkText(subcommand);
    this.key();
    this.name(group.name);
  }

  private pending(group: StreamGroup, { name, pending }: StreamConsumer): void {
    const { id, writer } = this;
    for (let found = pending.seekFirst(); found; found = pending.next()) {
      group.find(pending.readId(id));
      this.command('XCLAIM', 10);
      this.name(group.name);
      this.name(name);
      writer.bulkText('0');
      this.streamId(id);
      writer.bulkText('TIME');
      writer.bulkInteger(group.deliveryTimeMs);
      writer.bulkText('RETRYCOUNT');
      writer.bulkInteger(group.deliveryCount);
      writer.bulkText('JUSTID');
      writer.bulkText('FORCE');
    }
  }

  private name(name: Uint8Array): void {
    this.writer.bulk(name, 0, name.length);
  }

  private streamId(id: StreamId): void {
    this.writer.bulk(this.idText, 0, id.write(this.idText, 0));
  }
}

const NO_BYTES = new Uint8Array(0);

function newWriter(bytes = INITIAL_BYTES): ReplyWriter {
  const writer = new ReplyWriter(makeRoom);
  writer.bytes = Buffer.allocUnsafeSlow(bytes);
  return writer;
}

function makeRoom(writer: ReplyWriter, needed: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * writer.bytes.length, writer.at + needed));
  writer.bytes.copy(larger, 0, 0, writer.at);
  writer.bytes = larger;
}
