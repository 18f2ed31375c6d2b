// All clients of a server, by id, and what concerns them together: joining and leaving, RESET, CLIENT PAUSE.

import { type Clock, MAX_TIMER_MS, type TimerHandle, type TimerService } from '../base/runtime.ts';
import { Client, type ClientConnection } from './client.ts';

/** Which commands CLIENT PAUSE holds back. */
export const PAUSE = { NONE: 0, WRITE: 1, ALL: 2 } as const;
export type Pause = (typeof PAUSE)[keyof typeof PAUSE];

export class ClientRegistry {
  /** Called when a pause begins or ends. Expiry and eviction rest while commands do. */
  onPauseChange: (isPaused: boolean) => void = () => {};

  private readonly clock: Clock;
  private readonly timers: TimerService;
  private readonly byId = new Map<number, Client>();
  private nextId = 1;
  private pauseKind: Pause = PAUSE.NONE;
  private pauseEndMs = 0;
  private pauseTimer: TimerHandle | null = null;
  private readonly postponed = new Set<Client>();
  private readonly onLeave: ((client: Client) => void)[] = [];
  private readonly onReset: ((client: Client) => void)[] = [];

  constructor(clock: Clock, timers: TimerService) {
    this.clock = clock;
    this.timers = timers;
  }

  get size(): number {
    return this.byId.size;
  }

  /** The id that the next client will have. */
  get upcomingId(): number {
    return this.nextId;
  }

  add(connection: ClientConnection): Client {
    const client = new Client(this.nextId++, connection, this.clock.nowMs());
    this.byId.set(client.id, client);
    return client;
  }

  remove(client: Client): void {
    if (!this.byId.delete(client.id)) return;
    this.postponed.delete(client);
    for (const leave of this.onLeave) leave(client);
  }

  /** Registers what has to be undone when a client goes, before it is forgotten: unsubscribe, unwatch, unblock. */
  whenLeaving(leave: (client: Client) => void): void {
    this.onLeave.push(leave);
  }

  /** Registers what RESET has to undo beside the client's own fields: subscriptions, MONITOR, tracking. */
  whenReset(reset: (client: Client) => void): void {
    this.onReset.push(reset);
  }

  /** Undoes what others have registered for RESET. */
  reset(client: Client): void {
    for (const reset of this.onReset) reset(client);
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
  startPause(kind: Pause, endMs: number): void {
    const nowMs = this.clock.nowMs();
    const current = this.pause(nowMs);
    this.pauseKind = Math.max(current, kind) as Pause;
    this.pauseEndMs = current === PAUSE.NONE ? endMs : Math.max(this.pauseEndMs, endMs);
    this.onPauseChange(true);
    this.endPauseWhenDue();
  }

  /** Ends the pause and lets the clients go on that it held back. */
  endPause(): void {
    this.stopPauseTimer();
    if (!this.isPaused) return;
    this.pauseKind = PAUSE.NONE;
    this.pauseEndMs = 0;
    this.onPauseChange(false);
    const waiting = [...this.postponed];
    this.postponed.clear();
    for (const client of waiting) {
      client.postponed = false;
      client.connection.resume();
    }
  }

  /** When the pause ends; Infinity without one. */
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

  /** Stops the pause's timer; those who wait go on waiting. For a server that ends. */
  stopPauseTimer(): void {
    this.pauseTimer?.cancel();
    this.pauseTimer = null;
  }

  private endPauseWhenDue(): void {
    this.stopPauseTimer();
    const leftMs = this.pauseEndMs - this.clock.nowMs();
    if (leftMs <= 0) {
      this.endPause();
      return;
    }
    const waitMs = Math.min(MAX_TIMER_MS, leftMs);
    this.pauseTimer = this.timers.after(waitMs, () => this.endPauseWhenDue(), { unref: true });
  }
}
