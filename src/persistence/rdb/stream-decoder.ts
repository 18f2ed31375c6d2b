// Reads a stream of any of the format's three versions. Older ones lack the first ID, the greatest deleted one, the
// count of all entries ever added, and how far groups have read: those are worked out from what is there.

import { toText } from '../../base/bytes.ts';
import { KIND } from '../../datatypes/kind.ts';
import type { Stream } from '../../datatypes/stream.ts';
import { ENTRIES_READ_UNKNOWN, type StreamConsumer, type StreamGroup } from '../../datatypes/stream-group.ts';
import { StreamId } from '../../datatypes/stream-id.ts';
import { isSoundNode, liveEntries } from '../../datatypes/stream-node.ts';
import { entriesUpTo } from '../../datatypes/stream-progress.ts';
import { StreamReader } from '../../datatypes/stream-reader.ts';
import type { Keyspace } from '../../keyspace/keyspace.ts';
import { newStream } from '../../keyspace/stream-value.ts';
import { BuiltValue, type DecodedValue, freeLarge, type Reading } from './decoded-value.ts';
import { RDB_TYPE } from './rdb-format.ts';
import { RdbError, type RdbReader } from './rdb-reader.ts';
import { ID_BYTES } from './stream-encoder.ts';

export type StreamType = typeof RDB_TYPE.STREAM | typeof RDB_TYPE.STREAM_2 | typeof RDB_TYPE.STREAM_3;

// So many entries of a group's list are read before loading may pause, and so many entries of the stream looked at.
const PENDING_AT_ONCE = 64;
const ENTRIES_AT_ONCE = 4096;

export class StreamDecoder implements Reading {
  readonly goesOn = false;

  private readonly reader: RdbReader;
  private readonly type: StreamType;
  private readonly noteBlock: () => void;
  private readonly stream: Stream;
  private readonly steps: Iterator<void>;
  private readonly id = new StreamId();
  // What is wrong should the data end with what is read next.
  private lacking = '';

  /** `noteBlock` is called for each node that is looked into. */
  constructor(keyspace: Keyspace, reader: RdbReader, type: StreamType, noteBlock: () => void) {
    this.reader = reader;
    this.type = type;
    this.noteBlock = noteBlock;
    this.stream = newStream(keyspace);
    this.steps = this.read();
  }

  readSome(): boolean {
    try {
      return this.steps.next().done !== true;
    } catch (error) {
      throw error instanceof RdbError && error.isShort ? this.reader.error(this.lacking) : error;
    }
  }

  finish(): DecodedValue {
    return new BuiltValue(KIND.STREAM, this.stream);
  }

  discard(): void {
    freeLarge(this.stream);
  }

  private *read(): Generator<void, void> {
    const { stream, type } = this;
    const live = yield* this.readNodes();
    this.readFigures(stream, type, live);
    stream.loaded();
    if (type === RDB_TYPE.STREAM) this.workOutFigures(stream);
    // Always: who answers with a stream's entries says first how many there are.
    yield* this.checkEntries();
    yield* this.readGroups();
  }

  /** Reads the nodes and returns how many entries they hold. */
  private *readNodes(): Generator<void, number> {
    const { id, reader, stream } = this;
    const last = new StreamId();
    let live = 0;
    this.lacking = 'Stream listpacks len loading failed.';
    for (let left = this.readCount(); left > 0; left--) {
      this.lacking = 'Stream master ID loading failed: invalid encoding or I/O error.';
      reader.string();
      if (reader.stringLength !== ID_BYTES)
        throw reader.error('Stream node key entry is not the size of a stream ID');
      id.readBytes(reader.stringBytes, reader.stringStart);
      if (stream.nodes.count > 0 && id.compare(last) <= 0)
        throw reader.error('Listpack re-added with existing key');
      last.set(id);
      this.lacking = 'Stream listpacks loading failed.';
      reader.string();
      const { stringBytes, stringLength, stringStart } = reader;
      this.noteBlock();
      if (!isSoundNode(stringBytes, stringStart, stringLength, true)) {
        throw reader.error('Stream listpack integrity check failed.');
      }
      const entries = liveEntries(stringBytes, stringStart);
      if (entries < 0) throw reader.error('stream node with a wrong count');
      live += entries;
      stream.addNode(id, stringBytes, stringStart, stringLength);
      yield;
    }
    return live;
  }

  private readFigures(stream: Stream, type: StreamType, live: number): void {
    const { reader } = this;
    this.lacking = 'Stream object metadata loading failed.';
    const length = reader.number();
    this.readId(stream.lastId);
    if (type !== RDB_TYPE.STREAM) {
      this.readId(stream.firstId);
      this.readId(stream.maxDeletedId);
      stream.entriesAdded = reader.number();
    }
    // Redis only asks whether there are nodes at all.
    if (length !== live) throw reader.error('Stream length inconsistent with rax entries');
    stream.length = live;
  }

