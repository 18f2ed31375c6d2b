// Torn ends of append-only files, cut and damaged at some places; thorough.interop.test.ts does so everywhere.

import { expect, test } from 'vitest';
import { cutAt, flipAt, makeAppendFiles, markerPlaces } from './torn-tail.ts';

const files = await makeAppendFiles(30);

test.each(files)('$name, cut', async (file) => {
  const unit = file.bytes.length - file.unitEnds.at(-2)!;
  expect(unit).toBeGreaterThan(20);
  const inTransaction = file.bytes.lastIndexOf('EXEC') - 8;
  const places = [1, 5, unit >> 1, unit - 1, unit].map((back) => file.bytes.length - back);
  const preamble = [0, 5, file.preambleEnd - 1];
  await cutAt(file, [...places, inTransaction, ...(file.preambleEnd > 0 ? preamble : [])]);
});

test.each(files)('$name, damaged', async (file) => {
  const places = markerPlaces(file, 1);
  await flipAt(file, [...places, ...(file.preambleEnd > 0 ? [0, 20, file.preambleEnd - 3] : [])]);
});
