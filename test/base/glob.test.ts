// Glob matching: a table of cases observed on 7.2.4, a naive model for the ordinary ones, and the time of bad patterns.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatch, isLiteralPattern, mayMatchPrefix } from '../../src/base/glob.ts';

const CASES: [pattern: string, text: string, exact: boolean, folded: boolean][] = [
  ['', '', true, true],
  ['', 'a', false, false],
  ['*', '', false, false],
  ['**', 'abc', true, true],
  ['a*c', 'abbc', true, true],
  ['a*c**', 'abc', true, true],
  ['h?llo', 'hello', true, true],
  ['h?llo', 'hllo', false, false],
  ['HELLO', 'hello', false, true],
  ['[abc]x', 'bx', true, true],
  ['[^abc]x', 'bx', false, false],
  ['[^abc]x', 'dx', true, true],
  ['[a-c]', 'b', true, true],
  ['[c-a]', 'b', true, true],
  ['[A-C]', 'b', false, true],
  ['[Z-a]', 'Z', true, false],
  ['[a-]', '-', false, false],
  ['[a-]', '_', true, true],
  ['[-a]', '-', true, true],
  ['[]', ']', false, false],
  ['[^]', 'a', true, true],
  ['[]a]', ']', false, false],
  ['[', '[', false, false],
  ['[abc', 'c', true, true],
  ['[a-', '-', true, true],
  ['[^a', 'b', true, true],
  ['[\\]]', ']', true, true],
  ['[\\A]', 'a', false, false],
  ['[a\\', '\\', true, true],
  ['\\*', '*', true, true],
  ['\\*', 'a', false, false],
  ['a\\', 'a\\', true, true],
  ['\\A', 'a', false, true],
  ['[a-\xff]', 'a', true, true],
  ['[a-\xff]', '\x80', false, false],
  ['[\x80-\xff]', '\x90', true, false],
  ['[\x80-\xfe]', '\x90', true, true],
  ['[a-\xfe]', '\x90', false, false],
  ['[\xfe-a]', 'b', false, false],
  ['\xc0', '\xe0', false, false],
  ['*\\', 'x\\', true, true],
];

describe('globMatch', () => {
  it.each(CASES)('%j on %j', (pattern, text, exact, folded) => {
    expect(globMatch(pattern, text, false)).toBe(exact);
    expect(globMatch(pattern, text, true)).toBe(folded);
  });

  it('agrees with a regular expression where stars and question marks are the only special characters', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 }),
        texts,
        (pattern, text) => {
          const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`);
          expect(globMatch(pattern, text, false)).toBe(expression.test(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is quick on many stars', () => {
    const started = performance.now();
    expect(globMatch(`${'a*'.repeat(32)}b`, 'a'.repeat(10_000), false)).toBe(false);
    expect(globMatch(`${'*?'.repeat(32)}b`, 'a'.repeat(10_000), true)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('knows what a pattern may begin with', () => {
    const prefix = '__keyevent@';
    for (const pattern of [
      '*',
      '?',
      '_*',
      '__key*__:*',
      '__keyevent@',
      '__keyevent@0__:[sd]*',
      '[_]*',
      '\\_*',
    ])
      expect(mayMatchPrefix(pattern, prefix), pattern).toBe(true);
    for (const pattern of ['', 'a*', '__keyspace@*', '__keyevent', '__keyeventx*', '_a*'])
      expect(mayMatchPrefix(pattern, prefix), pattern).toBe(false);
  });

  it('knows patterns without special characters', () => {
    expect(isLiteralPattern('user:1]-^')).toBe(true);
    for (const pattern of ['a*', 'a?', '[a', 'a\\']) expect(isLiteralPattern(pattern)).toBe(false);
  });
});
