// Lists under many settings, told to our server and to the real one: the answers must be the same, and so must be the nodes
// that a list has become: their number, their bytes, and what they take in an RDB file (DEBUG OBJECT tells all three).

import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../src/index.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const REQUESTS = 400;
const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 20);

const program = findReference()!;
const isLikeOurs = isVersionAtLeast(program.version, '7.2');
let ours: TestServer;
let reference: ReferenceServer;

beforeAll(async () => {
  ours = await TestServer.start({ realTime: true, config: { 'enable-debug-command': 'yes' } });
  reference = await ReferenceServer.start(program, { 'enable-debug-command': 'yes' });
});

afterAll(async () => {
  await ours.close();
  await reference.stop();
});

const NODE_LIMITS = ['-1', '-2', '-5', '-7', '0', '1', '2', '3', '10', '128', '40000'];
const THRESHOLDS = ['0', '0', '1', '5', '100', '1000'];
const LENGTHS = [0, 1, 2, 5, 20, 61, 62, 63, 64, 100, 127, 128, 500, 2000, 3000, 4090, 5000, 9000, 20000];
const NUMBERS = [
  '0',
  '1',
  '-1',
  '127',
  '128',
  '-4096',
  '4095',
  '32767',
  '8388607',
  '-2147483648',
  '9007199254740993',
];

class ListFuzzer {
  private readonly random: SeededRandom;
  private readonly longest: number;

  constructor(random: SeededRandom) {
    this.random = random;
    this.longest = this.pick([3, 8, 12, LENGTHS.length]);
  }

  next(): string[] {
    const key = this.key();
    const random = this.random.below(20);
    if (random < 8) {
      const values = Array.from({ length: 1 + this.random.below(this.pick([1, 3, 30])) }, () => this.value());
      return [this.pick(['LPUSH', 'RPUSH', 'RPUSH', 'LPUSHX']), key, ...values];
    }
    if (random < 11) return ['LINSERT', key, this.pick(['BEFORE', 'AFTER']), this.value(), this.value()];
    if (random < 13) return ['LSET', key, this.index(), this.value()];
    if (random === 13) return ['LREM', key, this.pick(['0', '1', '-1', '2', '-3']), this.value()];
    if (random === 14)
      return ['LTRIM', key, this.pick(['0', '1', '2', '-40']), this.pick(['-1', '-2', '-3', '60'])];
    if (random === 15) return [this.pick(['LPOP', 'RPOP']), key];
    if (random === 16)
      return [this.pick(['LPOP', 'RPOP']), key, String(this.random.below(this.pick([3, 40])))];
    if (random === 17) {
      return ['LMOVE', key, this.key(), this.pick(['LEFT', 'RIGHT']), this.pick(['LEFT', 'RIGHT'])];
    }
    if (random === 18) {
      const options = [
        this.pick(['1', '-1', '2']),
        'COUNT',
        this.pick(['0', '1', '3']),
        'MAXLEN',
        this.pick(['0', '9']),
      ];
      return ['LPOS', key, this.value(), 'RANK', ...options];
    }
    return this.pick([
      ['LINDEX', key, this.index()],
      ['LRANGE', key, this.index(), this.index()],
      ['COPY', key, this.key(), 'REPLACE'],
      ['CONFIG', 'SET', 'list-max-listpack-size', this.pick(NODE_LIMITS)],
      ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', this.pick(THRESHOLDS)],
    ]);
  }

  private key(): string {
    return this.pick(['list', 'list', 'other']);
  }

  private index(): string {
    return String(this.random.below(60) - 30);
  }

  // Of few kinds, so that elements are found again.
  private value(): string {
    if (this.random.below(3) === 0) return this.pick(NUMBERS);
    return this.pick(['x', 'y']).repeat(LENGTHS[this.random.below(this.longest)]!);
  }

  pick<T>(values: readonly T[]): T {
    return values[this.random.below(values.length)]!;
  }
}

async function stateOf(client: TestClient): Promise<string> {
  const frames = await client.pipeline([
    'LRANGE list 0 -1',
    'LRANGE other 0 -1',
    'DEBUG OBJECT list',
    'DEBUG OBJECT other',
  ]);
  return frames
    .map(({ raw }) => raw.replace(/Value at:\S+/, '').replace(/ lru:\d+ lru_seconds_idle:\d+/, ''))
    .join('');
}

test.runIf(isLikeOurs).each(Array.from({ length: runs }, (_, i) => firstSeed + i))(
  'seed %i',
  async (seed) => {
    const fuzzer = new ListFuzzer(new SeededRandom(Buffer.from(`lists ${seed}`)));
    const sides = [ours.connect(), await reference.connect()];
    const limit = fuzzer.pick(NODE_LIMITS);
    const threshold = fuzzer.pick(THRESHOLDS);
    for (const side of sides) {
      await side.pipeline([
        'FLUSHALL',
        `CONFIG SET list-max-listpack-size ${limit}`,
        `DEBUG QUICKLIST-PACKED-THRESHOLD ${threshold}`,
      ]);
    }
    const told: string[] = [`limit ${limit}, threshold ${threshold}`];
    for (let i = 0; i < REQUESTS; i++) {
      const request = fuzzer.next();
      told.push(request.map((word) => (word.length > 20 ? `${word[0]}*${word.length}` : word)).join(' '));
      const story = () => told.slice(0, 1).concat(told.slice(-12)).join('\n');
      const [mine, theirs] = await Promise.all(sides.map(async (side) => (await side.call(request)).raw));
      expect(mine, story()).toBe(theirs);
      const [myState, theirState] = await Promise.all(sides.map(stateOf));
      if (myState !== theirState) {
        const nodes = (state: string) =>
          state
            .split('\r\n')
            .filter((line) => line.includes('refcount'))
            .join('\n');
        expect(nodes(myState!), story()).toBe(nodes(theirState!));
        expect(myState, story()).toBe(theirState);
      }
    }
    for (const side of sides) side.close();
  },
);
