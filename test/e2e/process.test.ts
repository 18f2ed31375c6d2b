// The process: how it starts, what it says when it cannot, and how it ends. Where the real server says the same, it is asked.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { OurProcess, type OurProcessOptions, packageDirectory } from '../support/our-process.ts';
import { findReference, freePort, isVersionAtLeast } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';
import { TestClient } from '../support/test-client.ts';

const reference = findReference()!;
const running: OurProcess[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

async function start(options?: OurProcessOptions): Promise<OurProcess> {
  const server = await OurProcess.start(options);
  running.push(server);
  return server;
}

function run(options?: OurProcessOptions): OurProcess {
  const server = OurProcess.run(options);
  running.push(server);
  return server;
}

describe('ending', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends it with code 0, and clients are told',
    async (signal) => {
      const server = await start();
      const client = await server.connect();
      await client.call('SET a 1');
      server.child.kill(signal);
      await client.whenClosed();
      expect(await server.exitCode()).toBe(0);
      expect(server.stdout).toContain(`Received ${signal} scheduling shutdown...`);
      expect(server.stdout).toContain('Redis is now ready to exit, bye bye...');
      expect(server.stderr).toBe('');
    },
  );

  test('SHUTDOWN NOSAVE ends it with code 0', async () => {
    const server = await start();
    const client = await server.connect();
    client.send('SHUTDOWN NOSAVE');
    await client.whenClosed();
    expect(await server.exitCode()).toBe(0);
  });

  test('SIGHUP does not end it', async () => {
    const server = await start();
    server.child.kill('SIGHUP');
    expect(await (await server.connect()).value('PING')).toBe('PONG');
  });
});

describe('a configuration that is wrong', () => {
  const wrong: [name: string, text: string][] = [
    ['an unknown directive', 'maxclients 100\n\nno-such-thing 1\n'],
    ['too few arguments', 'maxclients\n'],
    ['a number that is none', 'maxclients many\n'],
    ['a number out of range', 'port 70000\n'],
    ['a choice that is none', 'maxmemory-policy whatever\n'],
    ['a boolean that is none', 'daemonize perhaps\n'],
    ['unbalanced quotes', 'requirepass "abc\n'],
    ['an include that is missing', 'include /nonexistent/file.conf\n'],
    ['a memory size that is none', 'maxmemory 1xb\n'],
    ['a rename of no command', 'rename-command nosuch other\n'],
    ['a rename to a name that is taken', 'rename-command get set\n'],
    ['a directory that is missing', 'dir /nonexistent\n'],
    ['a log file that cannot be', 'logfile /nonexistent/log\n'],
  ];

  test.each(wrong)('%s', async (_name, text) => {
    const server = run();
    const file = join(server.directory, 'wrong.conf');
    writeFileSync(file, text);
    const theirs = await runProgram(reference.path, [file, '--port', String(await freePort())]);
    const mine = run({ args: [file, '--port', String(await freePort())] });
    expect(await mine.exitCode()).toBe(1);
    expect(theirs.code).toBe(1);
    const anyVersion = (said: string) => said.replace(/Redis [0-9.]+/, 'Redis VERSION');
    expect(anyVersion(mine.stderr)).toBe(anyVersion(theirs.stderr));
  });

  test.each([
    [['--no-such-option', '1']],
    [['--maxclients']],
    [['--maxclients', 'many']],
    [['--port', '-1']],
  ])('options: %j', async (args) => {
    const theirs = await runProgram(reference.path, args);
    const mine = run({ args });
    expect(await mine.exitCode()).toBe(theirs.code);
    const anyVersion = (said: string) => said.replace(/Redis [0-9.]+/, 'Redis VERSION');
    if (isVersionAtLeast(reference.version, '7.2'))
      expect(anyVersion(mine.stderr)).toBe(anyVersion(theirs.stderr));
  });

  test('a file that is missing', async () => {
    const mine = run({ args: ['/nonexistent/redis.conf'] });
    expect(await mine.exitCode()).toBe(1);
    expect(mine.stdout + mine.stderr).toContain("can't open config file '/nonexistent/redis.conf'");
  });
});

