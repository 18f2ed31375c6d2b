import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GeoDistance } from '../../src/datatypes/geo-distance.ts';
import {
  cellScore,
  columnEdge,
  columnOf,
  geohashText,
  isPosition,
  LATITUDE_MAX,
  positionScore,
  positionScoreText,
  rowEdge,
  rowOf,
  scoreColumn,
  scoreLatitude,
  scoreLongitude,
  scoreRow,
} from '../../src/datatypes/geohash.ts';

const SEED = 20240505;
const CELL_LONGITUDE = 360 / 2 ** 26;
const CELL_LATITUDE = (2 * LATITUDE_MAX) / 2 ** 26;
const longitudes = fc.double({ min: -180, max: 180, noNaN: true });
const latitudes = fc.double({ min: -LATITUDE_MAX, max: LATITUDE_MAX, noNaN: true });

/** The bits of both numbers in turn, by strings. */
function interleaved(column: number, row: number): bigint {
  const columns = column.toString(2).padStart(32, '0');
  const rows = row.toString(2).padStart(32, '0');
  return BigInt(`0b${Array.from(columns, (bit, i) => bit + rows[i]!).join('')}`);
}

describe('geohashes', () => {
  test('turn positions into scores and back, to half a cell', () => {
    fc.assert(
      fc.property(longitudes, latitudes, (longitude, latitude) => {
        const score = positionScore(longitude, latitude);
        // At the edge of the map scores are too large to be exact.
        fc.pre(Number.isSafeInteger(score));
        expect(Math.abs(scoreLongitude(score) - longitude)).toBeLessThanOrEqual(CELL_LONGITUDE * 0.51);
        expect(Math.abs(scoreLatitude(score) - latitude)).toBeLessThanOrEqual(CELL_LATITUDE * 0.51);
        expect(isPosition(scoreLongitude(score), scoreLatitude(score))).toBe(true);
        // The position in the middle of the cell is in that cell.
        if (longitude < 180 && latitude < LATITUDE_MAX) {
          expect(positionScore(scoreLongitude(score), scoreLatitude(score))).toBe(score);
        }
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test('interleave columns and rows', () => {
    fc.assert(
      fc.property(longitudes, latitudes, (longitude, latitude) => {
        const column = columnOf(longitude, 26);
        const row = rowOf(latitude, 26);
        expect(positionScoreText(longitude, latitude)).toBe(interleaved(column, row).toString());
        expect(positionScore(longitude, latitude)).toBe(Number(interleaved(column, row)));
        const score = positionScore(longitude, latitude);
        if (Number.isSafeInteger(score)) expect([scoreColumn(score), scoreRow(score)]).toEqual([column, row]);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('have the scores of a cell in one range', () => {
    fc.assert(
      fc.property(longitudes, latitudes, fc.integer({ min: 1, max: 26 }), (longitude, latitude, steps) => {
        const column = columnOf(longitude, steps);
        const row = rowOf(latitude, steps);
        const score = positionScore(longitude, latitude);
        expect(score).toBeGreaterThanOrEqual(cellScore(column, row, steps, 0));
        expect(score).toBeLessThan(cellScore(column, row, steps, 1));
        expect(columnEdge(column, steps)).toBeLessThanOrEqual(longitude + 1e-12);
        expect(columnEdge(column + 1, steps)).toBeGreaterThan(longitude - 1e-12);
        expect(rowEdge(row, steps)).toBeLessThanOrEqual(latitude + 1e-12);
        expect(rowEdge(row + 1, steps)).toBeGreaterThan(latitude - 1e-12);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('are exact in text where a double is not', () => {
    expect(positionScoreText(180, 0.0001)).toBe(interleaved(2 ** 26, rowOf(0.0001, 26)).toString());
    expect(Number.isSafeInteger(positionScore(180, 0.0001))).toBe(false);
  });

  test('have the standard form of 10 characters and a 0', () => {
    expect(geohashText(-5.6, 42.6)).toBe('ezs42e44yx0');
    expect(geohashText(13.361389338970184, 38.1155563954963)).toBe('sqc8b49rny0');
    expect(geohashText(-180, -85)).toMatch(/^[0-9b-hjkmnp-z]{10}0$/);
  });
});

describe('distances', () => {
  const distance = new GeoDistance();

  test('are nearly the same quickly and exactly', () => {
    fc.assert(
      fc.property(longitudes, latitudes, longitudes, latitudes, (x1, y1, x2, y2) => {
        const near = distance.near(x1, y1, x2, y2);
        const exact = distance.of(x1, y1, x2, y2);
        const tolerance = near < 18e6 ? near * 1e-13 + 1e-9 : 1;
        expect(Math.abs(near - exact)).toBeLessThanOrEqual(tolerance);
        for (const limit of [exact, exact * (1 - 2e-16), exact * (1 + 4e-16), exact / 2, exact * 2]) {
          expect(distance.isBeyond(near, limit, x1, y1, x2, y2)).toBe(exact > limit);
        }
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('along a parallel are the same', () => {
    fc.assert(
      fc.property(longitudes, longitudes, latitudes, (x1, x2, latitude) => {
        const aside = distance.nearAside(x1, x2, latitude);
        const tolerance = aside < 18e6 ? aside * 1e-13 + 1e-9 : 1;
        expect(Math.abs(aside - distance.of(x1, latitude, x2, latitude))).toBeLessThanOrEqual(tolerance);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('are shown with four digits', () => {
    const shown = (x2: number, unit = 1) => distance.text(distance.near(0, 0, x2, 0), unit, 0, 0, x2, 0);
    expect(shown(0)).toBe('0.0000');
    expect(shown(1e-8)).toBe('0.0011');
    expect(shown(1)).toBe('111226.3000');
    expect(shown(1, 1000)).toBe('111.2263');
    expect(shown(180, 1609.34)).toBe('12440.3383');
  });
});
