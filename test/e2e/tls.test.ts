// Encryption as users have it: the real tools and the client libraries with certificates, and a real server's answers to
// wrong settings beside ours.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CertificateAuthority, dhParams, lockedKey } from '../support/certificates.ts';
import { OurProcess } from '../support/our-process.ts';
import { findReference, freePort, ReferenceServer, requireProgram } from '../support/reference.ts';
import { type Ended, runProgram } from '../support/run-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'respite-tls-'));
const authority = new CertificateAuthority('Test authority');
const server = authority.issue('server');
const client = authority.issue('client');
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const files = {
  ca: file('ca.crt', authority.cert),
  cert: file('client.crt', client.cert),
  key: file('client.key', client.key),
  locked: file('locked.key', lockedKey(server.key, '1234')),
  text: file('text', 'no PEM\n'),
  dh: file('dh.pem', dhParams()),
};
const settings = {
  'tls-cert-file': file('server.crt', server.cert),
  'tls-key-file': file('server.key', server.key),
  'tls-ca-cert-file': files.ca,
};

let ours: OurProcess;
let reference: ReferenceServer;
let ourPort: number;
let theirPort: number;

beforeAll(async () => {
  [ourPort, theirPort] = [await freePort(), await freePort()];
  const args = Object.entries({ 'tls-port': String(ourPort), ...settings }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  ours = await OurProcess.start({ args });
  reference = await ReferenceServer.start(findReference()!, { 'tls-port': String(theirPort), ...settings });
});

afterAll(async () => {
  await ours.stop();
  await reference.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CERTIFICATE = ['--cert', files.cert, '--key', files.key];

function cli(port: number, ...args: string[]): Promise<Ended> {
  const common = ['-h', '127.0.0.1', '-p', String(port), '--tls', '--cacert', files.ca];
  return runProgram(requireProgram('redis-cli'), [...common, ...args]);
}

describe('redis-cli', () => {
  test.each([
    [['PING']],
    [['SET', 'k', 'v']],
    [['GET', 'k']],
    [['CONFIG', 'GET', 'tls-auth-clients']],
    // Each of these in turn, and so with what those before have left.
    [['CONFIG', 'SET', 'tls-cert-file', '']],
    [['CONFIG', 'SET', 'tls-cert-file', `${folder}/none`]],
    [['CONFIG', 'SET', 'tls-cert-file', files.text]],
    [['CONFIG', 'SET', 'tls-cert-file', folder]],
    [['CONFIG', 'SET', 'tls-key-file', files.key]],
    [['CONFIG', 'SET', 'tls-key-file', files.locked]],
    [['CONFIG', 'SET', 'tls-key-file-pass', '1234']],
    [['CONFIG', 'SET', 'tls-key-file', files.locked]],
    [['CONFIG', 'SET', 'tls-key-file-pass', 'wrong']],
    [['CONFIG', 'SET', 'tls-ca-cert-file', files.text]],
    [['CONFIG', 'SET', 'tls-ca-cert-file', '']],
    [['CONFIG', 'SET', 'tls-ca-cert-dir', `${folder}/none`]],
    [['CONFIG', 'SET', 'tls-dh-params-file', files.text]],
    [['CONFIG', 'SET', 'tls-dh-params-file', files.dh]],
    [['CONFIG', 'SET', 'tls-protocols', 'SSLv3']],
    [['CONFIG', 'SET', 'tls-protocols', 'TLSv1.2  TLSv1.3']],
    [['CONFIG', 'SET', 'tls-ciphers', 'NONSENSE']],
    [['CONFIG', 'SET', 'tls-ciphers', 'DEFAULT:!SHA1']],
    [['CONFIG', 'SET', 'tls-ciphersuites', 'NONSENSE']],
    [['CONFIG', 'SET', 'tls-ciphersuites', 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256']],
    [['CONFIG', 'SET', 'tls-prefer-server-ciphers', 'yes']],
    [['CONFIG', 'SET', 'tls-session-cache-size', '0']],
    [['CONFIG', 'SET', 'tls-session-cache-timeout', '-1']],
    [['CONFIG', 'SET', 'tls-session-caching', 'no']],
    [['CONFIG', 'SET', 'tls-client-cert-file', files.cert]],
    [['CONFIG', 'SET', 'tls-client-key-file', files.text]],
    [['CONFIG', 'SET', 'tls-client-key-file', files.key]],
    [['CONFIG', 'SET', 'tls-replication', 'yes']],
    [['CONFIG', 'SET', 'tls-cluster', 'yes']],
    [['PING']],
  ])('%j', async (args) => {
    const theirs = await cli(theirPort, ...CERTIFICATE, ...args);
    expect(await cli(ourPort, ...CERTIFICATE, ...args)).toEqual(theirs);
  });

  test('without a certificate, with one, and with none demanded', async () => {
    for (const port of [theirPort, ourPort]) {
      expect((await cli(port, 'PING')).stdout).toBe('');
      expect((await cli(port, ...CERTIFICATE, 'CONFIG', 'SET', 'tls-auth-clients', 'optional')).stdout).toBe(
        'OK\n',
      );
      expect((await cli(port, 'PING')).stdout).toBe('PONG\n');
    }
  });
});

test('redis-benchmark', async () => {
  const args = ['-p', String(ourPort), '--tls', '--cacert', files.ca, ...CERTIFICATE];
  for (const options of [
    ['-P', '16', '-n', '20000', '-t', 'set,get,lrange_100'],
    ['-n', '2000', '-d', '50000', '-t', 'set,get'],
  ]) {
    const { code, stdout, stderr } = await runProgram(requireProgram('redis-benchmark'), [
      ...args,
      ...options,
      '-q',
    ]);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/GET: [\d.]+ requests per second/);
  }
});

describe('client libraries', () => {
  const tls = {
    ca: authority.cert,
    cert: client.cert,
    key: client.key,
    checkServerIdentity: () => undefined,
  };

  test('ioredis', async () => {
    const redis = new Redis({ host: '127.0.0.1', port: ourPort, tls });
    const value = 'x'.repeat(300_000);
    expect(await redis.set('large', value)).toBe('OK');
    expect((await redis.get('large')) === value).toBe(true);
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, i) => redis.incrby(`n${i % 3}`, 1)));
    expect(replies).toHaveLength(1000);
    expect(await redis.quit()).toBe('OK');
  });

  test('node-redis', async () => {
    const redis = createClient({ socket: { host: '127.0.0.1', port: ourPort, tls: true, ...tls } });
    await redis.connect();
    const received: string[] = [];
    const subscriber = redis.duplicate();
    await subscriber.connect();
    await subscriber.subscribe('ch', (message) => void received.push(message));
    for (let i = 0; i < 100; i++) await redis.publish('ch', String(i));
    await expect.poll(() => received.length).toBe(100);
    expect(received).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
    await subscriber.close();
    await redis.close();
  });
});
