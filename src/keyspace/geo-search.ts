// Which members of a sorted set of positions lie within a circle or a box. The area is covered by nine cells of a grid
// whose cells are ranges of scores (see geohash.ts), so that of a large set only what is near is looked at. One search a
// keyspace, filled anew by each command.

import { sortPart } from '../base/partial-sort.ts';
import {
  degrees,
  EARTH_RADIUS_METERS,
  GeoDistance,
  latitudeDistance,
  radians,
} from '../datatypes/geo-distance.ts';
import {
  cellScore,
  columnEdge,
  columnLongitude,
  columnOf,
  LONGITUDE_MAX,
  rowEdge,
  rowLatitude,
  rowOf,
  SCORE_STEPS,
  scoreColumn,
  scoreLatitude,
  scoreLongitude,
  scoreRow,
} from '../datatypes/geohash.ts';
import { KIND } from '../datatypes/kind.ts';
import type { Ref } from '../memory/heap.ts';
import type { Database } from './database.ts';

// By so much, relative, the angles that keep positions out are widened.
const MARGIN = 1e-9;
/** Half the width of the Mercator map, at the equator. */
const MAP_METERS = 20037726.37;
// The order in which cells are searched, as steps to the east and to the north; clients see it in unsorted replies.
const CELL_EAST = [0, 0, 0, 1, -1, 1, -1, 1, -1] as const;
const CELL_NORTH = [0, 1, -1, 0, 0, 1, 1, -1, -1] as const;

export class GeoSearch {
  /** The center. */
  longitude = 0;
  latitude = 0;
  /** Whether the area is a box or a circle. */
  isBox = false;
  /** In the unit that has so many meters. */
  metersPerUnit = 1;
  radius = 0;
  width = 0;
  height = 0;

  /** How many members were found; `order` lists them by their numbers, which the functions below take. */
  count = 0;
  readonly order: number[] = [];

  readonly distance = new GeoDistance();

  private readonly memories: Uint8Array[] = [];
  private readonly starts: number[] = [];
  private readonly lengths: number[] = [];
  private readonly scores: number[] = [];
  private readonly distances: number[] = [];

  // Edges of a box of longitudes and latitudes around the area.
  private west = 0;
  private east = 0;
  private south = 0;
  private north = 0;
  // Columns and rows of the finest grid beside which no position can lie within the area.
  private firstColumn = 0;
  private lastColumn = 0;
  private firstRow = 0;
  private lastRow = 0;
  // The cell with the center, and the grid it belongs to.
  private steps = 0;
  private column = 0;
  private row = 0;

  private readonly nearerFirst = (a: number, b: number) => this.distances[a]! - this.distances[b]!;
  private readonly fartherFirst = (a: number, b: number) => this.distances[b]! - this.distances[a]!;

  /** Finds the members within the area; with a `limit` other than 0 it stops when it has so many. */
  run(db: Database, ref: Ref, limit: number): void {
    this.clear();
    this.bound();
    this.limitCells();
    this.chooseGrid();
    let lastColumn = -1;
    let lastRow = -1;
    for (let i = 0; i < CELL_EAST.length; i++) {
      const east = CELL_EAST[i]!;
      const north = CELL_NORTH[i]!;
      if (this.isUseless(east, north)) continue;
      const column = this.step(this.column, east);
      const row = this.step(this.row, north);
      // In a grid of two columns and rows the neighbors on both sides are the same.
      if (i > 1 && column === lastColumn && row === lastRow) continue;
      if (limit !== 0 && this.count >= limit) break;
      this.searchCell(db, ref, column, row, limit);
      lastColumn = column;
      lastRow = row;
    }
  }

  /** Orders what was found by distance; of `wanted` members in front only, when there are more. */
  sort(descending: boolean, wanted: number): void {
    const compare = descending ? this.fartherFirst : this.nearerFirst;
    if (wanted >= this.count) this.order.sort(compare);
    else sortPart(this.order, compare, 0, wanted - 1);
  }

