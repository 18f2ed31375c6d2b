// A client that writes and knows what must be there afterwards. Its commands touch only its own keys and are numbered;
// after a crash, what its keys hold must be exactly what they held after some number of its commands, of which no
// acknowledged one may be missing. A MULTI counts as one command: all of it or nothing.

import { SeededRandom } from '../../src/base/runtime.ts';
import { encodeRequest } from '../support/resp.ts';
import { ConnectionClosed, type PlainValue, plainValue, type TestClient } from '../support/test-client.ts';

const MAX_PIPELINE = 16;
const LIST_LENGTH = 150;
const FIELDS = 40;
const STREAM_LENGTH = 30;
// Beyond the time of any clock that a test may use.
const LONG_TTL_MS = 1_000_000_000_000;

/** One command, or a MULTI with what is in it. */
interface Step {
  readonly requests: readonly (readonly string[])[];
  readonly apply: (state: State) => void;
}

/** What the writer's keys hold. */
interface State {
  text: string;
  counter: number;
  halves: number;
  volatile: string;
  list: string[];
  other: string[];
  fields: Record<string, string>;
  members: Record<string, true>;
  scores: Record<string, number>;
  entries: [string, string][];
  pair: [string, string, number];
}

const KINDS: readonly ((key: (name: string) => string, n: number, random: SeededRandom) => Step)[] = [
  (key, n, random) => {
    const text = `${n}:${'v'.repeat(random.below(20) === 0 ? random.below(3000) : random.below(40))}`;
    return one(['SET', key('text'), text], (state) => (state.text = text));
  },
  (key) => one(['INCR', key('counter')], (state) => state.counter++),
  (key) => one(['INCRBYFLOAT', key('halves'), '0.5'], (state) => (state.halves += 0.5)),
  (key, n) => one(['SET', key('volatile'), `${n}`, 'PX', `${LONG_TTL_MS}`], (s) => (s.volatile = `${n}`)),
  (key, n) => one(['RPUSH', key('list'), `${n}`, `${n}b`], (state) => state.list.push(`${n}`, `${n}b`)),
  (key) =>
    one(
      ['LTRIM', key('list'), `-${LIST_LENGTH}`, '-1'],
      (state) => (state.list = state.list.slice(-LIST_LENGTH)),
    ),
  (key) =>
    one(['LMOVE', key('list'), key('other'), 'LEFT', 'LEFT'], (state) => {
      const moved = state.list.shift();
      if (moved !== undefined) state.other.unshift(moved);
    }),
  (key) => one(['DEL', key('other')], (state) => (state.other = [])),
  (key, n) =>
    one(['HSET', key('fields'), `f${n % FIELDS}`, `${n}`], (s) => (s.fields[`f${n % FIELDS}`] = `${n}`)),
  (key, n) =>
    one(['HDEL', key('fields'), `f${(n * 7) % FIELDS}`], (s) => delete s.fields[`f${(n * 7) % FIELDS}`]),
  (key, n) => one(['SADD', key('members'), `m${n % 90}`], (state) => (state.members[`m${n % 90}`] = true)),
  (key, n) =>
    one(['SREM', key('members'), `m${(n * 3) % 90}`], (state) => delete state.members[`m${(n * 3) % 90}`]),
  (key, n) => one(['ZADD', key('scores'), `${n}`, `z${n % FIELDS}`], (s) => (s.scores[`z${n % FIELDS}`] = n)),
  (key, n) =>
    one(['XADD', key('entries'), 'MAXLEN', `${STREAM_LENGTH}`, `${n}-1`, 'n', `${n}`], (state) => {
      state.entries = [...state.entries, [`${n}-1`, `${n}`] as [string, string]].slice(-STREAM_LENGTH);
    }),
  (key, n) => ({
    requests: [
      ['MULTI'],
      ['SET', key('one'), `${n}`],
      ['SET', key('two'), `${n}`],
      ['INCR', key('three')],
      ['EXEC'],
    ],
    apply: (state) => (state.pair = [`${n}`, `${n}`, state.pair[2] + 1]),
  }),
];

function one(request: readonly string[], apply: (state: State) => void): Step {
  return { requests: [request], apply };
}

/** The server has refused to write; what it refused is forgotten. */
export class Refused extends Error {}

export class Writer {
  /** How many steps were sent, and answered, in all. */
  sent = 0;
  acknowledged = 0;
  /** Called at each acknowledgement. */
  onAcknowledged: () => void = () => {};

  private readonly name: string;
  private readonly random: SeededRandom;
  // What the keys held after `base` steps, and the steps since.
  private base = 0;
  private state: State = emptyState();
  private steps: Step[] = [];

  constructor(name: string, seed: number) {
    this.name = name;
    this.random = new SeededRandom(Buffer.from(`writer ${name} ${seed}`));
  }

