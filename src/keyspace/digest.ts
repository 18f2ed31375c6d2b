// Digests of values and of the whole data set, equal for equal data and to Redis's own (DEBUG DIGEST): two servers, or
// one before and after a restart, can be compared by them. The order of keys does not matter, that of a list would.
// Observed 7.2.4: keys that have expired but are not removed yet count like all others.

import { toBytes, writeText } from '../base/bytes.ts';
import { SHA1_BYTES, sha1 } from '../base/sha1.ts';
import { typeOf } from '../datatypes/kind.ts';
import type { Ref } from '../memory/heap.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

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
  mixNumber(digest, typeOf(db.kind(ref)));
  const start = db.valueOffset(ref);
  mix(digest, db.valueMemory(ref), start, start + db.valueLength(ref));
  if (db.deadline(ref) !== 0) xor(digest, EXPIRES);
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