  /** Forgets what was found, and with it the memory it lies in. */
  clear(): void {
    this.count = 0;
    this.order.length = 0;
    this.memories.length = 0;
  }

  /** The member's bytes: `length(found)` from `start(found)` on. */
  memory(found: number): Uint8Array {
    return this.memories[found]!;
  }

  start(found: number): number {
    return this.starts[found]!;
  }

  length(found: number): number {
    return this.lengths[found]!;
  }

  score(found: number): number {
    return this.scores[found]!;
  }

  /** How far the member is from the center, in the unit of the search, to the last digit. */
  exactDistance(found: number): number {
    const { longitude, latitude } = this;
    const score = this.scores[found]!;
    const meters = this.distance.of(longitude, latitude, scoreLongitude(score), scoreLatitude(score));
    return meters / this.metersPerUnit;
  }

  /** The same as replies show it. */
  distanceText(found: number): string {
    const { longitude, latitude, metersPerUnit } = this;
    const score = this.scores[found]!;
    return this.distance.text(
      this.distances[found]!,
      metersPerUnit,
      longitude,
      latitude,
      scoreLongitude(score),
      scoreLatitude(score),
    );
  }

  // Towards a pole an arc of longitude gets shorter: the edge nearer to it decides.
  private bound(): void {
    const { latitude, longitude, isBox, metersPerUnit } = this;
    const height = metersPerUnit * (isBox ? this.height / 2 : this.radius);
    const width = metersPerUnit * (isBox ? this.width / 2 : this.radius);
    const arc = degrees(height / EARTH_RADIUS_METERS);
    const edge = latitude < 0 ? latitude - arc : latitude + arc;
    const widest = degrees(width / EARTH_RADIUS_METERS / Math.cos(radians(edge)));
    this.west = longitude - widest;
    this.east = longitude + widest;
    this.south = latitude - arc;
    this.north = latitude + arc;
  }

  // Most of what lies in nine cells is not within the area, and to know that is cheap for most: only what lies between
  // these columns and rows is worth a sine.
  private limitCells(): void {
    const { latitude, longitude } = this;
    const rows = degrees(this.arcAbove() * (1 + MARGIN));
    this.firstRow = rowOf(latitude - rows, SCORE_STEPS) - 1;
    this.lastRow = rowOf(latitude + rows, SCORE_STEPS) + 1;
    const columns = degrees(this.arcAside() * (1 + MARGIN));
    this.firstColumn = columnOf(longitude - columns, SCORE_STEPS) - 1;
    this.lastColumn = columnOf(longitude + columns, SCORE_STEPS) + 1;
    const reachesAround = !(longitude - columns > -LONGITUDE_MAX && longitude + columns < LONGITUDE_MAX);
    if (!reachesAround) return;
    this.firstColumn = 0;
    this.lastColumn = Number.POSITIVE_INFINITY;
  }

  // How far the area reaches to the north, as an angle.
  private arcAbove(): number {
    return ((this.isBox ? this.height / 2 : this.radius) * this.metersPerUnit) / EARTH_RADIUS_METERS;
  }

  // How far the area reaches to the east where it reaches farthest, as a difference of longitudes; NaN: all around.
  private arcAside(): number {
    const latitude = Math.abs(radians(this.latitude));
    const above = this.arcAbove();
    if (!(latitude + above < Math.PI / 2)) return Number.NaN;
    if (!this.isBox) return Math.asin(Math.sin(above) / Math.cos(latitude));
    const quarter = (this.width * this.metersPerUnit) / (4 * EARTH_RADIUS_METERS);
    return quarter < Math.PI / 2 ? 2 * Math.asin(Math.sin(quarter) / Math.cos(latitude + above)) : Number.NaN;
  }

  // The finest grid of which nine cells cover the area.
  private chooseGrid(): void {
    const { width, height } = this;
    const reach = this.isBox
      ? Math.sqrt((width / 2) * (width / 2) + (height / 2) * (height / 2))
      : this.radius;
    this.setGrid(stepsFor(reach * this.metersPerUnit, this.latitude));
    if (this.steps > 1 && !this.isCovered()) this.setGrid(this.steps - 1);
  }

