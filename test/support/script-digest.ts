// The digest that a script is known by.

import { createHash } from 'node:crypto';

/** SHA-1 of a latin1 text in hexadecimal. */
export function digest(script: string): string {
  return createHash('sha1').update(script, 'latin1').digest('hex');
}
