// SHA-1, as the scripts' names and DEBUG DIGEST need it: never for anything that must be safe from an attacker.

import { hash } from 'node:crypto';

export const SHA1_BYTES = 20;

/** The SHA-1 of a slice, as 20 latin1 characters. */
export function sha1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return hash('sha1', bytes.subarray(start, end), 'binary');
}

/** As `sha1`, as 40 hexadecimal digits. */
export function sha1Hex(bytes: Uint8Array): string {
  return hash('sha1', bytes, 'hex');
}
