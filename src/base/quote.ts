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
