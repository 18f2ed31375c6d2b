// All clients of a server, by id, and what concerns them together: joining and leaving, RESET, CLIENT PAUSE.

import { type Clock, MAX_TIMER_MS, type TimerHandle, type TimerService } from '../base/runtime.ts';
import type { AclUser } from './acl-user.ts';
import { Client, type ClientConnection } from './client.ts';

/** Which commands CLIENT PAUSE holds back. */
export const PAUSE = { NONE: 0, WRITE: 1, ALL: 2 } as const;
export type Pause = (typeof PAUSE)[keyof typeof PAUSE];

/** Who has asked for a pause. Each has at most one; what holds is the strictest of them, until the last has ended. */
export type PausePurpose = 'client' | 'shutdown' | 'failover';

interface RunningPause {
  readonly kind: Pause;
  readonly endMs: number;
}

export class ClientRegistry {
  /** Called when a pause begins or ends. Expiry and eviction rest while commands do. */
  onPauseChange: (isPaused: boolean) => void = () => {};

  private readonly clock: Clock;
  private readonly timers: TimerService;
  // Whom a new client is.
  private readonly user: AclUser;
  private readonly byId = new Map<number, Client>();
  private nextId = 1;
  private readonly pauses = new Map<PausePurpose, RunningPause>();
  private pauseTimer: TimerHandle | null = null;
  private readonly postponed = new Set<Client>();
  private readonly onLeave: ((client: Client) => void)[] = [];
  private readonly onReset: ((client: Client) => void)[] = [];

  constructor(clock: Clock, timers: TimerService, user: AclUser) {
    this.clock = clock;
    this.timers = timers;
    this.user = user;
  }

  get size(): number {
    return this.byId.size;
  }

  /** The id that the next client will have. */
  get upcomingId(): number {
    return this.nextId;
  }

  add(connection: ClientConnection): Client {
    const client = new Client(this.nextId++, connection, this.clock.nowMs(), this.user);
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
    let kind: Pause = PAUSE.NONE;
    for (const one of this.pauses.values()) if (nowMs < one.endMs && one.kind > kind) kind = one.kind;
    return kind;
  }

  get isPaused(): boolean {
    return this.pauses.size > 0;
  }

  /** Pauses until `endMs` (Infinity: until `endPause`). A pause is never made weaker or shorter by another of its purpose. */
  startPause(kind: Pause, endMs: number, purpose: PausePurpose = 'client'): void {
    const running = this.pauses.get(purpose);
    const goesOn = running !== undefined && this.clock.nowMs() < running.endMs;
    this.pauses.set(purpose, {
      kind: goesOn && running.kind > kind ? running.kind : kind,
      endMs: goesOn ? Math.max(running.endMs, endMs) : endMs,
    });
    this.onPauseChange(true);
    this.endPausesWhenDue();
  }

  /** Ends a pause. The clients that were held back are offered again, unless what still holds is as strict. */
  endPause(purpose: PausePurpose = 'client'): void {
    const strictest = this.strictestKind();
    if (!this.pauses.delete(purpose)) return;
    if (this.isPaused) {
      this.endPausesWhenDue();
    } else {
      this.stopPauseTimer();
      this.onPauseChange(false);
    }
    if (this.strictestKind() < strictest) this.resumePostponed();
  }

  /** When the first of the pauses ends; Infinity without one. */
  get pauseEnd(): number {
    let endMs = Number.POSITIVE_INFINITY;
    for (const one of this.pauses.values()) endMs = Math.min(endMs, one.endMs);
    return endMs;
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

  private strictestKind(): Pause {
    let kind: Pause = PAUSE.NONE;
    for (const one of this.pauses.values()) if (one.kind > kind) kind = one.kind;
    return kind;
  }

  private resumePostponed(): void {
    const waiting = [...this.postponed];
    this.postponed.clear();
    for (const client of waiting) {
      client.postponed = false;
      client.connection.resume();
    }
  }

  private endPausesWhenDue(): void {
    this.stopPauseTimer();
    const nowMs = this.clock.nowMs();
    for (const [purpose, { endMs }] of this.pauses) {
      if (endMs > nowMs) continue;
      // Ends with setting the timer for the others.
      this.endPause(purpose);
      return;
    }
    const endMs = this.pauseEnd;
    if (endMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.min(MAX_TIMER_MS, endMs - nowMs);
    this.pauseTimer = this.timers.after(waitMs, () => this.endPausesWhenDue(), { unref: true });
  }
}
