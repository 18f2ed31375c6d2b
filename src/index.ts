// The embedding API: a server inside a program, with or without a socket.

import type { Duplex } from 'node:stream';
import { type Runtime, systemRuntime } from './base/runtime.ts';
import { Config } from './config/config.ts';
import { ConfigFileError, loadConfig } from './config/parser.ts';
import { Server } from './server.ts';

export type { Clock, FileDoor, RandomSource, Runtime, TimerHandle, TimerService } from './base/runtime.ts';
export { SeededRandom, systemRuntime } from './base/runtime.ts';

export interface CreateServerOptions {
  /** The TCP port on the loopback interface (or on `config.bind`); 0 lets the system choose; absent: no port. */
  readonly port?: number;
  /** Directives of redis.conf by name, e.g. `{ maxclients: 100, requirepass: 'secret' }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** Takes the log's lines; without it an embedded server logs nothing. */
  readonly log?: (line: string) => void;
  /** Time, randomness, timers and files; the real ones by default. */
  readonly runtime?: Runtime;
}

/** A running server. */
export interface EmbeddedServer {
  /** The TCP port in use, 0 without one. */
  readonly port: number;
  /** A client connection within the process: a duplex stream that speaks RESP. */
  connect(): Duplex;
  /** Closes all connections and stops. */
  close(): Promise<void>;
}

/** Starts a server. Rejects with the reason when a directive is wrong or the port is not to be had. */
export async function createServer(options: CreateServerOptions = {}): Promise<EmbeddedServer> {
  const runtime = options.runtime ?? systemRuntime();
  const config = new Config(runtime, process.cwd());
  loadConfig(config, runtime.files, {});
  // A test or a desktop program wants to be reached from its own machine, and to leave no files behind.
  for (const [name, words] of [
    ['bind', ['127.0.0.1']],
    ['save', ['']],
  ] as const) {
    config.assign(name, words);
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
  });
  server.start();
  const { port } = options;
  const { unixsocket } = config.values;
  if ((port !== undefined && !server.listenTcp(port)) || (unixsocket !== '' && !server.listenUnix())) {
    await server.close();
    throw new Error(
      `cannot listen on ${unixsocket === '' ? `port ${port}` : `port ${port} or ${unixsocket}`}`,
    );
  }
  return {
    get port() {
      return server.port;
    },
    connect: () => server.connect(),
    close: () => server.close(),
  };
}

function wordsOf(config: Config, name: string, value: string | number | boolean): string[] {
  const text = typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);
  return config.takesManyWords(name) && text !== '' ? text.split(' ') : [text];
}
