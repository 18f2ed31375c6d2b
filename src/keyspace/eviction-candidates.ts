// Which key goes when memory is short. LRU and LFU look at a few keys drawn at random and keep the best that they have
// seen in a pool of 16, as Redis does; the pool knows entries by ref and hash, so it makes nothing for a key and finds out
// whether one is still there. Keys that expire first are known exactly, and so are drawn from no sample.

import type { Ref } from '../memory/heap.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

const POOL_SIZE = 16;
// More samples than this in one go change nothing: the pool holds no more.
const MAX_SAMPLES = 4096;
const LFU_MAX = 255;

/** What decides among the keys that may go. */
export type EvictionOrder = 'lru' | 'lfu' | 'ttl' | 'random';

/** `maxmemory-policy` taken apart; `noeviction` is none. */
export interface EvictionPolicy {
  readonly order: EvictionOrder;
  /** Only keys with a deadline may go. */
  readonly volatileOnly: boolean;
}

/** The policy that a value of `maxmemory-policy` names; null: nothing may go. */
export function evictionPolicy(name: string): EvictionPolicy | null {
  const [which, order] = name.split('-');
  if (order === undefined) return null;
  return { order: order as EvictionOrder, volatileOnly: which === 'volatile' };
}

export class EvictionCandidates {
  /** Where the entry lies that `next` has chosen. */
  db: Database;

  private readonly keyspace: Keyspace;
  private samples: Int32Array;
  // The pool: entries `[0, count)`, those that should go first last.
  private readonly scores = new Float64Array(POOL_SIZE);
  private readonly refs = new Int32Array(POOL_SIZE);
  private readonly hashes = new Int32Array(POOL_SIZE);
  private readonly dbIds = new Int32Array(POOL_SIZE);
  private count = 0;
  // The database that the last key drawn at random came from.
  private lastDb = 0;

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.db = keyspace.database(0);
    this.samples = new Int32Array(1);
  }

  /** Sets `maxmemory-samples`. */
  setSamples(count: number): void {
    this.samples = new Int32Array(Math.min(count, MAX_SAMPLES));
  }

  /** Forgets what it has seen: its worth by one policy means nothing to another. */
  clear(): void {
    this.count = 0;
  }

  /** The entry that should go next, which lies in `db`; 0: none may go. O(databases + samples). */
  next(policy: EvictionPolicy): Ref {
    if (policy.order === 'ttl') return this.nextToExpire();
    if (policy.order === 'random') return this.drawn(policy.volatileOnly);
    const { databases } = this.keyspace;
    for (;;) {
      let keys = 0;
      for (let id = 0; id < databases.length; id++) {
        const db = databases[id]!;
        const size = policy.volatileOnly ? db.volatile.size : db.dict.size;
        if (size === 0) continue;
        keys += size;
        this.look(db, policy);
      }
      if (keys === 0) return 0;
      const ref = this.best(policy.volatileOnly);
      if (ref !== 0) return ref;
    }
  }

  private nextToExpire(): Ref {
    let earliest = Number.POSITIVE_INFINITY;
    for (const db of this.keyspace.databases) {
      const { nextDeadline } = db.volatile;
      if (nextDeadline >= earliest) continue;
      earliest = nextDeadline;
      this.db = db;
    }
    return earliest === Number.POSITIVE_INFINITY ? 0 : this.db.volatile.nextRef;
  }

  // Databases take turns, so that a small one is emptied as soon as a large one has lost as much: as in Redis.
  private drawn(volatileOnly: boolean): Ref {
    const { databases, random } = this.keyspace;
    for (let i = 0; i < databases.length; i++) {
      this.lastDb = (this.lastDb + 1) % databases.length;
      const db = databases[this.lastDb]!;
      const { dict, volatile } = db;
      if ((volatileOnly ? volatile.size : dict.size) === 0) continue;
      this.db = db;
      return volatileOnly ? volatile.refAt(random.below(volatile.size)) : dict.randomToRemove(random);
    }
    return 0;
  }

  private look(db: Database, { order, volatileOnly }: EvictionPolicy): void {
    const { samples, keyspace } = this;
    const { access, random } = keyspace;
    const { dict, volatile } = db;
    let count = samples.length;
    if (volatileOnly) {
      count = Math.min(count, volatile.size);
      for (let i = 0; i < count; i++) samples[i] = volatile.refAt(random.below(volatile.size));
    } else {
      count = dict.sample(random, count, samples);
    }
    for (let i = 0; i < count; i++) {
      const ref = samples[i]!;
      const bits = db.accessBits(ref);
      const score = order === 'lru' ? access.idleSeconds(bits) : LFU_MAX - access.frequency(bits);
      this.offer(score, ref, dict.entryHash(ref), db.id);
    }
  }

  private offer(score: number, ref: Ref, hash: number, dbId: number): void {
    const { scores, refs, hashes, dbIds } = this;
    let at = 0;
    while (at < this.count && scores[at]! < score) at++;
    if (this.count < POOL_SIZE) {
      for (let i = this.count++; i > at; i--)
        this.put(i, scores[i - 1]!, refs[i - 1]!, hashes[i - 1]!, dbIds[i - 1]!);
    } else {
      if (at === 0) return;
      // The one that should go last of all makes room.
      at--;
      for (let i = 0; i < at; i++) this.put(i, scores[i + 1]!, refs[i + 1]!, hashes[i + 1]!, dbIds[i + 1]!);
    }
    this.put(at, score, ref, hash, dbId);
  }

  private put(at: number, score: number, ref: Ref, hash: number, dbId: number): void {
    this.scores[at] = score;
    this.refs[at] = ref;
    this.hashes[at] = hash;
    this.dbIds[at] = dbId;
  }

  // Takes from the pool what should go first and is still there; 0: nothing of it is.
  private best(volatileOnly: boolean): Ref {
    while (this.count > 0) {
      const at = --this.count;
      const ref = this.refs[at]!;
      const db = this.keyspace.database(this.dbIds[at]!);
      if (!db.dict.holds(ref, this.hashes[at]!)) continue;
      if (volatileOnly && db.deadline(ref) === 0) continue;
      this.db = db;
      return ref;
    }
    return 0;
  }
}
