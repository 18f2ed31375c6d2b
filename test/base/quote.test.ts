// Splitting argument lines and quoting byte strings.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import { quote, quotedLength, splitArguments, writeQuoted } from '../../src/base/quote.ts';

describe('splitArguments', () => {
  it.each<[string, string[] | null]>([
    ['', []],
    ['  \t\r\n', []],
    ['set key value', ['set', 'key', 'value']],
    [' a  b ', ['a', 'b']],
    ['"a b" c', ['a b', 'c']],
    ['""', ['']],
    ["''", ['']],
    ['a"b c"', ['ab c']],
    ['a"b"c', null],
    ["'a'b", null],
    ['"a', null],
    ["'a", null],
    ['"a\\"', null],
    ['"\\x41\\x4g\\n\\r\\t\\b\\a\\q\\\\\\""', ['Ax4g\n\r\t\b\x07q\\"']],
    ["'\\x41\\n\\'\\ '", ["\\x41\\n'\\ "]],
    ["'a\\\\'", null],
    ["'a\\'", null],
    ['a\\x41', ['a\\x41']],
    ['a\vb', ['a\vb']],
    ['\va\f', ['a\f']],
    ['"a"\vb', ['a', 'b']],
    ['a\0b', ['a']],
    ['"a\0"', null],
    ['"a"\0b', ['a']],
    ['"\xff"', ['\xff']],
  ])('%j', (line, expected) => {
    expect(splitArguments(line)).toEqual(expected);
  });

  it('undoes quote', () => {
    const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => toText(array));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 4 }), (texts) => {
        expect(splitArguments(texts.map(quote).join(' '))).toEqual(texts);
      }),
    );
  });
});

describe('quote', () => {
  it('escapes what is not printable ASCII', () => {
    expect(quote('a "\\\n\r\t\x07\b\0\x7f\xff~')).toBe('"a \\"\\\\\\n\\r\\t\\a\\b\\x00\\x7f\\xff~"');
  });

  it('makes the same of bytes, in as many as it says', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, start) => {
        const length = Math.max(0, bytes.length - start);
        const text = quote(toText(bytes, start, start + length));
        expect(quotedLength(bytes, start, length)).toBe(text.length);
        const out = new Uint8Array(text.length + 3);
        expect(writeQuoted(out, 1, bytes, start, length)).toBe(text.length + 1);
        expect(toText(out, 1, text.length + 1)).toBe(text);
      }),
    );
  });
});
