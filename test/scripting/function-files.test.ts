// Function libraries in payloads and files: FUNCTION DUMP and RESTORE, the RDB file, both forms of the append-only file.

import { describe, expect, onTestFinished, test } from 'vitest';
import { TestServer } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const library = (name: string, fn: string, result: string) =>
  `#!lua name=${name}\nredis.register_function('${fn}', function() return ${result} end)`;

async function start(config: Record<string, string> = {}, runtime = new VirtualRuntime({})) {
  const server = await TestServer.start({ runtime, config });
  onTestFinished(() => server.close());
  const client = server.connect();
  return { server, runtime, ask: async (...request: string[]) => (await client.call(request)).raw, client };
}

describe('FUNCTION RESTORE', () => {
  async function dumped() {
    const started = await start();
    await started.ask('FUNCTION', 'LOAD', library('a', 'f', "'a'"));
    await started.ask('FUNCTION', 'LOAD', library('b', 'g', "'b'"));
    const payload = String(await started.client.value('FUNCTION', 'DUMP'));
    return { ...started, payload };
  }

  test('brings back what FUNCTION DUMP gave', async () => {
    const { ask, payload } = await dumped();
    expect(await ask('FUNCTION', 'RESTORE', payload)).toBe('-ERR Library a already exists\r\n');
    await ask('FUNCTION', 'FLUSH');
    expect(await ask('FUNCTION', 'RESTORE', payload)).toBe('+OK\r\n');
    expect(await ask('FCALL', 'f', '0')).toBe('$1\r\na\r\n');
    expect(await ask('FCALL', 'g', '0')).toBe('$1\r\nb\r\n');
  });

  test('replaces libraries, but takes no function from another', async () => {
    const { ask, payload } = await dumped();
    await ask('FUNCTION', 'LOAD', 'REPLACE', library('a', 'f', "'new'"));
    expect(await ask('FUNCTION', 'RESTORE', payload, 'REPLACE')).toBe('+OK\r\n');
    expect(await ask('FCALL', 'f', '0')).toBe('$1\r\na\r\n');
    await ask('FUNCTION', 'DELETE', 'a');
    await ask('FUNCTION', 'LOAD', library('c', 'f', "'c'"));
    expect(await ask('FUNCTION', 'RESTORE', payload, 'REPLACE')).toBe('-ERR Function f already exists\r\n');
    expect(await ask('FCALL', 'f', '0')).toBe('$1\r\nc\r\n');
    expect(await ask('FUNCTION', 'RESTORE', payload, 'FLUSH')).toBe('+OK\r\n');
    expect(await ask('FCALL', 'f', '0')).toBe('$1\r\na\r\n');
  });

  test('refuses what is damaged', async () => {
    const { ask, payload } = await dumped();
    await ask('FUNCTION', 'FLUSH');
    const refused = '-ERR DUMP payload version or checksum are wrong\r\n';
    for (let i = 0; i < payload.length; i++) {
      const damaged =
        payload.slice(0, i) + String.fromCharCode(payload.charCodeAt(i) ^ 1) + payload.slice(i + 1);
      expect(await ask('FUNCTION', 'RESTORE', damaged)).toBe(refused);
    }
    expect(await ask('FUNCTION', 'LIST')).toBe('*0\r\n');
  });

  test('gives the payload that Redis gives', async () => {
    const { ask, client } = await start();
    await ask('FUNCTION', 'LOAD', library('a', 'f', "'a'"));
    // Observed 7.2.4.
    expect(Buffer.from(String(await client.value('FUNCTION', 'DUMP')), 'latin1').toString('hex')).toBe(
      PAYLOAD,
    );
  });
});

describe.each([
  ['the RDB file', { save: '3600 1', dir: '/' }],
  ['an append-only file with an RDB base', { appendonly: 'yes' }],
  ['an append-only file of commands', { appendonly: 'yes', 'aof-use-rdb-preamble': 'no' }],
])('%s', (name, config) => {
  test('keeps the libraries, before and after it is written anew', async () => {
    const first = await start(config);
    await first.ask('FUNCTION', 'LOAD', library('a', 'f', "'a'"));
    await first.ask('FUNCTION', 'LOAD', library('b', 'g', "'b'"));
    await first.ask('FUNCTION', 'DELETE', 'a');
    if (name === 'the RDB file') await first.ask('SAVE');
    await first.server.close();
    const second = await start(config, first.runtime);
    expect(await second.ask('FCALL', 'g', '0')).toBe('$1\r\nb\r\n');
    expect(await second.ask('FCALL', 'f', '0')).toBe('-ERR Function not found\r\n');
    await second.ask(name === 'the RDB file' ? 'SAVE' : 'BGREWRITEAOF');
    await second.server.advance(1000);
    await second.server.close();
    const third = await start(config, first.runtime);
    expect(await third.ask('FCALL', 'g', '0')).toBe('$1\r\nb\r\n');
  });
});

const PAYLOAD =
  'f5404423216c7561206e616d653d610a72656469732e72656769737465725f66756e6374696f6e282766272c2066756e6374696f6e28292072657475726e2027612720656e64290b00a60b688db06467d9';
