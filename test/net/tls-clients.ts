// What the TLS tests have in common: certificates on a virtual disk, a server that listens with them, and clients.

import { once } from 'node:events';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { CertificateAuthority, type Identity } from '../support/certificates.ts';
import { TestClient } from '../support/test-client.ts';
import { TestServer, type TestServerOptions } from '../support/test-server.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

export interface Certificates {
  readonly authority: CertificateAuthority;
  readonly server: Identity;
  readonly client: Identity;
  /** Of an authority that nobody knows. */
  readonly stranger: Identity;
}

export function newCertificates(): Certificates {
  const authority = new CertificateAuthority('Test authority');
  return {
    authority,
    server: authority.issue('server'),
    client: authority.issue('client'),
    stranger: new CertificateAuthority('Test authority').issue('client'),
  };
}

export const FOLDER = '/tls';
export const SETTINGS = {
  'tls-cert-file': `${FOLDER}/server.crt`,
  'tls-key-file': `${FOLDER}/server.key`,
  'tls-ca-cert-file': `${FOLDER}/ca.crt`,
} as const;

export function writeFile(runtime: VirtualRuntime, name: string, text: string): void {
  runtime.files.mkdirSync(FOLDER, { recursive: true });
  runtime.files.writeFileSync(`${FOLDER}/${name}`, text);
}

/** A server with a port for encrypted connections; it ends with the test. */
export async function startTlsServer(
  certificates: Certificates,
  config: Readonly<Record<string, string | number>> = {},
  options: Omit<TestServerOptions, 'config'> = {},
): Promise<TestServer> {
  const runtime = new VirtualRuntime();
  writeFile(runtime, 'ca.crt', certificates.authority.cert);
  writeFile(runtime, 'server.crt', certificates.server.cert);
  writeFile(runtime, 'server.key', certificates.server.key);
  const server = await TestServer.start({
    tlsPort: 0,
    config: { ...SETTINGS, ...config },
    runtime,
    ...options,
  });
  onTestFinished(() => server.close());
  return server;
}

/** A client with the certificate of `certificates`, or as `options` say. Rejects when the handshake fails. */
export async function tlsSocket(
  server: TestServer,
  certificates: Certificates,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: server.tlsPort,
    ca: certificates.authority.cert,
    cert: certificates.client.cert,
    key: certificates.client.key,
    checkServerIdentity: () => undefined,
    ...options,
  });
  socket.setNoDelay(true);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

export async function tlsClient(
  server: TestServer,
  certificates: Certificates,
  options: ConnectionOptions = {},
): Promise<TestClient> {
  return new TestClient(await tlsSocket(server, certificates, options));
}

/** Whether a client with these options is served: what fails may do so in the handshake or, with TLS 1.3, right after. */
export async function isServed(
  server: TestServer,
  certificates: Certificates,
  options: ConnectionOptions = {},
): Promise<boolean> {
  try {
    const client = await tlsClient(server, certificates, options);
    return (await client.value('PING')) === 'PONG';
  } catch {
    return false;
  }
}
