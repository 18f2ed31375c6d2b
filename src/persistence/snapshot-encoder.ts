// What turns entries into the bytes of a file: RDB, or the AOF's commands. It is called in slices, by whoever decides when
// (snapshots.ts, SAVE), and reads the entries as they are at that moment.

import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';

/** Takes bytes, which are good until it returns. */
export type TakeBytes = (bytes: Uint8Array, length: number) => void;

/** A stretch of a file that is written beside the rest, and joined to it later. */
export interface Section {
  readonly at: number;
}

/** Takes the elements of a large table, one by one in any order. */
export interface TableEncoder {
  /** Writes an element, an entry of the table. */
  element(ref: Ref): void;
  /** There are no more. */
  end(): void;
}

/** Takes the blocks that a list or a stream lies in, in their order. */
export interface BlockEncoder {
  /** Writes block `i`, which lies in `memory` from `base` on. */
  block(i: number, memory: Uint8Array, base: number): void;
  /** There are no more. */
  end(): void;
}

export interface SnapshotEncoder {
  /** How many bytes wait to be handed over. */
  readonly pendingBytes: number;
  /** Writes what stands before all entries. */
  begin(): void;
  /**
   * The entries that follow are of this database. The first time it says how many there will be, and how many of them with
   * a deadline; when it is come back to, both are 0.
   */
  database(id: number, size: number, volatileSize: number): void;
  /** Writes an entry as it is now. O(size of the value). */
  entry(db: Database, ref: Ref): void;
  /** Writes what stands before the elements of an entry's large value, which has a table and is as it is now. */
  beginTable(db: Database, ref: Ref): TableEncoder;
  /**
   * As `beginTable`, for a large value that lies in blocks. Null, and nothing is written, where its form needs all of it at
   * once: then it is an `entry`.
   */
  beginBlocks(db: Database, ref: Ref): BlockEncoder | null;
  newSection(): Section;
  /** What is written goes to a section from now on; null: to the file. */
  writeTo(section: Section | null): void;
  /** Adds what a section holds, and empties it. */
  join(section: Section): void;
  /** Writes the end and hands over the last bytes. */
  end(take: TakeBytes): void;
  /** Hands over what has come together. */
  handOver(take: TakeBytes): void;
}
