// Effects that are lent: requests that came just as they are passed on are not written anew, and copied only when the
// input that they came in is done. However pipelines are cut and mixed, those who take them get the same bytes.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CommandBuffer } from '../../src/engine/command-buffer.ts';
import { Backlog, Cursor } from '../../src/replication/backlog.ts';
import { commandArguments, EffectServer } from '../support/effects.ts';
import { encodeRequest } from '../support/resp.ts';

const BACKLOG_BYTES = 64 * 1024;

// Redis looks at neither byte after a bulk string, nor at the second one of a header.
const ODD_ENDS: readonly [afterCount: string, afterLength: string, afterText: string][] = [
  ['\rX', '\r\n', '\r\n'],
  ['\r\n', '\r_', '\r\n'],
  ['\r\n', '\r\n', 'a\n'],
  ['\r\n', '\r\n', '\rb'],
];

function withLineEnds(words: readonly string[], odd: number): string {
  const [afterCount, afterLength, afterText] = ODD_ENDS[odd]!;
  const texts = words.map((word) => `$${word.length}${afterLength}${word}${afterText}`);
  return `*${words.length}${afterCount}${texts.join('')}`;
}

const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 12 }),
  fc.integer({ min: 1, max: 300 }).map((length) => 'v'.repeat(length)),
);
const key = fc.constantFrom('a', 'b', 'cc', 'ddd');
const words = fc.oneof(
  fc.tuple(fc.constant('SET'), key, value).map((words) => words as string[]),
  fc.tuple(fc.constantFrom('APPEND', 'LPUSH', 'SADD'), key, value).map((words) => words as string[]),
  fc.tuple(fc.constantFrom('INCR', 'DEL', 'GET', 'LPOP', 'SPOP'), key).map((words) => words as string[]),
  // Is told as PEXPIREAT.
  fc.tuple(fc.constant('EXPIRE'), key, fc.constant('100')).map((words) => words as string[]),
  fc.tuple(fc.constant('PUBLISH'), key, value).map((words) => words as string[]),
  fc.constantFrom(['MULTI'], ['EXEC'], ['DISCARD'], ['SELECT', '1'], ['SELECT', '0'], ['FLUSHALL']),
  key.map((key) => [
    'EVAL',
    "redis.call('INCR', KEYS[1]) return redis.call('APPEND', KEYS[1], '1')",
    '1',
    key,
  ]),
);
const request = fc
  .tuple(words, fc.constantFrom('plain', 'plain', 'plain', 'plain', 'odd', 'inline'), fc.nat(3))
  .map(([words, form, odd]) => {
    if (form === 'odd') return Buffer.from(withLineEnds(words, odd), 'latin1');
    if (form === 'inline' && words.every((word) => /^\w+$/.test(word))) {
      return Buffer.from(`${words.join(' ')}\r\n`, 'latin1');
    }
    return encodeRequest(words);
  });

it('what is lent arrives as what is copied', async () => {
  let lentCount = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(5000), { maxLength: 6 }),
      async (requests, cuts) => {
        const { server } = new EffectServer();
        const { propagation } = server.parts;
        const copied: Buffer[] = [];
        const late = new CommandBuffer();
        const backlog = new Backlog(BACKLOG_BYTES, 0);
        const cursor = new Cursor();
        backlog.seekEnd(cursor);
        propagation.addSink({
          effect: (_dbId, bytes, start, end) => void copied.push(Buffer.from(bytes.subarray(start, end))),
        });
        propagation.addSink({
          effect(_dbId, bytes, start, end, isLent) {
            if (isLent) lentCount++;
            if (isLent) late.addLent(bytes, start, end);
            else late.addBytes(bytes, start, end);
            backlog.append(bytes, start, end, isLent);
          },
          settle() {
            late.settle();
            backlog.settle();
          },
        });
        const stream = server.connect();
        stream.resume();
        const input = Buffer.concat(requests);
        const ends = [...cuts.map((cut) => cut % (input.length + 1)), input.length].sort((a, b) => a - b);
        const inBacklog: Buffer[] = [];
        let from = 0;
        for (const end of ends) {
          const chunk = Buffer.from(input.subarray(from, end));
          from = end;
          if (chunk.length === 0) continue;
          stream.write(chunk);
          for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
          // The memory of the input is used for something else.
          chunk.fill('?');
          const pieces: Uint8Array[] = [];
          const length = backlog.read(cursor, pieces, Number.POSITIVE_INFINITY);
          inBacklog.push(...pieces.map((piece) => Buffer.from(piece)));
          if (length > 0) backlog.advance(cursor, length);
        }
        const expected = Buffer.concat(copied).toString('latin1');
        expect(late.bytes.toString('latin1', 0, late.at)).toBe(expected);
        expect(Buffer.concat(inBacklog).toString('latin1')).toBe(expected);
        const anew = copied.map((bytes) => encodeRequest(commandArguments(bytes, 0, bytes.length)));
        expect(expected).toBe(Buffer.concat(anew).toString('latin1'));
        stream.destroy();
      },
    ),
    { numRuns: 300, seed: 20_262 },
  );
  expect(lentCount).toBeGreaterThan(500);
});
