// Users and rules where no table reaches: several clients, files, every way in which a request can be made, and what is open
// to a client that has not logged in.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SeededRandom } from '../../src/base/runtime.ts';
import { COMMANDS } from '../../src/commands/registry.ts';
import { findReference, isVersionAtLeast, ReferenceServer } from '../support/reference.ts';
import { hold } from '../support/talk.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer, type TestServerOptions } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';
import { TALKS } from './acl.talks.ts';

const QUIET_MS = 60;

async function start(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await TestServer.start(options);
  onTestFinished(() => server.close());
  return server;
}

async function turns(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
}

const received = ({ steps }: (typeof TALKS)[number]) => steps.map(([, , lines]) => lines);

describe('several clients', () => {
  test.each(TALKS)('$name', async (talk) => {
    const server = await start();
    expect(await hold(talk, async () => server.connect(), turns)).toEqual(received(talk));
  });

  test('what removes its own user in a transaction does the rest of it as the default user', async () => {
    const server = await start();
    await server.connect().call('ACL SETUSER u on nopass +@all ~*');
    const client = server.connect();
    await client.pipeline(['AUTH u x', 'MULTI', 'ACL DELUSER u', 'ACL SETUSER v', 'ACL WHOAMI']);
    client.send('EXEC');
    await client.whenClosed();
    // Observed 7.2.4: it is told no more than that.
    expect(client.unread).toBe('*3\r\n:1\r\n');
    expect(await server.connect().value('ACL', 'USERS')).toEqual(['default', 'v']);
  });

  test('of a user that is removed are closed, whatever they are doing', async () => {
    const server = await start();
    const admin = server.connect();
    await admin.call('ACL SETUSER u on nopass +@all ~* &*');
    const clients = await Promise.all(
      ['PING', 'BLPOP k 0', 'SUBSCRIBE c', 'MONITOR', 'MULTI', 'WATCH k', 'CLIENT REPLY OFF'].map(
        async (request) => {
          const client = server.connect();
          await client.call('AUTH u x');
          client.send(request);
          return client;
        },
      ),
    );
    await turns();
    expect(await admin.value('ACL', 'DELUSER', 'u')).toBe(1);
    await Promise.all(clients.map((client) => client.whenClosed()));
    expect(await admin.value('CLIENT', 'LIST')).toMatch(/^id=1 [^\n]*\n$/);
  });
});

