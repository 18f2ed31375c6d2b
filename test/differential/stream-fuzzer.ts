// Programs of stream commands on few keys, groups and IDs, so that they meet: the grammars of the commands alone hardly
// ever hit an entry that is there.

import type { SeededRandom } from '../../src/index.ts';
import type { TestClient } from '../support/test-client.ts';

/** Makes requests of a grammar of its own: the generic one hardly ever hits an entry that is there. */
export class StreamFuzzer {
  private readonly random: SeededRandom;
  // About where the IDs of entries are that are added now.
  private now = 1;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  sequence(count: number): string[][] {
    return Array.from({ length: count }, () => this.request());
  }

  private request(): string[] {
    const requests: (() => string[])[] = [
      ...Array.from({ length: 8 }, () => () => this.xadd()),
      () => ['XTRIM', this.key(), ...this.trim()],
      () => ['XDEL', this.key(), ...this.some(() => this.id())],
      () => ['XRANGE', this.key(), this.bound('-'), this.bound('+'), ...this.count()],
      () => ['XREVRANGE', this.key(), this.bound('+'), this.bound('-'), ...this.count()],
      () => ['XLEN', this.key()],
      () => ['XSETID', this.key(), this.id(), ...this.setIdOptions()],
      () => [
        'XINFO',
        'STREAM',
        this.key(),
        ...this.pick([[], ['FULL'], ['FULL', 'COUNT', this.pick(['0', '1', '3'])]]),
      ],
      () => ['XINFO', 'GROUPS', this.key()],
      () => ['XINFO', 'CONSUMERS', this.key(), this.group()],
      () => this.xread(),
      ...Array.from({ length: 5 }, () => () => this.xreadgroup()),
      ...Array.from({ length: 3 }, () => () => this.xgroup()),
      ...Array.from({ length: 3 }, () => () => this.xclaim()),
      () => ['XACK', this.key(), this.group(), ...this.some(() => this.id())],
      () => ['XPENDING', this.key(), this.group(), ...this.pending()],
      ...Array.from({ length: 2 }, () => () => this.xautoclaim()),
      () =>
        this.pick([
          ['DEL', this.key()],
          ['COPY', 'a', 'b', 'REPLACE'],
          ['XLEN', this.key()],
          ['XLEN', this.key()],
        ]),
    ];
    return this.pick(requests)();
  }

  private pick<T>(of: readonly T[]): T {
    return of[this.random.below(of.length)]!;
  }

  private some<T>(make: () => T): T[] {
    return Array.from({ length: 1 + this.random.below(4) }, make);
  }

  private key(): string {
    return this.pick(['a', 'a', 'a', 'a', 'b', 'c']);
  }

  private group(): string {
    return this.pick(['g', 'g', 'g', 'h', 'none']);
  }

  private consumer(): string {
    return this.pick(['alice', 'bob', 'carol', '\0\xff']);
  }

  private id(): string {
    if (this.random.below(60) === 0) {
      return this.pick([
        'x',
        '',
        '18446744073709551615-18446744073709551615',
        '1-18446744073709551615',
        '9007199254740993-1',
      ]);
    }
    const ms = Math.max(0, this.now - this.random.below(this.pick([4, 10, 40])));
    return this.pick([`${ms}`, `${ms}-${this.random.below(3)}`, `${ms}-1`]);
  }

  private bound(end: string): string {
    return this.pick([end, end, this.id(), `(${this.id()}`]);
  }

  private count(): string[] {
    return this.pick([[], [], ['COUNT', this.pick(['0', '1', '2', '5', '-1'])]]);
  }

  private xadd(): string[] {
    if (this.random.below(3) > 0) this.now += this.random.below(3);
    const id = this.pick([
      `${this.now}-*`,
      `${this.now}-*`,
      `${this.now}-${this.random.below(5)}`,
      this.id(),
    ]);
    const fields = this.pick([
      ['f', this.value()],
      ['f', this.value()],
      ['f', this.value(), 'g', this.value()],
      ['other', this.value()],
      ['12', '34', '012', '-5'],
    ]);
    const noMake = this.pick([[], [], [], ['NOMKSTREAM']]);
    return ['XADD', this.key(), ...noMake, ...this.pick([[], [], this.trim()]), id, ...fields];
  }

  private value(): string {
    return this.pick([
      '',
      '0',
      '127',
      '128',
      '-4096',
      '4096',
      '32768',
      '8388608',
      '2147483648',
      '9223372036854775807',
      'v'.repeat(this.random.below(90)),
      'w'.repeat(200),
    ]);
  }

  private trim(): string[] {
    const limit = this.pick([[], [], ['LIMIT', this.pick(['0', '1', '3', '10'])]]);
    const how = this.pick([[], ['='], ['~'], ['~']]);
    const what = this.pick([
      ['MAXLEN', ...how, `${this.random.below(12)}`],
      ['MINID', ...how, this.id()],
    ]);
    return [...what, ...(how[0] === '~' || this.random.below(20) === 0 ? limit : [])];
  }

