// A search among positions beside a look at every member. Redis's nine cells do not reach everything within every area
// (near the poles, or beyond half the earth), so what they are to find is what lies in them: the test asks that nothing is
// found that lies outside the area, nothing twice, that nothing within moderate areas is missed, and that both forms of a
// sorted set say the same in the same order.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toText } from '../../src/base/bytes.ts';
import { SeededRandom } from '../../src/base/runtime.ts';
import { latitudeDistance } from '../../src/datatypes/geo-distance.ts';
import { positionScore, scoreLatitude, scoreLongitude } from '../../src/datatypes/geohash.ts';
import { DEFAULT_LIMITS } from '../../src/keyspace/encoding-limits.ts';
import { Keyspace } from '../../src/keyspace/keyspace.ts';
import { storeSortedSet } from '../../src/keyspace/sorted-set-value.ts';
import type { Ref } from '../../src/memory/heap.ts';
import { Arguments } from '../../src/resp/arguments.ts';

const SEED = 20240506;
const KEY = Arguments.from(['key']);

interface Area {
  readonly longitude: number;
  readonly latitude: number;
  readonly isBox: boolean;
  readonly radius: number;
  readonly width: number;
  readonly height: number;
}

class Positions {
  readonly keyspace = new Keyspace(1, new SeededRandom(Uint8Array.from([1])));
  readonly ref: Ref;

  constructor(members: readonly string[], scores: readonly number[], isTable: boolean) {
    this.keyspace.limits = { ...DEFAULT_LIMITS, 'zset-max-listpack-entries': isTable ? 0 : 1000 };
    this.ref = storeSortedSet(this.keyspace.database(0), KEY, 0, 0, members, scores);
  }

  find(area: Area, limit = 0): string[] {
    const search = Object.assign(this.keyspace.geoSearch, area, { metersPerUnit: 1 });
    search.run(this.keyspace.database(0), this.ref, limit);
    const found = search.order.map((i) => {
      const start = search.start(i);
      return toText(search.memory(i), start, start + search.length(i));
    });
    search.clear();
    return found;
  }

  isWithin(score: number, area: Area): boolean {
    const { distance } = this.keyspace.geoSearch;
    const x = scoreLongitude(score);
    const y = scoreLatitude(score);
    if (!area.isBox) return distance.of(area.longitude, area.latitude, x, y) <= area.radius;
    return (
      latitudeDistance(y, area.latitude) <= area.height / 2 &&
      distance.of(x, y, area.longitude, y) <= area.width / 2
    );
  }
}

const meters = fc.integer({ min: 0, max: 740 }).map((exponent) => 10 ** (exponent / 100));
const areas = fc.record({
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  latitude: fc.double({ min: -85, max: 85, noNaN: true }),
  isBox: fc.boolean(),
  radius: meters,
  width: meters,
  height: meters,
});
/** Positions around a center, at distances of the area's size, and anywhere. */
const offsets = fc.array(
  fc.tuple(
    fc.double({ min: -1.5, max: 1.5, noNaN: true }),
    fc.double({ min: -1.5, max: 1.5, noNaN: true }),
    fc.boolean(),
  ),
  { minLength: 1, maxLength: 60 },
);

function scoresAround(area: Area, around: readonly (readonly [number, number, boolean])[]): number[] {
  const { isBox, radius, width, height, longitude, latitude } = area;
  const east = (isBox ? width / 2 : radius) / 111_226 / Math.cos((latitude * Math.PI) / 180);
  const north = (isBox ? height / 2 : radius) / 111_226;
  return around.map(([x, y, isNear]) => {
    const there = isNear ? longitude + x * east : x * 120;
    const wrapped = ((((there + 180) % 360) + 360) % 360) - 180;
    return positionScore(wrapped, Math.max(-85, Math.min(85, isNear ? latitude + y * north : y * 56)));
  });
}

describe('a search among positions', () => {
  test('finds what lies within the area, once, and the same in both forms', () => {
    fc.assert(
      fc.property(areas, offsets, fc.integer({ min: 1, max: 20 }), (area, around, limit) => {
        const scores = scoresAround(area, around);
        // Members that a packed set keeps as integers, and others.
        const members = scores.map((_, i) => (i % 3 === 0 ? String(i) : `m${i}`));
        const packed = new Positions(members, scores, false);
        const table = new Positions(members, scores, true);
        const found = table.find(area);
        expect(packed.find(area)).toEqual(found);
        expect(new Set(found).size).toBe(found.length);
        const within = members.filter((_, i) => packed.isWithin(scores[i]!, area));
        for (const member of found) expect(within).toContain(member);
        const reach = area.isBox ? Math.hypot(area.width, area.height) / 2 : area.radius;
        const isModerate = reach < 500_000 && Math.abs(area.latitude) < 60 && Math.abs(area.longitude) < 170;
        if (isModerate) expect(found.toSorted()).toEqual(within.toSorted());
        expect(table.find(area, limit)).toEqual(found.slice(0, limit));
        expect(packed.find(area, limit)).toEqual(found.slice(0, limit));
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  test('across the date line finds both sides', () => {
    const scores = [positionScore(179.99, 0), positionScore(-179.99, 0), positionScore(0, 0)];
    const area = { longitude: 179.995, latitude: 0, isBox: false, radius: 3000, width: 0, height: 0 };
    expect(new Positions(['e', 'w', 'far'], scores, true).find(area)).toEqual(['e', 'w']);
  });
});
