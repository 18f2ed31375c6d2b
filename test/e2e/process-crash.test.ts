// How the process ends by an error of its own: by the signal that Redis ends by, after a report with Redis's headings.

import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { OurProcess, type OurProcessOptions } from '../support/our-process.ts';
import {
  connectTo,
  findReference,
  freePort,
  isVersionAtLeast,
  requireProgram,
} from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';
import { ask, TestClient } from '../support/test-client.ts';

const running: OurProcess[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start({ args = [], ...others }: OurProcessOptions = {}): Promise<OurProcess> {
  const server = await OurProcess.start({ ...others, args: ['--enable-debug-command', 'yes', ...args] });
  running.push(server);
  // The port is open a moment before the server runs.
  await server.says('Ready to accept connections tcp');
  return server;
}

/** The headings of a report, and what it says first. */
function reportOf({ stdout }: OurProcess): { headings: string[]; lines: string[] } {
  const begin = stdout.indexOf('\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n');
  const end = stdout.indexOf('\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n');
  expect([begin > 0, end > begin], stdout).toEqual([true, true]);
  const text = stdout.slice(begin, end);
  return {
    headings: [...text.matchAll(/^------ ([A-Z ]+) ------$/gm)].map(([, title]) => title!),
    lines: text.split('\n').flatMap((line) => /^\d+:M .{24} # (.*)$/.exec(line)?.[1] ?? []),
  };
}

const OF_THE_SERVER = ['STACK TRACE', 'INFO OUTPUT', 'CLIENT LIST OUTPUT'];
const OF_THE_COMMAND = ['CURRENT CLIENT INFO', 'EXECUTING CLIENT INFO'];
const AT_THE_END = ['CONFIG DEBUG OUTPUT', 'FAST MEMORY TEST'];
const ALL = [...OF_THE_SERVER, ...OF_THE_COMMAND, ...AT_THE_END];

describe('DEBUG', () => {
  const commands: [command: string, signal: string, lines: RegExp[]][] = [
    ['SEGFAULT', 'SIGSEGV', [/^Redis 7\.2\.4 crashed by signal: 11, si_code: 2$/, /^Accessing address: /]],
    [
      'PANIC',
      'SIGABRT',
      [
        /^-{48}$/,
        /^!!! Software Failure\. Press left mouse button to continue$/,
        /^Guru Meditation: DEBUG PANIC called at Unix time \d+ #debug-crash\.[jt]s:\d+$/,
      ],
    ],
    [
      'ASSERT',
      'SIGABRT',
      [/^=== ASSERTION FAILED ===$/, /^==> debug-crash\.[jt]s:\d+ '1 == 2' is not true$/],
    ],
    [
      'OOM',
      'SIGABRT',
      [
        /^Out Of Memory allocating 9223372036854775807 bytes!$/,
        /^-{48}$/,
        /^!!! Software Failure/,
        /^Guru Meditation: Redis aborting for OUT OF MEMORY\. Allocating 9223372036854775807 bytes! #/,
      ],
    ],
  ];

  test.each(commands)('%s', async (command, signal, lines) => {
    const server = await start();
    const client = await server.connect();
    client.send(['DEBUG', command]);
    await client.whenClosed();
    await server.exitCode();
    expect(server.signal).toBe(signal);
    const report = reportOf(server);
    expect(report.headings).toEqual(ALL);
    expect(report.lines).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) expect(report.lines[i]).toMatch(line);
    expect(server.stdout).toMatch(/^at .*debugCommand/m);
    expect(server.stdout).toContain(`argc: '2'\nargv[0]: '"DEBUG"'\nargv[1]: '"${command}"'\n`);
    expect(server.stdout).toContain('# Server\r\nredis_version:7.2.4');
    expect(server.stdout).toContain('Fast memory test PASSED');
  });

  test('the key that the command names is described, long arguments are cut, passwords are not shown', async () => {
    const server = await start();
    const client = await server.connect();
    await client.call('RPUSH panic a b c');
    client.send(['DEBUG', 'panic', 'x'.repeat(200), 'auth', 'secret']);
    await client.whenClosed();
    await server.exitCode();
    expect(server.stdout).toContain(
      'key "panic" found in DB containing the following object:\nObject type: list\nObject encoding: listpack\n',
    );
    expect(server.stdout).toContain(`argv[2]: '"${'x'.repeat(128)}"'\nargv[3]: '"auth"'\n`);
    expect(server.stdout).not.toContain('secret');
  });

  test('crash-log-enabled no leaves only what has happened', async () => {
    const server = await start({ args: ['--crash-log-enabled', 'no'] });
    const client = await server.connect();
    client.send('DEBUG PANIC');
    await server.exitCode();
    expect(server.signal).toBe('SIGABRT');
    expect(reportOf(server).headings).toEqual([]);
  });

  test('crash-memcheck-enabled no leaves the memory test out, use-exit-on-panic ends by an exit code', async () => {
    const server = await start({ args: ['--crash-memcheck-enabled', 'no', '--use-exit-on-panic', 'yes'] });
    const client = await server.connect();
    client.send('DEBUG ASSERT');
    expect(await server.exitCode()).toBe(1);
    expect(reportOf(server).headings).toEqual(ALL.slice(0, -1));
  });

  test('what clients have heard OK of is in the append-only file', async () => {
    const server = await start({ args: ['--appendonly', 'yes'] });
    const client = await server.connect();
    expect(await ask(client, 'SET a 1')).toBe('OK');
    client.send('DEBUG PANIC');
    await server.exitCode();
    const again = await start({ args: ['--appendonly', 'yes', '--dir', server.directory] });
    expect(await ask(await again.connect(), 'GET a')).toBe('1');
  });
});

test('the headings are Redis’s, in its order', async () => {
  const port = await freePort();
  const args = ['--port', String(port), '--save', '', '--enable-debug-command', 'yes'];
  const ended = runProgram(requireProgram('redis-server'), args);
  let socket: Socket | null = null;
  while (socket === null) {
    socket = await connectTo(port).catch(() => null);
    if (socket === null) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const client = new TestClient(socket);
  client.send('DEBUG PANIC');
  await client.whenClosed();
  const { code, stdout } = await ended;
  expect(code).toBe(-1);
  const said = [...stdout.matchAll(/^------ ([A-Z ]+) ------$/gm)].map(([, title]) => title!);
  // There are no modules here, and 7.0 does not tell the client of a script from who has called it.
  const isOlder = !isVersionAtLeast(findReference()!.version, '7.2');
  expect(said.filter((title) => title !== 'MODULES INFO OUTPUT')).toEqual(
    ALL.filter((title) => !isOlder || title !== 'EXECUTING CLIENT INFO'),
  );
  expect(stdout).toContain('=== REDIS BUG REPORT START: Cut & paste starting from here ===');
  expect(stdout).toContain('=== REDIS BUG REPORT END. Make sure to include from START to END. ===');
});

describe('an error of the server', () => {
  // Node's own options let something fail in the server's thread, when a signal asks for it.
  const failing = (code: string) => [
    '--import',
    `data:text/javascript,process.on('SIGUSR2', () => { ${code} })`,
  ];

  test.each([
    ['that nobody catches', "throw new TypeError('broken')", /^Guru Meditation: TypeError: broken #/],
    ['of a promise', "Promise.reject(new Error('broken'))", /^Guru Meditation: Error: broken #/],
    ['that is no Error', "throw 'broken'", /^Guru Meditation: Error: broken #/],
    [
      'that memory is missing',
      "throw new RangeError('Array buffer allocation failed')",
      /^Guru Meditation: Redis aborting for OUT OF MEMORY\. #/,
    ],
  ])('%s', async (_name, code, line) => {
    const server = await start({ nodeArgs: failing(code) });
    server.child.kill('SIGUSR2');
    await server.exitCode();
    expect(server.signal).toBe('SIGABRT');
    const { headings, lines } = reportOf(server);
    expect(
      lines.some((one) => line.test(one)),
      lines.join('\n'),
    ).toBe(true);
    // No command was running.
    expect(headings).toEqual([...OF_THE_SERVER, ...AT_THE_END]);
  });
});

test('an error of the server in the middle of a command: the report has the command, and nobody hears an answer', async () => {
  const broken =
    "Object.defineProperty(Intl.Collator.prototype,'compare',{get(){return()=>{throw new TypeError('broken')}}})";
  const server = await start({
    nodeArgs: ['--import', `data:text/javascript,${broken}`],
    args: ['--locale-collate', 'de_DE'],
  });
  const client = await server.connect();
  await client.call('RPUSH l b a');
  client.write('PING\r\nSORT l ALPHA\r\n');
  await client.whenClosed();
  await server.exitCode();
  expect([server.signal, client.unread]).toEqual(['SIGABRT', '']);
  const { headings, lines } = reportOf(server);
  expect(headings).toEqual(ALL);
  expect(lines.at(-1)).toMatch(/^Guru Meditation: TypeError: broken #/);
  expect(server.stdout).toContain(`argc: '3'\nargv[0]: '"SORT"'\nargv[1]: '"l"'\nargv[2]: '"ALPHA"'\n`);
});

describe('signals from outside', () => {
  test('SIGABRT ends it with a report', async () => {
    const server = await start();
    server.child.kill('SIGABRT');
    await server.exitCode();
    expect(server.signal).toBe('SIGABRT');
    const { headings, lines } = reportOf(server);
    expect(lines).toEqual(['Redis 7.2.4 crashed by signal: 6, si_code: 0']);
    expect(headings).toEqual([...OF_THE_SERVER, ...AT_THE_END]);
  });

  test('SIGABRT ends it without one where no report is wanted, also from now on', async () => {
    const server = await start();
    const client = await server.connect();
    expect(await ask(client, 'CONFIG SET crash-log-enabled no')).toBe('OK');
    server.child.kill('SIGABRT');
    await server.exitCode();
    expect(server.signal).toBe('SIGABRT');
    expect(server.stdout).not.toContain('BUG REPORT');
  });

  test('SIGSEGV and SIGUSR1 end it at once', async () => {
    for (const signal of ['SIGSEGV', 'SIGUSR1'] as const) {
      const server = await start();
      server.child.kill(signal);
      await server.exitCode();
      expect(server.signal).toBe(signal);
      expect(server.stderr).toBe('');
    }
  });
});
