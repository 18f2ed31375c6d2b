// Keys that clients of a replica which takes writes have given a deadline: its master knows nothing of them, so the replica
// removes them itself, while all others wait for the master's word.

import type { CronTask } from '../engine/cron.ts';
import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Heap, Ref } from '../memory/heap.ts';

// So many keys are looked at in a go, the longest not looked at first.
const KEYS_AT_ONCE = 256;

export class ReplicaExpiry implements CronTask {
  private readonly keyspace: Keyspace;
  // By database and key; in the order in which they were looked at.
  private readonly keys = new Map<string, { readonly dbId: number; readonly key: string }>();
  private heap: Heap;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.heap = keyspace.heap;
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.keys.size;
  }

  /** An entry has got a deadline. */
  note(db: Database, ref: Ref): void {
    if (this.keyspace.isLoading) return;
    this.forgetFlushed();
    const key = db.keyText(ref);
    this.keys.set(`${db.id}:${key}`, { dbId: db.id, key });
  }

  clear(): void {
    this.keys.clear();
  }

  run(nowMs: number): void {
    if (this.keys.size === 0 || this.keyspace.isLoading || !this.keyspace.activeExpiry) return;
    this.forgetFlushed();
    let left = Math.min(KEYS_AT_ONCE, this.keys.size);
    for (const [name, entry] of this.keys) {
      if (left-- === 0) return;
      this.keys.delete(name);
      const db = this.keyspace.database(entry.dbId);
      const ref = db.peekText(entry.key);
      const deadline = ref === 0 ? 0 : db.deadline(ref);
      if (deadline === 0) continue;
      if (nowMs > deadline) this.keyspace.expire(db, ref);
      else this.keys.set(name, entry);
    }
  }

  // What is there after all was removed may be the master's, by whatever name.
  private forgetFlushed(): void {
    if (this.heap === this.keyspace.heap) return;
    this.heap = this.keyspace.heap;
    this.keys.clear();
  }
}
