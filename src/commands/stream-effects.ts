// What the group commands of streams have in common: groups and consumers of a request, and the effects by which the AOF
// and replicas hear of what was delivered. Observed 7.2.4: a delivery or claim leaves as an XCLAIM that sets everything,
// so it may be repeated.

import type { StreamConsumer, StreamGroup } from '../datatypes/stream-group.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Arguments } from '../resp/arguments.ts';

/** A copy of an argument's bytes, to keep. */
export function nameOf(args: Arguments, i: number): Uint8Array {
  const start = args.start(i);
  return Uint8Array.prototype.slice.call(args.bytes, start, start + args.length(i));
}

/** The consumer that argument `i` names, or null. */
export function consumerOf(args: Arguments, i: number, group: StreamGroup): StreamConsumer | null {
  return group.consumers.find(args.bytes, args.start(i), args.length(i));
}

/**
 * The consumer that argument `i` names, seen now; it is created when there is none. With `groupAt`, the argument that
 * names the group, the creation is told elsewhere: no delivery will imply it.
 */
export function foundConsumer(
  ctx: CommandContext,
  group: StreamGroup,
  i: number,
  key: number,
  groupAt = 0,
): StreamConsumer {
  const { args, nowMs } = ctx;
  let consumer = consumerOf(args, i, group);
  if (consumer === null) {
    consumer = group.addConsumer(nameOf(args, i), nowMs);
    ctx.dirty++;
    ctx.event('xgroup-createconsumer', key);
    if (groupAt > 0 && ctx.propagates) {
      ctx.propagateAs('XGROUP', 'CREATECONSUMER', key, groupAt, i);
    }
  }
  consumer.seenTimeMs = nowMs;
  return consumer;
}

/** Tells of the present pending entry of a group, whose ID is `id` as text. */
export function propagateClaim(
  ctx: CommandContext,
  key: number,
  groupAt: number,
  group: StreamGroup,
  id: string,
): void {
  ctx.propagateAs(
    'XCLAIM',
    key,
    groupAt,
    Buffer.from(group.consumer.name).toString('latin1'),
    '0',
    id,
    'TIME',
    `${group.deliveryTimeMs}`,
    'RETRYCOUNT',
    `${BigInt.asIntN(64, BigInt(group.deliveryCount))}`,
    'FORCE',
    'JUSTID',
    'LASTID',
    group.lastId.text(),
  );
}

/** Tells how far a group has come where no pending entry does. */
export function propagateGroupId(
  ctx: CommandContext,
  key: number,
  groupAt: number,
  group: StreamGroup,
): void {
  ctx.propagateAs(
    'XGROUP',
    'SETID',
    key,
    groupAt,
    group.lastId.text(),
    'ENTRIESREAD',
    `${group.entriesRead}`,
  );
}
