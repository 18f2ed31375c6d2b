// Source text to tokens. What is wrong is told as Lua 5.1 tells it, the token's own text included.

import { chunkLabel, MAX_SHOWN_IN_SYNTAX_ERROR } from './chunk-name.ts';
import { LuaError } from './errors.ts';
import { textToNumber } from './number-text.ts';

/** Reserved words and operators stand for themselves. */
export type TokenKind = string;

export const NAME = '<name>';
export const STRING = '<string>';
export const NUMBER = '<number>';
export const END_OF_FILE = '<eof>';

const RESERVED: ReadonlySet<string> = new Set([
  'and',
  'break',
  'do',
  'else',
  'elseif',
  'end',
  'false',
  'for',
  'function',
  'if',
  'in',
  'local',
  'nil',
  'not',
  'or',
  'repeat',
  'return',
  'then',
  'true',
  'until',
  'while',
]);

const NEWLINE = 10;
const RETURN = 13;
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

export class Lexer {
  kind: TokenKind = END_OF_FILE;
  /** What a name or string says. */
  text = '';
  number = 0;
  /** Where the token ends. */
  line = 1;
  /** Where the last token that was passed ends. */
  lastLine = 1;
  private raw = '';
  private at = 0;
  private ahead: { kind: TokenKind; text: string; number: number } | null = null;
  private lineAhead = 1;
  private readonly source: string;
  private readonly chunkName: string;

  constructor(source: string, chunkName: string) {
    this.source = source;
    this.chunkName = chunkName;
    if (source[0] === '#') while (this.at < source.length && !this.isNewline()) this.at++;
  }

  /** Goes to the next token. */
  advance(): void {
    this.lastLine = this.lineAhead;
    if (this.ahead !== null) {
      ({ kind: this.kind, text: this.text, number: this.number } = this.ahead);
      this.ahead = null;
    } else {
      this.kind = this.scan();
    }
    this.line = this.lineAhead;
  }

  /** What kind the token after this one is. */
  peek(): TokenKind {
    if (this.ahead === null) {
      const { kind, text, number } = this;
      const next = this.scan();
      this.ahead = { kind: next, text: this.text, number: this.number };
      this.kind = kind;
      this.text = text;
      this.number = number;
    }
    return this.ahead.kind;
  }

  /** Throws a syntax error at the present token. */
  fail(message: string): never {
    this.failAt(message, this.shown(this.kind));
  }

  /** Throws a syntax error without a token. */
  failPlainly(message: string): never {
    throw new LuaError(
      `${chunkLabel(this.chunkName, MAX_SHOWN_IN_SYNTAX_ERROR)}:${this.lineAhead}: ${message}`,
      0,
    );
  }

  private failAt(message: string, token: string): never {
    const end = token.indexOf('\0');
    this.failPlainly(`${message} near '${end < 0 ? token : token.slice(0, end)}'`);
  }

  private shown(kind: TokenKind): string {
    if (kind === NAME || kind === STRING || kind === NUMBER) return this.raw;
    if (kind.length === 1 && kind.charCodeAt(0) < 32) return `char(${kind.charCodeAt(0)})`;
    return kind;
  }

  private scan(): TokenKind {
    const { source } = this;
    for (;;) {
      if (this.at >= source.length) return END_OF_FILE;
      const code = source.charCodeAt(this.at);
      if (code === NEWLINE || code === RETURN) {
        this.newline();
      } else if (code === 32 || (code >= 9 && code <= 12)) {
        this.at++;
      } else if (code === 45 && source.charCodeAt(this.at + 1) === 45) {
        this.comment();
      } else {
        return this.token(code);
      }
    }
  }

  private token(code: number): TokenKind {
    const { source } = this;
    if (isLetter(code)) return this.name();
    if (isDigit(code)) return this.numeral();
    const two = source.slice(this.at, this.at + 2);
    switch (source[this.at]) {
      case '[': {
        const level = this.bracketLevel();
        if (level >= 0) {
          this.text = this.longText(level, false);
          return STRING;
        }
        if (level === -2)
          this.failAt('invalid long string delimiter', source.slice(this.at, this.at + this.bracketLength()));
        break;
      }
      case '"':
      case "'":
        return this.quoted();
      case '.':
        if (isDigit(source.charCodeAt(this.at + 1))) return this.numeral();
        if (source.startsWith('...', this.at)) return this.pass('...');
        if (two === '..') return this.pass(two);
        break;
      case '=':
      case '<':
      case '>':
      case '~':
        if (two[1] === '=') return this.pass(two);
        break;
    }
    return this.pass(source[this.at]!);
  }

