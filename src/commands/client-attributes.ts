// What clients may call themselves and their libraries. The text becomes part of CLIENT LIST's lines, which readers split
// at spaces.

import { CLIENT_NAME_CHARACTERS } from '../resp/errors.ts';

/**
 * Whether every character is printable ASCII and no space; an empty text is fine. Observed 7.2.4: what follows a zero byte
 * is not looked at.
 */
export function isClientAttribute(text: string): boolean {
  return /^[!-~]*(?:\0|$)/.test(text);
}

/** Returns `name`; throws when a client cannot have it. The empty name stands for none. */
export function requireClientName(name: string): string {
  if (!isClientAttribute(name)) throw CLIENT_NAME_CHARACTERS;
  return name;
}
