// The keyed hash of every table: HalfSipHash-1-3, the 32-bit member of the SipHash family. An attacker who chooses keys
// but does not know the seed cannot build collisions, and it needs no 64-bit arithmetic. Not a checksum: values differ
// from server to server.

/** The two halves of the secret key. */
export interface HashSeed {
  readonly k0: number;
  readonly k1: number;
}

/** A seed from 8 bytes of randomness. */
export function hashSeed(bytes: Uint8Array): HashSeed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  return { k0: view.getInt32(0, true), k1: view.getInt32(4, true) };
}

/** The signed 32-bit hash of `bytes[start, start + length)`. O(length). */
export function hashBytes(bytes: Uint8Array, start: number, length: number, seed: HashSeed): number {
  let v0 = seed.k0;
  let v1 = seed.k1;
  let v2 = 0x6c796765 ^ seed.k0;
  let v3 = 0x74656462 ^ seed.k1;
  let at = start;
  const end = start + length;
  for (const last = end - 3; at < last; at += 4) {
    const m = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    v3 ^= m;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= m;
  }
  let tail = length << 24;
  if (at < end) tail |= bytes[at]!;
  if (at + 1 < end) tail |= bytes[at + 1]! << 8;
  if (at + 2 < end) tail |= bytes[at + 2]! << 16;
  v3 ^= tail;
  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    if (round === 0) {
      v0 ^= tail;
      v2 ^= 0xff;
    }
  }
  return v1 ^ v3;
}
