// Random sequences of stream commands to our server and to the real one, on few keys, groups and IDs, so that they meet:
// the replies, what replicas hear, and the nodes' bytes must be the same. Times are not compared. RESPITE_SEED starts at
// another seed, RESPITE_RUNS tells how many sequences.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stream } from '../../src/datatypes/stream.ts';
import { StreamId } from '../../src/datatypes/stream-id.ts';
import { SeededRandom } from '../../src/index.ts';
import { EffectServer } from '../support/effects.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { ReplicaTap } from '../support/replica-tap.ts';
import type { TestClient } from '../support/test-client.ts';
import { shrink } from './compare.ts';

const REQUESTS = 200;
const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 25);

let reference: ReferenceServer;
let theirs: TestClient;
let tap: ReplicaTap;

beforeAll(async () => {
  reference = await ReferenceServer.start(findReference()!, {
    'repl-diskless-sync': 'no',
    rdbcompression: 'no',
  });
  theirs = await reference.connect();
  tap = await ReplicaTap.open(reference);
});

afterAll(async () => {
  tap.close();
  await reference.stop();
});

/** Makes requests of a grammar of its own: the generic one hardly ever hits an entry that is there. */
class StreamFuzzer {
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

// What differs from server to server, or from one run to the next: times, and what is left of them.
function withoutTimes(request: readonly string[], raw: string): string {
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

function shownEffect(args: readonly string[]): string {
  const time = args.indexOf('TIME');
  return args.map((arg, i) => (i === time + 1 && time > 0 && arg.length > 10 ? 'T' : arg)).join(' ');
}

async function tell(
  requests: readonly (readonly string[])[],
  protocol: 2 | 3,
  nodes: string,
): Promise<string | null> {
  const ours = new EffectServer();
  try {
    const setUp = ['FLUSHALL', `CONFIG SET stream-node-max-entries ${nodes}`, `HELLO ${protocol}`];
    await theirs.pipeline(setUp);
    await ours.client.pipeline(setUp);
    await tap.look(reference, 'begun');
    ours.look();
    for (const [i, request] of requests.entries()) {
      const [mine, other] = await Promise.all([ours.client.call(request), theirs.call(request)]);
      const shown = withoutTimes(request, mine.raw);
      const wanted = withoutTimes(request, other.raw);
      if (shown !== wanted)
        return `request ${i + 1}: ${JSON.stringify(request)}\n  ours ${JSON.stringify(shown)}\n  ref  ${JSON.stringify(wanted)}`;
    }
    const mine = ours
      .look()
      .propagated.map((effect) => effect.replace(/^-?\d+ /, '').replace(/TIME \d{11,}/g, 'TIME T'));
    const other = (await tap.look(reference, 'ended')).map(shownEffect);
    for (let i = 0; i < Math.max(mine.length, other.length); i++) {
      if (mine[i] !== other[i]) return `effect ${i + 1}\n  ours ${mine[i]}\n  ref  ${other[i]}`;
    }
    return await differenceOfNodes(ours);
  } finally {
    await ours.close();
  }
}

// The nodes in the dumps of the real server, and ours.
async function differenceOfNodes(ours: EffectServer): Promise<string | null> {
  const db = ours.server.parts.keyspace.database(0);
  for (const key of ['a', 'b', 'c']) {
    const { reply } = await theirs.call(['DUMP', key]);
    const ref = db.peekText(key);
    const wanted = 'text' in reply ? nodesOfDump(Buffer.from(reply.text, 'latin1')) : [];
    const shown: string[] = [];
    if (ref !== 0) {
      const stream = db.large(ref) as Stream;
      for (let i = 0; i < stream.nodes.count; i++) {
        const start = stream.nodeOffset(i);
        const bytes = stream.nodeMemory(i).subarray(start, start + stream.nodeBytes(i));
        shown.push(`${stream.nodes.readId(i, new StreamId()).text()} ${bytes.toString('hex')}`);
      }
    }
    for (let i = 0; i < Math.max(shown.length, wanted.length); i++) {
      if (shown[i] !== wanted[i]) return `node ${i} of ${key}\n  ours ${shown[i]}\n  ref  ${wanted[i]}`;
    }
  }
  return null;
}

function nodesOfDump(dump: Buffer): string[] {
  let at = 1;
  const length = () => {
    const first = dump[at]!;
    if (first < 0x40) return dump[at++]!;
    if (first < 0x80) return ((dump[at++]! & 0x3f) << 8) | dump[at++]!;
    at += 5;
    return dump.readUInt32BE(at - 4);
  };
  const nodes: string[] = [];
  for (let left = length(); left > 0; left--) {
    at++;
    const id = new StreamId().readBytes(dump, at).text();
    at += 16;
    const bytes = length();
    nodes.push(`${id} ${dump.subarray(at, at + bytes).toString('hex')}`);
    at += bytes;
  }
  return nodes;
}

describe.each([2, 3] as const)('RESP%i', (protocol) => {
  test.each(Array.from({ length: runs }, (_, i) => firstSeed + i))('seed %i', async (seed) => {
    const random = new SeededRandom(Buffer.from(`streams ${seed} ${protocol}`));
    const nodes = ['3', '10', '100', '0'][random.below(4)]!;
    const requests = new StreamFuzzer(random).sequence(REQUESTS);
    const found = await tell(requests, protocol, nodes);
    if (found === null) return;
    const small = await shrink(requests, async (some) => (await tell(some, protocol, nodes)) !== null);
    const shown = small.map((request) => `  ${request.map((arg) => JSON.stringify(arg)).join(' ')}`);
    expect.fail(
      `seed ${seed}, nodes of ${nodes}:\n${shown.join('\n')}\n${(await tell(small, protocol, nodes)) ?? found}`,
    );
  });
});
