// Made-up input for Lua's libraries: values as Lua writes them, JSON and MessagePack that may be damaged, formats.

import fc from 'fast-check';

/** A value: how Lua spells it. */
export type Spelled = string;

const byte = fc.integer({ min: 0, max: 255 });

/** Latin1 text, mostly letters. */
export const text = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 97, max: 122 }) }, byte), { maxLength: 40 })
  .map((codes) => String.fromCharCode(...codes));

/** Doubles of all sizes, integers around powers of two above all. */
export const number = fc.oneof(
  fc.integer({ min: -200, max: 200 }),
  fc
    .tuple(fc.integer({ min: 0, max: 66 }), fc.integer({ min: -3, max: 3 }), fc.constantFrom(1, -1))
    .map(([power, step, sign]) => sign * (2 ** power + step)),
  fc.double({ noNaN: true }),
  fc.float({ noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1, 1e15, 123456.789),
);

export function spellNumber(value: number): Spelled {
  if (Number.isNaN(value)) return '(0/0)';
  if (!Number.isFinite(value)) return value > 0 ? '(1/0)' : '(-1/0)';
  // A constant -0 would make every 0 of its chunk one, in Lua 5.1.
  if (Object.is(value, -0)) return 'tonumber("-0")';
  return `(${value < 0 ? '-' : ''}${Math.abs(value).toPrecision(17)})`;
}

export function spellText(value: string): Spelled {
  const escapes = [...value].map((char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`);
  return `"${escapes.join('')}"`;
}

const scalar = fc.oneof(
  number.map(spellNumber),
  text.map(spellText),
  fc.constantFrom('nil', 'true', 'false', 'cjson.null'),
);

/** Values with tables in them. With `isOrdered` no table has entries whose order is open. */
export function value(isOrdered: boolean): fc.Arbitrary<Spelled> {
  // Of several errors in one table the order decides which is met first.
  const others = isOrdered ? ['(12)', 'true'] : [];
  const key = fc.oneof(text.map(spellText), fc.constantFrom('(1)', '(2)', '(0)', '(-1)', '(1.5)', ...others));
  return fc.letrec<{ value: Spelled }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 20 }).map((items) => `{${items.join(',')}}`),
      fc
        .array(fc.tuple(key, tie('value')), { maxLength: isOrdered ? 1 : 20 })
        .map((entries) => `{${entries.map(([name, content]) => `[${name}]=${content}`).join(',')}}`),
    ),
  })).value;
}

const jsonPiece = fc.constantFrom(
  ...['{', '}', '[', ']', ',', ':', '"', '"a"', '"\\n"', '"\\u00e9"', '"\\ud83d\\ude00"', '\\ud83d', '\\u12'],
  ...[
    '1',
    '-',
    '-1.5',
    '0x1f',
    '1e5',
    '1e',
    '.5',
    '1.',
    'nan',
    '-inf',
    'Infinity',
    '+3',
    '01',
    '-0',
    '1e400',
  ],
  ...['true', 'false', 'null', 'nul', ' ', '\t', '\n', '\0', 'x', '\\', '"\\/\\b\\f\\r\\t\\""', '\x80'],
);

/** Where to cut a text, how much to drop and what to put there. */
const damage = fc.tuple(fc.nat(), fc.nat({ max: 2 }), jsonPiece);

/** JSON, whole, damaged or thrown together. */
export const json = fc.oneof(
  fc.array(jsonPiece, { maxLength: 10 }).map((pieces) => pieces.join('')),
  fc.json().map(toLatin1),
  fc
    .tuple(fc.json().map(toLatin1), damage)
    .map(([whole, [at, length, piece]]) => spliced(whole, at, length, piece)),
);

/** MessagePack, thrown together from its marks. */
export const messagePack = fc
  .array(
    fc.oneof(
      byte,
      fc.integer({ min: 0x80, max: 0xdf }),
      fc.constantFrom(0x81, 0x92, 0xa1, 0xc0, 0xca, 0xcb, 0xcf, 0xd3, 0xd9, 0xdc, 0xdd, 0xde, 0xdf),
    ),
    { maxLength: 24 },
  )
  .map((codes) => String.fromCharCode(...codes));

/** A text with a few characters replaced. */
export const spliced = (whole: string, at: number, length: number, piece: string): string => {
  const from = at % (whole.length + 1);
  return whole.slice(0, from) + piece + whole.slice(from + length);
};

const option = fc.constantFrom(
  ...'bBhHlLTfdsx<>! iIc',
  ...[
    'i3',
    'i8',
    'I5',
    'i9',
    'i12',
    'I16',
    'i32',
    'i33',
    'c0',
    'c5',
    '!4',
    '!8',
    '!16',
    '!3',
    '!0',
    'z',
    '1',
    'i0',
  ],
);

/** A call of struct.pack or struct.unpack, or of a function of bit, as Lua writes it. */
export const structCall = fc
  .tuple(
    fc.array(option, { maxLength: 7 }),
    fc.array(scalar, { maxLength: 6 }),
    text,
    fc.constantFrom('', ',1', ',2', ',5', ',0', ',-1', ',-8', ',300'),
    fc.constantFrom('pack', 'unpack', 'size'),
  )
  .map(([options, values, data, position, name]) => {
    const format = spellText(options.join(''));
    if (name === 'unpack') return `struct.unpack(${format},${spellText(data)}${position})`;
    return `struct.${name}(${[format, ...values].join(',')})`;
  });

export const bitCall = fc
  .tuple(
    fc.constantFrom(...'tobit bnot band bor bxor lshift rshift arshift rol ror bswap'.split(' ')),
    fc.array(scalar, { maxLength: 3 }),
  )
  .map(([name, values]) => `bit.${name}(${values.join(',')})`);

function toLatin1(content: string): string {
  return Buffer.from(content, 'utf8').toString('latin1');
}
