// Users of a process: lines of redis.conf and the file of `aclfile`, what is wrong with them at the start (the real server says
// the same), and CONFIG REWRITE.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { OurProcess } from '../support/our-process.ts';
import { findReference, freePort } from '../support/reference.ts';
import { runProgram } from '../support/run-program.ts';

const reference = findReference()!;
const running: OurProcess[] = [];

const directories: string[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A new directory with files in it, and arguments of a server that reads `redis.conf` there, on a free port. */
async function prepare(files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'respite-users-'));
  directories.push(directory);
  const path = (name: string) => join(directory, name);
  for (const [name, text] of Object.entries(files)) writeFileSync(path(name), text);
  return { path, args: [path('redis.conf'), '--port', String(await freePort())] };
}

/** What a log says after times and the like. */
const messages = (log: string) =>
  log
    .split('\n')
    .map((line) => /[-.*#] (.*)$/.exec(line)?.[1] ?? '')
    .filter((text) => /ACL|users/.test(text));

describe('a configuration whose users are wrong', () => {
  test.each([
    ['a rule that is none', 'user u on bad\n'],
    ['a rule behind others', 'user u on &x &* &y\n'],
    ['a wrong rule in a selector', 'user u (+get bad)\n'],
    ['a user defined twice', 'user u on\nuser u off\n'],
    ['a user without a name', 'user\n'],
  ])('%s', async (_what, text) => {
    const { args } = await prepare({ 'redis.conf': text });
    const theirs = await runProgram(reference.path, args);
    const mine = OurProcess.run({ args });
    running.push(mine);
    expect(await mine.exitCode()).toBe(1);
    expect(theirs.code).toBe(1);
    const anyVersion = (said: string) => said.replace(/Redis [0-9.]+/, 'Redis VERSION');
    expect(anyVersion(mine.stderr)).toBe(anyVersion(theirs.stderr));
  });

  test.each([
    ['a command that is none', { 'redis.conf': 'user u on +nosuch\n' }],
    ['a name with a space', { 'redis.conf': 'user "a b" on\n' }],
    ['users here and in a file', { 'redis.conf': 'user u on\naclfile users.acl\n', 'users.acl': '' }],
    ['a file that is missing', { 'redis.conf': 'aclfile /nonexistent/users.acl\n' }],
    ['a file that is wrong', { 'redis.conf': 'aclfile users.acl\n', 'users.acl': 'user u +nosuch bad\nx\n' }],
  ])('%s', async (_what, files) => {
    const { args, path } = await prepare(files);
    const options = [...args, '--dir', path('')];
    const theirs = await runProgram(reference.path, options);
    const mine = OurProcess.run({ args: options });
    running.push(mine);
    expect(await mine.exitCode()).toBe(1);
    expect(theirs.code).toBe(1);
    expect(messages(mine.stdout).length).toBeGreaterThan(0);
    expect(messages(mine.stdout)).toEqual(messages(theirs.stdout));
  });
});

test('users of the configuration log in, and CONFIG REWRITE keeps what became of them', async () => {
  const { args, path } = await prepare({
    'redis.conf':
      'user al on >pw ~a* +@all -@dangerous +acl|whoami\nuser bob nopass\nrename-command get fetch\n',
  });
  const server = await OurProcess.start({ args });
  running.push(server);
  expect(messages(server.stdout)).toEqual([]);
  await server.says("The user 'bob' is disabled (there is no 'on' modifier in the user description).");
  const user = new Redis({
    port: server.port,
    username: 'al',
    password: 'pw',
    lazyConnect: true,
    enableReadyCheck: false,
  });
  await user.connect();
  expect(await user.acl('WHOAMI')).toBe('al');
  expect(await user.call('fetch', 'a')).toBeNull();
  await expect(user.call('fetch', 'b')).rejects.toThrow('NOPERM No permissions to access a key');
  await expect(user.keys('*')).rejects.toThrow("NOPERM User al has no permissions to run the 'keys' command");
  const admin = await server.connect();
  // Rules know commands by their own names.
  expect(await admin.value('ACL', 'SETUSER', 'al', '-get')).toBe('OK');
  await expect(user.call('fetch', 'a')).rejects.toThrow("permissions to run the 'get' command");
  await admin.call('ACL DELUSER bob');
  await admin.call('ACL SETUSER carl');
  expect(await admin.value('CONFIG', 'REWRITE')).toBe('OK');
  user.disconnect();
  expect(
    readFileSync(path('redis.conf'), 'latin1')
      .split('\n')
      .filter((line) => line.startsWith('user')),
  ).toEqual([
    'user al on sanitize-payload #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 ~a* resetchannels +@all -@dangerous +acl|whoami -get',
    'user carl off sanitize-payload resetchannels -@all',
    'user default on nopass sanitize-payload ~* &* +@all',
  ]);
});
