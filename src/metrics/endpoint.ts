// The small HTTP server for those who look after this one: /metrics for Prometheus, /healthz (the process answers) and
// /readyz (clients may come). Off unless `metrics-port` says otherwise; it can be moved while the server runs.

import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { reasonOf, reasonOfCode } from '../config/file-text.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { listenOnAddress } from '../net/sync-listen.ts';
import { collect } from './collection.ts';
import { Exposition, OPEN_METRICS_TYPE, TEXT_TYPE } from './exposition.ts';
import { reasonNotReady } from './readiness.ts';

// More than this at once are no scrapers.
const MAX_CONNECTIONS = 64;
// Longer than the usual interval between two scrapes.
const KEEP_ALIVE_MS = 75_000;
const BACKLOG = 16;
const PLAIN = 'text/plain; charset=utf-8';
// A step of a scrape is over when it has taken so long, and others have their go.
const STEP_US = 1000;

type Answer = (text: string) => void;

interface Place {
  readonly address: string;
  readonly port: number;
}

export class MetricsEndpoint {
  /** The data set is loaded. */
  hasStarted = false;

  private readonly server: ServerParts;
  private http: HttpServer | null = null;
  private place: Place | null = null;
  // Whoever asks while a scrape is put together gets the same.
  private readonly waiting = new Map<boolean, Answer[]>();

  constructor(server: ServerParts) {
    this.server = server;
  }

  /**
   * Listens where `metrics-port` and `metrics-bind` say, instead of where it did, or nowhere. Returns whether it worked;
   * where not, it listens nowhere, and the log says why.
   */
  apply(): boolean {
    const { 'metrics-port': port, 'metrics-bind': address } = this.server.config.values;
    const { place } = this;
    if (place !== null && place.port === port && place.address === address) return true;
    // The old socket goes first: the new one may want its port.
    this.close();
    return port === 0 || this.listen({ address, port });
  }

  /** Stops listening and closes all connections. */
  close(): void {
    if (this.http === null) return;
    this.http.close();
    this.http.closeAllConnections();
    this.http = null;
    this.place = null;
    this.server.runtime.process.watchEventLoop(false);
  }

  private listen(place: Place): boolean {
    const { address, port } = place;
    const explain = (reason: string) =>
      this.server.log.warning(`Could not listen for metrics on ${address}:${port}: bind: ${reason}`);
    const http = this.newServer(explain);
    const result = listenOnAddress(http, address === '*' ? '0.0.0.0' : address, port, BACKLOG);
    if (result.code !== '') explain(reasonOfCode(result.code));
    if (!result.isListening) return false;
    this.http = http;
    this.place = place;
    this.server.runtime.process.watchEventLoop(true);
    return true;
  }

  private newServer(explain: (reason: string) => void): HttpServer {
    const http = createServer({ keepAlive: true, noDelay: true }, (request, response) =>
      this.handle(request, response),
    );
    http.maxConnections = MAX_CONNECTIONS;
    http.keepAliveTimeout = KEEP_ALIVE_MS;
    http.on('error', (error) => explain(reasonOf(error)));
    http.unref();
    return http;
  }

  private handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    const path = url.split('?', 1)[0]!;
    if (path !== '/metrics' && path !== '/healthz' && path !== '/readyz') {
      send(response, 404, PLAIN, 'not found: there are /metrics, /healthz and /readyz\n');
    } else if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      send(response, 405, PLAIN, 'only GET and HEAD\n');
    } else if (path === '/healthz') {
      send(response, 200, PLAIN, 'ok\n');
    } else if (path === '/readyz') {
      const reason = reasonNotReady(this.server, this.hasStarted);
      send(response, reason === null ? 200 : 503, PLAIN, `${reason ?? 'ok'}\n`);
    } else {
      const isOpenMetrics = headers.accept?.includes('application/openmetrics-text') ?? false;
      const type = isOpenMetrics ? OPEN_METRICS_TYPE : TEXT_TYPE;
      this.scrape(isOpenMetrics, (text) => send(response, 200, type, text));
    }
  }

  private scrape(isOpenMetrics: boolean, answer: Answer): void {
    const others = this.waiting.get(isOpenMetrics);
    if (others !== undefined) {
      others.push(answer);
      return;
    }
    this.waiting.set(isOpenMetrics, [answer]);
    const out = new Exposition(isOpenMetrics);
    // Without requests the server's clock may have rested.
    this.server.executor.readClocks();
    this.step(collect(out, this.server), () => {
      const all = this.waiting.get(isOpenMetrics)!;
      this.waiting.delete(isOpenMetrics);
      for (const one of all) one(out.text);
    });
  }

  private step(steps: Generator<void>, done: () => void): void {
    const { clock, timers } = this.server.runtime;
    const startUs = clock.monotonicUs();
    while (clock.monotonicUs() - startUs < STEP_US) {
      if (steps.next().done) {
        done();
        return;
      }
    }
    timers.afterTurn(() => this.step(steps, done));
  }
}

// HEAD has the headers of GET, Node leaves out the text.
function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text);
}
