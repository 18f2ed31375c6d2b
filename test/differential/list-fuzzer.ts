// Programs of list commands under many settings: what a list's nodes become depends on the limits, on the lengths of the
// elements, and on where they are put.

import type { SeededRandom } from '../../src/index.ts';
import type { TestClient } from '../support/test-client.ts';

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

/** A program for a server, with the settings that it begins with. */
export function listProgram(
  random: SeededRandom,
  steps: number,
): { setUp: string[][]; requests: string[][] } {
  const fuzzer = new ListFuzzer(random);
  const setUp = [
    ['CONFIG', 'SET', 'list-max-listpack-size', fuzzer.pick(NODE_LIMITS)],
    ['DEBUG', 'QUICKLIST-PACKED-THRESHOLD', fuzzer.pick(THRESHOLDS)],
  ];
  return { setUp, requests: Array.from({ length: steps }, () => fuzzer.next()) };
}

/** The lists, and what their nodes are: their number, their bytes, and what they take in an RDB file. */
export async function listNodes(client: TestClient): Promise<string[]> {
  const frames = await client.pipeline([
    'LRANGE list 0 -1',
    'LRANGE other 0 -1',
    'DEBUG OBJECT list',
    'DEBUG OBJECT other',
    'DEBUG DIGEST-VALUE list other',
  ]);
  return frames.map(({ raw }) =>
    raw.replace(/Value at:\S+/, '').replace(/ lru:\d+ lru_seconds_idle:\d+/, ''),
  );
}