describe('a client that has not logged in', () => {
  const OPEN = ['auth', 'hello', 'quit', 'reset'];
  const NO_AUTH = 'NOAUTH Authentication required.';
  const NOTHING_DONE =
    /^(NOAUTH|EXECABORT .*: (NOAUTH|wrong number of arguments)|ERR (unknown (sub)?command|wrong number of arguments|.* command not allowed\. If the enable-))/;

  /** All names of commands and subcommands, as words of a request. */
  const names = COMMANDS.flatMap((command) => [
    [command.name],
    ...[...command.subcommands.keys()].map((word) => [command.name, word]),
  ]);

  test.each([
    ['at once', 3],
    ['in pieces', 1],
  ])('runs nothing but AUTH, HELLO, QUIT and RESET (requests that arrive %s)', async (way, most) => {
    const server = await start({ config: { requirepass: 'secret', 'enable-debug-command': 'yes' } });
    const admin = server.connect();
    await admin.call('AUTH secret');
    await admin.call('SET k v');
    await admin.call('CONFIG RESETSTAT');
    const digest = await admin.value('DEBUG', 'DIGEST');
    const stranger = server.connect();
    const random = new SeededRandom(Uint8Array.of(4, 2));
    const words = ['k', '0', '1', '*', 'GET', 'secret', 'default', '-1', 'x'.repeat(100), '$'];
    for (const name of names) {
      if (name[0] === 'quit') continue;
      for (let count = 0; count <= most; count++) {
        const rest = Array.from({ length: count }, () => words[random.below(words.length)]!);
        const request = [...name.map((word) => (random.below(2) ? word : word.toUpperCase())), ...rest];
        if (way === 'at once') stranger.send(request);
        else for (const byte of encoded(request)) stranger.write(byte);
        const { reply } = await stranger.reply();
        if (name[0] === 'reset' && count === 0) expect(reply).toMatchObject({ text: 'RESET' });
        else if (OPEN.includes(name[0]!)) expect(reply.type, request.join(' ')).toBe('error');
        else
          expect(reply, request.join(' ')).toMatchObject({
            type: 'error',
            text: expect.stringMatching(NOTHING_DONE),
          });
      }
      expect(await isStranger(stranger), name.join(' ')).toBe(true);
    }
    const stats = String(await admin.value('INFO', 'commandstats'));
    const ran = [...stats.matchAll(/^cmdstat_([^:]+):calls=([1-9]\d*)/gm)].map(([, name]) => name);
    expect(new Set(ran)).toEqual(new Set(['auth', 'hello', 'reset', 'debug', 'config|resetstat']));
    expect(await admin.value('DEBUG', 'DIGEST')).toEqual(digest);
    expect(await stranger.value('QUIT')).toBe('OK');
    await stranger.whenClosed();
  });

  test('runs nothing of what a rename makes of a command, or in a transaction', async () => {
    const server = await start({ config: { requirepass: 'secret' } });
    const stranger = server.connect();
    for (const request of [
      'MULTI',
      'EXEC',
      'DISCARD',
      'WATCH k',
      'EVAL "return 1" 0',
      'FCALL f 0',
      'MONITOR',
      'SYNC',
    ]) {
      const { reply } = await stranger.call(request);
      expect(reply).toMatchObject({ type: 'error', text: expect.stringContaining(NO_AUTH) });
    }
  });

  async function isStranger(client: TestClient): Promise<boolean> {
    const { reply } = await client.call('GET k');
    return reply.type === 'error' && reply.text === NO_AUTH;
  }

  function encoded(request: readonly string[]): string[] {
    const text = `*${request.length}\r\n${request.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
    return [text.slice(0, 7), text.slice(7, 13), text.slice(13)].filter((piece) => piece !== '');
  }
});

// For each reason of a refusal, a request that is refused; each is made in every way there is.
describe.each([
  ['a command', ['KEYS', '*'], "User u has no permissions to run the 'keys' command"],
  ['a subcommand', ['OBJECT', 'FREQ', 'k'], "User u has no permissions to run the 'object|freq' command"],
  ['a key', ['GET', 'x'], 'No permissions to access a key'],
  ['a key that may only be read', ['SET', 'r', 'v'], 'No permissions to access a key'],
  ['one of several keys', ['MGET', 'k', 'x'], 'No permissions to access a key'],
  ['a channel', ['PUBLISH', 'x', 'm'], 'No permissions to access a channel'],
])('%s that rules do not allow', (_what, request, message) => {
  const RULES = 'reset on nopass ~k %R~r &c +@all -keys -object|freq';
  const refusal = `NOPERM ${message}`;
  const inScript = `ERR ACL failure in script: ${message}`;
  const call = `redis.pcall(${request.map((word) => `'${word}'`).join(', ')})`;
  const LIBRARY = `#!lua name=lib\nredis.register_function('f', function() return ${call} end)`;

  async function logged(): Promise<{ admin: TestClient; client: TestClient }> {
    const server = await start();
    const admin = server.connect();
    await admin.call(`ACL SETUSER u ${RULES}`);
    await admin.call(['FUNCTION', 'LOAD', LIBRARY]);
    const client = server.connect();
    await client.call('AUTH u x');
    return { admin, client };
  }

  const errorOf = async (client: TestClient, ...words: string[]) => {
    const { reply } = await client.call(words);
    return reply.type === 'error' ? reply.text : reply;
  };

  test('is refused as a request, and in DRYRUN', async () => {
    const { admin, client } = await logged();
    expect(await errorOf(client, ...request)).toBe(refusal);
    expect(await admin.value('ACL', 'DRYRUN', 'u', ...request)).toMatch(/^User u has no permissions to /);
    expect(await admin.value('ACL', 'DRYRUN', 'default', ...request)).toBe('OK');
  });

  test('is refused in RESP3, and after HELLO AUTH', async () => {
    const { client } = await logged();
    await client.call('HELLO 3 AUTH u x');
    expect(await errorOf(client, ...request)).toBe(refusal);
  });

  test('is refused in a transaction, when it is queued', async () => {
    const { client } = await logged();
    await client.call('MULTI');
    expect(await errorOf(client, ...request)).toBe(refusal);
    expect(await errorOf(client, 'EXEC')).toMatch(/^EXECABORT /);
  });

  test('is refused in a transaction, when it runs', async () => {
    const { admin, client } = await logged();
    await admin.call('ACL SETUSER u ~* &* +@all');
    await client.call('MULTI');
    await client.call([...request]);
    await admin.call(`ACL SETUSER u ${RULES}`);
    expect((await client.call('EXEC')).raw).toMatch(/^\*1\r\n-NOPERM ACLs rules changed /);
  });

  test('is refused to scripts and functions', async () => {
    const { admin, client } = await logged();
    expect(await errorOf(client, 'EVAL', `return ${call}`, '0')).toBe(inScript);
    expect(await errorOf(client, 'EVAL_RO', `return ${call}`, '0')).toBe(inScript);
    expect(await errorOf(client, 'FCALL', 'f', '0')).toBe(inScript);
    const raised = `local ok, e = pcall(redis.call, ${call.slice('redis.pcall('.length)} return e`;
    expect(await client.value('EVAL', raised, '0')).toBe(inScript);
    const sha = String(await admin.value('SCRIPT', 'LOAD', `return ${call}`));
    expect(await errorOf(client, 'EVALSHA', sha, '0')).toBe(inScript);
    await client.call('MULTI');
    await client.call(['EVAL', `return ${call}`, '0']);
    expect((await client.call('EXEC')).raw).toBe(`*1\r\n-${inScript}\r\n`);
    const check = `return redis.acl_check_cmd(${request.map((word) => `'${word}'`).join(', ')})`;
    expect(await client.value('EVAL', check, '0')).toBeNull();
    expect(await admin.value('EVAL', check, '0')).toBe(1);
  });

  test('stands in the log with where it came from', async () => {
    const { admin, client } = await logged();
    await client.call([...request]);
    await client.call('MULTI');
    await client.call([...request]);
    await client.call('DISCARD');
    await client.call(['EVAL', `return ${call}`, '0']);
    const log = (await admin.value('ACL', 'LOG')) as unknown[][];
    expect(log.map((entry) => entry[5])).toEqual(['lua', 'multi', 'toplevel']);
    for (const entry of log) expect(String(entry[13])).toMatch(/^id=2 .* user=u /);
  });
});

describe('the file of users', () => {
  const path = '/users.acl';

  async function withFile(text: string): Promise<{ server: TestServer; runtime: VirtualRuntime }> {
    const runtime = new VirtualRuntime();
    runtime.files.writeFileSync(path, text);
    return { server: await start({ runtime, config: { aclfile: path } }), runtime };
  }
  const contents = (runtime: VirtualRuntime) => runtime.files.readFileSync(path, 'latin1');

  test('is read at the start, and written by SAVE', async () => {
    const { server, runtime } = await withFile('user bob on >pw ~a (+get ~b) +@read\r\n\n  user al nopass\n');
    const client = server.connect();
    const list = await client.value('ACL', 'LIST');
    expect(list).toMatchObject({ length: 3 });
    await client.call('ACL SETUSER al throttle=5:0');
    expect(await client.value('ACL', 'SAVE')).toBe('OK');
    expect(contents(runtime)).toMatch(
      /^user al off nopass sanitize-payload throttle=5:0 resetchannels -@all\nuser bob on sanitize-payload #[0-9a-f]{64} ~a resetchannels -@all \+@read \(~b resetchannels -@all \+get\)\nuser default on nopass sanitize-payload ~\* &\* \+@all\n$/,
    );
    expect(await client.value('ACL', 'LOAD')).toBe('OK');
    expect(runtime.files.readdirSync('/').filter((name) => String(name).includes('tmp'))).toEqual([]);
  });

  test('takes the place of all users, and cuts off those of all but the default user', async () => {
    const { server, runtime } = await withFile('user u on nopass +@all\n');
    const [client, user] = [server.connect(), server.connect()];
    await user.call('AUTH u x');
    await client.call('ACL SETUSER other on');
    runtime.files.writeFileSync(path, 'user u on nopass +@all\nuser default on >pw +@all ~*\n');
    expect(await client.value('ACL', 'LOAD')).toBe('OK');
    await user.whenClosed();
    expect(await client.value('ACL', 'USERS')).toEqual(['default', 'u']);
    expect((await server.connect().call('PING')).raw).toBe('-NOAUTH Authentication required.\r\n');
    runtime.files.writeFileSync(path, '');
    expect(await client.value('ACL', 'LOAD')).toBe('OK');
    expect(await client.value('ACL', 'LIST')).toEqual([
      'user default on nopass sanitize-payload ~* &* +@all',
    ]);
  });

  test('changes nothing when anything is wrong with it, and says all that is', async () => {
    const { server, runtime } = await withFile('');
    const client = server.connect();
    runtime.files.writeFileSync(
      path,
      'user a on  nopass +xx bad bad2\nfoo\nuser\nuser a on\nuser b\tc on\nuser d (+get\n',
    );
    expect((await client.call('ACL LOAD')).raw).toBe(
      `-ERR ${path}:1: Error in applying operation '+xx': Unknown command or category name in ACL. ${path}:1: Syntax error. ${path}:2 should start with user keyword followed by the username. ${path}:3 should start with user keyword followed by the username. WARNING: Duplicate user 'a' found on line 4. '${path}:5: username 'b\tc' contains invalid characters. ${path}:6: Unmatched parenthesis in selector definition.WARNING: ACL errors detected, no change to the previously active ACL rules was performed\r\n`,
    );
    expect(await client.value('ACL', 'USERS')).toEqual(['default']);
    runtime.files.unlinkSync(path);
    expect((await client.call('ACL LOAD')).raw).toBe(
      `-ERR Error loading ACLs, opening file '${path}': No such file or directory\r\n`,
    );
  });

  test.each(['openSync', 'writeSync', 'fsyncSync', 'renameSync'] as const)(
    'stays as it was when %s fails',
    async (call) => {
      const { server, runtime } = await withFile('user u on\n');
      const client = server.connect();
      await client.call('ACL SETUSER v');
      runtime.disk.fail(call, 'ENOSPC');
      expect((await client.call('ACL SAVE')).raw).toBe(
        '-ERR There was an error trying to save the ACLs. Please check the server logs for more information\r\n',
      );
      expect(contents(runtime)).toBe('user u on\n');
      expect(runtime.files.readdirSync('/').filter((name) => String(name).includes('tmp'))).toEqual([]);
      expect(server.logLines.at(-1)).toContain(' for ACL SAVE: No space left on device\n');
    },
  );

  test('that is damaged keeps the server from starting', async () => {
    await expect(withFile('user u bad\n')).rejects.toThrow('users');
  });
});

test('first arguments of commands are warned of', async () => {
  const server = await start();
  await server.connect().call('ACL SETUSER u +select|0');
  expect(server.logLines.at(-1)).toContain(
    'Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ACL and may get disabled in the future (offender: +select|0)',
  );
});

test('the log forgets to group what is refused again after a minute', async () => {
  const server = await start();
  const client = server.connect();
  const counts = async () =>
    ((await client.value('ACL', 'LOG')) as unknown[][]).map((entry) => [entry[1], entry[11]]);
  await client.call('AUTH u x');
  await server.advance(60_000);
  await client.call('AUTH u x');
  await server.advance(1500);
  expect(await counts()).toEqual([[2, '1.5']]);
  await server.advance(60_000);
  await client.call('AUTH u x');
  expect(await counts()).toEqual([
    [1, '0'],
    [2, '61.5'],
  ]);
});

const program = findReference();
const isAsked = program !== null && isVersionAtLeast(program.version, '7.2');

describe.runIf(isAsked)('the reference agrees', () => {
  let server: ReferenceServer;
  let admin: TestClient;

  beforeAll(async () => {
    server = await ReferenceServer.start(program!);
    admin = await server.connect();
  });

  afterAll(() => server.stop());

  test.each(TALKS)('$name', async (talk) => {
    for (const request of ['ACL SETUSER default reset on nopass ~* &* +@all', 'ACL DELUSER u v', 'FLUSHALL'])
      await admin.call(request);
    const quiet = () => new Promise<void>((resolve) => setTimeout(resolve, QUIET_MS));
    expect(await hold(talk, () => server.connect(), quiet)).toEqual(received(talk));
  });
});
