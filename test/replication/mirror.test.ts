// The mirror: whoever takes the snapshot and repeats the effects has the same data, whatever was done. The commands are
// made from their own grammars; both servers go by one clock, so that keys expire at the same moment.

import { describe, expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../src/commands/registry.ts';
import { SeededRandom } from '../../src/index.ts';
import { CommandFuzzer, toldCommands } from '../differential/commands.ts';
import { THEMES } from '../differential/themes.ts';
import { ReplicaStream } from '../support/replica-stream.ts';
import { encodeRequest } from '../support/resp.ts';
import { TestServer } from '../support/test-server.ts';

const REQUESTS = 400;
const firstSeed = Number(process.env.RESPITE_SEED ?? 1);
const runs = Number(process.env.RESPITE_RUNS ?? 2);
const DUMP = '/dump.rdb';
const END = '*2\r\n$4\r\nECHO\r\n$3\r\nend\r\n';

// What chooses at random, and so is told nowhere else, is what a mirror is there for.
const CHOOSING = COMMANDS.filter(({ name }) => ['spop', 'xautoclaim'].includes(name));
// It takes seconds, and changes nothing.
const ALL = toldCommands().filter(({ name }) => name !== 'pfselftest');

async function start(config: Readonly<Record<string, string>>): Promise<TestServer> {
  const server = await TestServer.start({ config: { 'enable-debug-command': 'yes', dir: '/', ...config } });
  onTestFinished(() => server.close());
  return server;
}

/** A server that has loaded the snapshot, and a function that lets it repeat effects and tells its digest. */
async function mirror(snapshot: string, config: Readonly<Record<string, string>>) {
  const server = await start(config);
  server.virtual.disk.write(DUMP, snapshot);
  const repeater = server.connect();
  expect(await repeater.value('DEBUG', 'RELOAD', 'NOSAVE')).toBe('OK');
  const repeat = async (effects: string) => {
    repeater.write(effects + END);
    const errors: string[] = [];
    for (;;) {
      const { reply } = await repeater.reply();
      if (reply.type === 'error') errors.push(reply.text);
      if (reply.type === 'bulk' && reply.text === 'end') return errors;
    }
  };
  const reader = server.connect();
  return { server, repeat, digest: () => reader.value('DEBUG', 'DIGEST') };
}

describe.each([{ name: 'all commands', commands: ALL, poolOf: () => null, config: {} }, ...THEMES])(
  '$name',
  ({ name, commands, poolOf, config }) => {
    const seeds = Array.from({ length: runs }, (_, i) => firstSeed + i);
    test.each(seeds)('seed %i', async (seed) => {
      const random = new SeededRandom(Buffer.from(`mirror ${name} ${seed}`));
      const fuzzer = new CommandFuzzer(random, [...commands, ...CHOOSING], poolOf);
      // A trim with LIMIT is told with `=` and LIMIT, as by Redis: only from its master does a server take that.
      const sequence = (length: number) =>
        fuzzer.sequence(length).filter((request) => !request.some((word) => /^limit$/i.test(word)));
      const ours = await start(config);
      const client = ours.connect();
      const tell = async (requests: readonly (readonly string[])[]) => {
        // Not pipelined with replies: a request may end the connection's transaction with any number of them.
        const teller = ours.connect();
        teller.write(Buffer.concat([...requests.map(encodeRequest), encodeRequest(['ECHO', 'told'])]));
        await client.call('PING');
        teller.close();
      };
      await tell(sequence(REQUESTS));
      const replica = await ReplicaStream.open(ours.server.connect());
      const copy = await mirror(replica.snapshot!, config);
      expect(await copy.digest()).toBe(await client.value('DEBUG', 'DIGEST'));
      let told = 0;
      for (let round = 0; round < 8; round++) {
        const requests = sequence(REQUESTS / 8);
        await tell(requests);
        await ours.advance(50);
        await copy.server.advance(50);
        const effects = await replica.bytes();
        told += effects.length;
        expect(await copy.repeat(effects)).toEqual([]);
        const story = requests.map((request) => JSON.stringify(request)).join('\n');
        expect(await copy.digest(), story).toBe(await client.value('DEBUG', 'DIGEST'));
      }
      expect(told).toBeGreaterThan(1000);
    });
  },
);
