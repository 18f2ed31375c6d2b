import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BytePattern } from '../../src/base/byte-pattern.ts';
import { toBytes } from '../../src/base/bytes.ts';
import { globMatch } from '../../src/base/glob.ts';

function matches(pattern: string, text: string): boolean {
  const bytes = toBytes(`<${text}>`);
  return new BytePattern(pattern).matches(bytes, 1, text.length);
}

describe('BytePattern', () => {
  test.each([
    ['*', '', true],
    ['**', '', false],
    ['', '', true],
    ['', 'a', false],
    ['a*', 'a', true],
    ['a*', 'ba', false],
    ['*a', 'a', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'aab', false],
    ['a*b*c', 'a-b-c', true],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['a[bc]*', 'acd', true],
    ['\xff*', '\xff\x00', true],
  ])('%j on %j: %j', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });

  test('it is the glob of the same form, but for a lone star', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\xff'), maxLength: 8 });
    const pattern = fc.string({
      unit: fc.constantFrom('a', 'b', '*', '*', '?', '[', ']', '\\', '\xff'),
      maxLength: 8,
    });
    fc.assert(
      fc.property(pattern, text, (glob, subject) => {
        fc.pre(glob !== '*');
        expect(matches(glob, subject)).toBe(globMatch(glob, subject, false));
      }),
      { numRuns: 3000 },
    );
  });
});
