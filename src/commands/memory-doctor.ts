// MEMORY DOCTOR: what looks wrong with the use of memory, in words. What is looked at, and from which figures on, is
// Redis's; the words are ours.

import { type MemoryFigures, memoryFigures, ratioOf } from '../engine/memory-figures.ts';
import type { ServerParts } from '../engine/server-parts.ts';

const MB = 1024 * 1024;
// With less than this there is nothing to say.
const LITTLE_BYTES = 5 * MB;
const FAR_BELOW_PEAK = 1.5;
const HIGH_FRAGMENTATION = 1.4;
const HIGH_OVERHEAD = 1.1;
// What is less than this is no concern, however high the ratio.
const WASTED_BYTES = 10 * MB;
const LARGE_CLIENT_BYTES = 200 * 1024;
const LARGE_REPLICA_BYTES = 10 * MB;
const MANY_SCRIPTS = 1000;

/** The report, each finding a paragraph. O(clients). */
export function memoryReport(server: ServerParts): string {
  const figures = memoryFigures(server);
  if (figures.usedBytes < LITTLE_BYTES) {
    return 'Too little memory is in use to say anything about it. Ask again when there is some data.\n';
  }
  const findings = [...findingsOfMemory(figures), ...findingsOfClients(figures, server)];
  if (findings.length === 0) return 'Nothing looks wrong with the use of memory.\n';
  return `This looks wrong with the use of memory:\n\n${findings.map((text) => ` * ${text}\n\n`).join('')}`;
}

function findingsOfMemory(figures: MemoryFigures): string[] {
  const { usedBytes, peakBytes, allocatedBytes, activeBytes, residentBytes, rssBytes } = figures;
  const found: string[] = [];
  if (peakBytes / usedBytes > FAR_BELOW_PEAK) {
    found.push(
      'Peak memory: at some time more than one and a half times the present memory was in use. What the process keeps of it will serve new data; MEMORY PURGE, active defragmentation (activedefrag) or a restart give it back.',
    );
  }
  if (isWasteful(rssBytes, usedBytes, HIGH_FRAGMENTATION)) {
    found.push(
      'High total RSS: the process takes more than 1.4 times the memory that is in use. After a peak (see above) this is harmless; otherwise it is due to the JavaScript heap, or to memory in which little is left of what once was there.',
    );
  }
  if (isWasteful(activeBytes, allocatedBytes, HIGH_OVERHEAD)) {
    found.push(
      'High allocator fragmentation: the pages of user data hold more than a tenth of free room between the blocks. It is used by new data of the same sizes; active defragmentation (activedefrag) gives it back.',
    );
  }
  if (isWasteful(residentBytes, activeBytes, HIGH_OVERHEAD)) {
    found.push(
      'High allocator RSS overhead: more than a tenth of the memory of user data lies idle since a peak. MEMORY PURGE gives back what it can of it.',
    );
  }
  if (isWasteful(rssBytes, residentBytes, HIGH_OVERHEAD)) {
    found.push(
      'High process RSS overhead: the process takes more than 1.1 times the memory of user data. The rest is the JavaScript heap: the program, clients, scripts and functions.',
    );
  }
  return found;
}

function findingsOfClients(figures: MemoryFigures, server: ServerParts): string[] {
  const { clients, replication, scripting } = server;
  const { replicaCount } = replication;
  const found: string[] = [];
  if (figures.clientBytes / Math.max(1, clients.size - replicaCount) > LARGE_CLIENT_BYTES) {
    found.push(
      'Big client buffers: clients take more than 200 KB each in the mean. They read more slowly than they are answered (subscribers do now and then), or send very long requests; CLIENT LIST shows which.',
    );
  }
  if (replicaCount > 0 && figures.replicaBytes > LARGE_REPLICA_BYTES) {
    found.push(
      'Big replica buffers: more than 10 MB wait for replicas, which do not keep up with the stream of changes. INFO replication shows which, and how far they are behind.',
    );
  }
  if (scripting.figures.cachedScripts > MANY_SCRIPTS) {
    found.push(
      'Many scripts: more than 1000 scripts are cached. Scripts that differ only in values should be one script with KEYS and ARGV; SCRIPT FLUSH empties the cache.',
    );
  }
  return found;
}

function isWasteful(bytes: number, of: number, ratio: number): boolean {
  return ratioOf(bytes, of) > ratio && bytes - of > WASTED_BYTES;
}
