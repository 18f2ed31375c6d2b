// How many nodes a compressed radix tree over the IDs of a stream's nodes would have. Redis keeps such a tree, and XINFO
// STREAM tells its size; here the IDs are a sorted run, and the size is computed when somebody asks.

import type { IdIndex } from './id-records.ts';
import { StreamId } from './stream-id.ts';

const KEY_BYTES = 16;

/** O(n) in the nodes of the stream. */
export function radixTreeNodes(nodes: IdIndex): number {
  if (nodes.count === 0) return 1;
  // A node for the end of each key, one for each place where keys part, and one for what is left between two of these.
  let total = nodes.count;
  const id = new StreamId();
  const previous = nodes.readId(0, new StreamId());
  // The depths at which the branches above the last key part; the root stands above them all.
  const branches = [-1];
  let child = KEY_BYTES;
  const closeBranches = (depth: number) => {
    for (let top = branches.at(-1)!; top > depth; top = branches.at(-1)!) {
      if (child - top > 1) total++;
      child = top;
      branches.pop();
    }
  };
  for (let i = 1; i < nodes.count; i++) {
    const depth = commonBytes(previous, nodes.readId(i, id));
    closeBranches(depth);
    if (branches.at(-1)! < depth) {
      branches.push(depth);
      total++;
    }
    if (child - depth > 1) total++;
    child = KEY_BYTES;
    previous.set(id);
  }
  closeBranches(-1);
  return child > 0 ? total + 1 : total;
}

function commonBytes(a: StreamId, b: StreamId): number {
  if (a.msHigh !== b.msHigh) return Math.clz32(a.msHigh ^ b.msHigh) >> 3;
  if (a.msLow !== b.msLow) return 4 + (Math.clz32(a.msLow ^ b.msLow) >> 3);
  if (a.seqHigh !== b.seqHigh) return 8 + (Math.clz32(a.seqHigh ^ b.seqHigh) >> 3);
  return 12 + (Math.clz32(a.seqLow ^ b.seqLow) >> 3);
}
