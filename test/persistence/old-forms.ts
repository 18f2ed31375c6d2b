// Payloads as older versions of Redis wrote them, put together by hand from the format's description: ziplists, zipmaps,
// plain lists of elements, scores in digits, streams of the first two versions.

import { Crc64 } from '../../src/base/checksums.ts';
import { PackedBuffer } from '../../src/memory/packed.ts';
import { PackedValue } from '../../src/memory/packed-entry.ts';

export interface OldPayload {
  readonly name: string;
  readonly payload: Buffer;
  /** What the value is, as requests that read it, and their replies. */
  readonly type: string;
}

const latin1 = (text: string) => Buffer.from(text, 'latin1');

export function length(value: number): Buffer {
  if (value < 64) return Buffer.from([value]);
  if (value < 16384) return Buffer.from([0x40 | (value >> 8), value & 0xff]);
  const bytes = Buffer.alloc(5);
  bytes[0] = 0x80;
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? latin1(value) : value;
  return Buffer.concat([length(bytes.length), bytes]);
}

/** A payload of a type byte and a body. */
export function payload(type: number, ...body: Buffer[]): Buffer {
  const bytes = Buffer.concat([Buffer.from([type]), ...body, Buffer.alloc(10)]);
  bytes.writeUInt16LE(9, bytes.length - 10);
  new Crc64().update(bytes, 0, bytes.length - 8).write(bytes, bytes.length - 8);
  return bytes;
}

function ziplistInteger(value: bigint): Buffer {
  if (value >= 0n && value <= 12n) return Buffer.from([0xf1 + Number(value)]);
  const bytes = Buffer.alloc(9);
  bytes.writeBigInt64LE(value, 1);
  const fits = (bits: number) => BigInt.asIntN(bits, value) === value;
  const [encoding, size] = fits(8)
    ? [0xfe, 1]
    : fits(16)
      ? [0xc0, 2]
      : fits(24)
        ? [0xf0, 3]
        : fits(32)
          ? [0xd0, 4]
          : [0xe0, 8];
  bytes[0] = encoding;
  return bytes.subarray(0, 1 + size);
}

function ziplistString(text: string): Buffer {
  const bytes = latin1(text);
  if (bytes.length < 64) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  if (bytes.length < 16384) {
    return Buffer.concat([Buffer.from([0x40 | (bytes.length >> 8), bytes.length & 0xff]), bytes]);
  }
  const head = Buffer.alloc(5);
  head[0] = 0x80;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

export function ziplist(elements: readonly string[]): Buffer {
  const entries: Buffer[] = [];
  let previous = 0;
  let tail = 10;
  let at = 10;
  for (const element of elements) {
    const head = Buffer.alloc(previous < 254 ? 1 : 5);
    if (previous < 254) head[0] = previous;
    else {
      head[0] = 254;
      head.writeUInt32LE(previous, 1);
    }
    const data = /^-?[1-9][0-9]{0,17}$|^0$/.test(element)
      ? ziplistInteger(BigInt(element))
      : ziplistString(element);
    const entry = Buffer.concat([head, data]);
    entries.push(entry);
    previous = entry.length;
    tail = at;
    at += entry.length;
  }
  const header = Buffer.alloc(10);
  header.writeUInt32LE(at + 1, 0);
  header.writeUInt32LE(tail, 4);
  header.writeUInt16LE(elements.length, 8);
  return Buffer.concat([header, ...entries, Buffer.from([0xff])]);
}

/** `spare`: bytes left free behind each value. */
export function zipmap(pairs: readonly string[], spare = 0): Buffer {
  const mapLength = (value: number) => {
    if (value < 254) return Buffer.from([value]);
    const bytes = Buffer.alloc(5);
    bytes[0] = 254;
    bytes.writeUInt32LE(value, 1);
    return bytes;
  };
  const parts: Buffer[] = [Buffer.from([Math.min(254, pairs.length / 2)])];
  pairs.forEach((text, i) => {
    const isValue = i % 2 === 1;
    parts.push(mapLength(text.length));
    if (isValue) parts.push(Buffer.from([spare]));
    parts.push(latin1(text));
    if (isValue) parts.push(Buffer.alloc(spare));
  });
  return Buffer.concat([...parts, Buffer.from([0xff])]);
}

function textDouble(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), latin1(text)]);
}

/** A node of a stream with entries `1-0`, `2-0` …, each with the field f. */
function streamNode(count: number): Buffer {
  const packed = new PackedBuffer();
  const value = new PackedValue();
  const add = (...texts: (string | number)[]) => {
    for (const text of texts) packed.append(value.setText(String(text)));
  };
  add(count, 0, 1, 'f', 0);
  for (let i = 0; i < count; i++) add(2, i, 0, `v${i}`, 4);
  return Buffer.from(packed.bytes);
}

const id = (ms: number, seq: number) => {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(BigInt(ms), 0);
  bytes.writeBigUInt64BE(BigInt(seq), 8);
  return bytes;
};
const int64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
};

