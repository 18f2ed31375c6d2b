// Reads a stream of any of the format's three versions. Older ones lack the first ID, the greatest deleted one, the
// count of all entries ever added, and how far groups have read: those are worked out from what is there.

import { KIND } from '../../datatypes/kind.ts';
import type { Stream } from '../../datatypes/stream.ts';
import { ENTRIES_READ_UNKNOWN, type StreamConsumer, type StreamGroup } from '../../datatypes/stream-group.ts';
import { StreamId } from '../../datatypes/stream-id.ts';
import { isSoundNode, liveEntries } from '../../datatypes/stream-node.ts';
import { entriesUpTo } from '../../datatypes/stream-progress.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { newStream } from '../../keyspace/stream-value.ts';
import { BuiltValue, building, type DecodedValue, freeLarge } from './decoded-value.ts';
import { RDB_TYPE } from './rdb-format.ts';
import type { RdbReader } from './rdb-reader.ts';
import { ID_BYTES } from './stream-encoder.ts';

export type StreamType = typeof RDB_TYPE.STREAM | typeof RDB_TYPE.STREAM_2 | typeof RDB_TYPE.STREAM_3;

export class StreamDecoder {
  /** How many nodes were looked into. */
  blocks = 0;

  private readonly keyspace: Keyspace;
  private readonly reader: RdbReader;
  private readonly deep: boolean;
  private readonly id = new StreamId();

  constructor(keyspace: Keyspace, reader: RdbReader, deep: boolean) {
    this.keyspace = keyspace;
    this.reader = reader;
    this.deep = deep;
  }

  read(type: StreamType): DecodedValue {
    const stream = newStream(this.keyspace);
    const builder = {
      finish: () => new BuiltValue(KIND.STREAM, stream),
      discard: () => freeLarge(stream),
    };
    return building(builder, () => {
      const live = this.readNodes(stream);
      this.readFigures(stream, type, live);
      stream.loaded();
      if (type === RDB_TYPE.STREAM) this.workOutFigures(stream);
      if (this.deep) this.checkEntries(stream);
      this.readGroups(stream, type);
    });
  }

  /** Reads the nodes and returns how many entries they hold. */
  private readNodes(stream: Stream): number {
    const { id, reader } = this;
    const last = new StreamId();
    let live = 0;
    for (let left = this.readCount(); left > 0; left--) {
      reader.string();
      if (reader.stringLength !== ID_BYTES)
        throw reader.error('Stream node key entry is not the size of a stream ID');
      id.readBytes(reader.stringBytes, reader.stringStart);
      if (stream.nodes.count > 0 && id.compare(last) <= 0)
        throw reader.error('Listpack re-added with existing key');
      last.set(id);
      reader.string();
      const { stringBytes, stringLength, stringStart } = reader;
      this.blocks++;
      if (!isSoundNode(stringBytes, stringStart, stringLength, true)) {
        throw reader.error('Stream listpack integrity check failed.');
      }
      const entries = liveEntries(stringBytes, stringStart);
      if (entries < 0) throw reader.error('stream node with a wrong count');
      live += entries;
      stream.addNode(id, stringBytes, stringStart, stringLength);
    }
    return live;
  }

  private readFigures(stream: Stream, type: StreamType, live: number): void {
    const { reader } = this;
    const length = reader.number();
    // Redis only asks whether there are nodes at all.
    if (length !== live) throw reader.error('Stream length inconsistent with rax entries');
    stream.length = live;
    this.readId(stream.lastId);
    if (type === RDB_TYPE.STREAM) return;
    this.readId(stream.firstId);
    this.readId(stream.maxDeletedId);
    stream.entriesAdded = reader.number();
  }

  private workOutFigures(stream: Stream): void {
    stream.entriesAdded = stream.length;
    stream.findFirstId();
  }

