// Encrypted requests, ours beside theirs: redis-benchmark with --tls in turn against each, both with the same certificates,
// which are made for the run. Client and server each have half of the work of the encryption.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '../test/support/certificates.ts';
import { measureRequests, type RequestOptions, type RequestRow } from './requests.ts';
import { freePort, type RunningServer, type ServerSpec, startServer } from './servers.ts';
import type { Workload } from './workloads.ts';

const REQUESTS = { 1: 100_000, 16: 1_000_000 } as const;
const CLIENTS = 50;

export interface TlsOptions extends Omit<RequestOptions, 'oursFirst'> {
  readonly scale: number;
  readonly progress: (row: RequestRow) => void;
}

export async function measureTls(
  ours: ServerSpec,
  theirs: ServerSpec,
  options: TlsOptions,
): Promise<RequestRow[]> {
  const { benchmark, children } = options;
  if (!execFileSync(benchmark, ['--help'], { encoding: 'utf8' }).includes('--tls')) {
    throw new Error(`${benchmark} was built without TLS`);
  }
  const files = writeCertificates(children.directory());
  const servers: RunningServer[] = [];
  for (const spec of [ours, theirs]) servers.push(await startEncrypted(spec, files, options));
  const [ourServer, theirServer] = servers as [RunningServer, RunningServer];
  const rows: RequestRow[] = [];
  for (const workload of workloadsOf(files, options.scale)) {
    const oursFirst = rows.length % 2 === 0;
    const row = await measureRequests(workload, ourServer, theirServer, { ...options, oursFirst });
    options.progress(row);
    rows.push(row);
  }
  for (const server of servers) await server.stop();
  return rows;
}

interface Files {
  readonly authority: string;
  readonly cert: string;
  readonly key: string;
}

function writeCertificates(directory: string): Files {
  const authority = new CertificateAuthority('bench authority');
  const { cert, key } = authority.issue('bench server');
  const write = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    authority: write('ca.crt', authority.cert),
    cert: write('bench.crt', cert),
    key: write('bench.key', key),
  };
}

// Its control connection is a plain one.
async function startEncrypted(spec: ServerSpec, files: Files, options: TlsOptions): Promise<RunningServer> {
  const port = await freePort();
  const { authority, cert, key } = files;
  const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key];
  try {
    const server = await startServer(options.children, {
      ...spec,
      options: [...tls, '--tls-ca-cert-file', authority],
    });
    return { ...server, port };
  } catch (error) {
    throw new Error(`${spec.name} with TLS: ${(error as Error).message}`);
  }
}

function workloadsOf({ authority, cert, key }: Files, scale: number): Workload[] {
  const tls = ['--tls', '--cert', cert, '--key', key, '--cacert', authority];
  const found: Workload[] = [];
  for (const pipeline of [16, 1] as const) {
    for (const command of ['set', 'get'] as const) {
      for (const size of [3, 1000]) {
        const requests = Math.ceil((REQUESTS[pipeline] * scale) / (size > 100 ? 4 : 1));
        found.push({
          name: `TLS ${command.toUpperCase()}${size > 100 ? ' 1KB' : ''} -P ${pipeline}`,
          command: command.toUpperCase(),
          args: [...tls, '-t', command, '-r', '100000', '-d', String(size)],
          clients: CLIENTS,
          requests,
          pipeline,
          fill: [],
          limit: null,
          inMean: false,
          refill: false,
        });
      }
    }
  }
  return found;
}
