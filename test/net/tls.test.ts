// Encrypted connections: the same service as others get, certificates of clients, protocols and ciphers, sessions, and
// changes of all this while clients are connected.

import { constants } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dhParams, lockedKey } from '../support/certificates.ts';
import { encodeRequest } from '../support/resp.ts';
import type { TestClient } from '../support/test-client.ts';
import { TestServer } from '../support/test-server.ts';
import { clientField, infoField, received, until } from './sockets.ts';
import {
  FOLDER,
  isServed,
  newCertificates,
  SETTINGS,
  startTlsServer,
  tlsClient,
  tlsSocket,
  writeFile,
} from './tls-clients.ts';

const MB = 1024 * 1024;
const certificates = newCertificates();
const NO_CERTIFICATE = { cert: undefined, key: undefined };
const UNTRUSTED = { cert: certificates.stranger.cert, key: certificates.stranger.key };
const UPDATE_FAILED = 'Unable to update TLS configuration. Check server logs.';

function lastLine(server: TestServer, part: string): string | undefined {
  return server.logLines.findLast((line) => line.includes(part));
}

describe('the service', () => {
  test('is that of other connections', async () => {
    const server = await startTlsServer(certificates);
    const client = await tlsClient(server, certificates);
    const id = String(await client.value('CLIENT', 'ID'));
    expect(await clientField(client, id, 'laddr')).toBe(`127.0.0.1:${server.tlsPort}`);
    expect(await clientField(client, id, 'addr')).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(Number(await clientField(client, id, 'fd'))).toBeGreaterThan(2);
    expect(await clientField(client, id, 'flags')).toBe('N');
    const info = (await client.value('INFO', 'server')) as string;
    expect(info).toContain(`\r\nlistener2:name=tls,bind=127.0.0.1,port=${server.tlsPort}\r\n`);
    expect(info).toContain(`\r\ntcp_port:${server.tlsPort}\r\n`);
    expect(info).not.toContain('listener0');
  });

  test.each([100, 16 * 1024, 100_000, 3 * MB])('values of %i bytes, in and out', async (length) => {
    const server = await startTlsServer(certificates);
    const client = await tlsClient(server, certificates);
    const value = 'x'.repeat(length - 1);
    for (const last of 'abc') {
      expect(await client.value('SET', 'k', value + last)).toBe('OK');
      expect((await client.value('GET', 'k')) === value + last).toBe(true);
    }
  });

  test('pipelines are answered in order', async () => {
    const server = await startTlsServer(certificates);
    const socket = await tlsSocket(server, certificates);
    const requests = Array.from({ length: 5000 }, (_, i) =>
      encodeRequest(['ECHO', String(i).padStart(6, '0')]),
    );
    const expected = Array.from({ length: 5000 }, (_, i) => `$6\r\n${String(i).padStart(6, '0')}\r\n`).join(
      '',
    );
    const answer = received(socket, expected.length);
    socket.write(Buffer.concat(requests));
    expect((await answer) === expected).toBe(true);
  });

  test('a slow reader gets all in order, and is cut off at its limit', async () => {
    const server = await startTlsServer(certificates, { 'client-output-buffer-limit': 'normal 20mb 0 0' });
    const client = await tlsClient(server, certificates);
    for (let i = 0; i < 8; i++) await client.call(['SET', `k${i}`, String(i).repeat(2 * MB)]);
    const slow = await tlsSocket(server, certificates);
    slow.pause();
    for (let i = 0; i < 8; i++) {
      slow.write(encodeRequest(['GET', `k${i}`]));
      expect(await client.value('PING')).toBe('PONG');
    }
    const whole = 8 * (2 * MB + `$${2 * MB}\r\n\r\n`.length);
    const reading = received(slow, whole);
    slow.resume();
    const text = await reading;
    const values = Array.from({ length: 8 }, (_, i) => `$${2 * MB}\r\n${String(i).repeat(2 * MB)}\r\n`);
    expect(text === values.join('')).toBe(true);
    slow.pause();
    for (let i = 0; i < 30; i++) {
      slow.write(encodeRequest(['GET', 'k1']));
      expect(await client.value('PING')).toBe('PONG');
    }
    await until('it is closed', async () => (await infoField(client, 'connected_clients')) === 1);
    expect(lastLine(server, 'overcoming of output buffer limits')).toBeDefined();
  });

  test('whoever ends its side is answered first', async () => {
    const server = await startTlsServer(certificates);
    const socket = await tlsSocket(server, certificates, { allowHalfOpen: true } as object);
    const answer = received(socket);
    socket.end(Buffer.concat([encodeRequest(['PING']), encodeRequest(['ECHO', 'x'])]));
    expect(await answer).toBe('+PONG\r\n$1\r\nx\r\n');
  });

  test('with maxclients reached the connection drops without a word', async () => {
    const server = await startTlsServer(certificates, { maxclients: 1 });
    const client = await tlsClient(server, certificates);
    await expect(tlsClient(server, certificates)).rejects.toThrow();
    expect(await infoField(client, 'rejected_connections')).toBe(1);
    expect(await infoField(client, 'total_connections_received')).toBe(1);
  });

  test('a peer that never finishes its handshake is a client, and silent for too long', async () => {
    const server = await startTlsServer(certificates, { timeout: 10 });
    const client = server.connect();
    const socket = connect(server.tlsPort, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await until('it is there', async () => (await infoField(client, 'connected_clients')) === 2);
    await server.advance(9000);
    expect(await client.value('PING')).toBe('PONG');
    const closed = once(socket, 'close');
    socket.resume();
    await server.advance(2500);
    await closed;
    expect(await infoField(client, 'connected_clients')).toBe(1);
    expect(lastLine(server, 'Error accepting')).toBe(undefined);
  });
});

describe('handshakes that fail are logged in the words of Redis', () => {
  test('no TLS at all', async () => {
    const server = await startTlsServer(certificates);
    const socket = connect(server.tlsPort, '127.0.0.1');
    const { port } = await once(socket, 'connect').then(() => socket.address() as { port: number });
    const answer = received(socket);
    socket.write('PING\r\n');
    expect(await answer).not.toContain('PONG');
    await until('it is logged', () => lastLine(server, 'Error accepting') !== undefined);
    expect(lastLine(server, 'Error accepting')).toContain(
      `# Error accepting a client connection: error:0A00010B:SSL routines::wrong version number (addr=127.0.0.1:${port} laddr=127.0.0.1:${server.tlsPort})`,
    );
  });

  test('a peer that leaves', async () => {
    const server = await startTlsServer(certificates);
    const socket = connect(server.tlsPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.end();
    await until('it is logged', () => lastLine(server, 'Error accepting') !== undefined);
    expect(lastLine(server, 'Error accepting')).toContain(
      'error:0A000126:SSL routines::unexpected eof while reading',
    );
  });

  test.each([
    ['no certificate', NO_CERTIFICATE, 'error:0A0000C7:SSL routines::peer did not return a certificate'],
    ['one that is not trusted', UNTRUSTED, 'error:0A000086:SSL routines::certificate verify failed'],
  ])('%s', async (_what, options, reason) => {
    const server = await startTlsServer(certificates);
    expect(await isServed(server, certificates, options)).toBe(false);
    expect(lastLine(server, 'Error accepting')).toContain(reason);
    const client = server.connect();
    await until('it is gone', async () => (await infoField(client, 'connected_clients')) === 1);
    expect(await infoField(client, 'total_connections_received')).toBe(1);
  });
});

describe('certificates of clients', () => {
  test.each([
    ['yes', { trusted: true, none: false, untrusted: false }],
    ['optional', { trusted: true, none: true, untrusted: false }],
    ['no', { trusted: true, none: true, untrusted: true }],
  ])('tls-auth-clients %s', async (value, expected) => {
    const server = await startTlsServer(certificates);
    expect((await server.connect().call(['CONFIG', 'SET', 'tls-auth-clients', value])).raw).toBe('+OK\r\n');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      expect({
        trusted: await isServed(server, certificates, { maxVersion }),
        none: await isServed(server, certificates, { maxVersion, ...NO_CERTIFICATE }),
        untrusted: await isServed(server, certificates, { maxVersion, ...UNTRUSTED }),
      }).toEqual(expected);
    }
  });

  test('authorities in a folder', async () => {
    const server = await startTlsServer(certificates, {
      'tls-ca-cert-file': '',
      'tls-ca-cert-dir': `${FOLDER}/authorities`,
    });
    const client = server.connect();
    expect(await isServed(server, certificates)).toBe(false);
    server.runtime.files.mkdirSync(`${FOLDER}/authorities`, { recursive: true });
    writeFile(server.virtual, 'authorities/notes.txt', 'no certificate');
    writeFile(server.virtual, 'authorities/0123abcd.0', certificates.authority.cert);
    expect((await client.call(`CONFIG SET tls-ca-cert-dir ${FOLDER}/authorities`)).raw).toBe('+OK\r\n');
    expect(await isServed(server, certificates)).toBe(true);
  });
});

describe('protocols and ciphers', () => {
  test('tls-protocols', async () => {
    const server = await startTlsServer(certificates, { 'tls-protocols': 'tlsv1.2' });
    expect(await isServed(server, certificates, { minVersion: 'TLSv1.3' })).toBe(false);
    expect(await isServed(server, certificates, { maxVersion: 'TLSv1.2' })).toBe(true);
    const client = server.connect();
    await client.call(['CONFIG', 'SET', 'tls-protocols', 'TLSv1.3']);
    expect(await isServed(server, certificates, { minVersion: 'TLSv1.3' })).toBe(true);
    expect(await isServed(server, certificates, { maxVersion: 'TLSv1.2' })).toBe(false);
    await client.call(['CONFIG', 'SET', 'tls-protocols', '']);
    expect(await isServed(server, certificates, { maxVersion: 'TLSv1.2' })).toBe(true);
  });

  const A128 = 'ECDHE-ECDSA-AES128-GCM-SHA256';
  const A256 = 'ECDHE-ECDSA-AES256-GCM-SHA384';

  test('tls-ciphers, and whose order decides', async () => {
    const server = await startTlsServer(certificates, {
      'tls-protocols': 'TLSv1.2',
      'tls-ciphers': `${A128} ${A256}`,
    });
    const cipherOf = async (ciphers: string) =>
      (await tlsSocket(server, certificates, { ciphers, maxVersion: 'TLSv1.2' })).getCipher().name;
    expect(await isServed(server, certificates, { ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).toBe(false);
    expect(await cipherOf(`${A256}:${A128}`)).toBe(A256);
    await server.connect().call('CONFIG SET tls-prefer-server-ciphers yes');
    expect(await cipherOf(`${A256}:${A128}`)).toBe(A128);
  });

  test('tls-ciphersuites', async () => {
    const server = await startTlsServer(certificates, { 'tls-ciphersuites': 'TLS_AES_128_GCM_SHA256' });
    const socket = await tlsSocket(server, certificates);
    expect(socket.getProtocol()).toBe('TLSv1.3');
    expect(socket.getCipher().name).toBe('TLS_AES_128_GCM_SHA256');
    expect(await isServed(server, certificates, { ciphers: 'TLS_AES_256_GCM_SHA384' })).toBe(false);
    // Those of the older protocols are as they were.
    expect(await isServed(server, certificates, { maxVersion: 'TLSv1.2' })).toBe(true);
  });

  test('Diffie-Hellman parameters', async () => {
    const server = await startTlsServer(certificates);
    writeFile(server.virtual, 'dh.pem', dhParams());
    const client = server.connect();
    expect((await client.call(`CONFIG SET tls-dh-params-file ${FOLDER}/dh.pem`)).raw).toBe('+OK\r\n');
    expect(await isServed(server, certificates)).toBe(true);
  });
});

describe('sessions', () => {
  // Without tickets the server has to remember.
  const BY_ID = { maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET } as const;
  const BY_TICKET = { maxVersion: 'TLSv1.2' } as const;

  async function newSession(server: TestServer, options: object): Promise<Buffer> {
    const socket = await tlsSocket(server, certificates, options);
    const session = socket.getSession()!;
    const closed = once(socket, 'close');
    socket.end();
    await closed;
    return session;
  }

  async function isResumed(server: TestServer, options: object, session: Buffer): Promise<boolean> {
    const socket = await tlsSocket(server, certificates, { ...options, session });
    return socket.isSessionReused();
  }

  test.each([
    ['by id', BY_ID],
    ['by ticket', BY_TICKET],
  ])('are resumed %s, unless tls-session-caching is off', async (_what, options) => {
    const server = await startTlsServer(certificates);
    expect(await isResumed(server, options, await newSession(server, options))).toBe(true);
    await server.connect().call('CONFIG SET tls-session-caching no');
    expect(await isResumed(server, options, await newSession(server, options))).toBe(false);
  });

  test('as many and for as long as they may', async () => {
    const server = await startTlsServer(certificates, {
      'tls-session-cache-size': 2,
      'tls-session-cache-timeout': 60,
    });
    const first = await newSession(server, BY_ID);
    const second = await newSession(server, BY_ID);
    expect(await isResumed(server, BY_ID, first)).toBe(true);
    const third = await newSession(server, BY_ID);
    expect(await isResumed(server, BY_ID, second)).toBe(true);
    expect(await isResumed(server, BY_ID, third)).toBe(true);
    await server.advance(59_000);
    expect(await isResumed(server, BY_ID, third)).toBe(true);
    await server.advance(2000);
    expect(await isResumed(server, BY_ID, third)).toBe(false);
  });
});

describe('changes while the server runs', () => {
  test('a new certificate is for new clients, and others stay', async () => {
    const server = await startTlsServer(certificates);
    const old = await tlsClient(server, certificates);
    const other = certificates.authority.issue('another name');
    writeFile(server.virtual, 'server.crt', other.cert);
    writeFile(server.virtual, 'server.key', other.key);
    // The name is the same: that the file is another has to be told.
    expect((await old.call(`CONFIG SET tls-cert-file ${SETTINGS['tls-cert-file']}`)).raw).toBe('+OK\r\n');
    expect(await old.value('PING')).toBe('PONG');
    const socket = await tlsSocket(server, certificates);
    expect(socket.getPeerCertificate().subject.CN).toBe('another name');
  });

  test('a wrong one is refused, and the old one stays', async () => {
    const server = await startTlsServer(certificates);
    const client = await tlsClient(server, certificates);
    const refused = `-ERR CONFIG SET failed (possibly related to argument 'tls-key-file') - ${UPDATE_FAILED}\r\n`;
    writeFile(server.virtual, 'other.key', certificates.client.key);
    expect((await client.call(`CONFIG SET tls-key-file ${FOLDER}/other.key`)).raw).toBe(refused);
    expect(await client.value('CONFIG', 'GET', 'tls-key-file')).toEqual([
      'tls-key-file',
      SETTINGS['tls-key-file'],
    ]);
    expect(lastLine(server, 'Failed to load')).toMatch(
      /# Failed to load private key: \/tls\/other\.key: error:05800074:x509 certificate routines::key values mismatch\n$/,
    );
    expect(await isServed(server, certificates)).toBe(true);
  });

  test('a key with a passphrase', async () => {
    const server = await startTlsServer(certificates);
    const client = await tlsClient(server, certificates);
    writeFile(server.virtual, 'locked.key', lockedKey(certificates.server.key, '1234'));
    const { raw } = await client.call(`CONFIG SET tls-key-file ${FOLDER}/locked.key`);
    expect(raw).toContain('Unable to update TLS');
    expect((await client.call('CONFIG SET tls-key-file-pass 1234')).raw).toBe('+OK\r\n');
    expect((await client.call(`CONFIG SET tls-key-file ${FOLDER}/locked.key`)).raw).toBe('+OK\r\n');
    expect(await isServed(server, certificates)).toBe(true);
  });

  test.each<[directive: string, value: string, log: string | RegExp]>([
    ['tls-cert-file', '', 'No tls-cert-file configured!'],
    ['tls-key-file', '', 'No tls-key-file configured!'],
    [
      'tls-ca-cert-file',
      '',
      'Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!',
    ],
    [
      'tls-cert-file',
      '/tls/none.crt',
      'Failed to load certificate: /tls/none.crt: error:80000002:system library::No such file or directory',
    ],
    [
      'tls-cert-file',
      '/tls/text',
      'Failed to load certificate: /tls/text: error:0480006C:PEM routines::no start line',
    ],
    [
      'tls-key-file',
      '/tls/none.key',
      'Failed to load private key: /tls/none.key: error:80000002:system library::No such file or directory',
    ],
    [
      'tls-ca-cert-file',
      '/tls/none.crt',
      'Failed to configure CA certificate(s) file/directory: error:80000002:system library::No such file or directory',
    ],
    [
      'tls-ca-cert-file',
      '/tls/text',
      'Failed to configure CA certificate(s) file/directory: error:05800088:x509 certificate routines::no certificate or crl found',
    ],
    [
      'tls-protocols',
      'TLSv1.2 SSLv3',
      "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
    ],
    ['tls-ciphers', 'NONSENSE', 'Failed to configure ciphers: NONSENSE'],
    ['tls-ciphersuites', 'NONSENSE', 'Failed to configure ciphersuites: NONSENSE'],
    ['tls-ciphersuites', 'TLS_NONSENSE', 'Failed to configure ciphersuites: TLS_NONSENSE'],
    ['tls-dh-params-file', '/tls/none.pem', 'Failed to load /tls/none.pem: No such file or directory'],
    ['tls-dh-params-file', '/tls/text', '/tls/text: failed to read DH params.'],
    ['tls-dh-params-file', '/tls/small.pem', /Failed to load DH params file: \/tls\/small\.pem: /],
  ])('%s "%s" is refused', async (directive, value, log) => {
    const server = await startTlsServer(certificates);
    writeFile(server.virtual, 'text', 'no PEM\n');
    writeFile(server.virtual, 'small.pem', dhParams('modp1'));
    const client = server.connect();
    expect((await client.call(['CONFIG', 'SET', directive, value])).raw).toBe(
      `-ERR CONFIG SET failed (possibly related to argument '${directive}') - ${UPDATE_FAILED}\r\n`,
    );
    const said = server.logLines.map((line) => line.replace(/^.*? # /, '').trimEnd());
    expect(said).toContainEqual(typeof log === 'string' ? log : expect.stringMatching(log));
    expect(await isServed(server, certificates)).toBe(true);
  });

  test('where nothing is encrypted, nothing is checked', async () => {
    const server = await TestServer.start();
    onTestFinished(() => server.close());
    const client = server.connect();
    expect((await client.call('CONFIG SET tls-cert-file /tls/none.crt')).raw).toBe('+OK\r\n');
    expect((await client.call('CONFIG SET tls-port 20000')).raw).toBe(
      `-ERR CONFIG SET failed (possibly related to argument 'tls-port') - ${UPDATE_FAILED}\r\n`,
    );
    expect(lastLine(server, 'No tls-key-file configured!')).toBeDefined();
    expect((await client.call('CONFIG SET tls-replication yes')).raw).toContain(UPDATE_FAILED);
  });

  test('ports can be swapped, opened and closed', async () => {
    const server = await startTlsServer(certificates, {}, { port: 0 });
    const port = server.tlsPort;
    const rounds: TestClient[] = [await tlsClient(server, certificates)];
    const [first] = rounds as [TestClient];
    expect((await first.call(['CONFIG', 'SET', 'tls-port', String(server.port)])).raw).toBe(
      "-ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to listen on this port. Check server logs.\r\n",
    );
    // The server began with ports that the system has chosen, so that is where it returns to.
    expect(await isServed(server, certificates)).toBe(true);
    await first.call(['CONFIG', 'SET', 'tls-port', String(port)]);
    expect((await first.call(['CONFIG', 'SET', 'tls-port', '0'])).raw).toBe('+OK\r\n');
    await expect(tlsClient(server, certificates)).rejects.toThrow();
    expect((await first.call(['CONFIG', 'SET', 'port', String(port)])).raw).toBe('+OK\r\n');
    const plain = connect(port, '127.0.0.1');
    onTestFinished(() => void plain.destroy());
    const pong = received(plain, '+PONG\r\n'.length);
    plain.write('PING\r\n');
    expect(await pong).toBe('+PONG\r\n');
    expect(await first.value('PING')).toBe('PONG');
    const info = (await first.value('INFO', 'server')) as string;
    expect(info).toContain('\r\nlistener2:name=tls\r\n');
  });
});

describe('connections that the server opens', () => {
  test('MIGRATE, with tls-cluster', async () => {
    const [from, to] = [
      await startTlsServer(certificates, { 'tls-cluster': 'yes' }),
      await startTlsServer(certificates),
    ];
    const client = await tlsClient(from, certificates);
    await client.call('SET k v');
    const port = String(to.tlsPort);
    expect((await client.call(['MIGRATE', '127.0.0.1', port, 'k', '0', '1000'])).raw).toBe('+OK\r\n');
    expect(await to.connect().value('GET', 'k')).toBe('v');
    await client.call('SET k w');
    await client.call('CONFIG SET tls-cluster no');
    await to.connect().call('CLIENT KILL TYPE normal');
    const { raw } = await client.call(['MIGRATE', '127.0.0.1', port, 'k', '0', '1000']);
    expect(raw).toMatch(/^-IOERR/);
  });

  test('show the certificate for clients, and believe only their authorities', async () => {
    const names: (string | undefined)[] = [];
    const peer = createServer(
      {
        ca: certificates.authority.cert,
        cert: certificates.server.cert,
        key: certificates.server.key,
        requestCert: true,
      },
      (socket) => {
        names.push(socket.getPeerCertificate().subject.CN as string);
        socket.on('error', () => {});
        socket.end('+OK\r\n+OK\r\n');
      },
    );
    await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void peer.close());
    const { port } = peer.address() as { port: number };
    const server = await startTlsServer(certificates, { 'tls-cluster': 'yes' });
    const client = server.connect();
    await client.call('SET k v');
    const migrate = ['MIGRATE', '127.0.0.1', String(port), 'k', '0', '1000', 'COPY'];
    await client.call(migrate);
    writeFile(server.virtual, 'client.crt', certificates.client.cert);
    writeFile(server.virtual, 'client.key', certificates.client.key);
    const own = [
      'tls-client-cert-file',
      `${FOLDER}/client.crt`,
      'tls-client-key-file',
      `${FOLDER}/client.key`,
    ];
    expect((await client.call(['CONFIG', 'SET', ...own])).raw).toBe('+OK\r\n');
    await client.call(migrate);
    expect(names).toEqual(['server', 'client']);
    peer.setSecureContext({ cert: certificates.stranger.cert, key: certificates.stranger.key });
    expect((await client.call(migrate)).raw).toMatch(/^-IOERR/);
    expect(names).toHaveLength(2);
  });
});