  private workOutFigures(stream: Stream): void {
    stream.entriesAdded = stream.length;
    stream.findFirstId();
  }

  /** Whether the entries are in order, as many as there should be, and none is above the last ID. */
  private *checkEntries(): Generator<void, void> {
    const { stream } = this;
    // A reader of its own: between two steps others may use theirs.
    const entries = new StreamReader();
    const previous = new StreamId();
    entries.open(stream, new StreamId(), new StreamId().setMax());
    let count = 0;
    while (entries.next()) {
      if (count++ > 0 && entries.id.compare(previous) <= 0)
        throw this.reader.error('stream entries out of order');
      previous.set(entries.id);
      if (count % ENTRIES_AT_ONCE === 0) yield;
    }
    if (count !== stream.length || previous.compare(stream.lastId) > 0) {
      throw this.reader.error('stream entries differ from what is told of them');
    }
  }

  private *readGroups(): Generator<void, void> {
    const { reader, stream, type } = this;
    this.lacking = 'Stream cgroup count loading failed.';
    for (let left = this.readCount(); left > 0; left--) {
      this.lacking = 'Error reading the consumer group name from Stream';
      reader.string();
      const { stringBytes, stringLength, stringStart } = reader;
      const name = new Uint8Array(stringBytes.subarray(stringStart, stringStart + stringLength));
      this.lacking = 'Stream cgroup ID loading failed.';
      const lastId = this.readId(new StreamId());
      this.lacking = 'Stream cgroup offset loading failed.';
      const entriesRead = type === RDB_TYPE.STREAM ? entriesUpTo(stream, lastId) : signed(reader.number());
      if (stream.groups?.find(name, 0, name.length))
        throw reader.error(`Duplicated consumer group name ${toText(name, 0, name.length)}`);
      const group = stream.addGroup(name, lastId, entriesRead);
      yield* this.readPending(group);
      this.lacking = 'Stream consumers num loading failed.';
      for (let consumers = this.readCount(); consumers > 0; consumers--) yield* this.readConsumer(group);
      for (let found = group.seekFirst(); found; found = group.next()) {
        if (!group.hasConsumer) throw reader.error('Stream CG PEL entry without consumer');
      }
      yield;
    }
  }

  private *readPending(group: StreamGroup): Generator<void, void> {
    const { reader } = this;
    this.lacking = 'Stream PEL size loading failed.';
    for (let left = this.readCount(); left > 0; left--) {
      this.lacking = 'Stream PEL ID loading failed.';
      const id = this.readRawId();
      this.lacking = 'Stream PEL NACK loading failed.';
      const timeMs = reader.int64();
      if (!group.addPending(id, timeMs, reader.number())) {
        throw reader.error('Duplicated global PEL entry loading stream consumer group');
      }
      if (left % PENDING_AT_ONCE === 0) yield;
    }
  }

  private *readConsumer(group: StreamGroup): Generator<void, void> {
    const { reader } = this;
    this.lacking = 'Error reading the consumer name from Stream group.';
    reader.string();
    const { stringBytes, stringLength, stringStart } = reader;
    if (group.consumers.find(stringBytes, stringStart, stringLength) !== null) {
      throw reader.error('Duplicate stream consumer detected.');
    }
    const name = new Uint8Array(stringBytes.subarray(stringStart, stringStart + stringLength));
    this.lacking = 'Stream short read reading seen time.';
    const seenTimeMs = this.readTime();
    this.lacking = 'Stream short read reading active time.';
    const activeTimeMs = this.type === RDB_TYPE.STREAM_3 ? this.readTime() : seenTimeMs;
    const consumer = group.addConsumer(name, seenTimeMs, activeTimeMs);
    this.lacking = 'Stream consumer PEL num loading failed.';
    for (let left = this.readCount(); left > 0; left--) {
      this.assign(group, consumer);
      if (left % PENDING_AT_ONCE === 0) yield;
    }
  }

  private assign(group: StreamGroup, consumer: StreamConsumer): void {
    this.lacking = 'Stream short read reading PEL streamID.';
    const id = this.readRawId();
    if (!group.find(id)) throw this.reader.error('Consumer entry not found in group global PEL');
    if (group.hasConsumer && group.consumer === consumer)
      throw this.reader.error('Duplicated consumer PEL entry  loading a stream consumer group');
    group.assignFound(consumer);
  }

  /** How many things follow, as the data says. What comes of a wrong one is that the data ends too early. */
  private readCount(): number {
    return Number(this.reader.number());
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
