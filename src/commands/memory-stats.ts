// MEMORY STATS and MEMORY MALLOC-STATS.

import type { CommandContext } from '../engine/context.ts';
import { type MemoryFigures, memoryFigures, ratioOf } from '../engine/memory-figures.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

const DATABASE_FIELDS = 3;

type Field = readonly [name: string, value: number];

/** Answers a map of names and figures, the databases that have keys among them. */
export function replyMemoryStats({ keyspace, reply, server }: CommandContext): void {
  const figures = memoryFigures(server);
  const databases = keyspace.databases.filter((db) => db.size > 0);
  const keys = databases.reduce((sum, db) => sum + db.size, 0);
  const before = fieldsBefore(figures, server);
  const integers = integersBehind(figures, keys);
  const shares = sharesOf(figures);
  const last = allocatorFields(figures);
  reply.map(before.length + databases.length + integers.length + shares.length + last.length);
  for (const field of before) replyInteger(reply, field);
  for (const db of databases) {
    reply.bulkText(`db.${db.id}`);
    reply.map(DATABASE_FIELDS);
    replyInteger(reply, ['overhead.hashtable.main', db.dict.tableBytes]);
    replyInteger(reply, ['overhead.hashtable.expires', db.volatile.bytes]);
    replyInteger(reply, ['overhead.hashtable.slot-to-keys', 0]);
  }
  for (const field of integers) replyInteger(reply, field);
  for (const field of shares) replyFraction(reply, field);
  for (const field of last) {
    if (isFraction(field[0])) replyFraction(reply, field);
    else replyInteger(reply, field);
  }
}

/** Answers text for people: how the blocks and pages of user data are used. */
export function replyMallocStats({ keyspace, reply, server }: CommandContext): void {
  const { allocatedBytes, activeBytes, residentBytes, rssBytes } = memoryFigures(server);
  const { heap } = keyspace;
  const lines = [
    `allocated: ${allocatedBytes} bytes in blocks`,
    `tables: ${heap.tableBytes} bytes of tables and indexes beside the blocks`,
    `active: ${activeBytes} bytes in pages that hold blocks`,
    `resident: ${residentBytes} bytes in pages that hold blocks or did`,
    `reserved: ${heap.reservedBytes} bytes obtained from the system, touched or not`,
    `process: ${rssBytes} bytes resident in all`,
  ];
  reply.verbatim(
    `___ Begin respite heap statistics ___\n${lines.join('\n')}\n--- End respite heap statistics ---\n`,
    'txt',
  );
}

function fieldsBefore(figures: MemoryFigures, { scripting }: ServerParts): readonly Field[] {
  const programs = scripting.figures;
  return [
    ['peak.allocated', figures.peakBytes],
    ['total.allocated', figures.usedBytes],
    ['startup.allocated', figures.startupBytes],
    ['replication.backlog', figures.backlogBytes],
    ['clients.slaves', figures.replicaBytes],
    ['clients.normal', figures.clientBytes],
    ['cluster.links', 0],
    ['aof.buffer', figures.aofBytes],
    ['lua.caches', programs.scripts],
    ['functions.caches', programs.functions],
  ];
}

function integersBehind(figures: MemoryFigures, keys: number): readonly Field[] {
  return [
    ['overhead.total', figures.overheadBytes],
    ['keys.count', keys],
    ['keys.bytes-per-key', keys === 0 ? 0 : Math.floor(figures.netBytes / keys)],
    ['dataset.bytes', figures.datasetBytes],
  ];
}

function sharesOf({ datasetBytes, netBytes, peakBytes, usedBytes }: MemoryFigures): readonly Field[] {
  return [
    ['dataset.percentage', (datasetBytes * 100) / netBytes],
    ['peak.percentage', (usedBytes * 100) / Math.max(1, peakBytes)],
  ];
}

function allocatorFields(figures: MemoryFigures): readonly Field[] {
  const { allocatedBytes, activeBytes, residentBytes, rssBytes, usedBytes } = figures;
  return [
    ['allocator.allocated', allocatedBytes],
    ['allocator.active', activeBytes],
    ['allocator.resident', residentBytes],
    ['allocator-fragmentation.ratio', ratioOf(activeBytes, allocatedBytes)],
    ['allocator-fragmentation.bytes', activeBytes - allocatedBytes],
    ['allocator-rss.ratio', ratioOf(residentBytes, activeBytes)],
    ['allocator-rss.bytes', residentBytes - activeBytes],
    ['rss-overhead.ratio', ratioOf(rssBytes, residentBytes)],
    ['rss-overhead.bytes', rssBytes - residentBytes],
    ['fragmentation', ratioOf(rssBytes, usedBytes)],
    ['fragmentation.bytes', rssBytes - usedBytes],
  ];
}

function isFraction(name: string): boolean {
  return name.endsWith('.ratio') || name === 'fragmentation';
}

function replyInteger(reply: ReplyWriter, [name, value]: Field): void {
  reply.bulkText(name);
  reply.integer(value);
}

// As Redis, which has these in single precision.
function replyFraction(reply: ReplyWriter, [name, value]: Field): void {
  reply.bulkText(name);
  reply.double(Math.fround(value));
}