describe('starting', () => {
  test('with the redis.conf that comes with it', async () => {
    const server = await start({ args: ['--config', join(packageDirectory(), 'redis.conf')] });
    expect(await (await server.connect()).value('PING')).toBe('PONG');
  });

  test('with a file, options after it winning', async () => {
    const dummy = run({ args: ['--version'] });
    const file = join(dummy.directory, 'redis.conf');
    writeFileSync(file, 'maxclients 77\ntimeout 5\n');
    const server = await start({ args: [file, '--timeout', '9'] });
    const client = await server.connect();
    expect(await client.value('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '77']);
    expect(await client.value('CONFIG', 'GET', 'timeout')).toEqual(['timeout', '9']);
    expect(String(await client.value('INFO', 'server'))).toContain(`config_file:${file}`);
  });

  test('with a configuration from standard input', async () => {
    const server = await start({ args: ['-'], stdin: 'maxclients 78\nrequirepass "a b"\n' });
    const client = await server.connect();
    expect(await client.value('AUTH', 'a b')).toBe('OK');
    expect(await client.value('CONFIG', 'GET', 'maxclients')).toEqual(['maxclients', '78']);
  });

  test('on a port that is taken it ends with code 1 and says so', async () => {
    const first = await start();
    const second = run({ args: ['--port', String(first.port), '--bind', '127.0.0.1'] });
    expect(await second.exitCode()).toBe(1);
    expect(second.stdout).toContain(
      `Warning: Could not create server TCP listening socket 127.0.0.1:${first.port}: bind: Address already in use`,
    );
    expect(second.stdout).toContain(`Failed listening on port ${first.port} (tcp), aborting.`);
    expect(await (await first.connect()).value('PING')).toBe('PONG');
  });

  test('nowhere to listen is an error', async () => {
    const server = run({ args: ['--port', '0'] });
    expect(await server.exitCode()).toBe(1);
    expect(server.stdout).toContain('Configured to not listen anywhere, exiting.');
  });

  test('on a unix socket', async () => {
    const dummy = run({ args: ['--version'] });
    const path = join(dummy.directory, 'redis.sock');
    const server = await start({ args: ['--unixsocket', path, '--unixsocketperm', '700'] });
    await server.says('Ready to accept connections unix');
    const client = new TestClient(connect(path));
    expect(await client.value('PING')).toBe('PONG');
    expect(String(await client.value('CLIENT', 'INFO'))).toContain(`addr=${path}:0`);
    client.close();
    server.child.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
  });

  test('with a pid file that is removed at the end, and a log file', async () => {
    const dummy = run({ args: ['--version'] });
    const pidFile = join(dummy.directory, 'redis.pid');
    const logFile = join(dummy.directory, 'redis.log');
    const server = await start({ args: ['--pidfile', pidFile, '--logfile', logFile] });
    // The port is open a moment before the server runs: an answer says that it does.
    await (await server.connect()).call('PING');
    expect(readFileSync(pidFile, 'utf8')).toBe(`${server.pid}\n`);
    server.child.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
    expect(existsSync(pidFile)).toBe(false);
    expect(readFileSync(logFile, 'utf8')).toContain('Ready to accept connections tcp');
    expect(server.stdout).toBe('');
  });

  test('--version and --help', async () => {
    for (const flag of ['--version', '-v']) {
      const server = run({ args: [flag] });
      expect(await server.exitCode()).toBe(0);
      expect(server.stdout).toMatch(/^Redis server v=7\.2\.4 /);
    }
    const server = run({ args: ['--help'] });
    expect(await server.exitCode()).toBe(0);
    expect(server.stdout).toContain('Usage:');
  });
});
