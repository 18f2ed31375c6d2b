// The order in which Lua 5.1 goes through a hash part, found by doing over what its tables do with keys: nodes by hash,
// collisions to the last free node, a new size by what is there when none is left. Programs see it: in what cjson.encode
// writes, in replies made by pairs. The cost falls on the first traversal after a key was added, not on tables.

import type { LuaValue } from './value.ts';

const NONE = -1;
const MAX_BITS = 26;
/** Constructors of records with up to so many fields, all of them texts, are remembered: scripts make the same again and again. */
const MAX_RECORD = 8;
const RECORDS = 64;
/** Scratch space that is larger than this is let go. */
const MAX_KEPT = 1 << 14;

/**
 * The places in `keys` (a hash part's, in the order in which they were added) in the order of traversal. `hashSlots` is the
 * size that the table was made with; `arrayLength` keys from 1 on are in the array part. `deaths` says of a key that has
 * gone how many keys there were then; it may be missing from the result.
 */
export function traversalOrder(
  keys: readonly LuaValue[],
  deaths: Deaths,
  hashSlots: number,
  arrayLength: number,
): readonly number[] {
  return keys.length < 2 ? keys.map(placeOf) : nodes.order(keys, deaths, hashSlots, arrayLength);
}

type Deaths = ReadonlyMap<number, number> | null;

function placeOf(_key: LuaValue, place: number): number {
  return place;
}

/** A constructor's keys and their order. */
interface RecordOrder {
  readonly keys: readonly LuaValue[];
  readonly order: readonly number[];
}

class Nodes {
  private readonly records = new Array<RecordOrder | null>(RECORDS).fill(null);
  private keys: readonly LuaValue[] = [];
  private deaths: Deaths = null;
  /** How many keys have been added. */
  private now = 0;
  private hashes = new Int32Array(64);
  private hasWhole = false;
  /** Whole-number keys up to here are in the array part. */
  private arraySize = 0;
  private arrayLength = 0;
  /** Keys (their places in `keys`) that went to the array part. */
  private inArray: number[] = [];
  /** The keys by node, and the nodes before the last change of size. Only the first `size` count. */
  private nodes = new Int32Array(64);
  private old = new Int32Array(64);
  private following = new Int32Array(64);
  private size = 0;
  private free = 0;

  order(
    keys: readonly LuaValue[],
    deaths: Deaths,
    hashSlots: number,
    arrayLength: number,
  ): readonly number[] {
    if (deaths !== null || hashSlots !== keys.length || hashSlots > MAX_RECORD) {
      return this.newOrder(keys, deaths, hashSlots, arrayLength);
    }
    const place = recordPlace(keys);
    if (place === NONE) return this.newOrder(keys, deaths, hashSlots, arrayLength);
    const known = this.records[place]!;
    if (known !== null && areSame(known.keys, keys)) return known.order;
    const order = this.newOrder(keys, deaths, hashSlots, arrayLength);
    this.records[place] = { keys: [...keys], order };
    return order;
  }

  private newOrder(
    keys: readonly LuaValue[],
    deaths: Deaths,
    hashSlots: number,
    arrayLength: number,
  ): number[] {
    this.begin(keys, arrayLength);
    this.deaths = deaths;
    this.resize(hashSlots);
    for (let i = 0; i < keys.length; i++) {
      this.now = i;
      this.add(i);
    }
    this.keys = [];
    this.deaths = null;
    const order = this.inArray.sort((a, b) => (keys[a] as number) - (keys[b] as number));
    const { nodes, size } = this;
    for (let n = 0; n < size; n++) if (nodes[n] !== NONE) order.push(nodes[n]!);
    if (size > MAX_KEPT) this.nodes = this.old = this.following = this.hashes = new Int32Array(0);
    return order;
  }

