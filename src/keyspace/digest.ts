// Digests of values and of the whole data set, equal for equal data and to Redis's own (DEBUG DIGEST): two servers, or
// one before and after a restart, can be compared by them. The order of keys does not matter, that of a list would.
// Observed 7.2.4: keys that have expired but are not removed yet count like all others.

import { toBytes, writeText } from '../base/bytes.ts';
import { shortDouble } from '../base/double-digits.ts';
import { formatDouble } from '../base/numbers.ts';
import { SHA1_BYTES, sha1 } from '../base/sha1.ts';
import { TYPE, typeOf } from '../datatypes/kind.ts';
import type { Ref } from '../memory/heap.ts';
import type { Database } from './database.ts';
import { forEachField } from './hash-value.ts';
import type { Keyspace } from './keyspace.ts';
import { listLength, listTexts } from './list-value.ts';
import { forEachMember } from './set-value.ts';
import { forEachScored } from './sorted-set-value.ts';
import { forEachStreamEntry } from './stream-value.ts';

// Redis counts the values of modules among the types, before streams.
const STREAM_NUMBER = 6;
const EXPIRES = toBytes('!!expire!!');

/** The digest of a value and of whether it expires, without its key. O(size of the value). */
export function valueDigest(db: Database, ref: Ref): Uint8Array {
  const digest = new Uint8Array(SHA1_BYTES);
  mixValue(digest, db, ref);
  return digest;
}

/** The digest of all keys of all databases; all zero when there are none. O(n). */
export function datasetDigest(keyspace: Keyspace): Uint8Array {
  const total = new Uint8Array(SHA1_BYTES);
  for (const db of keyspace.databases) {
    if (db.size === 0) continue;
    mixNumber(total, db.id);
    let cursor = 0;
    do {
      cursor = db.dict.scan(cursor, (ref) => xor(total, entryDigest(db, ref)));
    } while (cursor !== 0);
  }
  return total;
}

function entryDigest(db: Database, ref: Ref): Uint8Array {
  const digest = new Uint8Array(SHA1_BYTES);
  mix(digest, toBytes(db.keyText(ref)));
  mixValue(digest, db, ref);
  return digest;
}

function mixValue(digest: Uint8Array, db: Database, ref: Ref): void {
  const type = typeOf(db.kind(ref));
  mixNumber(digest, type === TYPE.STREAM ? STREAM_NUMBER : type);
  switch (type) {
    case TYPE.STRING: {
      const start = db.valueOffset(ref);
      mix(digest, db.valueMemory(ref), start, start + db.valueLength(ref));
      break;
    }
    case TYPE.LIST:
      for (const element of listTexts(db, ref, 0, listLength(db, ref) - 1)) mix(digest, toBytes(element));
      break;
    case TYPE.SET:
      forEachMember(db, ref, (member) => xor(digest, toBytes(member)));
      break;
    case TYPE.SORTED_SET:
      forEachScored(db, ref, (member, score) => xorPair(digest, member, scoreText(score)));
      break;
    case TYPE.HASH:
      forEachField(db, ref, (field, value) => xorPair(digest, field, value));
      break;
    case TYPE.STREAM:
      forEachStreamEntry(db, ref, (id, fields) => {
        mix(digest, toBytes(id.replace('-', '.')));
        for (const text of fields) mix(digest, toBytes(text));
      });
      break;
  }
  if (db.deadline(ref) !== 0) xor(digest, EXPIRES);
}

/** A score as Redis digests it: never as a long integer, as replies show it. */
function scoreText(score: number): string {
  return Number.isFinite(score) && score !== 0 ? shortDouble(score) : formatDouble(score);
}

/** Takes in a pair whose place among the others does not matter. */
function xorPair(digest: Uint8Array, first: string, second: string): void {
  const pair = new Uint8Array(SHA1_BYTES);
  mix(pair, toBytes(first));
  mix(pair, toBytes(second));
  xor(digest, pair);
}

/** Xors the SHA-1 of bytes into the digest: for parts whose order does not matter. */
function xor(digest: Uint8Array, bytes: Uint8Array, start = 0, end = bytes.length): void {
  const hash = sha1(bytes, start, end);
  for (let i = 0; i < SHA1_BYTES; i++) digest[i]! ^= hash.charCodeAt(i);
}

/** As `xor`, and hashes the digest itself after it: for parts whose order matters. */
function mix(digest: Uint8Array, bytes: Uint8Array, start = 0, end = bytes.length): void {
  xor(digest, bytes, start, end);
  writeText(digest, 0, sha1(digest));
}

function mixNumber(digest: Uint8Array, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  mix(digest, bytes);
}
