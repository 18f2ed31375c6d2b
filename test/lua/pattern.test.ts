// Patterns: against JavaScript's regular expressions where both can say the same, and what happens to those that would run
// for ever.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NONE, PAUSED, PatternMatcher } from '../../src/lua/pattern-matcher.ts';
import { compilePattern } from '../../src/lua/pattern-program.ts';
import { isQuickSearch, searchAtOnce, searchInStrides } from '../../src/lua/plain-search.ts';
import { newStrings } from './string-support.ts';

interface Piece {
  lua: string;
  js: string;
}

// What both languages can say, in both.
const single = fc.constantFrom<Piece>(
  { lua: 'a', js: 'a' },
  { lua: 'b', js: 'b' },
  { lua: '.', js: '[^]' },
  { lua: '%.', js: '\\.' },
  { lua: '%a', js: '[A-Za-z]' },
  { lua: '%D', js: '[^0-9]' },
  { lua: '%s', js: '[\\t-\\r ]' },
  { lua: '%W', js: '[^0-9A-Za-z]' },
  { lua: '%x', js: '[0-9A-Fa-f]' },
  { lua: '%p', js: '[!-/:-@[-`{-~]' },
  { lua: '%c', js: '[\\0-\\x1f\\x7f]' },
  { lua: '[ab]', js: '[ab]' },
  { lua: '[^a]', js: '[^a]' },
  { lua: '[]a]', js: '[\\]a]' },
  { lua: '[a-c%d]', js: '[a-c0-9]' },
  { lua: '[%]-]', js: '[\\]-]' },
);
const times = fc.constantFrom<Piece>(
  { lua: '', js: '' },
  { lua: '', js: '' },
  { lua: '*', js: '*' },
  { lua: '+', js: '+' },
  { lua: '-', js: '*?' },
  { lua: '?', js: '?' },
);
const item = fc.tuple(single, times).map(([one, often]) => joined([one, often]));
const captured = fc
  .array(item, { maxLength: 3 })
  .map((items) => joined([{ lua: '(', js: '(' }, ...items, { lua: ')', js: ')' }]));
const pattern = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.oneof({ weight: 3, arbitrary: item }, { weight: 1, arbitrary: captured }), { maxLength: 6 }),
    fc.boolean(),
  )
  .map(([isAnchored, items, isWhole]) =>
    joined([
      ...(isAnchored ? [{ lua: '^', js: '^' }] : []),
      ...items,
      ...(isWhole ? [{ lua: '$', js: '$' }] : []),
    ]),
  )
  // A capture of nothing is a position in Lua.
  .filter(({ lua }) => !lua.includes('()'));
const subject = fc.string({ unit: fc.constantFrom(...'aabc1. \0\xe9]-'), maxLength: 16 });

