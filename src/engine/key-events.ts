// Keyspace notifications: which class an event belongs to, and whether anyone asked for it. Publishing is left to
// whoever registers (publish/subscribe, an embedding program).

import { KEYSPACE_EVENT_CLASS } from '../config/keyspace-event-classes.ts';

/** Takes a notification; `channel` is `__keyspace@0__:key` or `__keyevent@0__:event`. */
export type KeyEventPublisher = (channel: string, message: string) => void;

/** What the channels of each kind begin with. */
export const KEYSPACE_PREFIX = '__keyspace@';
export const KEYEVENT_PREFIX = '__keyevent@';

const {
  GENERIC,
  STRING,
  LIST,
  SET,
  HASH,
  ZSET,
  STREAM,
  EXPIRED,
  EVICTED,
  KEY_MISS,
  NEW,
  KEYSPACE,
  KEYEVENT,
} = KEYSPACE_EVENT_CLASS;

const CLASS_OF_EVENT: ReadonlyMap<string, number> = new Map([
  ['set', STRING],
  ['append', STRING],
  ['setrange', STRING],
  ['incrby', STRING],
  ['incrbyfloat', STRING],
  ['setbit', STRING],
  ['pfadd', STRING],
  ['lpush', LIST],
  ['rpush', LIST],
  ['lpop', LIST],
  ['rpop', LIST],
  ['linsert', LIST],
  ['lset', LIST],
  ['lrem', LIST],
  ['ltrim', LIST],
  ['sortstore', LIST],
  ['sadd', SET],
  ['srem', SET],
  ['spop', SET],
  ['sinterstore', SET],
  ['sunionstore', SET],
  ['sdiffstore', SET],
  ['hset', HASH],
  ['hincrby', HASH],
  ['hincrbyfloat', HASH],
  ['hdel', HASH],
  ['zadd', ZSET],
  ['zincr', ZSET],
  ['zrem', ZSET],
  ['zremrangebyscore', ZSET],
  ['zremrangebyrank', ZSET],
  ['zremrangebylex', ZSET],
  ['zpopmin', ZSET],
  ['zpopmax', ZSET],
  ['zunionstore', ZSET],
  ['zinterstore', ZSET],
  ['zdiffstore', ZSET],
  ['zrangestore', ZSET],
  ['georadiusstore', ZSET],
  ['geosearchstore', ZSET],
  ['xadd', STREAM],
  ['xdel', STREAM],
  ['xtrim', STREAM],
  ['xsetid', STREAM],
  ['xgroup-create', STREAM],
  ['xgroup-createconsumer', STREAM],
  ['xgroup-delconsumer', STREAM],
  ['xgroup-destroy', STREAM],
  ['xgroup-setid', STREAM],
  ['restore', GENERIC],
  ['del', GENERIC],
  ['expire', GENERIC],
  ['persist', GENERIC],
  ['rename_from', GENERIC],
  ['rename_to', GENERIC],
  ['move_from', GENERIC],
  ['move_to', GENERIC],
  ['copy_to', GENERIC],
  ['expired', EXPIRED],
  ['evicted', EVICTED],
  ['keymiss', KEY_MISS],
  ['new', NEW],
]);

export class KeyEvents {
  private publisher: KeyEventPublisher | null = null;
  private classes = 0;
  // Which of the two kinds of channels somebody receives.
  private received = 0;
  // What the channels begin with, by database, and those of events whole, by database and event.
  private readonly keyspacePrefixes: string[] = [];
  private readonly eventChannels: Map<string, string>[] = [];

  /** Sets the classes of `notify-keyspace-events`. */
  setClasses(classes: number): void {
    this.classes = classes;
  }

  /** Sets who publishes. Until it is said which channels are received, all are. */
  setPublisher(publisher: KeyEventPublisher): void {
    this.publisher = publisher;
    this.setReceived(true, true);
  }

  /** Says which of the two kinds of channels anybody receives: no event is published to the others. */
  setReceived(byKey: boolean, byEvent: boolean): void {
    this.received = (byKey ? KEYSPACE : 0) | (byEvent ? KEYEVENT : 0);
  }

  get isActive(): boolean {
    return (this.classes & this.received) !== 0;
  }

  emit(dbId: number, event: string, key: string): void {
    const eventClass = CLASS_OF_EVENT.get(event);
    if (eventClass === undefined) throw new Error(`the event '${event}' has no class`);
    if ((this.classes & eventClass) === 0) return;
    const kinds = this.classes & this.received;
    const publish = this.publisher!;
    if ((kinds & KEYSPACE) !== 0) publish(this.keyspacePrefix(dbId) + key, event);
    if ((kinds & KEYEVENT) !== 0) publish(this.eventChannel(dbId, event), key);
  }

  private keyspacePrefix(dbId: number): string {
    return (this.keyspacePrefixes[dbId] ??= `${KEYSPACE_PREFIX}${dbId}__:`);
  }

  private eventChannel(dbId: number, event: string): string {
    const channels = (this.eventChannels[dbId] ??= new Map());
    let channel = channels.get(event);
    if (channel === undefined) {
      channel = `${KEYEVENT_PREFIX}${dbId}__:${event}`;
      channels.set(event, channel);
    }
    return channel;
  }
}
