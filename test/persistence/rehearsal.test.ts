// The rehearsal encodes enough entries for the encoder to be compiled, once in the life of a server, and nothing of it is
// to be seen.

import { beforeEach, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { RdbEncoder } from '../../src/persistence/rdb/rdb-encoder.ts';
import { RdbWriter } from '../../src/persistence/rdb/rdb-writer.ts';
import { Rehearsal } from '../../src/persistence/rehearsal.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const ENOUGH_KEYS = 60_000;

let keyspace: Keyspace;
let encoded: string[];
let isBusy: boolean;
let nowUs: number;

class NotingEncoder extends RdbEncoder {
  override entry(...[db, ref]: Parameters<RdbEncoder['entry']>): void {
    super.entry(db, ref);
    encoded.push(db.dict.keyText(ref));
    nowUs += 10;
  }
}

beforeEach(() => {
  keyspace = new Keyspace(2, new SeededRandom(Uint8Array.of(7)));
  encoded = [];
  isBusy = false;
  nowUs = 0;
});

function fill(keys: number, valueBytes = 3): void {
  const value = Buffer.alloc(valueBytes, 'x');
  const db = keyspace.database(1);
  for (let i = 0; i < keys; i++) {
    const args = Arguments.from(['SET', `key:${i}`]);
    db.writeString(args, 1, 0, KIND.STRING_RAW, value, 0, value.length, false);
  }
}

function rehearsal(): Rehearsal {
  return new Rehearsal({
    clock: { nowMs: () => 0, nowUs: () => 0, monotonicUs: () => nowUs },
    keyspace,
    newEncoder: () =>
      new NotingEncoder(new RdbWriter(), keyspace.access, {
        hasChecksum: true,
        use: 'none',
        fields: [],
        libraries: [],
      }),
    isBusy: () => isBusy,
  });
}

test('goes through many entries in slices of two milliseconds, and then never again', () => {
  fill(ENOUGH_KEYS);
  const one = rehearsal();
  one.run();
  const slice = encoded.length;
  expect(slice).toBeGreaterThan(100);
  expect(slice).toBeLessThan(300);
  for (let i = 0; i < 1000; i++) one.run();
  const all = encoded.length;
  expect(all).toBeGreaterThanOrEqual(50_000);
  expect(new Set(encoded).size).toBeGreaterThan(40_000);
  one.run();
  expect(encoded.length).toBe(all);
});

test.each([
  ['few keys', () => fill(1000)],
  ['long values', () => fill(ENOUGH_KEYS, 5000)],
  [
    'a snapshot',
    () => {
      fill(ENOUGH_KEYS);
      isBusy = true;
    },
  ],
])('rests beside %s', (_what, prepare) => {
  prepare();
  const one = rehearsal();
  for (let i = 0; i < 3; i++) {
    one.run();
    nowUs += 2000;
  }
  expect(encoded).toEqual([]);
});
