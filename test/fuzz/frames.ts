// Inputs for the request parser: valid pipelines, broken in the ways in which a client, a network or an attacker breaks
// them. Everything follows from the random source, so a seed is enough to have an input again.

import type { RandomSource } from '../../src/base/runtime.ts';
import { encodeRequest } from '../support/resp.ts';

const LENGTHS = [
  '-1',
  '-2',
  '0',
  '00',
  '-0',
  '+1',
  '1',
  '2',
  '3',
  '01',
  '',
  ' 1',
  '1 ',
  '1e1',
  '0x1',
  'a',
  '9',
  '10',
  '11',
  '1000',
  '65536',
  '1048576',
  '1048577',
  '536870912',
  '536870913',
  '2147483647',
  '2147483648',
  '4294967296',
  '4294967297',
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775808',
  '18446744073709551617',
  '99999999999999999999999999',
];
const SPECIAL_BYTES = '\0\r\n\t\v\f "\'\\*$+-:,_#(=~%>|!\x7f\x80\xff';
const QUOTE_PIECES = [
  '"',
  "'",
  '\\',
  '\\"',
  "\\'",
  '\\x41',
  '\\x4',
  '\\xzz',
  '\\n',
  ' ',
  '\t',
  '\v',
  '\f',
  '\0',
  'PING',
  'PONG',
  'a',
  '""',
  "''",
  '*1',
  '$',
  '\r',
  '\xff',
];
const KEYS = ['k', 'a', '', 'key:1', 'x\r\ny', '\xff\0'];
const WORDS = [
  '',
  '1',
  '-1',
  '10',
  'abc',
  'EX',
  'nx',
  '3.5',
  '9223372036854775807',
  'v'.repeat(40),
  '\r\n',
  '$3\r\n',
];

/** Builds inputs from a random source. */
export class FrameFuzzer {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  /** One input: what a connection sends from its first byte to its last. `seeds` are inputs to start from. */
  input(seeds: readonly string[] = []): string {
    const base = seeds.length > 0 && this.chance(3) ? this.pick(seeds) : this.fresh();
    let text = base;
    for (let i = this.chance(4) ? 0 : 1 + this.below(4); i > 0; i--) text = this.mutated(text);
    return text.slice(0, 8000);
  }

  /** Where an input is cut on its way: ends of the pieces, the last one being its length. */
  cuts(length: number): number[] {
    if (length === 0) return [];
    if (this.chance(3)) return Array.from({ length: Math.min(length, 400) }, (_, i) => i + 1).concat(length);
    const places = Array.from({ length: this.below(6) }, () => 1 + this.below(length));
    return [...places, length].sort((a, b) => a - b);
  }

  private fresh(): string {
    switch (this.below(6)) {
      case 0:
        return this.bytes(this.below(60));
      case 1:
        return this.inlineLine();
      case 2:
        return `${this.inlineLine()}${this.pipeline()}`;
      default:
        return this.pipeline();
    }
  }

  private pipeline(): string {
    let text = '';
    for (let i = 1 + this.below(5); i > 0; i--) {
      text += this.chance(5)
        ? `${this.request().join(' ')}\r\n`
        : encodeRequest(this.request()).toString('latin1');
    }
    return text;
  }

  private request(): string[] {
    const key = this.pick(KEYS);
    const word = this.pick(WORDS);
    switch (this.below(9)) {
      case 0:
        return ['PING'];
      case 1:
        return ['ping', word];
      case 2:
        return ['SET', key, word];
      case 3:
        return ['GET', key];
      case 4:
        return ['set', key, word, this.pick(WORDS)];
      case 5:
        return ['nosuchthing', key, word];
      case 6:
        return [this.pick(WORDS), key];
      case 7:
        return ['GET'];
      default:
        return ['SET', key, this.bytes(this.below(30))];
    }
  }

  private inlineLine(): string {
    let line = this.chance(2) ? 'ping ' : '';
    for (let i = this.below(10); i > 0; i--) line += this.pick(QUOTE_PIECES);
    return `${line}${this.chance(3) ? '\n' : '\r\n'}`;
  }

  private mutated(text: string): string {
    const at = this.below(text.length + 1);
    const end = Math.min(text.length, at + 1 + this.below(8));
    switch (this.below(11)) {
      case 0:
        return text.slice(0, at) + this.specialByte() + text.slice(at + 1);
      case 1:
        return text.slice(0, at) + this.specialByte() + text.slice(at);
      case 2:
        return text.slice(0, at) + text.slice(end);
      case 3:
        return text.slice(0, end) + text.slice(at);
      case 4:
        return text.slice(0, at);
      case 5:
      case 6:
        return this.withOtherLength(text);
      case 7:
        return this.replacedOne(
          text,
          /\r\n/g,
          this.pick(['\n', '\r', '\r\r\n', '', '\n\r', '\r\n\r\n', '\rX']),
        );
      case 8:
        return this.replacedOne(text, /[*$]/g, this.pick(['$', '*', ':', '+', '-', '_', '%', '']));
      case 9:
        return text + this.fresh();
      default:
        return this.fresh().slice(0, this.below(40)) + text.slice(at);
    }
  }

  private withOtherLength(text: string): string {
    const length = this.chance(20) ? '1'.repeat(this.below(3000)) : this.pick(LENGTHS);
    return this.replacedOne(text, /(?<=[*$])[^\r\n]*/g, length);
  }

  private replacedOne(text: string, pattern: RegExp, by: string): string {
    const places = [...text.matchAll(pattern)];
    if (places.length === 0) return text + by;
    const place = this.pick(places);
    return text.slice(0, place.index) + by + text.slice(place.index + place[0].length);
  }

  private specialByte(): string {
    return this.chance(2) ? this.pick([...SPECIAL_BYTES]) : String.fromCharCode(this.below(256));
  }

  private bytes(length: number): string {
    let text = '';
    for (let i = 0; i < length; i++) text += this.specialByte();
    return text;
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  private chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  private below(bound: number): number {
    return this.random.below(bound);
  }
}
