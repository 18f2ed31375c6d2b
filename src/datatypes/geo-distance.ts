// Distances on the earth, taken for a sphere. Most are only compared with a radius or shown with four digits after the
// point, for which the engine's sines do; where one is shown in full, or is too close to call, it is computed again with
// sines that are rounded correctly, as C's practically are.

import { ExactTrigonometry } from '../base/exact-trigonometry.ts';

export const EARTH_RADIUS_METERS = 6372797.560856;
const RADIANS_PER_DEGREE = Math.PI / 180;
// Relative; a few units in the last place of the sines become no more than that.
const UNCERTAINTY = 1e-14;
// Towards the other side of the earth the arc sine makes more of them.
const FAR_METERS = 0.45 * Math.PI * EARTH_RADIUS_METERS * 2;
const DIGITS = 4;
const DIGITS_SCALE = 10 ** DIGITS;

/** What an integer of C becomes that cannot hold the value: the least one, with the point where it belongs. */
const NO_DISTANCE = '-922337203685477.5808';

export function radians(degrees: number): number {
  return degrees * RADIANS_PER_DEGREE;
}

export function degrees(angle: number): number {
  return angle / RADIANS_PER_DEGREE;
}

/** The distance in meters of two latitudes on one meridian. */
export function latitudeDistance(latitude1: number, latitude2: number): number {
  return EARTH_RADIUS_METERS * Math.abs(radians(latitude2) - radians(latitude1));
}

export class GeoDistance {
  private readonly exact = new ExactTrigonometry();

  /** The distance of two positions in meters, but for a few units in its last place. */
  near(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
    const v = Math.sin((radians(longitude2) - radians(longitude1)) / 2);
    if (v === 0) return latitudeDistance(latitude1, latitude2);
    const lat1 = radians(latitude1);
    const lat2 = radians(latitude2);
    const u = Math.sin((lat2 - lat1) / 2);
    const a = u * u + Math.cos(lat1) * Math.cos(lat2) * v * v;
    return 2 * EARTH_RADIUS_METERS * Math.asin(Math.sqrt(a));
  }

  /** As `near`, for two positions on one parallel. */
  nearAside(longitude1: number, longitude2: number, latitude: number): number {
    const v = Math.abs(Math.sin((radians(longitude2) - radians(longitude1)) / 2));
    return 2 * EARTH_RADIUS_METERS * Math.asin(Math.cos(radians(latitude)) * v);
  }

  /** The distance in meters to the last digit. */
  of(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number {
    const { exact } = this;
    const v = exact.sin((radians(longitude2) - radians(longitude1)) / 2);
    if (v === 0) return latitudeDistance(latitude1, latitude2);
    const lat1 = radians(latitude1);
    const lat2 = radians(latitude2);
    const u = exact.sin((lat2 - lat1) / 2);
    const a = u * u + exact.cos(lat1) * exact.cos(lat2) * v * v;
    return 2 * EARTH_RADIUS_METERS * exact.asin(Math.sqrt(a));
  }

  /** Whether two positions are more than `limit` meters apart; `near` is what `near` said of them. */
  isBeyond(
    near: number,
    limit: number,
    longitude1: number,
    latitude1: number,
    longitude2: number,
    latitude2: number,
  ): boolean {
    if (isCertain(near) && Math.abs(near - limit) > limit * UNCERTAINTY) return near > limit;
    return this.of(longitude1, latitude1, longitude2, latitude2) > limit;
  }

  /** The distance in a unit of so many meters, as replies show it: four digits after the point. */
  text(
    near: number,
    metersPerUnit: number,
    longitude1: number,
    latitude1: number,
    longitude2: number,
    latitude2: number,
  ): string {
    const scaled = (near / metersPerUnit) * DIGITS_SCALE;
    const isClose = Math.abs(scaled - Math.floor(scaled) - 0.5) <= scaled * UNCERTAINTY;
    if (isCertain(near) && !isClose) return fixedPoint(Math.round(scaled));
    const exact = this.of(longitude1, latitude1, longitude2, latitude2) / metersPerUnit;
    return fixedPoint(roundHalfEven(exact * DIGITS_SCALE));
  }
}

function isCertain(near: number): boolean {
  return near < FAR_METERS;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

function fixedPoint(units: number): string {
  if (Number.isNaN(units)) return NO_DISTANCE;
  const digits = units < DIGITS_SCALE ? String(units).padStart(DIGITS + 1, '0') : String(units);
  return `${digits.slice(0, -DIGITS)}.${digits.slice(-DIGITS)}`;
}
