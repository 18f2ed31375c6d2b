// The sessions that clients without tickets come back with (TLS 1.2), by their ids: as many and for as long as the
// configuration says. Clients with tickets keep their sessions themselves.

import { createServer, type SecureContext, type Server } from 'node:tls';
import type { Clock } from '../base/runtime.ts';

interface Session {
  readonly bytes: Buffer;
  readonly endMs: number;
}

export class TlsSessions {
  /** Never listens: it is who Node asks for sessions. */
  readonly server: Server = createServer({ ca: [] });

  private readonly clock: Clock;
  private readonly byId = new Map<string, Session>();
  private context: SecureContext | null = null;
  private maxCount = 0;
  private seconds = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.server.on('newSession', (id: Buffer, bytes: Buffer, done: () => void) => {
      this.keep(id.toString('latin1'), bytes);
      done();
    });
    this.server.on(
      'resumeSession',
      (id: Buffer, done: (error: Error | null, bytes: Buffer | null) => void) => {
        done(null, this.find(id.toString('latin1')));
      },
    );
  }

  get size(): number {
    return this.byId.size;
  }

  /** Sessions from here on are kept by these limits; a `maxCount` of 0 is none. Those of another context are forgotten. */
  use(context: SecureContext, maxCount: number, seconds: number): void {
    if (context !== this.context) this.byId.clear();
    this.context = context;
    this.maxCount = maxCount;
    this.seconds = seconds;
    this.dropOldest();
  }

  private keep(id: string, bytes: Buffer): void {
    this.byId.set(id, { bytes, endMs: this.clock.nowMs() + this.seconds * 1000 });
    this.dropOldest();
  }

  private find(id: string): Buffer | null {
    const session = this.byId.get(id);
    if (session === undefined) return null;
    if (this.clock.nowMs() < session.endMs) return session.bytes;
    this.byId.delete(id);
    return null;
  }

  private dropOldest(): void {
    if (this.maxCount === 0) return;
    for (const id of this.byId.keys()) {
      if (this.byId.size <= this.maxCount) return;
      this.byId.delete(id);
    }
  }
}
