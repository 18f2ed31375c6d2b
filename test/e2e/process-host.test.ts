// What the process does with its system: the background, the pid file, the title, the score of the out-of-memory killer, the
// log, service managers, limits, the watchdog. Programs that carry messages are replaced by scripts that note them.

import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { OurProcess, type OurProcessOptions, packageDirectory } from '../support/our-process.ts';
import { connectTo, freePort, requireProgram } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';
import { ask, TestClient } from '../support/test-client.ts';

const running: OurProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function start(options: OurProcessOptions = {}): Promise<OurProcess> {
  const server = await OurProcess.start(options);
  running.push(server);
  await (await server.connect()).call('PING');
  return server;
}

function run(options: OurProcessOptions): OurProcess {
  const server = OurProcess.run(options);
  running.push(server);
  return server;
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'respite-host-'));
  folders.push(folder);
  return folder;
}

/** A folder with a program that appends its arguments, and what it reads, to the file `said` beside it. */
function fakeProgram(name: string): { folder: string; said: () => string } {
  const folder = newFolder();
  const said = join(folder, 'said');
  writeFileSync(said, '');
  writeFileSync(
    join(folder, name),
    `#!/bin/sh\necho "$@" >> ${said}\n[ "${name}" = logger ] && cat >> ${said}\nexit 0\n`,
  );
  chmodSync(join(folder, name), 0o755);
  return { folder, said: () => readFileSync(said, 'utf8') };
}

async function until(isSo: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > giveUpMs) throw new Error('it does not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('daemonize', () => {
  test.each([
    ['by an option', ['--daemonize', 'yes'], undefined],
    ['by a configuration from standard input', ['-'], 'daemonize yes\nmaxclients 77\n'],
  ])('%s: another process serves, in a session of its own', async (_name, args, stdin) => {
    const folder = newFolder();
    const port = await freePort();
    const first = run({
      args: [
        ...args.filter((word) => word !== '-'),
        ...['--port', String(port), '--save', '', '--bind', '127.0.0.1', '--dir', folder],
        ...['--logfile', 'redis.log', '--pidfile', 'redis.pid'],
        ...args.filter((word) => word === '-'),
      ],
      ...(stdin === undefined ? {} : { stdin }),
    });
    expect(await first.exitCode()).toBe(0);
    const pidFile = join(folder, 'redis.pid');
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(pid).not.toBe(first.pid);
    await until(() =>
      readFileSync(join(folder, 'redis.log'), 'utf8').includes('Ready to accept connections tcp'),
    );
    const client = new TestClient(await connectTo(port));
    expect(String(await ask(client, 'INFO server'))).toContain(`process_id:${pid}\r\n`);
    const session = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')[3];
    expect(Number(session)).toBe(pid);
    if (stdin !== undefined) expect(await ask(client, 'CONFIG GET maxclients')).toEqual(['maxclients', '77']);
    client.send('SHUTDOWN NOSAVE');
    await client.whenClosed();
    await until(() => !isAlive(pid));
    expect(existsSync(pidFile)).toBe(false);
  });

  test('what is wrong with the configuration is said in the foreground', async () => {
    const first = run({ args: ['--daemonize', 'yes', '--maxclients', 'many'] });
    expect(await first.exitCode()).toBe(1);
    expect(first.stderr).toContain('FATAL CONFIG FILE ERROR');
  });
});

