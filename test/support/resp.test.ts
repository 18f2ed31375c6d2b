import { describe, expect, test } from 'vitest';
import {
  anything,
  big,
  boolean,
  double,
  type Expected,
  error,
  integerBetween,
  map,
  matching,
  nullArray,
  OK,
  push,
  set,
  unordered,
  unorderedMap,
  verbatim,
} from './expected.ts';
import { matchReply } from './match-reply.ts';
import { encodeRequest, MalformedReply, readFrame, readFrames } from './resp.ts';

test('a request is an array of bulk strings, byte for byte', () => {
  expect(encodeRequest(['SET', 'a\xff', '']).toString('latin1')).toBe(
    '*3\r\n$3\r\nSET\r\n$2\r\na\xff\r\n$0\r\n\r\n',
  );
});

describe('the strict reader', () => {
  const frames = '*2\r\n$1\r\na\r\n%1\r\n+k\r\n,1.5\r\n';

  test('asks for more at every cut', () => {
    for (let end = 0; end < frames.length; end++) expect(readFrame(frames.slice(0, end), 3)).toBe(null);
    expect(readFrame(frames, 3)?.end).toBe(frames.length);
  });

  test('keeps the raw bytes of each frame, and passes over attributes', () => {
    const read = readFrames('+OK\r\n|1\r\n+ttl\r\n:5\r\n:1\r\n', 3);
    expect(read.map((frame) => frame.raw)).toEqual(['+OK\r\n', '|1\r\n+ttl\r\n:5\r\n:1\r\n']);
    expect(read[1]!.reply).toEqual({ type: 'integer', value: 1n });
  });

  test.each([
    ['a RESP3 type in RESP2', '_\r\n', 2],
    ['a RESP2 null in RESP3', '$-1\r\n', 3],
    ['a RESP2 null array in RESP3', '*-1\r\n', 3],
    ['a length with a zero in front', '$03\r\nabc\r\n', 2],
    ['minus zero', ':-0\r\n', 2],
    ['an empty integer', ':\r\n', 2],
    ['a line break within a line', '+a\nb\r\n', 2],
    ['a payload of another length', '$2\r\nabc\r\n', 2],
    ['a boolean of another letter', '#y\r\n', 3],
    ['a verbatim string without a format', '=2\r\nab\r\n', 3],
    ['an unknown marker', '?\r\n', 2],
  ] as const)('refuses %s', (_name, text, protocol) => {
    expect(() => readFrame(text, protocol)).toThrow(MalformedReply);
  });
});

describe('matchReply', () => {
  const fits: [name: string, expected: Expected, resp2: string, resp3: string][] = [
    ['an integer', 7, ':7\r\n', ':7\r\n'],
    ['a bigint', 9223372036854775807n, ':9223372036854775807\r\n', ':9223372036854775807\r\n'],
    ['a bulk string', 'a\r\nb', '$4\r\na\r\nb\r\n', '$4\r\na\r\nb\r\n'],
    ['null', null, '$-1\r\n', '_\r\n'],
    ['a null array', nullArray, '*-1\r\n', '_\r\n'],
    ['a simple string', OK, '+OK\r\n', '+OK\r\n'],
    ['an error', error('ERR no'), '-ERR no\r\n', '-ERR no\r\n'],
    ['an array', [1, null], '*2\r\n:1\r\n$-1\r\n', '*2\r\n:1\r\n_\r\n'],
    ['a map', map(['a', 1]), '*2\r\n$1\r\na\r\n:1\r\n', '%1\r\n$1\r\na\r\n:1\r\n'],
    [
      'a map in any order',
      unorderedMap(['a', 1], ['b', 2]),
      '*4\r\n$1\r\nb\r\n:2\r\n$1\r\na\r\n:1\r\n',
      '%2\r\n$1\r\nb\r\n:2\r\n$1\r\na\r\n:1\r\n',
    ],
    ['a set', set('a', 'b'), '*2\r\n$1\r\nb\r\n$1\r\na\r\n', '~2\r\n$1\r\nb\r\n$1\r\na\r\n'],
    ['an open order', unordered(anything, 2), '*2\r\n:2\r\n:3\r\n', '*2\r\n:2\r\n:3\r\n'],
    ['a push', push('a'), '*1\r\n$1\r\na\r\n', '>1\r\n$1\r\na\r\n'],
    ['a double', double(1.5), '$3\r\n1.5\r\n', ',1.5\r\n'],
    ['infinity', double(Number.NEGATIVE_INFINITY), '$4\r\n-inf\r\n', ',-inf\r\n'],
    ['a boolean', boolean(true), ':1\r\n', '#t\r\n'],
    ['a big number', big('12'), '$2\r\n12\r\n', '(12\r\n'],
    ['text', verbatim('hi'), '$2\r\nhi\r\n', '=6\r\ntxt:hi\r\n'],
    ['a pattern', matching(/^E/), '-ERR\r\n', '-ERR\r\n'],
    ['a range', integerBetween(1, 3), ':3\r\n', ':1\r\n'],
  ];

  test.each(fits)('%s fits in both protocols', (_name, expected, resp2, resp3) => {
    expect(matchReply(expected, resp2, 2)).toBe(null);
    expect(matchReply(expected, Buffer.from(resp3, 'latin1'), 3)).toBe(null);
  });

  test.each([
    ['a bulk string for a simple one', OK, '$2\r\nOK\r\n', 2],
    ['a simple string for a bulk one', 'OK', '+OK\r\n', 2],
    ['an array for a map', map(['a', 1]), '*2\r\n$1\r\na\r\n:1\r\n', 3],
    ['an array for a set', set('a'), '*1\r\n$1\r\na\r\n', 3],
    ['a null for a null array', nullArray, '$-1\r\n', 2],
    ['an integer for a boolean', boolean(true), ':1\r\n', 3],
    ['a map in the wrong order', map(['a', 1], ['b', 2]), '%2\r\n$1\r\nb\r\n:2\r\n$1\r\na\r\n:1\r\n', 3],
    ['an element too many', [1], '*2\r\n:1\r\n:2\r\n', 2],
    ['two replies', 1, ':1\r\n:1\r\n', 2],
    ['half a reply', 'ab', '$2\r\nab', 2],
  ] as const)('%s does not fit', (_name, expected, raw, protocol) => {
    expect(matchReply(expected as Expected, raw, protocol)).not.toBe(null);
  });
});
