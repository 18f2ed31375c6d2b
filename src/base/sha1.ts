// SHA-1, as the scripts' names and DEBUG DIGEST need it: never for anything that must be safe from an attacker.

import { createHash } from 'node:crypto';

export const SHA1_BYTES = 20;

/** The SHA-1 of a slice. */
export function sha1(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  return createHash('sha1').update(bytes.subarray(start, end)).digest();
}
