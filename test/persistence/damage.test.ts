// Payloads that were damaged, with their checksums made right again: RESTORE answers an error or takes a value that every
// command can work with. Bytes all over many payloads are changed, and each is cut off in many places; then random damage
// from fixed seeds. A fault would be an answer that is no reply at all: the server would have thrown.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Crc64 } from '../../src/base/checksums.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
import { OLD_PAYLOADS } from './old-forms.ts';

const golden = join(import.meta.dirname, '../golden/value-dumps-7.2.4.json');
const PAYLOADS: readonly { name: string; payload: Buffer }[] = [
  ...(JSON.parse(readFileSync(golden, 'utf8')) as { name: string; payload: string }[]).map(
    ({ name, payload }) => ({ name, payload: Buffer.from(payload, 'base64') }),
  ),
  ...OLD_PAYLOADS.map(({ name, payload }) => ({ name: `of old: ${name}`, payload })),
];

// What is done to each value that was taken: readers, writers that convert it, what walks over all of it.
const PROBES: Readonly<Record<string, readonly string[]>> = {
  string: ['get k', 'append k x', 'incr k', 'setrange k 3 y', 'getrange k 0 -1', 'strlen k', 'bitcount k'],
  list: [
    'lrange k 0 -1',
    'llen k',
    'lindex k -1',
    'lpos k a',
    'linsert k before a b',
    'lset k 0 x',
    'lpush k x',
    'rpush k y',
    'lrem k 0 x',
    'ltrim k 1 -2',
    'lpop k 2',
    'rpop k 2',
  ],
  set: [
    'smembers k',
    'scard k',
    'sismember k a',
    'srandmember k 3',
    'srandmember k -3',
    'sscan k 0',
    'sadd k x y 7 -9223372036854775808',
    'srem k a 1',
    'spop k 2',
    'smembers k',
  ],
  hash: [
    'hgetall k',
    'hlen k',
    'hget k f',
    'hrandfield k 3 withvalues',
    'hscan k 0',
    'hset k f 1 g 2',
    'hincrby k f 3',
    'hdel k f a',
    'hgetall k',
  ],
  zset: [
    'zrange k 0 -1 withscores',
    'zrangebyscore k -inf +inf',
    'zrangebylex k - +',
    'zrevrange k 0 -1',
    'zcard k',
    'zcount k 0 5',
    'zscore k a',
    'zrank k a',
    'zrandmember k 3 withscores',
    'zscan k 0',
    'zadd k 1 x 2 y nan z',
    'zadd k 1 x 2 y',
    'zincrby k 5 a',
    'zrem k a x',
    'zpopmin k',
    'zpopmax k',
    'zremrangebyrank k 0 1',
  ],
  stream: [
    'xrange k - +',
    'xrevrange k + -',
    'xlen k',
    'xinfo stream k full',
    'xinfo groups k',
    'xread count 2 streams k 0',
    'xpending k g',
    'xpending k g - + 10',
    'xreadgroup group g c count 2 streams k >',
    'xreadgroup group g c count 2 streams k 0',
    'xautoclaim k g d 0 0',
    'xadd k * a b',
    'xdel k 1-0 1-1',
    'xtrim k maxlen 1',
    'xack k g 1-0',
    'xgroup destroy k g',
  ],
};
// How much is tried: places of each payload, of long ones, where a trial takes longest, fewer; and rounds of random damage.
// RESPITE_DAMAGE_SCALE multiplies all; the interop suite has 4.
const SCALE = Number(process.env.RESPITE_DAMAGE_SCALE ?? 1);
const PLACES = 20 * SCALE;
const PLACES_OF_LONG = 6 * SCALE;
const LONG_BYTES = 500;
const ROUNDS = 4 * SCALE;
const COMMON = [
  'dump k',
  'debug digest-value k',
  'debug object k',
  'memory usage k',
  'object encoding k',
  'copy k k2 replace',
  'unlink k2',
];

describe('damaged payloads', { timeout: 60_000 }, () => {
  let server: TestServer;
  let client: TestClient;

  beforeAll(async () => {
    server = await TestServer.start({ config: { 'enable-debug-command': 'yes' } });
    client = server.connect();
  });

  afterAll(() => server.close());

  /** As `tell`, and says which payload it was when the server does not survive it. */
  async function probe(payload: Buffer): Promise<boolean> {
    try {
      return await tell(payload);
    } catch (error) {
      throw new Error(`${payload.toString('hex')}: ${String(error)}`);
    }
  }

  /** Restores a payload and, when it is taken, does everything to it. Returns whether it was. */
  async function tell(payload: Buffer): Promise<boolean> {
    const restored = await client.call(['restore', 'k', '0', payload.toString('latin1'), 'replace']);
    if (restored.reply.type === 'error') {
      expect(restored.reply.text).toMatch(
        /^ERR (Bad data format|DUMP payload version or checksum are wrong)$/,
      );
      return false;
    }
    const type = (await client.value('type', 'k')) as string;
    const probes = [...COMMON, ...PROBES[type]!, ...COMMON];
    // An answer to each is all that is asked: the server is still there.
    expect(await client.pipeline(probes)).toHaveLength(probes.length);
    return true;
  }

  describe.each(PAYLOADS)('$name', ({ payload: sound }) => {
    test('is sound', async () => {
      expect(await probe(sound)).toBe(true);
    });

    test('with a changed byte', async () => {
      await client.call('config set sanitize-dump-payload no');
      for (let at = 0; at < sound.length - 10; at += stepFor(sound)) {
        for (const change of [0x01, 0xff]) {
          const damaged = Buffer.from(sound);
          damaged[at]! ^= change;
          await probe(sealed(damaged));
        }
      }
    });

    test('cut off', async () => {
      for (let length = 10; length < sound.length; length += stepFor(sound)) {
        await probe(sealed(Buffer.concat([sound.subarray(0, length - 10), sound.subarray(-10)])));
        await probe(sealed(Buffer.from(sound.subarray(0, length))));
      }
    });

    test.each(['no', 'clients'])('with random damage, sanitize-dump-payload %s', async (sanitizes) => {
      await client.call(`config set sanitize-dump-payload ${sanitizes}`);
      const random = new SeededRandom(sound);
      for (let trial = 0; trial < ROUNDS; trial++) {
        const damaged = Buffer.from(sound);
        for (let changes = 1 + random.below(4); changes > 0; changes--) {
          damaged[random.below(sound.length - 10)] = random.below(256);
        }
        await probe(sealed(damaged));
      }
    });
  });
});

// Where a payload is damaged next: from one place to the next so many bytes.
function stepFor({ length }: Buffer): number {
  return Math.max(1, Math.floor(length / (length < LONG_BYTES ? PLACES : PLACES_OF_LONG)));
}

/** The payload with the version and checksum that it should have. */
function sealed(payload: Buffer): Buffer {
  payload.writeUInt16LE(11, payload.length - 10);
  new Crc64().update(payload, 0, payload.length - 8).write(payload, payload.length - 8);
  return payload;
}