describe('find', () => {
  test('finds what a regular expression finds, however often it pauses', () => {
    fc.assert(
      fc.property(subject, pattern, fc.integer({ min: 0, max: 40 }), (text, { lua, js }, steps) => {
        const found = new RegExp(js).exec(text);
        const expected = found && [found.index, found.index + found[0].length, ...found.slice(1)];
        expect(search(text, lua, steps), `${lua} in ${JSON.stringify(text)}`).toEqual(expected);
      }),
      { numRuns: 5000 },
    );
  });

  test('gmatch and gsub go on as String.replace does, but for empty matches behind others', () => {
    const strings = newStrings();
    const consuming = pattern.filter(
      ({ lua, js }) => !/^\^/.test(lua) && !new RegExp(`^(?:${js})$`).test(''),
    );
    fc.assert(
      fc.property(subject, consuming, (text, { lua, js }) => {
        const expected = text.replace(new RegExp(js, 'g'), (match) => (match === '' ? '' : `<${match}>`));
        fc.pre(!text.match(new RegExp(js, 'g'))?.includes(''));
        expect(strings.call('gsub', text, lua, '<%0>')[0]).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('patterns that take for ever', () => {
  const strings = newStrings();
  const many = 'a'.repeat(5000);
  const explosive = `${'a-'.repeat(20)}b`;

  test.each([
    ['find', many, explosive],
    ['match', many, explosive],
    ['gsub', many, explosive, 'x'],
    ['gsub', many, `${'a*'.repeat(20)}b`, 'x'],
    ['find', many, `${'a?'.repeat(60)}b`],
    ['find', `${many}`, '(.-)(.-)(.-)(.-)(.-)(.-)%1%2%3%4%5b'],
    ['find', '('.repeat(200_000), '%b()'],
  ])('%s yields again and again', (name, ...args) => {
    expect(strings.pauses(5, name, ...args)).toBe(5);
  });

  test('the iterator of gmatch yields too', () => {
    const next = strings.call('gmatch', many, explosive)[0] as () => Generator;
    const running = next();
    expect(running.next()).toEqual({ value: undefined, done: false });
    expect(running.next()).toEqual({ value: undefined, done: false });
  });

  test('one that is given up leaves the library as it was', () => {
    strings.pauses(2, 'find', many, explosive);
    expect(strings.call('find', 'xaab', 'a*b')).toEqual([2, 4]);
  });

  test('a million matches yield in between', () => {
    expect(strings.pauses(1000, 'gsub', 'ab'.repeat(100_000), '%w', '%0')).toBeGreaterThan(5);
    expect(strings.call('gsub', 'ab'.repeat(100_000), 'b', 'xy')).toEqual(['axy'.repeat(100_000), 100_000]);
  });

  test('a pattern of a million repetitions needs no stack', () => {
    expect(strings.call('find', 'b', `${'a*'.repeat(1_000_000)}b`)).toEqual([1, 1]);
  });

  test('one that would take hundreds of megabytes is refused', () => {
    expect(() => strings.call('find', 'b', `${'a?'.repeat(2_000_000)}b`)).toThrow(
      expect.objectContaining({ value: 'pattern too complex' }),
    );
  });
});

describe('memory', () => {
  test.each([
    ['rep', 'x', 2 ** 31 - 1],
    ['rep', 'x'.repeat(1000), 1_000_000],
    ['gsub', 'x'.repeat(100_000), '.', 'y'.repeat(100_000)],
    ['gsub', 'x'.repeat(1_000_000), '.*', '%0'.repeat(1000)],
    ['format', '%s%s', 'x'.repeat(2 ** 28), 'x'.repeat(2 ** 28)],
    ['upper', 'x'.repeat(2 ** 28)],
    ['reverse', 'x'.repeat(2 ** 28)],
  ])('%s says that there is not enough', (name, ...args) => {
    expect(() => newStrings(64 << 20).call(name as string, ...args)).toThrow(
      expect.objectContaining({ value: 'not enough memory' }),
    );
  });
});

describe('plain searches', () => {
  test('in strides and at once find the same', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 });
    fc.assert(
      fc.property(text, text, fc.nat(30), fc.nat(600), (head, needle, from, filling) => {
        const whole = head + 'ab'.repeat(filling) + head + needle.slice(1) + head;
        const start = Math.min(from, whole.length);
        const expected = whole.indexOf(needle, start);
        expect(searchAtOnce(whole, needle, start)).toBe(expected);
        expect(ended(searchInStrides(whole, needle, start))).toBe(expected);
      }),
    );
  });

  test('across the border of a stride', () => {
    const text = `${'-'.repeat(2 ** 20 - 3)}needle${'-'.repeat(2 ** 20)}`;
    expect(ended(searchInStrides(text, 'needle', 0))).toBe(2 ** 20 - 3);
    expect(ended(searchInStrides(text, 'needles', 0))).toBe(-1);
  });

  test('a long one that nearly matches everywhere pauses', () => {
    const text = 'a'.repeat(20_000);
    const needle = `${'a'.repeat(10_000)}b`;
    expect(isQuickSearch(text, needle, 0)).toBe(false);
    expect(newStrings().pauses(5, 'find', text, needle, 1, true)).toBe(5);
    expect(newStrings().call('find', `${text}b`, needle, 1, true)).toEqual([10_001, 20_001]);
  });
});

/** The offsets of the first match and its captures, or null; a pause after every few steps. */
function search(text: string, lua: string, steps: number): unknown[] | null {
  const matcher = new PatternMatcher((message) => {
    throw new Error(message);
  });
  const program = compilePattern(lua, true);
  matcher.steps = steps;
  let start = matcher.search(program, text, 0);
  while (start === PAUSED) {
    matcher.steps = steps;
    start = matcher.resume();
  }
  if (start === NONE) return null;
  const captures = [...program.captures].map((_, i) => text.slice(matcher.startOf(i), matcher.endOf(i)));
  return [start, matcher.end, ...captures];
}

function joined(pieces: readonly Piece[]): Piece {
  return { lua: pieces.map((piece) => piece.lua).join(''), js: pieces.map((piece) => piece.js).join('') };
}

function ended(running: Generator<undefined, number>): number {
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
  }
}