  private setGrid(steps: number): void {
    this.steps = steps;
    this.column = columnOf(this.longitude, steps);
    this.row = rowOf(this.latitude, steps);
  }

  private isCovered(): boolean {
    const { steps } = this;
    return (
      rowEdge(this.step(this.row, 1) + 1, steps) >= this.north &&
      rowEdge(this.step(this.row, -1), steps) <= this.south &&
      columnEdge(this.step(this.column, 1) + 1, steps) >= this.east &&
      columnEdge(this.step(this.column, -1), steps) <= this.west
    );
  }

  // The column or row next to one, around the map.
  private step(at: number, by: number): number {
    return by === 0 ? at : (at + by) & ((1 << this.steps) - 1);
  }

  // Whether the area ends within the center's own cell on that side.
  private isUseless(east: number, north: number): boolean {
    const { steps } = this;
    if (steps < 2) return false;
    return (
      (north < 0 && rowEdge(this.row, steps) < this.south) ||
      (north > 0 && rowEdge(this.row + 1, steps) > this.north) ||
      (east < 0 && columnEdge(this.column, steps) < this.west) ||
      (east > 0 && columnEdge(this.column + 1, steps) > this.east)
    );
  }

  private searchCell(db: Database, ref: Ref, column: number, row: number, limit: number): void {
    const { cursor } = db.keyspace.sortedSets;
    const end = cellScore(column, row, this.steps, 1);
    cursor.seekScore(db, ref, cellScore(column, row, this.steps, 0));
    while (cursor.next() && cursor.score < end) {
      const { score } = cursor;
      const row = scoreRow(score);
      if (row < this.firstRow || row > this.lastRow) continue;
      const column = scoreColumn(score);
      if (column < this.firstColumn || column > this.lastColumn) continue;
      const distance = this.distanceWithin(columnLongitude(column), rowLatitude(row));
      if (distance >= 0 || Number.isNaN(distance)) this.note(db, ref, distance);
      if (limit !== 0 && this.count >= limit) return;
    }
  }

  // The distance from the center in meters if the position lies within the area, else -1.
  private distanceWithin(longitude: number, latitude: number): number {
    const { distance, longitude: x, latitude: y, metersPerUnit } = this;
    if (this.isBox) {
      if (latitudeDistance(latitude, y) > (this.height * metersPerUnit) / 2) return -1;
      const aside = distance.nearAside(longitude, x, latitude);
      const limit = (this.width * metersPerUnit) / 2;
      if (distance.isBeyond(aside, limit, longitude, latitude, x, latitude)) return -1;
      return distance.near(x, y, longitude, latitude);
    }
    const meters = distance.near(x, y, longitude, latitude);
    return distance.isBeyond(meters, this.radius * metersPerUnit, x, y, longitude, latitude) ? -1 : meters;
  }

  private note(db: Database, ref: Ref, distance: number): void {
    const { cursor } = db.keyspace.sortedSets;
    const { memory, start, length } = cursor;
    const { count } = this;
    // A member that a packed set keeps as an integer has no bytes there.
    const hasBytes = db.kind(ref) === KIND.SORTED_SET_TABLE || memory === db.valueMemory(ref);
    this.memories[count] = hasBytes ? memory : memory.slice(start, start + length);
    this.starts[count] = hasBytes ? start : 0;
    this.lengths[count] = length;
    this.scores[count] = cursor.score;
    this.distances[count] = distance;
    this.order[count] = count;
    this.count = count + 1;
  }
}

// Towards the poles cells get narrower than the map shows them.
function stepsFor(reachMeters: number, latitude: number): number {
  if (reachMeters === 0) return SCORE_STEPS;
  let steps = -1;
  for (let reach = reachMeters; reach < MAP_METERS; reach *= 2) steps++;
  if (latitude > 66 || latitude < -66) {
    steps--;
    if (latitude > 80 || latitude < -80) steps--;
  }
  return Math.max(1, Math.min(SCORE_STEPS, steps));
}
