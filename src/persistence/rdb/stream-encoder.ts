// Writes a stream in the format's third version, or in the second where the writer's version asks for it: nodes as they are, counters and IDs, groups with what is pending.

import type { Stream } from '../../datatypes/stream.ts';
import type { StreamConsumer, StreamGroup } from '../../datatypes/stream-group.ts';
import { StreamId } from '../../datatypes/stream-id.ts';
import { ACTIVE_TIME_SINCE } from './rdb-format.ts';
import type { RdbWriter } from './rdb-writer.ts';

export const ID_BYTES = 16;

export function writeStream(writer: RdbWriter, stream: Stream): void {
  const id = new StreamId();
  const idBytes = new Uint8Array(ID_BYTES);
  const { nodes } = stream;
  writer.length(nodes.count);
  for (let i = 0; i < nodes.count; i++) {
    nodes.readId(i, id).writeBytes(idBytes, 0);
    writer.string(idBytes, 0, ID_BYTES);
    writer.string(stream.nodeMemory(i), stream.nodeOffset(i), stream.nodeBytes(i));
  }
  writer.length(stream.length);
  writeId(writer, stream.lastId);
  writeId(writer, stream.firstId);
  writeId(writer, stream.maxDeletedId);
  writer.length(stream.entriesAdded);
  const groups = stream.groups?.list ?? [];
  writer.length(groups.length);
  for (const group of groups) writeGroup(writer, group, id, idBytes);
}

function writeGroup(writer: RdbWriter, group: StreamGroup, id: StreamId, idBytes: Uint8Array): void {
  const { consumers, entriesRead, lastId, name } = group;
  writer.string(name, 0, name.length);
  writeId(writer, lastId);
  // Unknown is -1, and goes out as the 64 bits that it is.
  writer.length(entriesRead < 0 ? BigInt.asUintN(64, BigInt(entriesRead)) : entriesRead);
  writer.length(group.pendingCount);
  for (let found = group.seekFirst(); found; found = group.next()) {
    group.readId(id).writeBytes(idBytes, 0);
    writer.raw(idBytes, 0, ID_BYTES);
    writer.int64(group.deliveryTimeMs);
    writer.length(group.deliveryCount);
  }
  writer.length(consumers.list.length);
  for (const consumer of consumers.list) writeConsumer(writer, consumer, id, idBytes);
}

function writeConsumer(writer: RdbWriter, consumer: StreamConsumer, id: StreamId, idBytes: Uint8Array): void {
  const { activeTimeMs, name, pending, seenTimeMs } = consumer;
  writer.string(name, 0, name.length);
  writer.int64(seenTimeMs);
  if (writer.version >= ACTIVE_TIME_SINCE) writer.int64(activeTimeMs);
  writer.length(pending.size);
  for (let found = pending.seekFirst(); found; found = pending.next()) {
    pending.readId(id).writeBytes(idBytes, 0);
    writer.raw(idBytes, 0, ID_BYTES);
  }
}

function writeId(writer: RdbWriter, id: StreamId): void {
  writer.length(id.ms);
  writer.length(id.seq);
}
