// The embedding API: a server inside a program, with or without a socket.

import type { Duplex } from 'node:stream';
import { type Runtime, systemRuntime } from './base/runtime.ts';
import { Config } from './config/config.ts';
import { bytesFromText } from './config/file-text.ts';
import { ConfigFileError, loadConfig } from './config/parser.ts';
import { Server } from './server.ts';

export type { Clock, FileDoor, RandomSource, Runtime, TimerHandle, TimerService } from './base/runtime.ts';
export { SeededRandom, systemRuntime } from './base/runtime.ts';

export interface CreateServerOptions {
  /** The TCP port on the loopback interface (or on `config.bind`); 0 lets the system choose; absent: no port. */
  readonly port?: number;
  /** The port for encrypted connections, likewise; `config` names the files (`'tls-cert-file'`, `'tls-key-file'` …). */
  readonly tlsPort?: number;
  /** Directives of redis.conf by name, e.g. `{ maxclients: 100, requirepass: 'secret' }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Where the data set is kept, made when it is missing: what is there is loaded before `createServer` resolves, and `close` saves. Which files there
   * are follows from the directives, as for a process: an RDB file, or append-only files with `appendonly: true`. Without it
   * nothing is loaded or saved, unless directives ask for it (`dir`, `save`, `appendonly`).
   */
  readonly directory?: string;
  /**
   * Whether `createServer` resolves at once, and not only when the data set is there: clients get `-LOADING` until `ready`.
   */
  readonly servesWhileLoading?: boolean;
  /** Takes the log's lines; without it an embedded server logs nothing. */
  readonly log?: (line: string) => void;
  /** Time, randomness, timers and files; the real ones by default. */
  readonly runtime?: Runtime;
}

/** A running server. */
export interface EmbeddedServer {
  /** The TCP port in use, 0 without one. */
  readonly port: number;
  /** The port for encrypted connections, 0 without one. */
  readonly tlsPort: number;
  /** A client connection within the process: a duplex stream that speaks RESP. */
  connect(): Duplex;
  /** Resolves when the data set is loaded; rejects when it is damaged. */
  readonly ready: Promise<void>;
  /** Saves the data set where it is kept, closes all connections and stops. Rejects when it cannot save, and goes on. */
  close(): Promise<void>;
}

/** Starts a server. Rejects with the reason when a directive is wrong or the port is not to be had. */
export async function createServer(options: CreateServerOptions = {}): Promise<EmbeddedServer> {
  const runtime = options.runtime ?? systemRuntime();
  const config = new Config(runtime, process.cwd());
  loadConfig(config, runtime.files, {});
  // A test or a desktop program wants to be reached from its own machine, and leaves files only where it says so.
  config.assign('bind', ['127.0.0.1']);
  const { directory } = options;
  if (directory === undefined) {
    config.assign('save', ['']);
  } else {
    runtime.files.mkdirSync(directory, { recursive: true });
    const error = config.assign('dir', [bytesFromText(directory)]);
    if (error !== null) throw new ConfigFileError('stderr', `${directory}: ${error}`);
  }
  for (const [name, value] of Object.entries(options.config ?? {})) {
    const error = config.assign(name, wordsOf(config, name, value));
    if (error !== null) throw new ConfigFileError('stderr', `${name}: ${error}`);
  }
  const server: Server = new Server({
    runtime,
    config,
    executable: '',
    isEmbedded: true,
    logSink: options.log ?? (() => {}),
    onShutdown: () => void server.close(),
    onAbort: () => void server.close(),
  });
  if (!server.loadUsers()) {
    await server.close();
    throw new Error('the users of the configuration cannot be made; the log says why');
  }
  const { port, tlsPort } = options;
  const encrypts = tlsPort !== undefined;
  if (!server.prepareTls(encrypts || undefined) || (encrypts && !server.listenTls(tlsPort))) {
    await server.close();
    throw new Error(`cannot listen on port ${tlsPort} with TLS; the log says why`);
  }
  // From here on it is as if the configuration had said so: what is set is checked.
  if (encrypts) config.assign('tls-port', [String(server.tlsPort)]);
  const { appendonly, unixsocket } = config.values;
  if ((port !== undefined && !server.listenTcp(port)) || (unixsocket !== '' && !server.listenUnix())) {
    await server.close();
    throw new Error(
      `cannot listen on ${unixsocket === '' ? `port ${port}` : `port ${port} or ${unixsocket}`}`,
    );
  }
  if (!server.listenMetrics()) {
    await server.close();
    throw new Error(`cannot listen on port ${config.values['metrics-port']} for metrics`);
  }
  const keepsData = directory !== undefined || appendonly || options.config?.dir !== undefined;
  const ready = keepsData ? loaded(server) : started(server);
  if (options.servesWhileLoading) ready.catch(() => {});
  else await ready;
  return {
    get port() {
      return server.port;
    },
    get tlsPort() {
      return server.tlsPort;
    },
    connect: () => server.connect(),
    ready,
    async close() {
      if (keepsData && !server.saveBeforeClose())
        throw new Error('the data set cannot be saved; the log says why');
      await server.close();
    },
  };
}

async function started(server: Server): Promise<void> {
  server.start();
}

async function loaded(server: Server): Promise<void> {
  const isLoaded = await new Promise<boolean>((resolve) => server.load(resolve));
  if (isLoaded) return;
  await server.close();
  throw new Error('the data set cannot be loaded; the log says why');
}

function wordsOf(config: Config, name: string, value: string | number | boolean): string[] {
  const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  return config.takesManyWords(name) && text !== '' ? text.split(' ') : [text];
}
