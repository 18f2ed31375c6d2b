import { describe, expect, it } from 'vitest';
import { fixedDecimal, humanDecimal } from '../../src/base/fixed-decimal.ts';

describe('fixedDecimal', () => {
  it('has the digits of the exact value', () => {
    expect(fixedDecimal(13.361389338970184, 17)).toBe('13.36138933897018433');
    expect(fixedDecimal(-0.1, 20)).toBe('-0.10000000000000000555');
    expect(fixedDecimal(181, 6)).toBe('181.000000');
    expect(fixedDecimal(2 ** 70, 3)).toBe('1180591620717411303424.000');
  });

  it('rounds half to even', () => {
    expect(fixedDecimal(200.0078125, 6)).toBe('200.007812');
    expect(fixedDecimal(200.0234375, 6)).toBe('200.023438');
    expect(fixedDecimal(0.25, 1)).toBe('0.2');
    expect(fixedDecimal(0.75, 1)).toBe('0.8');
    expect(fixedDecimal(-0.25, 1)).toBe('-0.2');
  });

  it('keeps the sign of zero, and names infinities', () => {
    expect(fixedDecimal(-0, 6)).toBe('-0.000000');
    expect(fixedDecimal(-1e-9, 6)).toBe('-0.000000');
    expect(fixedDecimal(Number.POSITIVE_INFINITY, 6)).toBe('inf');
    expect(fixedDecimal(Number.NEGATIVE_INFINITY, 6)).toBe('-inf');
  });
});

describe('humanDecimal', () => {
  it('leaves out zeros at the end', () => {
    expect(humanDecimal(37.50266842333162)).toBe('37.50266842333162032');
    expect(humanDecimal(-90)).toBe('-90');
    expect(humanDecimal(0.25)).toBe('0.25');
    expect(humanDecimal(100)).toBe('100');
  });

  it('has no negative zero', () => {
    expect(humanDecimal(-0)).toBe('0');
    expect(humanDecimal(-1e-30)).toBe('0');
  });
});
