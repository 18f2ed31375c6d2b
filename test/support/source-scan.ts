// Reads TypeScript sources far enough for rules about them: without comments, optionally without the contents of strings,
// with every character in its place so that line numbers stay true. No parser; it knows strings, templates, comments and,
// by what stands before the slash, regular expressions.

export interface ImportStatement {
  /** What stands between the quotes. */
  readonly from: string;
  readonly line: number;
  /** Nothing of it is left at run time. */
  readonly isTypeOnly: boolean;
  /** It hands names on: `export … from`. */
  readonly isReexport: boolean;
  readonly text: string;
}

/** The source with comments blanked out, and the contents of strings and regular expressions too if asked. */
export function blanked(source: string, options: { readonly strings: boolean }): string {
  const out = source.split('');
  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' ';
  };
  let at = 0;
  // Where a template's `${` was entered, how many braces were open.
  const templates: number[] = [];
  let braces = 0;
  const literal = (from: number, to: number) => {
    if (options.strings) blank(from, to);
  };
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const one = source[at]!;
    if (two === '//') {
      const end = endOr(source.indexOf('\n', at), source);
      blank(at, end);
      at = end;
    } else if (two === '/*') {
      const end = endOr(source.indexOf('*/', at + 2), source) + 2;
      blank(at, end);
      at = end;
    } else if (one === "'" || one === '"') {
      const end = endOfLiteral(source, at, one);
      literal(at + 1, end);
      at = end + 1;
    } else if (one === '`' || (one === '}' && templates.at(-1) === braces)) {
      if (one === '}') templates.pop();
      const end = endOfTemplatePart(source, at + 1);
      literal(at + 1, end);
      if (source[end] === '$') {
        templates.push(braces);
        at = end + 2;
      } else {
        at = end + 1;
      }
    } else if (one === '/' && startsRegExp(source, at)) {
      const end = endOfRegExp(source, at);
      literal(at + 1, end);
      at = end + 1;
    } else {
      if (one === '{') braces++;
      else if (one === '}') braces--;
      at++;
    }
  }
  return out.join('');
}

/** The static imports and re-exports of a source, and dynamic imports of a literal. */
export function importsOf(source: string): ImportStatement[] {
  const code = blanked(source, { strings: false });
  const statement = /^(import|export)\s+(type\s+)?((?:[\w*$\s,]|\{[^}]*\})*?)\s*from\s*'([^']+)'/gm;
  const bare = /(?:^import\s*|\bimport\()'([^']+)'/gm;
  const found: ImportStatement[] = [];
  for (const match of code.matchAll(statement)) {
    const [text, word, type, clause, from] = match;
    found.push({
      from: from!,
      line: lineAt(code, match.index),
      isTypeOnly: type !== undefined || onlyTypes(clause!),
      isReexport: word === 'export',
      text: text.replace(/\s+/g, ' '),
    });
  }
  for (const match of code.matchAll(bare)) {
    const [text, from] = match;
    found.push({ from: from!, line: lineAt(code, match.index), isTypeOnly: false, isReexport: false, text });
  }
  return found;
}

/** The number of the line in which a character stands, from 1. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < index; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

function onlyTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1];
  if (names === undefined) return false;
  const list = names.split(',').map((name) => name.trim());
  return list.every((name) => name === '' || name.startsWith('type '));
}

function endOr(index: number, source: string): number {
  return index < 0 ? source.length : index;
}

function endOfLiteral(source: string, start: number, quote: string): number {
  let at = start + 1;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at;
}

function endOfTemplatePart(source: string, start: number): number {
  let at = start;
  while (at < source.length && source[at] !== '`' && source.slice(at, at + 2) !== '${') {
    at += source[at] === '\\' ? 2 : 1;
  }
  return at;
}

function startsRegExp(source: string, at: number): boolean {
  const before = source.slice(Math.max(0, at - 40), at).trimEnd();
  return before === '' || /[(,=:[!&|?{};+\->]$/.test(before) || /\b(return|typeof|case)$/.test(before);
}

function endOfRegExp(source: string, start: number): number {
  let isInClass = false;
  let at = start + 1;
  while (at < source.length && source[at] !== '\n') {
    const one = source[at];
    if (one === '\\') at++;
    else if (one === '[') isInClass = true;
    else if (one === ']') isInClass = false;
    else if (one === '/' && !isInClass) break;
    at++;
  }
  return at;
}
