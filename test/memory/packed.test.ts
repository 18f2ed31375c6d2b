// Packed blocks: the bytes of 7.2.4 (from DUMP payloads), every edit against an array model, and damaged blocks.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import {
  NO_ENTRY,
  PACKED_EMPTY_BYTES,
  PACKED_HEADER_BYTES,
  PackedBuffer,
  packedAppend,
  packedAppendAll,
  packedBytes,
  packedCreate,
  packedDelete,
  packedDeleteRange,
  packedEnd,
  packedEquals,
  packedFind,
  packedFirst,
  packedInsert,
  packedLast,
  packedLength,
  packedNext,
  packedPrevious,
  packedReplace,
  packedReplaceGrowth,
  packedSeek,
  packedTexts,
  packedValidate,
} from '../../src/memory/packed.ts';
import { PackedEntry, PackedValue } from '../../src/memory/packed-entry.ts';
import dumps from '../golden/packed-dumps-7.2.4.json' with { type: 'json' };

const BASE = 11;

function blockOf(texts: readonly string[]): Uint8Array {
  const value = new PackedValue();
  const buffer = new PackedBuffer();
  for (const text of texts) buffer.append(value.setText(text));
  return buffer.bytes;
}

/** The packed block within a DUMP payload of a list (type 18: one packed node) or a hash (type 16). */
function blockInDump(payload: string): Uint8Array {
  const bytes = Buffer.from(payload, 'base64');
  let at = bytes[0] === 18 ? 3 : 1;
  const first = bytes[at]!;
  let length = first & 0x3f;
  if (first < 0x40) {
    at += 1;
  } else if (first < 0x80) {
    length = (length << 8) | bytes[at + 1]!;
    at += 2;
  } else {
    length = bytes.readUInt32BE(at + 1);
    at += 5;
  }
  return Uint8Array.from(bytes.subarray(at, at + length));
}

const integerText = fc.oneof(
  fc.integer({ min: -200, max: 200 }).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc
    .tuple(fc.constantFrom(7, 12, 15, 23, 31, 53, 63), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
    .map(([bits, offset, negative]) => ((negative ? -1n : 1n) * 2n ** BigInt(bits) + offset).toString()),
);
const anyText = fc.oneof(
  { weight: 3, arbitrary: integerText },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => toText(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(61, 62, 63, 64, 65, 124, 125, 126, 127, 4094, 4095, 4096)
      .map((n) => 'x'.repeat(n)),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '-', '-0', '00', '+1', ' 1', '1 ', '1.0') },
);

describe('bytes', () => {
  it.each(dumps)('are those of Redis: $type %#', ({ items, payload }) => {
    const expected = blockInDump(payload);
    expect(blockOf(items)).toEqual(expected);
    expect(packedValidate(expected, 0, expected.length, true)).toBe(true);
    expect(packedTexts(expected, 0, new PackedEntry())).toEqual(items);
  });

  it.each([16381, 16382, 16383, 2097145, 2097146, 2097150])(
    'are read backwards after a string of %i',
    (length) => {
      const texts = ['a', 'z'.repeat(length), '7'];
      const block = blockOf(texts);
      expect(packedValidate(block, 0, block.length, true)).toBe(true);
      const middle = packedPrevious(block, 0, packedLast(block, 0));
      expect(packedPrevious(block, 0, middle)).toBe(PACKED_HEADER_BYTES);
      expect(packedNext(block, 0, middle)).toBe(packedLast(block, 0));
    },
  );
});

interface Model {
  texts: string[];
}

class Real {
  memory = new Uint8Array(1 << 20).fill(0xaa);
  readonly value = new PackedValue();
  readonly entry = new PackedEntry();

  constructor() {
    packedCreate(this.memory, BASE);
  }

  seek(index: number): number {
    return packedSeek(this.memory, BASE, index);
  }
}

/** Edits at the entry with `index` modulo the length, counted from either end. */
class Edit implements fc.Command<Model, Real> {
  readonly kind: 'append' | 'before' | 'after' | 'replace' | 'delete' | 'deleteRange' | 'appendAll' | 'find';
  readonly index: number;
  readonly texts: string[];

  constructor(kind: Edit['kind'], index: number, texts: string[]) {
    this.kind = kind;
    this.index = index;
    this.texts = texts;
  }

  check(model: Readonly<Model>): boolean {
    return model.texts.length > 0 || this.kind === 'append' || this.kind === 'appendAll';
  }

