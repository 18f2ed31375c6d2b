// A server of ours inside the test's process, with a clock that the test moves (or the real one), and its clients.

import { createServer, type EmbeddedServer, type Runtime, systemRuntime } from '../../src/index.ts';
import { TestClient } from './test-client.ts';
import { VirtualRuntime } from './virtual-runtime.ts';

export interface TestServerOptions {
  /** Directives of redis.conf. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** 0 for a port that the system chooses; without it no port. */
  readonly port?: number;
  /** Likewise, for encrypted connections. */
  readonly tlsPort?: number;
  /** The real clock, timers and files instead of virtual ones. */
  readonly realTime?: boolean;
  /** What the virtual dice start from. */
  readonly seed?: number;
  /** Where virtual time starts. */
  readonly startMs?: number;
  /** A runtime of the test's own. */
  readonly runtime?: Runtime;
}

export class TestServer {
  readonly server: EmbeddedServer;
  readonly runtime: Runtime;
  readonly logLines: string[];
  private readonly clients = new Set<TestClient>();

  private constructor(server: EmbeddedServer, runtime: Runtime, logLines: string[]) {
    this.server = server;
    this.runtime = runtime;
    this.logLines = logLines;
  }

  /** Starts a server; with vitest's `onTestFinished(() => server.close())` it ends with the test. */
  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const runtime = options.runtime ?? (options.realTime ? systemRuntime() : new VirtualRuntime(options));
    const logLines: string[] = [];
    const server = await createServer({
      runtime,
      log: (line) => logLines.push(line),
      ...(options.config === undefined ? {} : { config: options.config }),
      ...(options.port === undefined ? {} : { port: options.port }),
      ...(options.tlsPort === undefined ? {} : { tlsPort: options.tlsPort }),
    });
    return new TestServer(server, runtime, logLines);
  }

  get port(): number {
    return this.server.port;
  }

  get tlsPort(): number {
    return this.server.tlsPort;
  }

  /** A new client within the process, in RESP2. */
  connect(): TestClient {
    const client = new TestClient(this.server.connect());
    this.clients.add(client);
    client.stream.once('close', () => this.clients.delete(client));
    return client;
  }

  /** A new client that has said HELLO 3. */
  async connect3(): Promise<TestClient> {
    const client = this.connect();
    const { reply } = await client.call('HELLO 3');
    if (reply.type === 'error') throw new Error(`HELLO 3: ${reply.text}`);
    return client;
  }

  /** Moves the virtual clock; throws on a server that runs by the real one. */
  async advance(ms: number): Promise<void> {
    await this.virtual.advance(ms);
  }

  get virtual(): VirtualRuntime {
    if (this.runtime instanceof VirtualRuntime) return this.runtime;
    throw new Error('this server runs by the real clock');
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.server.close();
  }
}
