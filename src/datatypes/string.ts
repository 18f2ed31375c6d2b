// The encodings of a string value. All three are stored as the bytes themselves: `int` only says that they are the
// canonical decimal form of a 64-bit integer, so that GET is a copy whatever the encoding.

import { parseInt64Bytes } from '../base/numbers.ts';
import { KIND, type Kind } from './kind.ts';

/** The longest string that Redis keeps in one allocation with its header. */
export const EMBSTR_MAX_BYTES = 44;
const INT64_MAX_DIGITS = 20;

/** The encoding that SET gives to a value. */
export function stringKind(bytes: Uint8Array, start: number, length: number): Kind {
  if (length <= INT64_MAX_DIGITS && length > 0) {
    const first = bytes[start]!;
    const mayBeNumber = (first >= 48 && first <= 57) || first === 45;
    if (mayBeNumber && parseInt64Bytes(bytes, start, length) !== null) return KIND.STRING_INT;
  }
  return plainStringKind(length);
}

/** The encoding of a value that is known not to be an integer, or that Redis does not try to make one. */
export function plainStringKind(length: number): Kind {
  return length <= EMBSTR_MAX_BYTES ? KIND.STRING_EMBSTR : KIND.STRING_RAW;
}
