// Requests out of bytes: whole, cut anywhere, malformed.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arguments } from '../../src/resp/arguments.ts';
import { PARSED, RequestParser } from '../../src/resp/request-parser.ts';

const LIMITS = { maxBulkBytes: 512 * 1024 * 1024, authenticated: true };

/** All requests of `input` when it arrives in pieces that end at `cuts`, and the error that ended them. */
function parseAll(input: Buffer, cuts: readonly number[], limits = LIMITS) {
  const parser = new RequestParser();
  const args = new Arguments();
  const requests: string[][] = [];
  parser.bytes = input;
  for (const end of [...cuts, input.length]) {
    parser.end = end;
    for (;;) {
      const parsed = parser.next(args, limits);
      if (parsed === PARSED.INCOMPLETE) break;
      if (parsed === PARSED.ERROR) return { requests, error: parser.error!.line };
      if (parsed === PARSED.REQUEST) requests.push(args.strings(0));
    }
  }
  return { requests, error: null };
}

const encode = (request: readonly string[]) =>
  `*${request.length}\r\n${request.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
const bytes = (text: string) => Buffer.from(text, 'latin1');
const latin1 = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1'));

describe('requests', () => {
  it('come out the same wherever the input is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(latin1, { minLength: 1, maxLength: 6 }), { maxLength: 5 }),
        fc.array(fc.nat(400), { maxLength: 8 }),
        (requests, points) => {
          const input = bytes(requests.map(encode).join(''));
          const cuts = points.filter((point) => point <= input.length).sort((a, b) => a - b);
          expect(parseAll(input, cuts)).toEqual({ requests, error: null });
        },
      ),
    );
  });

  it('survive being moved into other memory between two pieces', () => {
    const input = bytes(encode(['SET', 'key', 'a value']));
    for (let cut = 1; cut < input.length; cut++) {
      const parser = new RequestParser();
      const args = new Arguments();
      parser.bytes = Buffer.concat([bytes('xx'), input.subarray(0, cut)]);
      parser.at = 2;
      parser.end = 2 + cut;
      expect(parser.next(args, LIMITS)).toBe(PARSED.INCOMPLETE);
      parser.moved(input, -2);
      args.moved(input, -2);
      parser.end = input.length;
      expect(parser.next(args, LIMITS)).toBe(PARSED.REQUEST);
      expect(args.strings(0)).toEqual(['SET', 'key', 'a value']);
    }
  });

  it.each([
    ['PING\r\n', [['PING']]],
    ['PING\n', [['PING']]],
    ['  SET  k "a\\x01 b"  \r\n', [['SET', 'k', 'a\x01 b']]],
    ['\r\n\r\nPING\r\n', [['PING']]],
    ['*0\r\nPING\r\n', [['PING']]],
    ['*-1\r\nPING\r\n', [['PING']]],
    ['*1\r\n$0\r\n\r\n', [['']]],
  ])('%j', (input, requests) => {
    expect(parseAll(bytes(input), [])).toEqual({ requests, error: null });
  });
});

describe('protocol errors', () => {
  it.each([
    ['*x\r\n', 'invalid multibulk length'],
    ['*+3\r\n', 'invalid multibulk length'],
    ['*03\r\n', 'invalid multibulk length'],
    ['*2147483648\r\n', 'invalid multibulk length'],
    ['*1\r\n:1\r\n', "expected '$', got ':'"],
    ['*1\r\n$x\r\n', 'invalid bulk length'],
    ['*1\r\n$-1\r\n', 'invalid bulk length'],
    ['*1\r\n$536870913\r\n', 'invalid bulk length'],
    ['*1\r\n$99999999999999999999\r\n', 'invalid bulk length'],
    ['SET k "unbalanced\r\n', 'unbalanced quotes in request'],
    ['x'.repeat(65537), 'too big inline request'],
    [`*${'1'.repeat(65537)}`, 'too big mbulk count string'],
    [`*1\r\n$${'1'.repeat(65537)}`, 'too big bulk count string'],
  ])('%#: ends at the first mistake', (input, reason) => {
    expect(parseAll(bytes(input), []).error).toBe(`ERR Protocol error: ${reason}`);
  });

  it('are stricter before authentication', () => {
    const limits = { ...LIMITS, authenticated: false };
    expect(parseAll(bytes('*11\r\n'), [], limits).error).toMatch(/unauthenticated multibulk length$/);
    expect(parseAll(bytes('*1\r\n$16385\r\n'), [], limits).error).toMatch(/unauthenticated bulk length$/);
    expect(parseAll(bytes('*10\r\n$16384\r\n'), [], limits).error).toBeNull();
  });
});