  run(model: Model, real: Real): void {
    const { memory, value } = real;
    const text = this.texts[0]!;
    const count = model.texts.length;
    const index = count === 0 ? 0 : ((this.index % count) + count) % count;
    const at = real.seek(this.index < 0 ? index - count : index);
    const size = packedBytes(memory, BASE);
    value.setText(text);
    switch (this.kind) {
      case 'append':
        packedAppend(memory, BASE, value);
        model.texts.push(text);
        break;
      case 'before':
        packedInsert(memory, BASE, at, value);
        model.texts.splice(index, 0, text);
        break;
      case 'after': {
        const next = packedNext(memory, BASE, at);
        packedInsert(memory, BASE, next === NO_ENTRY ? packedEnd(memory, BASE) : next, value);
        model.texts.splice(index + 1, 0, text);
        break;
      }
      case 'replace': {
        const growth = packedReplaceGrowth(memory, BASE, at, value);
        packedReplace(memory, BASE, at, value);
        expect(packedBytes(memory, BASE)).toBe(size + growth);
        model.texts[index] = text;
        break;
      }
      case 'delete':
        expect(packedDelete(memory, BASE, at)).toBe(index === count - 1 ? NO_ENTRY : at);
        model.texts.splice(index, 1);
        break;
      case 'deleteRange':
        expect(packedDeleteRange(memory, BASE, at, this.texts.length)).toBe(
          Math.min(this.texts.length, count - index),
        );
        model.texts.splice(index, this.texts.length);
        break;
      case 'appendAll':
        packedAppendAll(memory, BASE, blockOf(this.texts), 0);
        model.texts.push(...this.texts);
        break;
      case 'find':
        this.find(model, real, model.texts[index]!);
        this.find(model, real, text);
        break;
    }
    this.compare(model, real);
  }

  toString(): string {
    return `${this.kind}(${this.index}, ${JSON.stringify(this.texts)})`;
  }

  private find(model: Model, real: Real, text: string): void {
    real.value.setText(text);
    for (const between of [0, 1, 2]) {
      const expected = model.texts.findIndex((other, i) => i % (between + 1) === 0 && other === text);
      const at = packedFind(real.memory, BASE, packedFirst(real.memory, BASE), real.value, between);
      expect(at).toBe(expected < 0 ? NO_ENTRY : real.seek(expected));
    }
  }

  private compare(model: Model, real: Real): void {
    const { memory, entry } = real;
    const size = packedBytes(memory, BASE);
    expect(packedTexts(memory, BASE, entry)).toEqual(model.texts);
    expect(packedLength(memory, BASE)).toBe(model.texts.length);
    expect(packedValidate(memory, BASE, size, true)).toBe(true);
    expect(memory[BASE - 1]).toBe(0xaa);
    const backwards: string[] = [];
    for (let at = packedLast(memory, BASE); at !== NO_ENTRY; at = packedPrevious(memory, BASE, at)) {
      entry.read(memory, BASE, at);
      backwards.unshift(entry.text());
    }
    expect(backwards).toEqual(model.texts);
    expect(real.seek(model.texts.length)).toBe(NO_ENTRY);
    expect(real.seek(-model.texts.length - 1)).toBe(NO_ENTRY);
  }
}

describe('edits', () => {
  it('do to a block what they do to an array', () => {
    const kinds = [
      'append',
      'before',
      'after',
      'replace',
      'delete',
      'deleteRange',
      'appendAll',
      'find',
    ] as const;
    const edit = fc
      .tuple(
        fc.constantFrom(...kinds),
        fc.integer({ min: -30, max: 30 }),
        fc.array(anyText, { minLength: 1, maxLength: 4 }),
      )
      .map(([kind, index, texts]) => new Edit(kind, index, texts));
    fc.assert(
      fc.property(fc.commands([edit], { maxCommands: 40 }), (commands) => {
        fc.modelRun(() => ({ model: { texts: [] }, real: new Real() }), commands);
      }),
    );
  });

  it('count beyond 65534 entries by walking, and know the count again when it fits', () => {
    const value = new PackedValue().setText('x');
    const buffer = new PackedBuffer();
    for (let i = 0; i < 65540; i++) buffer.append(value);
    expect(packedLength(buffer.bytes, 0)).toBe(65540);
    expect(packedSeek(buffer.bytes, 0, 65539)).toBe(packedLast(buffer.bytes, 0));
    expect(packedSeek(buffer.bytes, 0, -65540)).toBe(PACKED_HEADER_BYTES);
    expect(packedSeek(buffer.bytes, 0, 65540)).toBe(NO_ENTRY);
    expect(buffer.deleteRange(PACKED_HEADER_BYTES, 40)).toBe(40);
    expect(packedLength(buffer.bytes, 0)).toBe(65500);
    buffer.append(value);
    expect(buffer.bytes[4]! | (buffer.bytes[5]! << 8)).toBe(65501);
  });
});

describe('PackedBuffer', () => {
  it('grows with what is put in', () => {
    const value = new PackedValue();
    const buffer = new PackedBuffer(0);
    expect(buffer.bytes.length).toBe(PACKED_EMPTY_BYTES);
    buffer.append(value.setText('b'));
    buffer.insert(PACKED_HEADER_BYTES, value.setText('y'.repeat(5000)));
    buffer.replace(packedLast(buffer.bytes, 0), value.setInteger(-5));
    expect(packedTexts(buffer.bytes, 0, new PackedEntry())).toEqual(['y'.repeat(5000), '-5']);
    buffer.clear();
    expect(packedFirst(buffer.bytes, 0)).toBe(NO_ENTRY);
    expect(packedLast(buffer.bytes, 0)).toBe(NO_ENTRY);
    expect(packedFind(buffer.bytes, 0, packedFirst(buffer.bytes, 0), value, 0)).toBe(NO_ENTRY);
  });
});

