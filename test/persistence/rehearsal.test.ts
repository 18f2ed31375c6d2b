// The rehearsal of a snapshot encodes enough entries for its code to be compiled, once in the life of a server, and nothing
// of it is to be seen.

import { beforeEach, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { KIND } from '../../src/datatypes/kind.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { RdbEncoder } from '../../src/persistence/rdb/rdb-encoder.ts';
import { RdbWriter } from '../../src/persistence/rdb/rdb-writer.ts';
import { Rehearsal } from '../../src/persistence/rehearsal.ts';
import { Snapshots } from '../../src/persistence/snapshots.ts';
import { Arguments } from '../../src/resp/arguments.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const ENOUGH_KEYS = 60_000;

let keyspace: Keyspace;
let virtual: VirtualRuntime;
let snapshots: Snapshots;
let rehearsal: Rehearsal;
let encoded: string[];
let isBusy: boolean;

class NotingEncoder extends RdbEncoder {
  constructor() {
    const options = { hasChecksum: true, use: 'none', fields: [], libraries: [] } as const;
    super(new RdbWriter(), keyspace.access, options);
  }

  override entry(...[db, ref]: Parameters<RdbEncoder['entry']>): void {
    super.entry(db, ref);
    encoded.push(db.dict.keyText(ref));
  }
}

beforeEach(() => {
  virtual = new VirtualRuntime();
  keyspace = new Keyspace(2, new SeededRandom(Uint8Array.of(7)));
  encoded = [];
  isBusy = false;
  let us = 0;
  snapshots = new Snapshots({
    // Slices are short.
    clock: { ...virtual.clock, nowMs: () => 0, monotonicUs: () => (us += 100) },
    timers: virtual.timers,
    files: virtual.files,
    keyspace,
    activity: () => us,
    keyDelayUs: () => 0,
  });
  rehearsal = new Rehearsal({
    keyspace,
    snapshots,
    newEncoder: () => new NotingEncoder(),
    isBusy: () => isBusy,
  });
});

function fill(keys: number): void {
  const db = keyspace.database(1);
  for (let i = 0; i < keys; i++) {
    db.writeString(Arguments.from(['SET', `key:${i}`]), 1, 0, KIND.STRING_RAW, Buffer.from('x'), 0, 1, false);
  }
}

test('goes through many entries a few times, leaves no trace, and never comes again', async () => {
  fill(ENOUGH_KEYS);
  for (let i = 0; i < 1000 && encoded.length < 30_000; i++) {
    rehearsal.run();
    expect(snapshots.current).toBe(null);
    await virtual.advance(100);
  }
  await virtual.advance(1000);
  expect(encoded.length).toBeGreaterThanOrEqual(30_000);
  expect(encoded.length).toBeLessThan(40_000);
  expect(new Set(encoded).size).toBeGreaterThan(10_000);
  expect(keyspace.database(1).dict.pass).toBe(null);
  expect([...virtual.disk.files.keys()]).toEqual([]);
  const { length } = encoded;
  rehearsal.run();
  await virtual.advance(1000);
  expect(encoded.length).toBe(length);
});

test('rests beside few keys, and beside a snapshot', async () => {
  fill(1000);
  rehearsal.run();
  fill(ENOUGH_KEYS);
  isBusy = true;
  rehearsal.run();
  await virtual.advance(1000);
  expect(encoded).toEqual([]);
});

test('gives way to a snapshot', async () => {
  fill(ENOUGH_KEYS);
  rehearsal.run();
  for (let i = 0; i < 1000 && encoded.length === 0; i++) await virtual.advance(3);
  const rehearsed = encoded.length;
  expect(rehearsed).toBeGreaterThan(0);
  const ended: (Error | null)[] = [];
  snapshots.start({
    encoder: new NotingEncoder(),
    folder: '/',
    temporaryName: 'snapshot.rdb',
    autoSync: false,
    done: (error) => ended.push(error),
  });
  for (let i = 0; i < 5000 && ended.length === 0; i++) await virtual.advance(100);
  expect(ended).toEqual([null]);
  expect(encoded.length).toBe(rehearsed + ENOUGH_KEYS);
});