describe('the log', () => {
  const messages = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');

  test('a file that is renamed is begun anew by the next line', async () => {
    const folder = newFolder();
    const path = join(folder, 'redis.log');
    const server = await start({ args: ['--logfile', path, '--enable-debug-command', 'yes'] });
    const client = await server.connect();
    await client.call('DEBUG LOG one');
    renameSync(path, `${path}.1`);
    await client.call('DEBUG LOG two');
    expect(messages(`${path}.1`).at(-1)).toMatch(/ # DEBUG LOG: one$/);
    expect(messages(path)).toHaveLength(1);
    expect(messages(path)[0]).toMatch(new RegExp(`^${server.pid}:M .* # DEBUG LOG: two$`));
  });

  test('the lines of a start, in Redis’s order and with its letters', async () => {
    const server = await start();
    await server.says('Ready to accept connections tcp');
    const lines = server.stdout.trimEnd().split('\n');
    const said = lines
      .filter((line) => !line.includes(' WARNING'))
      .map((line) => line.replace(/^\d+:([MSCX]) .{24} (.) /, '$1$2 ').replace(/(pid|port)=\d+/, '$1=N'));
    expect(said).toEqual([
      'C* oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo',
      'C* Redis version=7.2.4, bits=64, commit=00000000, modified=0, pid=N, just started',
      'C* Configuration loaded',
      'M* monotonic clock: POSIX clock_gettime',
      'M* Running mode=standalone, port=N.',
      'M* Server initialized',
      'M* Ready to accept connections tcp',
    ]);
  });

  test('JSON: every line is an object', async () => {
    const server = await start({ args: ['--log-format', 'json', '--enable-debug-command', 'yes'] });
    const client = await server.connect();
    await client.call('DEBUG LOG hello');
    await server.says('hello');
    const objects = server.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.at(-1)).toEqual({
      level: 'warning',
      time: expect.any(Number) as number,
      pid: server.pid,
      role: 'master',
      msg: 'DEBUG LOG: hello',
    });
    expect(await ask(client, 'CONFIG SET log-format redis')).toBe('OK');
    await client.call('DEBUG LOG again');
    await server.says(`${server.pid}:M `);
  });

  test('the system log gets the lines by way of its program', async () => {
    const { folder, said } = fakeProgram('logger');
    const server = await start({
      args: ['--syslog-enabled', 'yes', '--syslog-ident', 'my-redis', '--syslog-facility', 'local3'],
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    server.child.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
    await until(() => said().includes('bye bye'));
    const [first, ...lines] = said().trimEnd().split('\n');
    expect(first).toBe(`--tag=my-redis --id=${server.pid} --prio-prefix --priority local3.notice`);
    expect(lines).toContain('<157>oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
    expect(lines.at(-1)).toBe('<156>Redis is now ready to exit, bye bye...');
  });
});

describe('service managers', () => {
  test('systemd is told of the start and of the end', async () => {
    const { folder, said } = fakeProgram('systemd-notify');
    const server = await start({
      args: ['--supervised', 'auto', '--daemonize', 'yes'],
      env: { PATH: `${folder}:${process.env.PATH}`, NOTIFY_SOCKET: '/run/no/such/socket' },
    });
    // It stays in the foreground: a service manager has no use for another.
    expect(String(await ask(await server.connect(), 'INFO server'))).toContain(
      'process_supervised:systemd\r\n',
    );
    await until(() => said().includes('READY=1'));
    server.child.kill('SIGTERM');
    expect(await server.exitCode()).toBe(0);
    expect(said().trimEnd().split('\n')).toEqual(
      ['STATUS=Redis is loading...', 'STATUS=Ready to accept connections', 'READY=1', 'STOPPING=1'].map(
        (state) => `--pid=${server.pid} ${state}`,
      ),
    );
  });

  test('upstart continues it when it has stopped itself', async () => {
    const port = await freePort();
    const server = run({
      args: ['--supervised', 'upstart', '--port', String(port), '--save', ''],
      env: { UPSTART_JOB: 'redis' },
    });
    const state = () => readFileSync(`/proc/${server.pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
    await until(() => state() === 'T');
    // It stands still, but what it has said may be on its way.
    await until(() => server.stdout.includes('supervised by upstart, will stop to signal readiness.'));
    server.child.kill('SIGCONT');
    await server.listensOn(port);
    expect(String(await ask(await server.connect(), 'INFO server'))).toContain(
      'process_supervised:upstart\r\n',
    );
  });
});

describe('the end', () => {
  test('a second SIGINT gives up the last save, and its file', async () => {
    const server = await start();
    const client = await server.connect();
    await client.call('MSET a 1 b 2 c 3 d 4');
    await client.call('CONFIG SET rdb-key-save-delay 1000000');
    expect(await client.value('CONFIG', 'SET', 'save', '900 1')).toBe('OK');
    const file = (name: string) => join(server.directory, name);
    server.child.kill('SIGINT');
    await until(() => existsSync(file(`temp-${server.pid}.rdb`)));
    server.child.kill('SIGINT');
    expect(await server.exitCode()).toBe(1);
    expect(server.stdout).toContain('You insist... exiting now.');
    expect([existsSync(file(`temp-${server.pid}.rdb`)), existsSync(file('dump.rdb'))]).toEqual([
      false,
      false,
    ]);
  });

  test('nothing that comes in the same breath as SHUTDOWN runs', async () => {
    const server = await start();
    const client = await server.connect();
    await client.call('SET a 1');
    client.write('SHUTDOWN SAVE\r\nSET a 2\r\n');
    await client.whenClosed();
    expect(await server.exitCode()).toBe(0);
    const again = await start({ args: ['--dir', server.directory] });
    expect(await ask(await again.connect(), 'GET a')).toBe('1');
  });

  test('a save that fails keeps the server, and whoever has asked for the end hears of it', async () => {
    const server = await start();
    const client = await server.connect();
    mkdirSync(join(server.directory, 'dump.rdb'));
    const refusal = await client.call('SHUTDOWN SAVE');
    expect(JSON.stringify(refusal.reply)).toContain('Errors trying to SHUTDOWN. Check logs.');
    expect(await ask(client, 'SET a 1')).toBe('OK');
    expect(server.stdout).toContain("Error trying to save the DB, can't exit.");
  });
});

describe('the process', () => {
  test('its threads beside the event loop have less of a claim to the processor', async () => {
    const server = await start();
    const priorities = () =>
      readdirSync(`/proc/${server.pid}/task`).map((thread) => {
        const fields = readFileSync(`/proc/${server.pid}/task/${thread}/stat`, 'utf8').replace(/^.*\) /, '');
        return [Number(thread) === server.pid, Number(fields.split(' ')[16])] as const;
      });
    const own = priorities().find(([isEventLoop]) => isEventLoop)![1];
    const others = () => priorities().filter(([isEventLoop]) => !isEventLoop);
    await expect.poll(() => new Set(others().map(([, priority]) => priority))).toEqual(new Set([own + 10]));
    expect(others().length).toBeGreaterThanOrEqual(8);
    expect(priorities().find(([isEventLoop]) => isEventLoop)![1]).toBe(own);
  });

  test('oom-score-adj follows the directives, and goes back', async () => {
    const server = await start();
    const client = await server.connect();
    const score = () => Number(readFileSync(`/proc/${server.pid}/oom_score_adj`, 'utf8'));
    const before = score();
    expect(await ask(client, 'CONFIG SET oom-score-adj-values "10 20 30"')).toBe('OK');
    expect(score()).toBe(before);
    expect(await ask(client, 'CONFIG SET oom-score-adj yes')).toBe('OK');
    expect(score()).toBe(before + 10);
    expect(await ask(client, 'CONFIG SET oom-score-adj-values "15 20 30"')).toBe('OK');
    expect(score()).toBe(before + 15);
    // A replica has the second value, and its log another letter.
    expect(await ask(client, 'REPLICAOF 127.0.0.1 1')).toBe('OK');
    expect(score()).toBe(before + 20);
    await server.says(`${server.pid}:S `);
    expect(await ask(client, 'REPLICAOF NO ONE')).toBe('OK');
    expect(score()).toBe(before + 15);
    expect(await ask(client, 'CONFIG SET oom-score-adj absolute')).toBe('OK');
    expect(score()).toBe(15);
    expect(await ask(client, 'CONFIG SET oom-score-adj no')).toBe('OK');
    expect(score()).toBe(before);
    const outOfRange = await client.call('CONFIG SET oom-score-adj-values "2001 2001 2001"');
    expect(JSON.stringify(outOfRange.reply)).toContain('must be between -2000 and 2000');
  });

  test('the title follows its template', async () => {
    const server = await start();
    const client = await server.connect();
    const title = () => readFileSync(`/proc/${server.pid}/cmdline`, 'utf8').replaceAll('\0', '').trim();
    expect(title()).toBe(`respite 127.0.0.1:${server.port}`);
    expect(await client.value('CONFIG', 'SET', 'proc-title-template', 'A {port} {title}')).toBe('OK');
    expect(title()).toBe(`A ${server.port} respite`);
  });

  test('maxclients is fitted to the limit on open files', async () => {
    const port = await freePort();
    const command = `ulimit -n 256; exec ${process.execPath} ${packageDirectory()}/bin/server.js --port ${port} --save ''`;
    const child = spawn('sh', ['-c', command], { cwd: newFolder(), stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    try {
      await until(() => stdout.includes('Ready to accept connections'));
      expect(stdout).toContain(
        'You requested maxclients of 10000 requiring at least 10032 max file descriptors.',
      );
      expect(stdout).toContain(
        "Current maximum open files is 256. maxclients has been reduced to 224 to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
      );
      const client = new TestClient(await connectTo(port));
      expect(await ask(client, 'CONFIG GET maxclients')).toEqual(['maxclients', '224']);
      const { reply } = await client.call('CONFIG SET maxclients 5000');
      expect(JSON.stringify(reply)).toContain(
        'The operating system is not able to handle the specified number of clients, try with 224',
      );
      expect(await ask(client, 'CONFIG GET maxclients')).toEqual(['maxclients', '224']);
      client.close();
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('the watchdog writes where the server stands, once for each time', async () => {
    const server = await start({ args: ['--enable-debug-command', 'yes', '--hz', '100'] });
    const client = await server.connect();
    expect(await ask(client, 'CONFIG SET watchdog-period 1')).toBe('OK');
    // Not less than two rounds of the periodic duties.
    expect(await ask(client, 'CONFIG GET watchdog-period')).toEqual(['watchdog-period', '20']);
    expect(await ask(client, 'CONFIG SET watchdog-period 100')).toBe('OK');
    await client.call('DEBUG SLEEP 0.6');
    await server.says('--------\n\n');
    const reports = () => server.stdout.split('--- WATCHDOG TIMER EXPIRED ---').length - 1;
    expect(reports()).toBe(1);
    expect(server.stdout).toMatch(
      /------ STACK TRACE ------\n\nBacktrace:\n(at .*\n)*at debugCommand \(file:.*\)\n/,
    );
    expect(await ask(client, 'CONFIG SET watchdog-period 0')).toBe('OK');
    await client.call('DEBUG SLEEP 0.3');
    expect(reports()).toBe(1);
  });
});

describe('without a server', () => {
  test('--check-system says what it finds, as Redis does', async () => {
    const server = run({ args: ['--check-system'] });
    const code = await server.exitCode();
    const results = server.stdout.match(/^\[[a-zA-Z-]+\]\.\.\.(OK|WARNING:|skipped)$/gm);
    expect(results?.map((line) => line.replace(/\.\.\..*/, ''))).toEqual([
      '[slow-clocksource]',
      '[xen-clocksource]',
      '[overcommit]',
      '[THP]',
    ]);
    expect(code).toBe(server.stdout.includes('WARNING') ? 1 : 0);
    const theirs = await runProgram(requireProgram('redis-server'), ['--check-system']);
    // The first is a measurement. The words about overcommit depend on how Redis was built.
    const verdicts = (text: string) => text.match(/^\[(xen-clocksource|overcommit|THP)\].*$/gm);
    expect(verdicts(server.stdout)).toEqual(verdicts(theirs.stdout));
  });

  test('--sentinel is refused', async () => {
    const server = run({ args: ['--sentinel'] });
    expect(await server.exitCode()).toBe(1);
    expect(server.stderr).toContain('Run redis-sentinel');
  });
});
