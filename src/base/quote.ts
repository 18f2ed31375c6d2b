// Redis's two textual forms of byte strings: the argument line (inline commands, redis.conf, ACL files), which is
// split here, and the quoted form (MONITOR, SLOWLOG, CONFIG REWRITE, error texts), which is made here.

/**
 * Splits a line into arguments, or null when its quotes are unbalanced or a closing quote is not followed by blank
 * space or the end. Within double quotes `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a` and `\` before any other character are
 * escapes; within single quotes only `\'` is. A zero byte ends the line.
 *
 * Observed 7.2.4: vertical tab and form feed separate arguments but do not end an unquoted one.
 */
export function splitArguments(line: string): string[] | null {
  const zero = line.indexOf('\0');
  if (zero >= 0) line = line.slice(0, zero);
  const found: string[] = [];
  let i = 0;
  while (true) {
    while (i < line.length && isSpace(line.charCodeAt(i))) i++;
    if (i === line.length) return found;
    let argument = '';
    for (; i < line.length; i++) {
      const char = line[i]!;
      if (char === ' ' || char === '\n' || char === '\r' || char === '\t') break;
      if (char !== '"' && char !== "'") {
        argument += char;
        continue;
      }
      const close = closingQuote(line, i);
      if (close < 0) return null;
      argument +=
        char === '"' ? unescapeDouble(line.slice(i + 1, close)) : unescapeSingle(line.slice(i + 1, close));
      i = close + 1;
      if (i < line.length && !isSpace(line.charCodeAt(i))) return null;
      break;
    }
    found.push(argument);
  }
}

/** The double-quoted form of a byte string: printable ASCII as it is, the rest escaped. */
export function quote(text: string): string {
  return `"${text.replace(/[^ !#-[\]-~]/g, escapeCharacter)}"`;
}

/** How many bytes the double-quoted form of `bytes[start, start + length)` has, which may be four times as many. */
export function quotedLength(bytes: Uint8Array, start: number, length: number): number {
  let total = 2;
  for (let i = start; i < start + length; i++) total += escapedLength(bytes[i]!);
  return total;
}

/** Writes the double-quoted form of `bytes[start, start + length)` to `out`; returns where it ends. */
export function writeQuoted(
  out: Uint8Array,
  at: number,
  bytes: Uint8Array,
  start: number,
  length: number,
): number {
  let end = at;
  out[end++] = QUOTE;
  for (let i = start; i < start + length; i++) {
    const byte = bytes[i]!;
    if (escapedLength(byte) === 1) {
      out[end++] = byte;
      continue;
    }
    const escaped = escapeCharacter(String.fromCharCode(byte));
    for (let k = 0; k < escaped.length; k++) out[end++] = escaped.charCodeAt(k);
  }
  out[end++] = QUOTE;
  return end;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function escapedLength(byte: number): number {
  if (byte === QUOTE || byte === BACKSLASH) return 2;
  if (byte >= 0x20 && byte <= 0x7e) return 1;
  // \a \b \t \n and \r have letters of their own.
  return (byte >= 0x07 && byte <= 0x0a) || byte === 0x0d ? 2 : 4;
}

/** The index of the quote that ends the one at `open`, or -1. */
function closingQuote(line: string, open: number): number {
  const mark = line[open]!;
  let i = open + 1;
  while (i < line.length) {
    const char = line[i]!;
    if (char === mark) return i;
    // In single quotes a backslash escapes nothing but the quote, not even a backslash.
    const escapes = char === '\\' && i + 1 < line.length && (mark === '"' || line[i + 1] === "'");
    i += escapes ? 2 : 1;
  }
  return -1;
}

function unescapeDouble(inner: string): string {
  if (!inner.includes('\\')) return inner;
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_whole, hex?: string, char?: string) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (CONTROL_ESCAPES.get(char!) ?? char!),
  );
}

function unescapeSingle(inner: string): string {
  return inner.replaceAll("\\'", "'");
}

function escapeCharacter(char: string): string {
  return ESCAPED.get(char) ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

const CONTROL_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['b', '\b'],
  ['a', '\x07'],
]);

const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
]);