  /** Writes until the connection is lost or `isEnough` says so. Throws when the server refuses. */
  async run(client: TestClient, isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      const count = 1 + this.random.below(MAX_PIPELINE);
      try {
        await this.send(client, count);
      } catch (error) {
        if (!(error instanceof ConnectionClosed) && !client.isClosed) throw error;
        return;
      }
    }
  }

  /** Sends so many steps in one write and waits for the answers. Rejects with Refused when some were errors. */
  async send(client: TestClient, count: number): Promise<void> {
    const steps = Array.from({ length: count }, () => this.nextStep());
    client.write(
      Buffer.concat(steps.flatMap((step) => step.requests.map((request) => encodeRequest(request)))),
    );
    let refusal: string | null = null;
    let refused = 0;
    for (const { requests } of steps) {
      let isRefused = false;
      for (let left = requests.length; left > 0; left--) {
        const { reply } = await client.reply();
        if (reply.type !== 'error') continue;
        isRefused = true;
        refusal ??= reply.text;
      }
      if (isRefused) {
        refused++;
        continue;
      }
      // Whoever is refused once is refused until something happens.
      if (refusal !== null) throw new Error(`${this.name} was refused in between: ${refusal}`);
      this.acknowledged++;
      this.onAcknowledged();
    }
    if (refusal === null) return;
    this.steps.length -= refused;
    this.sent -= refused;
    throw new Refused(refusal);
  }

  /**
   * Reads the keys and finds after how many steps they were like this. Throws when there is no such number from `atLeast`
   * (the acknowledged ones) on.
   */
  async find(client: TestClient, atLeast = this.acknowledged): Promise<number> {
    const found = await this.read(client);
    const state = structuredClone(this.state);
    for (let count = this.base; ; count++) {
      if (count >= atLeast && canonical(state) === found) return count;
      const step = this.steps[count - this.base];
      if (step === undefined) break;
      step.apply(state);
    }
    throw new Error(this.explain(found, atLeast));
  }

  /** As `find`, and goes on from there: what came after is forgotten. */
  async verify(client: TestClient, atLeast = this.acknowledged): Promise<number> {
    const count = await this.find(client, atLeast);
    for (const step of this.steps.slice(0, count - this.base)) step.apply(this.state);
    this.steps = [];
    this.base = this.sent = this.acknowledged = count;
    return count;
  }

  private nextStep(): Step {
    const kind = KINDS[this.random.below(KINDS.length)]!;
    const step = kind((name) => `${this.name}:${name}`, ++this.sent, this.random);
    this.steps.push(step);
    return step;
  }

  private async read(client: TestClient): Promise<string> {
    const key = (name: string) => `${this.name}:${name}`;
    const frames = await client.pipeline([
      ['GET', key('text')],
      ['GET', key('counter')],
      ['GET', key('halves')],
      ['GET', key('volatile')],
      ['LRANGE', key('list'), '0', '-1'],
      ['LRANGE', key('other'), '0', '-1'],
      ['HGETALL', key('fields')],
      ['SMEMBERS', key('members')],
      ['ZRANGE', key('scores'), '0', '-1', 'WITHSCORES'],
      ['XRANGE', key('entries'), '-', '+'],
      ['MGET', key('one'), key('two'), key('three')],
    ]);
    const [text, counter, halves, volatile, list, other, fields, members, scores, entries, pair] = frames.map(
      ({ reply }) => plainValue(reply),
    ) as PlainValue[];
    const texts = pair as (string | null)[];
    return canonical({
      text: (text as string | null) ?? '',
      counter: Number(counter ?? 0),
      halves: Number(halves ?? 0),
      volatile: (volatile as string | null) ?? '',
      list: list as string[],
      other: other as string[],
      fields: Object.fromEntries(pairs(fields as string[])),
      members: Object.fromEntries((members as string[]).map((member) => [member, true])),
      scores: Object.fromEntries(pairs(scores as string[]).map(([member, score]) => [member, Number(score)])),
      entries: (entries as [string, [string, string]][]).map(([id, [, value]]) => [id, value]),
      pair: [texts[0] ?? '', texts[1] ?? '', Number(texts[2] ?? 0)],
    });
  }

  // Which state comes closest, and in what it differs.
  private explain(found: string, atLeast: number): string {
    const state = structuredClone(this.state);
    const actual = JSON.parse(found) as Record<string, unknown>;
    let best: { count: number; differing: string[]; expected: Record<string, unknown> } | null = null;
    for (let count = this.base; ; count++) {
      const expected = JSON.parse(canonical(state)) as Record<string, unknown>;
      const differing = Object.keys(expected).filter(
        (name) => JSON.stringify(expected[name]) !== JSON.stringify(actual[name]),
      );
      if (best === null || differing.length <= best.differing.length) best = { count, differing, expected };
      const step = this.steps[count - this.base];
      if (step === undefined) break;
      step.apply(state);
    }
    const { count, differing, expected } = best!;
    const range = `${atLeast} to ${this.sent} of the steps from ${this.base} on`;
    const details = differing.map(
      (name) =>
        `${name}: ${JSON.stringify(actual[name])?.slice(0, 300)} instead of ${JSON.stringify(expected[name])?.slice(0, 300)}`,
    );
    return `${this.name}: no state of ${range}; closest after ${count}; ${details.join('; ') || 'acknowledged steps are missing'}`;
  }
}

function emptyState(): State {
  return {
    text: '',
    counter: 0,
    halves: 0,
    volatile: '',
    list: [],
    other: [],
    fields: {},
    members: {},
    scores: {},
    entries: [],
    pair: ['', '', 0],
  };
}

function canonical(state: State): string {
  const sorted = (record: Record<string, unknown>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { fields, members, scores, ...rest } = state;
  return JSON.stringify({
    ...rest,
    fields: sorted(fields),
    members: sorted(members),
    scores: sorted(scores),
  });
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
}
