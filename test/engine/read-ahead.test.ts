// Looking ahead is a hint: it must find where requests end, stop at whatever is none, and change nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { ReadAhead } from '../../src/engine/read-ahead.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const encode = (words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;

function newKeyspace(): Keyspace {
  const keyspace = new Keyspace(1, new SeededRandom(Uint8Array.of(1)));
  for (let i = 0; i < 10_000; i++)
    keyspace.database(0).write(Arguments.from([`key:${i}`]), 0, 0, 2, 3, false);
  return keyspace;
}

describe('ReadAhead', () => {
  it('goes over at most 32 requests and says where it stopped', () => {
    const one = encode(['SET', 'key:000000000042', 'value']);
    const input = Buffer.from(one.repeat(40));
    const ahead = new ReadAhead(newKeyspace());
    const stopped = ahead.look(0, input, 0, input.length);
    expect(stopped).toBe(one.length * 32);
    expect(ahead.look(0, input, stopped, input.length)).toBe(input.length);
  });

  it('does not look at a request or two', () => {
    const input = Buffer.from(encode(['GET', 'key:1']));
    expect(new ReadAhead(newKeyspace()).look(0, input, 0, input.length)).toBe(input.length);
  });

  it('survives any bytes, moves on and changes nothing', () => {
    const keyspace = newKeyspace();
    const ahead = new ReadAhead(keyspace);
    const before = [keyspace.usedBytes, keyspace.database(0).size, { ...keyspace.stats }];
    const piece = fc.oneof(
      fc.constantFrom(
        encode(['GET', 'key:7']),
        encode(['PING']),
        '*3\r\n$3\r\nSET\r\n$',
        '*0\r\n',
        '$-1\r\n',
      ),
      fc.string({ maxLength: 20 }),
      fc.constantFrom('*99999999999999999999\r\n', '*2\r\n$3\r\nGET\r\n$99999999999\r\nx'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(40), (pieces, from) => {
        const input = Buffer.from(pieces.join(''), 'latin1');
        const at = Math.min(from, input.length);
        const stopped = ahead.look(0, input, at, input.length);
        expect(stopped).toBeLessThanOrEqual(input.length);
        if (at < input.length) expect(stopped).toBeGreaterThan(at);
      }),
    );
    expect([keyspace.usedBytes, keyspace.database(0).size, { ...keyspace.stats }]).toEqual(before);
  });
});