describe('PackedValue and PackedEntry', () => {
  it('carry integers as numbers while safe and as bigints beyond', () => {
    const entry = new PackedEntry();
    const value = new PackedValue();
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.nat({ max: 62 }),
        (wide, shift) => {
          const big = wide >> BigInt(shift);
          const integer = Number.isSafeInteger(Number(big)) ? Number(big) : big;
          const block = blockOf([big.toString()]);
          expect(entry.read(block, 0, PACKED_HEADER_BYTES)).toBe(packedEnd(block, 0));
          expect(entry.isInteger).toBe(true);
          expect(entry.integer).toBe(integer);
          expect(entry.number).toBe(Number(big));
          for (const form of [integer, big]) {
            expect(packedEquals(block, 0, PACKED_HEADER_BYTES, value.setInteger(form))).toBe(true);
            const buffer = new PackedBuffer();
            buffer.append(value);
            expect(buffer.bytes).toEqual(block);
          }
          expect(packedEquals(block, 0, PACKED_HEADER_BYTES, value.setInteger(big === 5n ? 6 : 5))).toBe(
            false,
          );
          const target = new Uint8Array(24);
          expect(toText(target, 2, entry.writeText(target, 2))).toBe(big.toString());
          expect(value.setEntry(entry).entryBytes).toBe(entry.entryBytes);
        },
      ),
    );
  });

  it('find integers that another writer stored as strings or in a wider form', () => {
    const value = new PackedValue();
    const asString = Uint8Array.of(11, 0, 0, 0, 1, 0, 0x82, 0x34, 0x32, 3, 0xff);
    expect(packedFind(asString, 0, PACKED_HEADER_BYTES, value.setText('42'), 0)).toBe(PACKED_HEADER_BYTES);
    expect(packedFind(asString, 0, PACKED_HEADER_BYTES, value.setInteger(42), 0)).toBe(PACKED_HEADER_BYTES);
    const wide = Uint8Array.of(17, 0, 0, 0, 1, 0, 0xf4, 42, 0, 0, 0, 0, 0, 0, 0, 9, 0xff);
    expect(packedValidate(wide, 0, wide.length, true)).toBe(true);
    expect(packedFind(wide, 0, PACKED_HEADER_BYTES, value.setText('42'), 0)).toBe(PACKED_HEADER_BYTES);
    expect(packedFind(wide, 0, PACKED_HEADER_BYTES, value.setText('43'), 0)).toBe(NO_ENTRY);
    expect(packedFind(wide, 0, PACKED_HEADER_BYTES, value.setInteger(42 + 2 ** 32), 0)).toBe(NO_ENTRY);
  });

  it('own copies a text away from a source that changes', () => {
    const source = Uint8Array.from({ length: 200 }, (_, i) => i);
    const value = new PackedValue().setBytes(source, 50, 100).own();
    source.fill(0);
    const buffer = new PackedBuffer();
    buffer.append(value);
    expect(packedTexts(buffer.bytes, 0, new PackedEntry())[0]!.charCodeAt(99)).toBe(149);
  });
});

describe('packedValidate', () => {
  const texts = ['a', '12', '-70000', 'x'.repeat(70), '9223372036854775807', ''];

  it('refuses every cut and every wrong size', () => {
    const block = blockOf(texts);
    for (let size = 0; size < block.length; size++) expect(packedValidate(block, 0, size, true)).toBe(false);
    expect(packedValidate(block, 1, block.length, false)).toBe(false);
    expect(packedValidate(block, 0, block.length, true, (at) => at !== packedLast(block, 0))).toBe(false);
    expect(packedValidate(block, 0, block.length, true, (_at, count) => count === texts.length)).toBe(true);
  });

  it('accepts only blocks that can be walked both ways', () => {
    const sound = blockOf(texts);
    fc.assert(
      fc.property(
        fc.nat({ max: sound.length - 1 }),
        fc.nat({ max: 255 }),
        fc.nat({ max: 9 }),
        (at, byte, pad) => {
          const block = new Uint8Array(sound.length + pad).fill(byte);
          block.set(sound);
          block[at] = byte;
          if (!packedValidate(block, 0, sound.length, true)) return;
          const forwards: number[] = [];
          for (let p = packedFirst(block, 0); p !== NO_ENTRY; p = packedNext(block, 0, p)) forwards.push(p);
          const backwards: number[] = [];
          for (let p = packedLast(block, 0); p !== NO_ENTRY; p = packedPrevious(block, 0, p))
            backwards.unshift(p);
          expect(backwards).toEqual(forwards);
          expect(packedTexts(block, 0, new PackedEntry())).toHaveLength(packedLength(block, 0));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
