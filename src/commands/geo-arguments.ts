// What the geo commands take: positions, distances, units; and positions as they reply them.

import { humanDecimal } from '../base/fixed-decimal.ts';
import { parseDoubleBytes } from '../base/numbers.ts';
import { isPosition } from '../datatypes/geohash.ts';
import { TYPE, typeOf } from '../datatypes/kind.ts';
import { type ArgumentSpec, arg } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { DISTANCE_UNIT, invalidPosition, NOT_FLOAT, type ReplyError, WRONG_TYPE } from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

export const unitArgument = (options: Partial<ArgumentSpec> = {}) =>
  arg.oneOf(
    'unit',
    [arg.token('m', 'M'), arg.token('km', 'KM'), arg.token('ft', 'FT'), arg.token('mi', 'MI')],
    options,
  );

/** The sorted set that argument `i` names, to read; 0 when there is none. */
export function lookupPositions({ args, db }: CommandContext, i: number): Ref {
  const ref = db.lookupRead(args, i);
  if (ref !== 0 && typeOf(db.kind(ref)) !== TYPE.SORTED_SET) throw WRONG_TYPE;
  return ref;
}

export function doubleArgument(args: Arguments, i: number, error: ReplyError = NOT_FLOAT): number {
  const value = parseDoubleBytes(args.bytes, args.start(i), args.length(i));
  if (Number.isNaN(value)) throw error;
  return value;
}

/** Throws unless arguments `i` and `i + 1` are a longitude and a latitude. */
export function checkPosition(args: Arguments, i: number): void {
  const longitude = doubleArgument(args, i);
  const latitude = doubleArgument(args, i + 1);
  if (!isPosition(longitude, latitude)) throw invalidPosition(longitude, latitude);
}

/** How many meters the unit has that argument `i` names. */
export function metersPerUnit(args: Arguments, i: number): number {
  if (args.is(i, 'm')) return 1;
  if (args.is(i, 'km')) return 1000;
  if (args.is(i, 'ft')) return 0.3048;
  if (args.is(i, 'mi')) return 1609.34;
  throw DISTANCE_UNIT;
}

/** A longitude and a latitude as an array: doubles in another form than elsewhere. */
export function replyPosition(reply: ReplyWriter, longitude: number, latitude: number): void {
  reply.array(2);
  replyCoordinate(reply, longitude);
  replyCoordinate(reply, latitude);
}

function replyCoordinate(reply: ReplyWriter, degrees: number): void {
  const text = humanDecimal(degrees);
  if (reply.protocol === 2) reply.bulkText(text);
  else reply.raw(`,${text}\r\n`);
}
