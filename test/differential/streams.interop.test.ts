// Random sequences of stream commands to our server and to the real one, on few keys, groups and IDs, so that they meet:
// the replies, what replicas hear, and the nodes' bytes must be the same. Times are not compared. RESPITE_SEED starts at
// another seed, RESPITE_RUNS tells how many sequences.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stream } from '../../src/datatypes/stream.ts';
import { StreamId } from '../../src/datatypes/stream-id.ts';
import { EffectServer } from '../support/effects.ts';
import { findReference, ReferenceServer } from '../support/reference.ts';
import { ReplicaTap } from '../support/replica-tap.ts';
import type { TestClient } from '../support/test-client.ts';
import { shownRequest, shrink } from './compare.ts';
import { type Program, STREAMS } from './programs.ts';
import { firstSeed } from './sides.ts';
import { streamText } from './stream-fuzzer.ts';

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

function shownEffect(args: readonly string[]): string {
  const time = args.indexOf('TIME');
  return args.map((arg, i) => (i === time + 1 && time > 0 && arg.length > 10 ? 'T' : arg)).join(' ');
}

async function tell(program: Program, protocol: 2 | 3): Promise<string | null> {
  const ours = new EffectServer();
  try {
    const setUp = [['FLUSHALL'], ...program.setUp, ['HELLO', `${protocol}`]];
    await theirs.pipeline(setUp);
    await ours.client.pipeline(setUp);
    await tap.look(reference, 'begun');
    ours.look();
    for (const [i, request] of program.requests.entries()) {
      const [mine, other] = await Promise.all([ours.client.call(request), theirs.call(request)]);
      const shown = streamText(request, mine.raw);
      const wanted = streamText(request, other.raw);
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

describe(STREAMS.name, () => {
  const cases = ([2, 3] as const).flatMap((protocol) =>
    Array.from({ length: runs }, (_, i) => ({ seed: firstSeed + i, protocol })),
  );
  test.each(cases)('seed $seed, RESP$protocol', async ({ seed, protocol }) => {
    const program = STREAMS.program(seed, protocol);
    const found = await tell(program, protocol);
    if (found === null) return;
    const part = (requests: Program['requests']) => tell({ ...program, requests }, protocol);
    const small = await shrink(program.requests, async (some) => (await part(some)) !== null);
    const shown = [...program.setUp, ...small].map((request) => `  ${shownRequest(request)}`);
    expect.fail(`${shown.join('\n')}\n${(await part(small)) ?? found}`);
  });
});
