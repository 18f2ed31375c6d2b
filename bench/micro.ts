// Parts in isolation: request parser, hash, dict and heap, in nanoseconds per operation. They show which part a change
// made slower or faster; what the whole server does with it only run.ts can tell, because cache misses and the kernel
// are missing here.
//
//   npx tsx bench/micro.ts [PATTERN]       only the cases whose name matches the regular expression

import { hashBytes, hashSeed } from '../src/base/hash.ts';
import { systemRuntime } from '../src/base/runtime.ts';
import { Dict } from '../src/memory/dict.ts';
import { Heap, type Ref } from '../src/memory/heap.ts';
import { Arguments } from '../src/resp/arguments.ts';
import { PARSED, RequestParser } from '../src/resp/request-parser.ts';
import { encodeCommand } from './client.ts';
import { median } from './requests.ts';

const WARM_UPS = 3;
const SAMPLES = 11;
const KEYS = 1_000_000;
const KEY_BYTES = 16;
const VALUE_BYTES = 16;

const pattern = new RegExp(process.argv[2] ?? '', 'i');
const random = systemRuntime().random;
const seed = hashSeed(random.bytes(8));

/** Prints the median time of one of the `operations` that `run` does; `prepare` is not timed. */
function measure(name: string, operations: number, run: () => void, prepare: () => void = () => {}): void {
  if (!pattern.test(name)) return;
  const samples: number[] = [];
  for (let i = 0; i < WARM_UPS + SAMPLES; i++) {
    prepare();
    const startedMs = performance.now();
    run();
    if (i >= WARM_UPS) samples.push(((performance.now() - startedMs) * 1e6) / operations);
  }
  const [fastest, slowest] = [Math.min(...samples), Math.max(...samples)];
  const range = `${fastest.toFixed(1)} to ${slowest.toFixed(1)}`;
  console.log(`${name.padEnd(44)} ${median(samples).toFixed(1).padStart(8)} ns  (${range})`);
}

function parserCases(): void {
  const limits = { maxBulkBytes: 512 * 1024 * 1024, authenticated: true };
  const parse = (name: string, request: string): void => {
    const requests = 1000;
    const bytes = Buffer.from(request.repeat(requests), 'latin1');
    const parser = new RequestParser();
    const args = new Arguments();
    measure(`parse ${name}`, requests * 20, () => {
      for (let repeat = 0; repeat < 20; repeat++) {
        parser.bytes = bytes;
        parser.at = 0;
        parser.end = bytes.length;
        let parsed = 0;
        while (parser.next(args, limits) === PARSED.REQUEST) parsed++;
        expectCount(parsed, requests);
      }
    });
  };
  parse('PING, inline', 'PING\r\n');
  parse('GET of 16 bytes', encodeCommand(['GET', 'key:000000000001']));
  parse('SET of 16 + 16 bytes', encodeCommand(['SET', 'key:000000000001', 'val:000000000001']));
  parse('SET of 16 + 1024 bytes', encodeCommand(['SET', 'key:000000000001', 'x'.repeat(1024)]));
  const pairs = Array.from({ length: 10 }, (_, i) => [`key:00000000000${i}`, 'xxx']).flat();
  parse('MSET of 10 keys', encodeCommand(['MSET', ...pairs]));
}

function hashCases(keys: Buffer): void {
  let sink = 0;
  measure('hash of 16 bytes', KEYS, () => {
    for (let i = 0; i < KEYS; i++) sink ^= hashBytes(keys, i * KEY_BYTES, KEY_BYTES, seed);
  });
  // The result is used, so that the loop cannot be left out.
  expectCount(Number.isInteger(sink) ? 1 : 0, 1);
}

function dictCases(keys: Buffer): void {
  let dict = new Dict(new Heap(), seed);
  const empty = (): void => {
    dict = new Dict(new Heap(), seed);
  };
  const fill = (): void => {
    for (let i = 0; i < KEYS; i++) {
      const start = i * KEY_BYTES;
      dict.insert(keys, start, KEY_BYTES, dict.hash(keys, start, KEY_BYTES), VALUE_BYTES, false);
    }
  };
  measure('dict insert, 0 to 1 M', KEYS, fill, empty);
  empty();
  fill();
  const order = Uint32Array.from({ length: KEYS }, () => random.below(KEYS));
  measure('dict find, random of 1 M', KEYS, () => {
    let found = 0;
    for (let i = 0; i < KEYS; i++) {
      const start = order[i]! * KEY_BYTES;
      if (dict.find(keys, start, KEY_BYTES, dict.hash(keys, start, KEY_BYTES)) !== 0) found++;
    }
    expectCount(found, KEYS);
  });
  const absent = Buffer.from('absent:000000000', 'latin1');
  measure('dict find, absent, in 1 M', KEYS, () => {
    let found = 0;
    for (let i = 0; i < KEYS; i++) {
      absent.writeUInt32LE(i, 8);
      if (dict.find(absent, 0, KEY_BYTES, dict.hash(absent, 0, KEY_BYTES)) !== 0) found++;
    }
    expectCount(found, 0);
  });
  measure('dict random entry of 1 M', 100_000, () => {
    for (let i = 0; i < 100_000; i++) dict.random(random);
  });
  measure('dict scan, per entry of 1 M', KEYS, () => {
    let cursor = 0;
    let seen = 0;
    do {
      cursor = dict.scan(cursor, () => seen++);
    } while (cursor !== 0);
    if (!dict.isRehashing) expectCount(seen, KEYS);
  });
  const drain = (): void => {
    for (let i = 0; i < KEYS; i++) {
      const start = i * KEY_BYTES;
      dict.delete(dict.find(keys, start, KEY_BYTES, dict.hash(keys, start, KEY_BYTES)));
    }
  };
  measure('dict find and delete, 1 M to 0', KEYS, drain, () => {
    empty();
    fill();
  });
}

function heapCases(): void {
  const blocks = 200_000;
  for (const size of [48, 1024]) {
    const heap = new Heap();
    const refs = new Array<Ref>(blocks).fill(0);
    measure(`heap alloc and free of ${size} bytes, in order`, blocks, () => {
      for (let i = 0; i < blocks; i++) refs[i] = heap.alloc(size);
      for (let i = 0; i < blocks; i++) heap.free(refs[i]!);
    });
  }
  const heap = new Heap();
  const refs = Array.from({ length: blocks }, () => heap.alloc(16 + random.below(240)));
  const picks = Uint32Array.from({ length: blocks }, () => random.below(blocks));
  const sizes = Uint16Array.from({ length: blocks }, () => 16 + random.below(240));
  measure('heap replace a random block, 16 to 255 bytes', blocks, () => {
    for (let i = 0; i < blocks; i++) {
      const at = picks[i]!;
      heap.free(refs[at]!);
      refs[at] = heap.alloc(sizes[i]!);
    }
  });
}

/** A benchmark of something that does not work says nothing. */
function expectCount(found: number, expected: number): void {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}

const keys = Buffer.from(
  Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(KEY_BYTES - 4, '0')}`).join(''),
  'latin1',
);
parserCases();
hashCases(keys);
dictCases(keys);
heapCases();
