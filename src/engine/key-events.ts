// Keyspace notifications: which class an event belongs to, and whether anyone asked for it. Publishing is left to
// whoever registers (publish/subscribe, an embedding program).

import { KEYSPACE_EVENT_CLASS } from '../config/keyspace-event-classes.ts';

/** Takes a notification; `channel` is `__keyspace@0__:key` or `__keyevent@0__:event`. */
export type KeyEventPublisher = (channel: string, message: string) => void;

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
  private readonly publishers: KeyEventPublisher[] = [];
  private classes = 0;

  /** Sets the classes of `notify-keyspace-events`. */
  setClasses(classes: number): void {
    this.classes = classes;
  }

  addPublisher(publish: KeyEventPublisher): void {
    this.publishers.push(publish);
  }

  get isActive(): boolean {
    return this.publishers.length > 0 && this.classes !== 0;
  }

  emit(dbId: number, event: string, key: string): void {
    const eventClass = CLASS_OF_EVENT.get(event);
    if (eventClass === undefined) throw new Error(`the event '${event}' has no class`);
    if ((this.classes & eventClass) === 0) return;
    for (const publish of this.publishers) {
      if ((this.classes & KEYSPACE) !== 0) publish(`__keyspace@${dbId}__:${key}`, event);
      if ((this.classes & KEYEVENT) !== 0) publish(`__keyevent@${dbId}__:${event}`, key);
    }
  }
}
