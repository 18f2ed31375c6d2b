// Values computed with 400 bits in rational arithmetic and rounded to the nearest double: golden/trigonometry.json.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ExactTrigonometry } from '../../src/base/exact-trigonometry.ts';

const golden = JSON.parse(readFileSync(new URL('../golden/trigonometry.json', import.meta.url), 'utf8')) as {
  sines: [x: number, sine: number, cosine: number][];
  arcSines: [x: number, arcSine: number][];
};
const exact = new ExactTrigonometry();

test('sines and cosines are the nearest doubles', () => {
  for (const [x, sine, cosine] of golden.sines) {
    expect(exact.sin(x), `sin ${x}`).toBe(sine);
    expect(exact.cos(x), `cos ${x}`).toBe(cosine);
  }
});

test('arc sines are the nearest doubles', () => {
  for (const [x, arcSine] of golden.arcSines) expect(exact.asin(x), `asin ${x}`).toBe(arcSine);
  expect(exact.asin(0)).toBe(0);
  expect(exact.asin(1)).toBe(Math.PI / 2);
  expect(exact.asin(1.0000000000000002)).toBeNaN();
});

test('the table tells them from sines that are only close', () => {
  const differ = golden.sines.filter(([x, sine, cosine]) => Math.sin(x) !== sine || Math.cos(x) !== cosine);
  expect(differ.length).toBeGreaterThan(0);
});