  private begin(keys: readonly LuaValue[], arrayLength: number): void {
    this.keys = keys;
    this.arrayLength = this.arraySize = arrayLength;
    this.inArray = [];
    this.hasWhole = false;
    if (this.hashes.length < keys.length) this.hashes = new Int32Array(2 * keys.length);
    const { hashes } = this;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (typeof key === 'string') {
        hashes[i] = hashOfString(key);
      } else {
        hashes[i] = hashOf(key, i);
        if (typeof key === 'number' && isWhole(key)) this.hasWhole = true;
      }
    }
  }

  private resize(count: number): void {
    let size = count === 0 ? 0 : 1;
    while (size < count) size *= 2;
    if (this.nodes.length < size) {
      this.nodes = new Int32Array(size);
      this.following = new Int32Array(size);
    }
    const { nodes, following } = this;
    for (let n = 0; n < size; n++) nodes[n] = following[n] = NONE;
    this.size = this.free = size;
  }

  // Whether a key has gone by now: its node is free for a key that belongs there, and it is left behind with the rest.
  private isDead(i: number): boolean {
    const { deaths } = this;
    return deaths !== null && (deaths.get(i) ?? Number.POSITIVE_INFINITY) <= this.now;
  }

  private add(i: number): void {
    if (this.hasWhole) {
      const key = this.keys[i];
      if (typeof key === 'number' && isWhole(key) && key <= this.arraySize) {
        this.inArray.push(i);
        return;
      }
    }
    if (this.size === 0) {
      this.rehash(i);
      return;
    }
    const { nodes, following } = this;
    const main = this.mainPosition(i);
    const occupant = nodes[main]!;
    if (occupant === NONE || this.isDead(occupant)) {
      nodes[main] = i;
      return;
    }
    const free = this.freePosition();
    if (free === NONE) {
      this.rehash(i);
      return;
    }
    let other = this.mainPosition(occupant);
    if (other === main) {
      following[free] = following[main]!;
      following[main] = free;
      nodes[free] = i;
      return;
    }
    // The occupant is not where it belongs: it makes room.
    while (following[other] !== main) other = following[other]!;
    following[other] = free;
    nodes[free] = occupant;
    following[free] = following[main]!;
    following[main] = NONE;
    nodes[main] = i;
  }

  private mainPosition(i: number): number {
    const hash = this.hashes[i]!;
    const key = this.keys[i];
    if (typeof key === 'string' || typeof key === 'boolean') return hash & (this.size - 1);
    return key === 0 ? 0 : (hash >>> 0) % ((this.size - 1) | 1);
  }

  private freePosition(): number {
    while (this.free > 0) if (this.nodes[--this.free] === NONE) return this.free;
    return NONE;
  }

  private rehash(added: number): void {
    const { size } = this;
    // What was there is read from where it stands; the new nodes take the place of those before.
    const old = this.nodes;
    this.nodes = this.old;
    this.old = old;
    if (this.hasWhole) this.resizeByCount(added, old, size);
    else this.resize(this.used(old, size) + 1);
    for (let n = size - 1; n >= 0; n--) if (old[n] !== NONE && !this.isDead(old[n]!)) this.add(old[n]!);
    this.add(added);
  }

  private used(nodes: Int32Array, size: number): number {
    let count = 0;
    for (let n = 0; n < size; n++) if (nodes[n] !== NONE && !this.isDead(nodes[n]!)) count++;
    return count;
  }

  private resizeByCount(added: number, old: Int32Array, size: number): void {
    // How many whole-number keys there are up to each power of two.
    const counts = new Int32Array(MAX_BITS + 1);
    let whole = this.arrayLength;
    for (let bits = 0, from = 0; from < this.arrayLength; bits++) {
      const to = Math.min(2 ** bits, this.arrayLength);
      counts[bits]! += to - from;
      from = to;
    }
    const count = (i: number) => {
      const bits = bitsOf(this.keys[i]);
      if (bits === NONE) return;
      counts[bits]!++;
      whole++;
    };
    for (const i of this.inArray) count(i);
    for (let n = 0; n < size; n++) if (old[n] !== NONE && !this.isDead(old[n]!)) count(old[n]!);
    count(added);
    const array = arraySizeFor(counts, whole);
    const all = this.arrayLength + this.inArray.length + this.used(old, size) + 1;
    this.arraySize = Math.max(array.size, this.arrayLength);
    this.resize(all - Math.max(array.used, this.arrayLength));
  }
}

const nodes = new Nodes();

// Where the order of these keys is remembered; NONE unless all of them are texts.
function recordPlace(keys: readonly LuaValue[]): number {
  let sum = keys.length;
  for (const key of keys) {
    if (typeof key !== 'string') return NONE;
    sum = 3 * sum + key.length;
  }
  return sum % RECORDS;
}

function areSame(a: readonly LuaValue[], b: readonly LuaValue[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// The largest power of two of which more than half would be used.
function arraySizeFor(counts: Int32Array, whole: number): { size: number; used: number } {
  let size = 0;
  let used = 0;
  let sofar = 0;
  for (let bits = 0, power = 1; power / 2 < whole && bits <= MAX_BITS; bits++, power *= 2) {
    if (counts[bits] === 0) continue;
    sofar += counts[bits]!;
    if (sofar > power / 2) {
      size = power;
      used = sofar;
    }
    if (sofar === whole) break;
  }
  return { size, used };
}

function isWhole(key: number): boolean {
  return key >= 1 && key <= 2 ** MAX_BITS && key === Math.trunc(key);
}

// The least n with key <= 2^n, for a key that may be in an array part.
function bitsOf(key: LuaValue): number {
  if (typeof key !== 'number' || !isWhole(key)) return NONE;
  return key === 1 ? 0 : 32 - Math.clz32(key - 1);
}

function hashOf(key: LuaValue, place: number): number {
  switch (typeof key) {
    case 'string':
      return hashOfString(key);
    case 'number':
      return hashOfNumber(key);
    case 'boolean':
      return key ? 1 : 0;
    default:
      // An address, of which nobody can say what it would be.
      return 0x1000 + place * 64;
  }
}

function hashOfString(text: string): number {
  let hash = text.length;
  const step = (text.length >> 5) + 1;
  for (let i = text.length; i >= step; i -= step) {
    hash ^= (hash << 5) + (hash >>> 2) + text.charCodeAt(i - 1);
  }
  return hash;
}

function hashOfNumber(value: number): number {
  const words = new Uint32Array(Float64Array.of(value).buffer);
  return (words[0]! + words[1]!) >>> 0;
}
