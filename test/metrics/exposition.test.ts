// The two text forms of metrics.

import { describe, expect, test } from 'vitest';
import { Exposition } from '../../src/metrics/exposition.ts';

function written(isOpenMetrics: boolean): string {
  const out = new Exposition(isOpenMetrics);
  out.single('a', 'gauge', 'An a.', 1.5);
  out.family('b_total', 'counter', 'Some b.');
  out.sample('b_total', 3, [
    ['name', 'x"y\\z\n'],
    ['other', 7],
  ]);
  out.single('c', 'counter', 'A c.', Number.POSITIVE_INFINITY);
  return out.text;
}

describe('a family', () => {
  test('is a help line, a type and its samples', () => {
    expect(written(false)).toBe(
      '# HELP a An a.\n# TYPE a gauge\na 1.5\n' +
        '# HELP b_total Some b.\n# TYPE b_total counter\nb_total{name="x\\"y\\\\z\\n",other="7"} 3\n' +
        '# HELP c A c.\n# TYPE c counter\nc +Inf\n',
    );
  });

  test('of a counter is named without `_total` in OpenMetrics, which has an end', () => {
    expect(written(true)).toBe(
      '# HELP a An a.\n# TYPE a gauge\na 1.5\n' +
        '# HELP b Some b.\n# TYPE b counter\nb_total{name="x\\"y\\\\z\\n",other="7"} 3\n' +
        '# HELP c A c.\n# TYPE c unknown\nc +Inf\n# EOF\n',
    );
  });
});

test('the limit of a bucket is a float in OpenMetrics', () => {
  expect(new Exposition(true).limit(2)).toBe('2.0');
  expect(new Exposition(false).limit(2)).toBe('2');
});