  /** Whether the entries are in order, as many as there should be, and none is above the last ID. */
  private checkEntries(stream: Stream): void {
    const { reader } = this.keyspace.streamScratch;
    const previous = new StreamId();
    reader.open(stream, new StreamId(), new StreamId().setMax());
    let count = 0;
    while (reader.next()) {
      if (count++ > 0 && reader.id.compare(previous) <= 0)
        throw this.reader.error('stream entries out of order');
      previous.set(reader.id);
    }
    if (count !== stream.length || previous.compare(stream.lastId) > 0) {
      throw this.reader.error('stream entries differ from what is told of them');
    }
  }

  private readGroups(stream: Stream, type: StreamType): void {
    const { reader } = this;
    for (let left = this.readCount(); left > 0; left--) {
      reader.string();
      const { stringBytes, stringLength, stringStart } = reader;
      if (stream.groups?.find(stringBytes, stringStart, stringLength))
        throw reader.error('Duplicated consumer group name');
      const name = new Uint8Array(stringBytes.subarray(stringStart, stringStart + stringLength));
      const lastId = this.readId(new StreamId());
      const entriesRead = type === RDB_TYPE.STREAM ? entriesUpTo(stream, lastId) : signed(reader.number());
      const group = stream.addGroup(name, lastId, entriesRead);
      this.readPending(group);
      for (let consumers = this.readCount(); consumers > 0; consumers--) this.readConsumer(group, type);
      for (let found = group.seekFirst(); found; found = group.next()) {
        if (!group.hasConsumer) throw reader.error('Stream CG PEL entry without consumer');
      }
    }
  }

  private readPending(group: StreamGroup): void {
    const { reader } = this;
    for (let left = this.readCount(); left > 0; left--) {
      const id = this.readRawId();
      const timeMs = reader.int64();
      if (!group.addPending(id, timeMs, reader.number())) {
        throw reader.error('Duplicated global PEL entry loading stream consumer group');
      }
    }
  }

  private readConsumer(group: StreamGroup, type: StreamType): void {
    const { reader } = this;
    reader.string();
    const { stringBytes, stringLength, stringStart } = reader;
    if (group.consumers.find(stringBytes, stringStart, stringLength) !== null) {
      throw reader.error('Duplicate stream consumer detected.');
    }
    const name = new Uint8Array(stringBytes.subarray(stringStart, stringStart + stringLength));
    const seenTimeMs = this.readTime();
    const activeTimeMs = type === RDB_TYPE.STREAM_3 ? this.readTime() : seenTimeMs;
    const consumer = group.addConsumer(name, seenTimeMs, activeTimeMs);
    for (let left = this.readCount(); left > 0; left--) this.assign(group, consumer);
  }

  private assign(group: StreamGroup, consumer: StreamConsumer): void {
    const id = this.readRawId();
    if (!group.find(id)) throw this.reader.error('Consumer entry not found in group global PEL');
    if (group.hasConsumer && group.consumer === consumer)
      throw this.reader.error('Duplicated consumer PEL entry loading a stream consumer group');
    group.assignFound(consumer);
  }

  /** How many things follow; each takes a byte at least. */
  private readCount(): number {
    const count = this.reader.length();
    if (count > this.reader.left) throw this.reader.error('more elements than data');
    return count;
  }

  private readTime(): number {
    const timeMs = this.reader.int64();
    if (typeof timeMs === 'bigint') throw this.reader.error('a time that no clock has shown');
    return timeMs;
  }

  private readId(id: StreamId): StreamId {
    const ms = this.reader.number();
    return id.set(StreamId.of(ms, this.reader.number()));
  }

  private readRawId(): StreamId {
    this.reader.rawBytes(ID_BYTES);
    return this.id.readBytes(this.reader.stringBytes, this.reader.stringStart);
  }
}

/** 64 bits as a signed integer. */
function signed(value: number | bigint): number | bigint {
  if (typeof value === 'number') return value;
  const result = BigInt.asIntN(64, value);
  return result === -1n ? ENTRIES_READ_UNKNOWN : result;
}
