// Random requests to a real server and to ours: bitmaps, HyperLogLogs and positions must reply the same bytes, and leave
// the same bytes behind. What is stored by distance is left out: its last digit depends on the machine's C library.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';

const ROUNDS = 60;
const PER_ROUND = 50;
const KEYS = ['a', 'b', 'c', 'd'];

class Dice {
  private readonly source: SeededRandom;

  constructor(seed: number) {
    this.source = new SeededRandom(Uint8Array.from([seed]));
  }

  below(bound: number): number {
    return this.source.below(bound);
  }

  between(low: number, high: number): number {
    return low + (high - low) * (this.below(1e9) / 1e9);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  many<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  bytes(most: number): string {
    return this.many(most, () => String.fromCharCode(this.below(256))).join('');
  }
}

function bitRequest(dice: Dice): string[] {
  const key = dice.pick(KEYS);
  const at = () => String(dice.below(120) - 40);
  const type = () => (dice.below(2) === 0 ? `u${1 + dice.below(63)}` : `i${1 + dice.below(64)}`);
  const offset = () => `${dice.pick(['', '#'])}${dice.below(40)}`;
  const value = () => String((BigInt(dice.below(2 ** 32)) << BigInt(dice.below(31))) * dice.pick([1n, -1n]));
  switch (dice.below(8)) {
    case 0:
      return ['SET', key, dice.pick([dice.bytes(40), '\0'.repeat(300), '\xff'.repeat(300), '12345'])];
    case 1:
      return ['SETBIT', key, String(dice.below(400)), dice.pick(['0', '1'])];
    case 2:
      return ['BITCOUNT', key, at(), at(), dice.pick(['BIT', 'BYTE'])];
    case 3:
      return ['BITPOS', key, dice.pick(['0', '1']), at(), at(), dice.pick(['BIT', 'BYTE'])];
    case 4:
      return ['BITPOS', key, dice.pick(['0', '1']), ...dice.many(1, at)];
    case 5:
      return [
        'BITOP',
        dice.pick(['AND', 'OR', 'XOR']),
        key,
        dice.pick(KEYS),
        ...dice.many(2, () => dice.pick(KEYS)),
      ];
    default:
      return [
        'BITFIELD',
        key,
        ...dice
          .many(5, () =>
            dice.pick([
              () => ['GET', type(), offset()],
              () => ['SET', type(), offset(), value()],
              () => ['INCRBY', type(), offset(), value()],
              () => ['OVERFLOW', dice.pick(['WRAP', 'SAT', 'FAIL'])],
            ])(),
          )
          .flat(),
      ];
  }
}

function hyperLogLogRequest(dice: Dice): string[] {
  const key = dice.pick(KEYS);
  const element = () => dice.pick([String(dice.below(3000)), dice.bytes(30)]);
  switch (dice.below(8)) {
    case 0:
      return ['PFCOUNT', key];
    case 1:
      return ['PFCOUNT', ...dice.many(3, () => dice.pick(KEYS)), key];
    case 2:
      return ['PFMERGE', key, ...dice.many(3, () => dice.pick(KEYS))];
    case 3:
      return ['PFDEBUG', dice.pick(['DECODE', 'ENCODING', 'GETREG', 'TODENSE']), key];
    case 4:
      return dice.below(3) === 0 ? ['DEL', key] : ['SET', key, sparseValue(dice)];
    default:
      return ['PFADD', key, ...dice.many(dice.pick([1, 5, 100, 400]), element)];
  }
}

/** A value of random runs that are 16384 registers long together. */
function sparseValue(dice: Dice): string {
  let runs = '';
  for (let left = 16384; left > 0; ) {
    const kind = dice.below(3);
    const registers = Math.min(left, 1 + dice.below([4, 64, 3000][kind]!));
    if (kind === 0) runs += String.fromCharCode(0x80 | (dice.pick([0, 1, 2, 31]) << 2) | (registers - 1));
    else if (kind === 1) runs += String.fromCharCode(registers - 1);
    else runs += String.fromCharCode(0x40 | ((registers - 1) >> 8), (registers - 1) & 0xff);
    left -= registers;
  }
  return `HYLL\x01\0\0\0${'\0'.repeat(7)}\x80${runs}`;
}

function positionRequest(dice: Dice): string[] {
  const key = dice.pick(KEYS);
  const longitude = () => dice.pick([dice.between(-180, 180), dice.between(12, 14)]).toFixed(5);
  const latitude = () => dice.pick([dice.between(-85, 85), dice.between(37, 39)]).toFixed(5);
  const member = () => dice.pick([`m${dice.below(200)}`, String(dice.below(100))]);
  const size = () => (10 ** dice.between(-1, 4.4)).toFixed(3);
  const unit = () => dice.pick(['m', 'km', 'ft', 'mi']);
  const count = () => dice.pick([[], ['COUNT', String(1 + dice.below(20)), ...dice.many(1, () => 'ANY')]]);
  const order = () => dice.many(1, () => dice.pick(['ASC', 'DESC']));
  const area = () =>
    dice.pick([
      ['BYRADIUS', size(), unit()],
      ['BYBOX', size(), size(), unit()],
    ]);
  const details = () => dice.many(2, () => dice.pick(['WITHDIST', 'WITHCOORD', 'WITHHASH']));
  switch (dice.below(8)) {
    case 0:
      return ['GEODIST', key, member(), member(), unit()];
    case 1:
      return [dice.pick(['GEOPOS', 'GEOHASH']), key, ...dice.many(3, member)];
    case 2:
      return [
        'GEORADIUS',
        key,
        longitude(),
        latitude(),
        size(),
        unit(),
        ...details(),
        ...count(),
        ...order(),
      ];
    case 3:
      return ['GEORADIUSBYMEMBER', key, member(), size(), unit(), ...count(), 'STORE', dice.pick(KEYS)];
    case 4:
      return [
        'GEOSEARCHSTORE',
        dice.pick(KEYS),
        key,
        'FROMLONLAT',
        longitude(),
        latitude(),
        ...area(),
        ...count(),
      ];
    case 5:
      return ['GEOSEARCH', key, 'FROMMEMBER', member(), ...area(), ...order(), ...count(), ...details()];
    default: {
      const positions = dice.many(30, () => [longitude(), latitude(), member()]).flat();
      return [
        'GEOADD',
        key,
        ...dice.many(1, () => dice.pick(['NX', 'XX', 'CH'])),
        '13',
        '38',
        member(),
        ...positions,
      ];
    }
  }
}

const reference = findReference();

describe.skipIf(reference?.version !== '7.2.4')('random requests', () => {
  let theirServer: ReferenceServer;
  let ourServer: TestServer;
  let theirs: TestClient;
  let ours: TestClient;

  beforeAll(async () => {
    theirServer = await ReferenceServer.start(reference!);
    theirs = await theirServer.connect();
    ourServer = await TestServer.start();
    ours = ourServer.connect();
  });

  afterAll(async () => {
    await ourServer.close();
    await theirServer.stop();
  });

  test.each([
    ['bitmaps', bitRequest, (key: string) => ['GET', key]],
    ['HyperLogLogs', hyperLogLogRequest, (key: string) => ['GET', key]],
    ['positions', positionRequest, (key: string) => ['ZRANGE', key, '0', '-1', 'WITHSCORES']],
  ] as const)('%s', async (_name, request, look) => {
    const dice = new Dice(7);
    for (let round = 0; round < ROUNDS; round++) {
      const requests = Array.from({ length: PER_ROUND }, () => request(dice));
      requests.push(...KEYS.flatMap((key) => [look(key), ['OBJECT', 'ENCODING', key]]));
      if (round % 10 === 9) requests.push(['FLUSHALL']);
      const expected = await theirs.pipeline(requests);
      const actual = await ours.pipeline(requests);
      for (const [i, frame] of expected.entries()) {
        expect(actual[i]!.raw, `round ${round}: ${JSON.stringify(requests[i]).slice(0, 300)}`).toBe(
          frame.raw,
        );
      }
    }
  });
});
