// Glob patterns as KEYS, SCAN, PSUBSCRIBE, CONFIG GET and the ACL rules use them, on latin1 strings. The rules are
// Redis's to the letter, its accidents included: they decide which keys a client sees. A mismatch goes back to the
// last star only, which is enough because every other part of a pattern takes exactly one character; so the cost is
// at most pattern length x text length, whatever the number of stars.

/**
 * Whether the whole of `text` matches `pattern`: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\` to take the next
 * character as it is. `caseInsensitive` folds ASCII letters only.
 *
 * Observed 7.2.4: an empty text matches only the empty pattern, not `*`; an unterminated class ends with the pattern;
 * a trailing backslash stands for itself; range ends compare as signed bytes; an escaped character within a class is
 * compared exactly even when `caseInsensitive`.
 */
export function globMatch(pattern: string, text: string, caseInsensitive: boolean): boolean {
  const patternLength = pattern.length;
  const textLength = text.length;
  if (patternLength === 0 || textLength === 0) return patternLength === textLength;
  let p = 0;
  let t = 0;
  let starAt = -1;
  let starText = 0;
  while (t < textLength) {
    let next = -1;
    if (p < patternLength) {
      const code = pattern.charCodeAt(p);
      if (code === STAR) {
        while (p < patternLength && pattern.charCodeAt(p) === STAR) p++;
        if (p === patternLength) return true;
        starAt = p;
        starText = t;
        continue;
      }
      next = matchOne(pattern, p, text.charCodeAt(t), caseInsensitive);
    }
    if (next >= 0) {
      p = next;
      t++;
    } else {
      if (starAt < 0) return false;
      p = starAt;
      t = ++starText;
    }
  }
  while (p < patternLength && pattern.charCodeAt(p) === STAR) p++;
  return p === patternLength;
}

/** Whether `pattern` has no special character, so that it matches itself and nothing else (when case counts). */
export function isLiteralPattern(pattern: string): boolean {
  return !/[*?[\\]/.test(pattern);
}

/** Whether `pattern` may match a text that begins with `prefix`; it is looked at up to its first special character. */
export function mayMatchPrefix(pattern: string, prefix: string): boolean {
  const special = pattern.search(/[*?[\\]/);
  if (special < 0) return pattern.startsWith(prefix);
  return special >= prefix.length ? pattern.startsWith(prefix) : prefix.startsWith(pattern.slice(0, special));
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;
const MINUS = 0x2d;

/** Where the pattern goes on when the part at `p` takes the character `code`, or -1 when it does not. */
function matchOne(pattern: string, p: number, code: number, caseInsensitive: boolean): number {
  let wanted = pattern.charCodeAt(p);
  if (wanted === QUESTION) return p + 1;
  if (wanted === OPEN) return matchClass(pattern, p + 1, code, caseInsensitive);
  if (wanted === BACKSLASH && p + 1 < pattern.length) wanted = pattern.charCodeAt(++p);
  if (wanted === code || (caseInsensitive && lower(wanted) === lower(code))) return p + 1;
  return -1;
}

/** As `matchOne` for a class; `p` stands after the opening bracket. */
function matchClass(pattern: string, p: number, code: number, caseInsensitive: boolean): number {
  const length = pattern.length;
  const negated = pattern.charCodeAt(p) === CARET;
  if (negated) p++;
  let matched = false;
  for (; p < length; p++) {
    const member = pattern.charCodeAt(p);
    if (member === BACKSLASH && p + 1 < length) {
      if (pattern.charCodeAt(++p) === code) matched = true;
    } else if (member === CLOSE) {
      p++;
      break;
    } else if (p + 2 < length && pattern.charCodeAt(p + 1) === MINUS) {
      if (inRange(code, member, pattern.charCodeAt(p + 2), caseInsensitive)) matched = true;
      p += 2;
    } else if (member === code || (caseInsensitive && lower(member) === lower(code))) {
      matched = true;
    }
  }
  return matched === negated ? -1 : p;
}

function inRange(code: number, from: number, to: number, caseInsensitive: boolean): boolean {
  let low = signed(from);
  let high = signed(to);
  if (low > high) [low, high] = [high, low];
  let value = signed(code);
  // The ends are put in order before they are folded, so that [Z-a] is an empty range when case does not count.
  if (caseInsensitive) {
    low = foldSigned(low);
    high = foldSigned(high);
    value = foldSigned(value);
  }
  return value >= low && value <= high;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 32 : code;
}

/** As C's tolower takes a signed byte: those below -1 come back unsigned, -1 (0xff) as it is. */
function foldSigned(code: number): number {
  return code < -1 ? code + 256 : lower(code);
}

function signed(code: number): number {
  return code > 0x7f ? code - 256 : code;
}