  private setIdOptions(): string[] {
    return [
      ...this.pick([[], ['ENTRIESADDED', `${this.random.below(50)}`]]),
      ...this.pick([[], ['MAXDELETEDID', this.id()]]),
    ];
  }

  private streams(ids: () => string): string[] {
    const keys = this.pick([['a'], ['a'], ['b'], ['a', 'b'], ['a', 'a'], ['c', 'a', 'b']]);
    return ['STREAMS', ...keys, ...keys.map(ids)];
  }

  private xread(): string[] {
    return [
      'XREAD',
      ...this.count(),
      ...this.streams(() => this.pick([this.id(), this.id(), '$', '0', '>'])),
    ];
  }

  private xreadgroup(): string[] {
    const ids = () => this.pick(['>', '>', '>', '0', this.id(), '$']);
    return [
      'XREADGROUP',
      'GROUP',
      this.group(),
      this.consumer(),
      ...this.count(),
      ...this.pick([[], [], ['NOACK']]),
      ...this.streams(ids),
    ];
  }

  private xgroup(): string[] {
    const entriesRead = this.pick([[], [], ['ENTRIESREAD', `${this.random.below(30) - 1}`]]);
    const at = this.pick(['$', '0', this.id()]);
    return this.pick([
      ['XGROUP', 'CREATE', this.key(), this.group(), at, ...this.pick([[], ['MKSTREAM']]), ...entriesRead],
      ['XGROUP', 'CREATE', this.key(), 'g', '0', 'MKSTREAM'],
      ['XGROUP', 'SETID', this.key(), this.group(), at, ...entriesRead],
      ['XGROUP', 'CREATECONSUMER', this.key(), this.group(), this.consumer()],
      ['XGROUP', 'DELCONSUMER', this.key(), this.group(), this.consumer()],
      ...(this.random.below(4) === 0 ? [['XGROUP', 'DESTROY', this.key(), this.group()]] : []),
    ]);
  }

  private xclaim(): string[] {
    const options = [
      ...this.pick([[], [], ['IDLE', '1000000000']]),
      ...this.pick([[], ['RETRYCOUNT', `${this.random.below(5)}`]]),
      ...this.pick([[], ['FORCE']]),
      ...this.pick([[], ['JUSTID']]),
      ...this.pick([[], [], ['LASTID', this.id()]]),
    ];
    const minIdle = this.pick(['0', '0', '100000000', '-1']);
    return [
      'XCLAIM',
      this.key(),
      this.group(),
      this.consumer(),
      minIdle,
      ...this.some(() => this.id()),
      ...options,
    ];
  }

  private xautoclaim(): string[] {
    const options = [
      ...this.pick([[], ['COUNT', this.pick(['1', '2', '5'])]]),
      ...this.pick([[], ['JUSTID']]),
    ];
    const minIdle = this.pick(['0', '0', '100000000']);
    return ['XAUTOCLAIM', this.key(), this.group(), this.consumer(), minIdle, this.bound('-'), ...options];
  }

  private pending(): string[] {
    const range = [this.bound('-'), this.bound('+'), this.pick(['0', '1', '3', '100'])];
    return this.pick([
      [],
      range,
      [...range, this.consumer()],
      ['IDLE', this.pick(['0', '100000000']), ...range],
      ['IDLE', this.pick(['0', '100000000']), ...range, this.consumer()],
    ]);
  }
}

/** A raw reply without what differs from server to server, or from one run to the next: times, and what is left of them. */
export function streamText(request: readonly string[], raw: string): string {
  const name = request[0]!.toUpperCase();
  if (name === 'XINFO') {
    return raw
      .replace(/(\$\d+\r\n(?:idle|inactive|seen-time|active-time)\r\n):\d+/g, '$1:T')
      .replace(/:\d{10,}\r\n/g, ':T\r\n');
  }
  // The third of an entry's four is how long ago it was delivered: by design a moment, or very long.
  if (name === 'XPENDING' && request.length > 3) {
    return raw.replace(
      /:(\d+)\r\n(:\d+\r\n)(?=\*4|$)/g,
      (_, idle: string, count: string) => `:${Number(idle) > 10_000_000 ? 'long' : 'short'}\r\n${count}`,
    );
  }
  return raw;
}

/** The streams' groups with their consumers and pending entries, which are no part of a value's digest. */
export async function streamGroups(client: TestClient): Promise<string[]> {
  const requests = ['a', 'b', 'c'].map((key) => ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0']);
  const frames = await client.pipeline([['SELECT', '0'], ...requests]);
  return frames.slice(1).map((frame, i) => streamText(requests[i]!, frame.raw));
}
