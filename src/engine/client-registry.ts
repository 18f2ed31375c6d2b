// All clients of a server, by id, and what concerns them together: limits, pauses, the periodic look at idle ones.

import { Client, type ClientConnection } from './client.ts';

/** Which commands CLIENT PAUSE holds back. */
export const PAUSE = { NONE: 0, WRITE: 1, ALL: 2 } as const;
export type Pause = (typeof PAUSE)[keyof typeof PAUSE];

export class ClientRegistry {
  private readonly byId = new Map<number, Client>();
  private nextId = 1;
  private pauseKind: Pause = PAUSE.NONE;
  private pauseEndMs = 0;
  private readonly postponed = new Set<Client>();
  /** Called when a client goes, before it is forgotten: unsubscribe, unwatch, unblock. */
  private readonly onLeave: ((client: Client) => void)[] = [];

  get size(): number {
    return this.byId.size;
  }

  /** The id that the next client will have. */
  get upcomingId(): number {
    return this.nextId;
  }

  add(connection: ClientConnection, nowMs: number): Client {
    const client = new Client(this.nextId++, connection, nowMs);
    this.byId.set(client.id, client);
    return client;
  }

  remove(client: Client): void {
    if (!this.byId.delete(client.id)) return;
    this.postponed.delete(client);
    for (const leave of this.onLeave) leave(client);
  }

  /** Registers what has to be undone when a client goes. */
  whenLeaving(leave: (client: Client) => void): void {
    this.onLeave.push(leave);
  }

  get(id: number): Client | undefined {
    return this.byId.get(id);
  }

  /** In the order of their ids. */
  [Symbol.iterator](): IterableIterator<Client> {
    return this.byId.values();
  }

  /** How far commands are paused now. */
  pause(nowMs: number): Pause {
    return nowMs < this.pauseEndMs ? this.pauseKind : PAUSE.NONE;
  }

  get isPaused(): boolean {
    return this.pauseKind !== PAUSE.NONE;
  }

  /** Pauses until `endMs`. A running pause is never made weaker or shorter by another. */
  startPause(kind: Pause, endMs: number, nowMs: number): void {
    const current = this.pause(nowMs);
    this.pauseKind = Math.max(current, kind) as Pause;
    this.pauseEndMs = current === PAUSE.NONE ? endMs : Math.max(this.pauseEndMs, endMs);
  }

  /** Ends the pause and lets the clients go on that it held back. */
  endPause(): void {
    this.pauseKind = PAUSE.NONE;
    this.pauseEndMs = 0;
    const waiting = [...this.postponed];
    this.postponed.clear();
    for (const client of waiting) {
      client.postponed = false;
      client.connection.resume();
    }
  }

  /** Ends a pause whose time is over; to be called every now and then. */
  endPauseWhenDue(nowMs: number): void {
    if (this.isPaused && nowMs >= this.pauseEndMs) this.endPause();
  }

  /** When the pause ends, for whoever sets a timer; Infinity without one. */
  get pauseEnd(): number {
    return this.isPaused ? this.pauseEndMs : Number.POSITIVE_INFINITY;
  }

  /** Holds a client back until the pause ends. */
  postpone(client: Client): void {
    client.postponed = true;
    this.postponed.add(client);
    client.connection.suspend();
  }

  get postponedCount(): number {
    return this.postponed.size;
  }
}
