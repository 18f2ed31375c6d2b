// What handlers need of the serialised forms of values and of the saved data set. Declared here, implemented in
// persistence/ and wired by server.ts.

import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';

/** A value that belongs to no key yet: it must be added to one or discarded, before another is read. */
export interface DetachedValue {
  /** Makes the key of argument `i`, which must not exist, hold the value, and returns the entry. */
  addTo(db: Database, args: Arguments, i: number): Ref;
  /** Frees it. */
  discard(): void;
}

export interface LoadOptions {
  /** A key of the file takes the place of one that is there; else such a file is refused. */
  readonly replaces: boolean;
}

export interface Persistence {
  /** When the data set was saved last, or the server started, in seconds since the epoch. */
  readonly lastSaveSeconds: number;
  /** How many times the data set was saved. */
  readonly saves: number;
  /** Of the last loading: how many keys were taken, and how many had expired. */
  readonly keysLoaded: number;
  readonly keysExpired: number;
  /** How many blocks of values were searched for damage because `sanitize-dump-payload` asks for it. */
  readonly sanitizations: number;

  /** The DUMP payload of an entry's value: type, body, version, checksum. It holds until the next call. O(its size). */
  dump(db: Database, ref: Ref): Uint8Array;
  /** How many bytes the body of the value takes in a file. O(its size). */
  savedBytes(db: Database, ref: Ref): number;
  /** Whether a slice ends like a payload of a version that is known, with the checksum that it should have. */
  isPayload(bytes: Buffer, start: number, length: number): boolean;
  /** The value in a payload, or null when it is damaged or of a type that is not known. */
  undump(bytes: Buffer, start: number, length: number): DetachedValue | null;

  /**
   * All data as they are now in the form of a file, or that file without any keys: in pieces, which are the caller's.
   * O(data set), in time and in memory.
   */
  snapshot(withKeys: boolean): Uint8Array[];
  /** Whether there is a file to load. */
  readonly hasFile: boolean;
  /** Writes all data to the file that the configuration names; returns whether it worked. The log says why not. */
  save(): boolean;
  /**
   * Adds what the file holds to the data set; returns whether it worked. The log says why not. What was read before the
   * damage stays.
   */
  load(options: LoadOptions): boolean;
}