  private pass(token: string): TokenKind {
    this.at += token.length;
    return token;
  }

  private name(): TokenKind {
    const start = this.at;
    while (isLetter(this.code()) || isDigit(this.code())) this.at++;
    this.text = this.raw = this.source.slice(start, this.at);
    return RESERVED.has(this.text) ? this.text : NAME;
  }

  private numeral(): TokenKind {
    const start = this.at;
    while (isDigit(this.code()) || this.code() === 46) this.at++;
    if ((this.code() | 32) === 101) {
      this.at++;
      if (this.code() === 43 || this.code() === 45) this.at++;
    }
    while (isLetter(this.code()) || isDigit(this.code())) this.at++;
    this.raw = this.source.slice(start, this.at);
    const value = textToNumber(this.raw);
    if (value === undefined) this.failAt('malformed number', this.raw);
    this.number = value;
    return NUMBER;
  }

  private quoted(): TokenKind {
    const { source } = this;
    const quote = source.charCodeAt(this.at);
    let text = source[this.at++]!;
    for (let start = this.at; ; ) {
      const code = this.code();
      if (code === quote) {
        text += source.slice(start, this.at++);
        break;
      }
      if (Number.isNaN(code)) this.failAt('unfinished string', END_OF_FILE);
      if (code === NEWLINE || code === RETURN)
        this.failAt('unfinished string', text + source.slice(start, this.at));
      if (code === 92) {
        text += source.slice(start, this.at++);
        text += this.escape(text);
        start = this.at;
      } else {
        this.at++;
      }
    }
    this.raw = text + String.fromCharCode(quote);
    this.text = text.slice(1);
    return STRING;
  }

  private escape(sofar: string): string {
    const code = this.code();
    if (Number.isNaN(code)) return '';
    if (code === NEWLINE || code === RETURN) {
      this.newline();
      return '\n';
    }
    if (!isDigit(code)) {
      const letter = this.source[this.at++]!;
      return ESCAPES[letter] ?? letter;
    }
    let value = 0;
    for (let i = 0; i < 3 && isDigit(this.code()); i++)
      value = value * 10 + this.source.charCodeAt(this.at++) - 48;
    if (value > 255) this.failAt('escape sequence too large', sofar);
    return String.fromCharCode(value);
  }

  private comment(): void {
    this.at += 2;
    const level = this.code() === 91 ? this.bracketLevel() : -1;
    if (level >= 0) this.longText(level, true);
    else while (this.at < this.source.length && !this.isNewline()) this.at++;
  }

  // The number of "=" between two brackets that stand here, -1 for a single bracket, -2 for a bracket with "=" only.
  private bracketLevel(): number {
    const length = this.bracketLength();
    if (this.source.charCodeAt(this.at + length) === 91) return length - 1;
    return length === 1 ? -1 : -2;
  }

  private bracketLength(): number {
    let length = 1;
    while (this.source.charCodeAt(this.at + length) === 61) length++;
    return length;
  }

  private longText(level: number, isComment: boolean): string {
    const { source } = this;
    const open = this.at;
    this.at += level + 2;
    if (this.isNewline()) this.newline();
    const close = `]${'='.repeat(level)}]`;
    let text = '';
    for (let start = this.at; ; ) {
      const code = this.code();
      if (Number.isNaN(code)) this.failAt(`unfinished long ${isComment ? 'comment' : 'string'}`, END_OF_FILE);
      if (code === 93 && source.startsWith(close, this.at)) {
        text += source.slice(start, this.at);
        break;
      }
      // Observed 7.2.4: an opening bracket of level 0 inside of one.
      if (level === 0 && code === 91 && source.charCodeAt(this.at + 1) === 91) {
        this.at += 2;
        this.failAt('nesting of [[...]] is deprecated', '[');
      }
      if (code === NEWLINE || code === RETURN) {
        text += `${source.slice(start, this.at)}\n`;
        this.newline();
        start = this.at;
      } else {
        this.at++;
      }
    }
    this.at += close.length;
    if (!isComment) this.raw = source.slice(open, this.at);
    return text;
  }

  private newline(): void {
    const first = this.code();
    this.at++;
    const second = this.code();
    if ((second === NEWLINE || second === RETURN) && second !== first) this.at++;
    this.lineAhead++;
  }

  private isNewline(): boolean {
    const code = this.code();
    return code === NEWLINE || code === RETURN;
  }

  private code(): number {
    return this.source.charCodeAt(this.at);
  }
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
