// How long a server takes to save its data set and to load it again: values of all types in such a mixture that a file
// of 1 GB holds about 5 M keys. Each server loads the file that it has written itself.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { ReplyError } from './client.ts';
import { load, NUMBER } from './loader.ts';
import { median } from './requests.ts';
import { type Children, type RunningServer, type ServerSpec, startServer } from './servers.ts';

const SAVES = 3;
/** What one of each kind takes in a file. */
const UNIT_BYTES = 1100;

export interface DataFileRow {
  readonly server: string;
  readonly fileBytes: number;
  readonly keys: number;
  readonly saveSeconds: number;
  readonly loadSeconds: number;
}

// Letters that LZF finds nothing in.
const text = (length: number, seed: number): string => {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 90));
  }).join('');
};
const ten = <T>(make: (i: number) => T[]): T[] => Array.from({ length: 10 }, (_, i) => make(i)).flat();

const KINDS: readonly (readonly string[])[] = [
  ['SET', `string:${NUMBER}`, text(150, 1)],
  ['RPUSH', `list:${NUMBER}`, ...ten((i) => [text(16, 100 + i), text(6, 200 + i)])],
  ['HSET', `hash:${NUMBER}`, ...ten((i) => [`field:${i}`, text(16, 300 + i)])],
  ['SADD', `set:${NUMBER}`, ...ten((i) => [text(14, 400 + i)])],
  ['ZADD', `zset:${NUMBER}`, ...ten((i) => [`${i * 37}`, text(12, 500 + i)])],
];

/** Measures one server with a file of about `megabytes`. */
export async function measureDataFiles(
  children: Children,
  spec: ServerSpec,
  megabytes: number,
): Promise<DataFileRow> {
  const directory = children.directory();
  const placed = { ...spec, directory };
  const server = await startServer(children, placed);
  const seconds: number[] = [];
  let count = 0;
  try {
    count = await fillData(server.port, megabytes);
    for (let i = 0; i < SAVES; i++) seconds.push(await save(server));
  } finally {
    await server.stop();
  }
  const again = await startServer(children, placed);
  try {
    const keys = Number(await again.control.call('DBSIZE'));
    if (keys !== count) throw new Error(`${spec.name} has loaded ${keys} keys`);
    const loadSeconds = Number(/DB loaded from disk: ([\d.]+) seconds/.exec(again.startLog)?.[1]);
    const fileBytes = statSync(join(directory, 'dump.rdb')).size;
    return { server: spec.name, fileBytes, keys, saveSeconds: median(seconds), loadSeconds };
  } finally {
    await again.stop();
  }
}

/** Fills a server with what takes about so many megabytes in a file; tells how many keys these are. */
export async function fillData(port: number, megabytes: number): Promise<number> {
  const count = Math.round((megabytes * 1e6) / UNIT_BYTES);
  for (const command of KINDS) await load({ port, command, first: 0, count });
  return count * KINDS.length;
}

async function save(server: RunningServer): Promise<number> {
  const startedMs = performance.now();
  const reply = await server.control.call('SAVE');
  if (reply instanceof ReplyError) throw new Error(`SAVE on ${server.name}: ${reply.message}`);
  return (performance.now() - startedMs) / 1000;
}
