// RESP for tests, written apart from the server's own code so that a mistake there is not repeated here: requests as
// bytes, and a strict reader of replies in RESP2 and RESP3. It refuses whatever the protocol does not allow (a lone
// CR, a length with a zero in front, a RESP3 type in RESP2) and keeps the raw bytes of every frame.

/** A reply as the wire says it. Texts are latin1: one character per byte. */
export type Reply =
  | { readonly type: 'simple' | 'error' | 'bulk' | 'big' | 'bulkError'; readonly text: string }
  | { readonly type: 'verbatim'; readonly format: string; readonly text: string }
  | { readonly type: 'integer'; readonly value: bigint }
  | { readonly type: 'double'; readonly text: string; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'null' | 'nullBulk' | 'nullArray' }
  | { readonly type: 'array' | 'set' | 'push'; readonly items: readonly Reply[] }
  | { readonly type: 'map'; readonly pairs: readonly (readonly [Reply, Reply])[] };

export interface Frame {
  readonly reply: Reply;
  /** The bytes of the frame as latin1, attributes in front of it included. */
  readonly raw: string;
}

export type Protocol = 2 | 3;

/** The bytes are no RESP, or no RESP of this protocol. */
export class MalformedReply extends Error {}

/** A request as an array of bulk strings. Arguments are latin1. */
export function encodeRequest(args: readonly string[]): Buffer {
  return Buffer.from(
    `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`,
    'latin1',
  );
}

/** The frame at the start of `text` (latin1) and where it ends, or null when its end is missing. Throws MalformedReply. */
export function readFrame(text: string, protocol: Protocol, at = 0): { frame: Frame; end: number } | null {
  const reader = new FrameReader(text, protocol, at);
  try {
    const reply = reader.read();
    return { frame: { reply, raw: text.slice(at, reader.at) }, end: reader.at };
  } catch (thrown) {
    if (thrown === INCOMPLETE) return null;
    throw thrown;
  }
}

/** All frames of a complete text. Throws MalformedReply, also when the last frame is cut off. */
export function readFrames(text: string, protocol: Protocol): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < text.length; ) {
    const read = readFrame(text, protocol, at);
    if (read === null) throw new MalformedReply(`cut off: ${excerpt(text, at)}`);
    frames.push(read.frame);
    at = read.end;
  }
  return frames;
}

const INCOMPLETE = Symbol('incomplete');
const RESP3_MARKERS = '_#,(=~%>|!';

class FrameReader {
  at: number;
  private readonly text: string;
  private readonly protocol: Protocol;

  constructor(text: string, protocol: Protocol, at: number) {
    this.text = text;
    this.protocol = protocol;
    this.at = at;
  }

  read(): Reply {
    const marker = this.text[this.at];
    if (marker === undefined) throw INCOMPLETE;
    if (this.protocol === 2 && RESP3_MARKERS.includes(marker)) throw this.malformed('a RESP3 type in RESP2');
    switch (marker) {
      case '+':
        return { type: 'simple', text: this.line() };
      case '-':
        return { type: 'error', text: this.line() };
      case ':':
        return { type: 'integer', value: BigInt(this.checked(this.line(), /^(0|-?[1-9][0-9]*)$/)) };
      case '$': {
        const length = this.length(true);
        return length < 0 ? { type: 'nullBulk' } : { type: 'bulk', text: this.payload(length) };
      }
      case '*': {
        const length = this.length(true);
        return length < 0 ? { type: 'nullArray' } : { type: 'array', items: this.items(length) };
      }
    }
    return this.readResp3(marker);
  }

  private readResp3(marker: string): Reply {
    switch (marker) {
      case '_':
        this.checked(this.line(), /^$/);
        return { type: 'null' };
      case '#':
        return { type: 'boolean', value: this.checked(this.line(), /^[tf]$/) === 't' };
      case ',': {
        const text = this.checked(this.line(), /^(-?inf|nan|-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)$/);
        return { type: 'double', text, value: doubleOf(text) };
      }
      case '(':
        return { type: 'big', text: this.checked(this.line(), /^-?[0-9]+$/) };
      case '=': {
        const payload = this.checked(this.payload(this.length(false)), /^(txt|mkd):/);
        return { type: 'verbatim', format: payload.slice(0, 3), text: payload.slice(4) };
      }
      case '!':
        return { type: 'bulkError', text: this.payload(this.length(false)) };
      case '~':
        return { type: 'set', items: this.items(this.length(false)) };
      case '>':
        return { type: 'push', items: this.items(this.length(false)) };
      case '%':
        return { type: 'map', pairs: this.pairs(this.length(false)) };
      case '|':
        this.pairs(this.length(false));
        return this.read();
    }
    throw this.malformed('an unknown type');
  }

  private items(length: number): Reply[] {
    const items: Reply[] = [];
    for (let i = 0; i < length; i++) items.push(this.read());
    return items;
  }

  private pairs(length: number): [Reply, Reply][] {
    const pairs: [Reply, Reply][] = [];
    for (let i = 0; i < length; i++) pairs.push([this.read(), this.read()]);
    return pairs;
  }

  private length(mayBeNull: boolean): number {
    const pattern = mayBeNull && this.protocol === 2 ? /^(-1|0|[1-9][0-9]*)$/ : /^(0|[1-9][0-9]*)$/;
    return Number(this.checked(this.line(), pattern));
  }

  private payload(length: number): string {
    const end = this.at + length;
    if (this.text.length < end + 2) throw INCOMPLETE;
    if (this.text[end] !== '\r' || this.text[end + 1] !== '\n')
      throw this.malformed('no CRLF after a payload');
    const payload = this.text.slice(this.at, end);
    this.at = end + 2;
    return payload;
  }

  private line(): string {
    const end = this.text.indexOf('\r\n', this.at);
    if (end < 0) throw INCOMPLETE;
    const line = this.text.slice(this.at + 1, end);
    if (/[\r\n]/.test(line)) throw this.malformed('a line break within a line');
    this.at = end + 2;
    return line;
  }

  private checked(line: string, pattern: RegExp): string {
    if (!pattern.test(line)) throw this.malformed(`${JSON.stringify(line)} is not ${pattern}`);
    return line;
  }

  private malformed(reason: string): MalformedReply {
    return new MalformedReply(`RESP${this.protocol}: ${reason} before ${excerpt(this.text, this.at)}`);
  }
}

/** A double's text as Redis writes it (`inf`, `-inf`, `nan`, or decimal). */
export function doubleOf(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  if (text === '-inf') return Number.NEGATIVE_INFINITY;
  if (text === 'nan' || text === '-nan') return Number.NaN;
  return Number(text);
}

function excerpt(text: string, at: number): string {
  return JSON.stringify(text.slice(at, at + 60));
}