function stream(type: 15 | 19): Buffer {
  const figures = type === 15 ? [] : [length(1), length(0), length(0), length(0), length(9)];
  return payload(
    type,
    length(1),
    string(id(1, 0)),
    string(streamNode(5)),
    length(5),
    length(5),
    length(0),
    ...figures,
    length(1),
    string('g'),
    length(5),
    length(0),
    ...(type === 15 ? [] : [length(5)]),
    length(2),
    id(1, 0),
    int64(1700000000000),
    length(1),
    id(2, 0),
    int64(1700000000001),
    length(3),
    length(2),
    string('alice'),
    int64(1700000000002),
    length(2),
    id(1, 0),
    id(2, 0),
    string('bob'),
    int64(1700000000003),
    length(0),
  );
}

const ODD = [
  '',
  'a',
  '0',
  '12',
  '13',
  '-1',
  '127',
  '128',
  '-129',
  '32768',
  '8388607',
  '-8388609',
  '2147483648',
  '007',
  'x'.repeat(63),
  'y'.repeat(64),
  'z'.repeat(300),
];
const many = (count: number) => Array.from({ length: count }, (_, i) => `element ${i}`);
const pairs = (count: number) => many(count).flatMap((text, i) => [text, String(i)]);

export const OLD_PAYLOADS: readonly OldPayload[] = [
  { name: 'a list', type: 'list', payload: payload(1, length(ODD.length), ...ODD.map(string)) },
  { name: 'a long list', type: 'list', payload: payload(1, length(2000), ...many(2000).map(string)) },
  {
    name: 'a set of integers',
    type: 'set',
    payload: payload(2, length(4), ...['9', '1', '-70000', '5'].map(string)),
  },
  {
    name: 'a mixed set',
    type: 'set',
    payload: payload(2, length(5), ...['9', '1', 'b', 'a', '5'].map(string)),
  },
  {
    name: 'a set with a long member',
    type: 'set',
    payload: payload(2, length(2), string('9'), string('x'.repeat(99))),
  },
  { name: 'a large set', type: 'set', payload: payload(2, length(700), ...many(700).map(string)) },
  {
    name: 'a sorted set with scores in digits',
    type: 'zset',
    payload: payload(
      3,
      length(6),
      ...[
        ['a', '1.5'],
        ['b', '-3'],
        ['c', '1e300'],
        ['d', '0.10000000000000001'],
      ].flatMap(([member, score]) => [string(member!), textDouble(score!)]),
      string('e'),
      Buffer.from([254]),
      string('f'),
      Buffer.from([255]),
    ),
  },
  {
    name: 'a hash',
    type: 'hash',
    payload: payload(4, length(3), ...['f', '1', 'g', 'x', '', ''].map(string)),
  },
  {
    name: 'a hash with a long value',
    type: 'hash',
    payload: payload(4, length(2), ...['f', '1', 'g', 'x'.repeat(80)].map(string)),
  },
  { name: 'a zipmap', type: 'hash', payload: payload(9, string(zipmap(['f', '1', 'g', 'two', '', 'x']))) },
  {
    name: 'a zipmap with spare bytes',
    type: 'hash',
    payload: payload(9, string(zipmap(['f', '1', 'g', 'two'], 3))),
  },
  {
    name: 'a zipmap with long values',
    type: 'hash',
    payload: payload(9, string(zipmap(['f', 'x'.repeat(300), 'g', '1']))),
  },
  { name: 'a zipmap of many', type: 'hash', payload: payload(9, string(zipmap(pairs(600)))) },
  { name: 'a ziplist of a list', type: 'list', payload: payload(10, string(ziplist(ODD))) },
  { name: 'a ziplist of a long list', type: 'list', payload: payload(10, string(ziplist(many(1500)))) },
  {
    name: 'a ziplist of a sorted set',
    type: 'zset',
    payload: payload(12, string(ziplist(['c', '-2.5', 'a', '1', 'b', '1', '7', '1.1']))),
  },
  {
    name: 'a ziplist of a large sorted set',
    type: 'zset',
    payload: payload(12, string(ziplist(pairs(300)))),
  },
  {
    name: 'a ziplist of a hash',
    type: 'hash',
    payload: payload(13, string(ziplist(['f', '1', 'g', 'x'.repeat(100), '5', '']))),
  },
  { name: 'a ziplist of a large hash', type: 'hash', payload: payload(13, string(ziplist(pairs(600)))) },
  {
    name: 'a quicklist of ziplists',
    type: 'list',
    payload: payload(14, length(2), string(ziplist(ODD)), string(ziplist(['z']))),
  },
  {
    name: 'a quicklist of one ziplist',
    type: 'list',
    payload: payload(14, length(2), string(ziplist(['a', '1'])), string(ziplist([]))),
  },
  { name: 'a stream of the first version', type: 'stream', payload: stream(15) },
  { name: 'a stream of the second version', type: 'stream', payload: stream(19) },
];
