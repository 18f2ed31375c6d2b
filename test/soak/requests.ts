// What the clients of a soak ask for: requests about every type of value, each kind of key under names of its own, so that no
// answer has to be an error. Some keys are asked for far more often than others.

import type { RandomSource } from '../../src/base/runtime.ts';

type Request = readonly string[];

/** How many keys there are of each kind. */
export const KEYS = 4000;
const TEXT = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(1000);
const PROGRAM =
  "local v = redis.call('INCR', KEYS[1]) if v % 7 == 0 then redis.call('RPUSH', KEYS[2], v) end return v";

export class SoakRequests {
  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
  }

  /** Requests for one write: single ones, or a transaction. */
  batch(): Request[] {
    const count = 1 + this.random.below(16);
    const requests = Array.from({ length: count }, () => this.request());
    if (this.random.below(20) === 0) return [['MULTI'], ...requests, ['EXEC']];
    return requests;
  }

  /** Requests that fill the memory: everything about the keys with a number below `KEYS`. */
  filling(number: number): Request[] {
    const texts = (count: number, most: number) => Array.from({ length: count }, () => this.text(most));
    const pairs = (first: (i: number) => string) =>
      Array.from({ length: 40 }, (_, i) => [first(i), `member:${i}`]).flat();
    return [
      ['SET', `string:${number}`, this.text(1000)],
      ['RPUSH', `list:${number}`, ...texts(12, 120)],
      ['HSET', `hash:${number}`, ...pairs((i) => `field:${i}`)],
      ['SADD', `set:${number}`, ...texts(20, 60)],
      ['ZADD', `zset:${number}`, ...pairs(String)],
      ['XADD', `stream:${number}`, '*', 'field', this.text(300)],
    ];
  }

  /** Requests that read. */
  reads(): Request[] {
    return Array.from({ length: 10 }, () => {
      const reads: Request[] = [
        ['GET', this.key('string')],
        ['HGET', this.key('hash'), this.member()],
        ['LRANGE', this.key('list'), '0', '5'],
        ['ZSCORE', this.key('zset'), this.member()],
      ];
      return this.pick(reads);
    });
  }

  private request(): Request {
    const { random } = this;
    switch (random.below(13)) {
      case 0:
      case 1:
        return this.aboutStrings(this.key('string'));
      case 2:
        return this.pick([
          ['INCRBY', this.key('counter'), this.number()],
          ['APPEND', this.key('appended'), this.text(60)],
          ['SETBIT', this.key('bits'), String(random.below(30_000)), '1'],
          ['PFADD', this.key('hll'), this.member(), this.member()],
          ['BITFIELD', this.key('bits'), 'INCRBY', 'u8', `#${random.below(200)}`, '1'],
          ['PFCOUNT', this.key('hll')],
        ]);
      case 3:
        return this.aboutLists(this.key('list'));
      case 4:
        return this.aboutHashes(this.key('hash'));
      case 5:
        return this.aboutSets(this.key('set'));
      case 6:
        return this.aboutSortedSets(this.key('zset'));
      case 7:
        return this.aboutStreams(this.key('stream'));
      case 8:
        if (random.below(3) > 0) return ['PTTL', this.anyKey()];
        return ['PEXPIRE', this.anyKey(), String(50 + random.below(15_000))];
      case 9:
        return [this.pick(['DEL', 'UNLINK', 'PERSIST', 'TYPE', 'TOUCH', 'DUMP', 'EXISTS']), this.anyKey()];
      case 10:
        return this.aboutKeys();
      case 11:
        return this.pick([
          ['EVAL', PROGRAM, '2', this.key('counter'), this.key('list')],
          ['SCAN', String(random.below(5000)), 'COUNT', '20'],
          ['PUBLISH', 'news', this.text(100)],
          ['GEOADD', this.key('geo'), String(random.below(179)), String(random.below(80)), this.member()],
          ['RANDOMKEY'],
          ['MGET', this.key('string'), this.key('string'), this.key('string')],
        ]);
      default:
        return random.below(3000) === 0 ? ['BGSAVE'] : this.aboutStrings(this.key('string'));
    }
  }

  private aboutStrings(key: string): Request {
    return this.pick([
      ['SET', key, this.text(400)],
      ['SET', key, this.text(50), 'PX', String(10 + this.random.below(20_000))],
      ['GET', key],
      ['GETEX', key, 'PX', String(10 + this.random.below(20_000))],
      ['SETRANGE', key, String(this.random.below(500)), this.text(30)],
      this.random.below(50) === 0 ? ['SET', key, this.text(36_000)] : ['STRLEN', key],
    ]);
  }

  private aboutLists(key: string): Request {
    return this.pick([
      ['RPUSH', key, this.text(100), this.text(20), this.number()],
      ['LPUSH', key, this.text(100), this.text(600)],
      ['LPOP', key],
      ['RPOP', key, '3'],
      ['LTRIM', key, '-120', '-1'],
      ['LREM', key, '1', this.number()],
      ['LRANGE', key, '0', '20'],
      ['LMOVE', key, this.key('list'), 'LEFT', 'RIGHT'],
      ['LINSERT', key, 'BEFORE', this.number(), this.text(30)],
    ]);
  }

  private aboutHashes(key: string): Request {
    return this.pick([
      ['HSET', key, this.member(), this.text(80), this.member(), this.number()],
      ['HDEL', key, this.member(), this.member()],
      ['HINCRBYFLOAT', `float:${this.random.below(50)}`, this.member(), '1.5'],
      ['HGETALL', key],
      ['HRANDFIELD', key, '-3'],
    ]);
  }

  private aboutSets(key: string): Request {
    return this.pick([
      ['SADD', key, this.member(), this.member(), this.number()],
      ['SREM', key, this.member()],
      ['SPOP', key],
      ['SMOVE', key, this.key('set'), this.member()],
      ['SUNIONSTORE', this.key('set'), key, this.key('set')],
      ['SINTERSTORE', this.key('set'), key, this.key('set')],
    ]);
  }

  private aboutSortedSets(key: string): Request {
    return this.pick([
      ['ZADD', key, this.number(), this.member(), this.number(), this.member()],
      ['ZREM', key, this.member()],
      ['ZINCRBY', key, this.number(), this.member()],
      ['ZPOPMIN', key],
      ['ZREMRANGEBYRANK', key, '60', '-1'],
      ['ZRANGEBYSCORE', key, '0', this.number()],
      ['ZRANGESTORE', this.key('zset'), key, '0', '20'],
    ]);
  }

  private aboutStreams(key: string): Request {
    return this.pick([
      ['XADD', key, 'MAXLEN', '~', '200', '*', 'field', this.text(60)],
      ['XADD', key, '*', this.member(), this.text(200)],
      ['XGROUP', 'CREATE', key, 'group', '0', 'MKSTREAM'],
      ['XREADGROUP', 'GROUP', 'group', `c${this.random.below(4)}`, 'COUNT', '5', 'STREAMS', key, '>'],
      ['XAUTOCLAIM', key, 'group', 'c0', '0', '0', 'COUNT', '3'],
      ['XTRIM', key, 'MAXLEN', '50'],
    ]);
  }

  private aboutKeys(): Request {
    const kind = this.pick(['string', 'list', 'hash', 'set', 'zset', 'stream']);
    return this.pick([
      ['RENAME', this.key(kind), this.key(kind)],
      ['COPY', this.key(kind), this.key(kind), 'DB', '1', 'REPLACE'],
      ['OBJECT', 'ENCODING', this.key(kind)],
      ['MEMORY', 'USAGE', this.key(kind)],
    ]);
  }

  private anyKey(): string {
    return this.key(
      this.pick(['string', 'list', 'hash', 'set', 'zset', 'stream', 'bits', 'hll', 'geo', 'appended']),
    );
  }

  // The small numbers are drawn most often.
  private key(kind: string): string {
    const { random } = this;
    return `${kind}:${random.below(1 + random.below(KEYS))}`;
  }

  private member(): string {
    return `member:${this.random.below(this.random.below(300) + 1)}`;
  }

  private number(): string {
    return String(this.random.below(1000));
  }

  private text(most: number): string {
    const { random } = this;
    const length = random.below(most);
    const start = random.below(TEXT.length - length);
    return TEXT.slice(start, start + length);
  }

  private pick<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)]!;
  }
}
