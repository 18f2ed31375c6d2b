// cjson and cmsgpack on values and bytes that are made up: there and back again, and damage that ends as an error of Lua.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cjsonLibrary } from '../../src/lua/cjson.ts';
import { cmsgpackLibrary } from '../../src/lua/cmsgpack.ts';
import { LuaError } from '../../src/lua/errors.ts';
import { LuaState } from '../../src/lua/state.ts';
import { LuaTable } from '../../src/lua/table.ts';
import { firstValue, type LuaFunction, type LuaValue } from '../../src/lua/value.ts';
import { json, messagePack, spliced, text } from './generated.ts';

const state = new LuaState();
const native = (library: LuaTable, name: string) => {
  const fn = library.getString(name) as LuaFunction;
  return (...args: LuaValue[]) => firstValue(fn(...args));
};
const cjson = cjsonLibrary(state);
const cmsgpack = cmsgpackLibrary(state);
const encode = native(cjson, 'encode');
const decode = native(cjson, 'decode');
const pack = native(cmsgpack, 'pack');
const unpack = native(cmsgpack, 'unpack');

type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

// JSON has 14 digits.
const plain = fc.letrec<{ plain: Plain }>((tie) => ({
  plain: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Plain>(null, true, false),
    fc.integer(),
    fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 64),
    text,
    fc.array(tie('plain'), { minLength: 1, maxLength: 20 }),
    fc.dictionary(text, tie('plain'), { minKeys: 1, maxKeys: 20, noNullPrototype: true }),
  ),
})).plain;

/** What a decoded value is in JavaScript. */
function plainOf(value: LuaValue): Plain {
  if (!(value instanceof LuaTable)) return typeof value === 'object' ? null : (value as Plain);
  const length = value.length();
  if (length > 0) return Array.from({ length }, (_, i) => plainOf(value.getInteger(i + 1)));
  const entries: [string, Plain][] = [];
  for (let key = value.next(undefined); key !== undefined; key = value.next(key)) {
    entries.push([key as string, plainOf(value.get(key))]);
  }
  return Object.fromEntries(entries);
}

const toLatin1 = (content: string) => Buffer.from(content, 'utf8').toString('latin1');
const toUtf8 = (content: string) => Buffer.from(content, 'latin1').toString('utf8');

describe('there and back again', () => {
  test('JSON of JavaScript, through Lua', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const decoded = decode(toLatin1(JSON.stringify(value)));
        expect(JSON.parse(toUtf8(encode(decoded) as string))).toEqual(value);
      }),
    );
  });

  test('MessagePack', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const decoded = decode(toLatin1(JSON.stringify(value)));
        const packed = pack(decoded) as string;
        const unpacked = unpack(packed);
        // nil ends an array where null did not.
        if (!JSON.stringify(value).includes('null')) expect(plainOf(unpacked)).toEqual(plainOf(decoded));
      }),
    );
  });

  test('all single characters', () => {
    for (let code = 0; code < 256; code++) {
      const char = String.fromCharCode(code);
      expect(decode(encode(char))).toBe(char);
      expect(unpack(pack(char))).toBe(char);
    }
  });
});

describe('damage', () => {
  const endsWell = (decoder: (data: string) => LuaValue, data: string) => {
    try {
      decoder(data);
    } catch (error) {
      if (!(error instanceof LuaError)) throw error;
    }
  };

  test('JSON', () => {
    fc.assert(
      fc.property(json, (data) => endsWell(decode, data)),
      { numRuns: 2000 },
    );
  });

  test('MessagePack', () => {
    fc.assert(
      fc.property(messagePack, (data) => endsWell(unpack, data)),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(plain, fc.nat(), fc.nat({ max: 3 }), text, (value, at, length, piece) => {
        endsWell(unpack, spliced(pack(decode(toLatin1(JSON.stringify(value)))) as string, at, length, piece));
      }),
    );
  });

  test.each([
    ['a long string without an end', decode, `"${'a'.repeat(5_000_000)}`],
    ['a string of escapes', decode, `"${'\\n'.repeat(2_000_000)}"`],
    ['a string of escapes without an end', decode, `"${'\\n'.repeat(2_000_000)}`],
    ['a string of escaped quotes', decode, `"${'\\"'.repeat(2_000_000)}`],
    ['many strings', decode, `[${'"a\\n",'.repeat(500_000)}`],
    ['brackets', decode, '['.repeat(5_000_000)],
    ['digits', decode, '1'.repeat(100_000)],
    ['space', decode, ' '.repeat(5_000_000)],
    ['arrays in arrays', unpack, '\x91'.repeat(5_000_000)],
    ['maps in maps', unpack, '\x81'.repeat(5_000_000)],
    ['a promise of four billion entries', unpack, '\xdd\xff\xff\xff\xff\x01'],
    ['a promise of four billion fields', unpack, '\xdf\xff\xff\xff\xff\x01\x01'],
    ['a promise of four billion characters', unpack, '\xdb\xff\xff\xff\xffabc'],
    ['promises in promises', unpack, '\xdd\xff\xff\xff\xff'.repeat(1_000_000)],
  ])('%s takes neither long nor much', (_name, decoder, data) => {
    const start = performance.now();
    endsWell(decoder, data);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
