// Writes a stream in the format's third version, or in the second where the writer's version asks for it: nodes as they are, counters and IDs, groups with what is pending.

import type { Stream } from '../../datatypes/stream.ts';
import type { StreamConsumer, StreamGroup } from '../../datatypes/stream-group.ts';
import { StreamId } from '../../datatypes/stream-id.ts';
import { packedBytes } from '../../memory/packed.ts';
import { ACTIVE_TIME_SINCE } from './rdb-format.ts';
import type { RdbWriter } from './rdb-writer.ts';

export const ID_BYTES = 16;

export function writeStream(writer: RdbWriter, stream: Stream): void {
  const { count } = stream.nodes;
  const ids = streamNodeIds(stream);
  writer.length(count);
  for (let i = 0; i < count; i++) writeStreamNode(writer, ids, i, stream.nodeMemory(i), stream.nodeOffset(i));
  writeBehindNodes(writer, stream);
}

/** The IDs that the nodes of a stream are known by, ID_BYTES each. */
export function streamNodeIds({ nodes }: Stream): Uint8Array {
  const id = new StreamId();
  const ids = new Uint8Array(nodes.count * ID_BYTES);
  for (let i = 0; i < nodes.count; i++) nodes.readId(i, id).writeBytes(ids, i * ID_BYTES);
  return ids;
}

/** Writes node `i` of a stream. What stands before all of them is their number. */
export function writeStreamNode(
  writer: RdbWriter,
  ids: Uint8Array,
  i: number,
  memory: Uint8Array,
  base: number,
): void {
  writer.string(ids, i * ID_BYTES, ID_BYTES);
  writer.string(memory, base, packedBytes(memory, base));
}

/** Writes what stands behind the nodes of a stream: counters, IDs, groups. */
export function writeBehindNodes(writer: RdbWriter, stream: Stream): void {
  const id = new StreamId();
  const idBytes = new Uint8Array(ID_BYTES);
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
