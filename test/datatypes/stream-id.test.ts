import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBytes, toText } from '../../src/base/bytes.ts';
import { ID_FORM, ID_TEXT_BYTES, isMinus, isPlus, StreamId } from '../../src/datatypes/stream-id.ts';

const MAX = 2n ** 64n - 1n;
// Around the places where halves, safe numbers and signs end.
const part = fc.oneof(
  fc.bigInt({ min: 0n, max: MAX }),
  fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, MAX),
);
const pair = fc.tuple(part, part);

const idOf = ([ms, seq]: [bigint, bigint]) => StreamId.of(ms, seq);
const wholeOf = (id: StreamId) => (BigInt(id.ms) << 64n) | BigInt(id.seq);

function parse(text: string, lastSequence = false): string | number {
  const id = new StreamId();
  const bytes = toBytes(`..${text}.`);
  const form = id.parse(bytes, 2, text.length, lastSequence);
  return form === ID_FORM.COMPLETE ? id.text() : form;
}

describe('IDs are exact for all 64-bit values', () => {
  test('in order, in text, in words and in bytes', () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const [first, second] = [idOf(a), idOf(b)];
        const expected = a[0] !== b[0] ? (a[0] < b[0] ? -1 : 1) : a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
        expect(Math.sign(first.compare(second))).toBe(expected);
        expect(first.equals(second)).toBe(expected === 0);
        const words = new Int32Array(5);
        second.writeWords(words, 1);
        expect(Math.sign(first.compareWords(words, 1))).toBe(expected);
        expect(new StreamId().setWords(words, 1).text()).toBe(`${b[0]}-${b[1]}`);
        expect(first.text()).toBe(`${a[0]}-${a[1]}`);
        const bytes = new Uint8Array(ID_TEXT_BYTES + 16);
        const end = first.write(bytes, 1);
        expect(toText(bytes, 1, end)).toBe(first.text());
        expect(parse(first.text())).toBe(first.text());
        first.writeBytes(bytes, 3);
        const view = new DataView(bytes.buffer);
        expect([view.getBigUint64(3), view.getBigUint64(11)]).toEqual(a);
        expect(new StreamId().readBytes(bytes, 3).equals(first)).toBe(true);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test('in the next and the one before', () => {
    fc.assert(
      fc.property(pair, (a) => {
        const value = wholeOf(idOf(a));
        const next = idOf(a);
        expect(next.increment()).toBe(!idOf(a).isMax);
        expect(wholeOf(next)).toBe(BigInt.asUintN(128, value + 1n));
        const before = idOf(a);
        expect(before.decrement()).toBe(!idOf(a).isZero);
        expect(wholeOf(before)).toBe(BigInt.asUintN(128, value - 1n));
      }),
      { seed: 2, numRuns: 1000 },
    );
    expect(new StreamId().setMs(2 ** 45 + 5).text()).toBe(`${2 ** 45 + 5}-0`);
  });
});

describe('texts of IDs', () => {
  test.each([
    ['5', '5-0'],
    ['5-3', '5-3'],
    ['0-0', '0-0'],
    ['18446744073709551615-18446744073709551615', '18446744073709551615-18446744073709551615'],
    ['05-007', '5-7'],
    ['+5-+3', '5-3'],
    [' 5- 3', '5-3'],
    ['5\0-x', '5-0'],
    ['5-3\0x', '5-3'],
    ['5-*', ID_FORM.WITHOUT_SEQUENCE],
    ['18446744073709551615-*', ID_FORM.WITHOUT_SEQUENCE],
    ['', ID_FORM.INVALID],
    ['-', ID_FORM.INVALID],
    ['+', ID_FORM.INVALID],
    ['*', ID_FORM.INVALID],
    ['-5', ID_FORM.INVALID],
    ['5-', ID_FORM.INVALID],
    ['5--3', ID_FORM.INVALID],
    ['5-3-1', ID_FORM.INVALID],
    ['5-**', ID_FORM.INVALID],
    ['x-1', ID_FORM.INVALID],
    ['5-x', ID_FORM.INVALID],
    ['5-3 ', ID_FORM.INVALID],
    ['18446744073709551616-0', ID_FORM.INVALID],
    ['0-18446744073709551616', ID_FORM.INVALID],
    ['0'.repeat(126), '0-0'],
    ['0'.repeat(128), ID_FORM.INVALID],
  ])('%j is %s', (text, expected) => {
    expect(parse(text)).toBe(expected);
  });

  test('without a sequence number it is the first or the last', () => {
    expect(parse('7', true)).toBe(`7-${MAX}`);
    expect(parse(' 7', true)).toBe(`7-${MAX}`);
    expect(parse('7-1', true)).toBe('7-1');
  });

  test('- and + stand alone', () => {
    const is = (text: string) => [isMinus, isPlus].map((check) => check(toBytes(text), 0, text.length));
    expect(is('-')).toEqual([true, false]);
    expect(is('+')).toEqual([false, true]);
    expect(is('-\0x')).toEqual([true, false]);
    expect(is('-5')).toEqual([false, false]);
    expect(is('')).toEqual([false, false]);
  });
});
