// Slows clients down that send more than they may (`client-throttle`, and the limits of ACL users): their reads are paused,
// so nothing is refused or lost, the order stays, and what they go on sending waits at their own end. One bucket for each
// client fills by the clock and holds a second's worth. Stands before the dispatcher, and only while somebody has a limit.

import { type Clock, MAX_TIMER_MS, type TimerHandle, type TimerService } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { ThrottleLimit } from '../config/special-directives.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Acl } from './acl.ts';
import type { Client } from './client.ts';
import type { ServerStats } from './stats.ts';

/** Whoever takes requests. False: the request must wait, and be offered again when the client is resumed. */
export interface RequestGate {
  dispatch(client: Client, args: Arguments): boolean;
}

/** What is left of a client's limits, and how long it was held back. */
export class ClientThrottle {
  isHeld = false;
  timer: TimerHandle | null = null;

  private readonly clock: Clock;
  private commandRate = 0;
  private byteRate = 0;
  private commands = 0;
  private bytes = 0;
  private filledUs: number;
  private heldSinceUs = 0;
  private heldUs = 0;
  // Of a request whose end has not arrived: so much was counted already.
  private counted = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.filledUs = clock.monotonicUs();
  }

  /** Milliseconds for which the client was held back, up to now. */
  get heldMs(): number {
    return Math.round((this.heldUs + this.presentUs) / 1000);
  }

  /** Microseconds for which it has been held back this time; 0 when it is not. */
  get presentUs(): number {
    return this.isHeld ? this.clock.monotonicUs() - this.heldSinceUs : 0;
  }

  /** Fills the bucket up to now; it holds no more than is let through in a second. */
  fill(commandRate: number, byteRate: number): void {
    const nowUs = this.clock.monotonicUs();
    const seconds = (nowUs - this.filledUs) / 1e6;
    this.filledUs = nowUs;
    // A limit that is new begins with a full bucket.
    this.commands =
      this.commandRate === 0 ? commandRate : Math.min(commandRate, this.commands + seconds * commandRate);
    this.bytes = this.byteRate === 0 ? byteRate : Math.min(byteRate, this.bytes + seconds * byteRate);
    this.commandRate = commandRate;
    this.byteRate = byteRate;
  }

  /** Milliseconds until a request may run; 0: now. */
  get requestWaitMs(): number {
    const { commandRate, commands } = this;
    const forCommand = commandRate > 0 && commands < 1 ? ((1 - commands) * 1000) / commandRate : 0;
    return Math.ceil(Math.max(forCommand, this.byteWaitUs / 1000));
  }

  /** Milliseconds until more may be read. */
  get readWaitMs(): number {
    return Math.ceil(this.byteWaitUs / 1000);
  }

  /** A request of so many bytes runs. */
  take(bytes: number): void {
    this.commands--;
    this.bytes -= Math.max(0, bytes - this.counted);
  }

  /** It could not run yet, and will be offered again. */
  giveBack(bytes: number): void {
    this.commands++;
    this.bytes += Math.max(0, bytes - this.counted);
  }

  /** The next request begins. */
  ended(): void {
    this.counted = 0;
  }

  /** So many bytes have arrived of a request whose end has not. */
  countPartial(bytes: number): void {
    if (bytes > this.counted) this.bytes -= bytes - this.counted;
    this.counted = bytes;
  }

  begin(): void {
    this.isHeld = true;
    this.heldSinceUs = this.clock.monotonicUs();
  }

  /** Returns the microseconds for which it was held back this time. */
  end(): number {
    const us = this.presentUs;
    this.isHeld = false;
    this.timer?.cancel();
    this.timer = null;
    this.heldUs += us;
    return us;
  }

  // A request may be larger than the bucket: it runs when nothing is owed, and is paid for afterwards.
  private get byteWaitUs(): number {
    const { byteRate, bytes } = this;
    return byteRate > 0 && bytes < 0 ? (-bytes * 1e6) / byteRate : 0;
  }
}

export interface ThrottlingParts {
  readonly acl: Acl;
  readonly clock: Clock;
  readonly config: Config;
  readonly stats: ServerStats;
  readonly timers: TimerService;
}

export class Throttling implements RequestGate {
  private readonly parts: ThrottlingParts;
  private readonly held = new Set<Client>();
  private next: RequestGate | null = null;

  constructor(parts: ThrottlingParts) {
    this.parts = parts;
  }

  /** Sets who gets the requests that may run now. */
  attach(next: RequestGate): void {
    this.next = next;
  }

  /** Whether anybody has a limit. */
  get isOn(): boolean {
    const { config, acl } = this.parts;
    const { normal, replica, pubsub } = config.values['client-throttle'];
    return [normal, replica, pubsub, ...acl.all()].some(
      ({ commandsPerSecond, bytesPerSecond }) => commandsPerSecond > 0 || bytesPerSecond > 0,
    );
  }

  /** How many clients are held back now. */
  get heldClients(): number {
    return this.held.size;
  }

  /** Milliseconds for which clients were held back, all together. */
  get totalMs(): number {
    let total = this.parts.stats.throttledMicroseconds;
    for (const client of this.held) total += client.throttle!.presentUs;
    return Math.round(total / 1000);
  }

  dispatch(client: Client, args: Arguments): boolean {
    const throttle = this.filled(client);
    if (throttle === null) return this.next!.dispatch(client, args);
    const waitMs = throttle.requestWaitMs;
    if (waitMs > 0) {
      this.hold(client, throttle, waitMs);
      return false;
    }
    const bytes = args.totalBytes;
    throttle.take(bytes);
    const isDone = this.next!.dispatch(client, args);
    if (isDone) throttle.ended();
    else throttle.giveBack(bytes);
    return isDone;
  }

  /** `bytes` of a request have arrived so far, and not its end: what is large is read no faster than it may come. */
  arrived(client: Client, bytes: number): void {
    const throttle = this.filled(client);
    if (throttle === null) return;
    throttle.countPartial(bytes);
    const waitMs = throttle.readWaitMs;
    if (waitMs > 0) this.hold(client, throttle, waitMs);
  }

  /** Limits have changed: those who are held back are offered again. */
  releaseAll(): void {
    for (const client of [...this.held]) this.release(client);
  }

  /** A client goes. */
  left(client: Client): void {
    if (client.throttle?.isHeld) this.forget(client);
  }

  // The bucket of a client that has a limit; null for one that has none. A master is obeyed as fast as it comes.
  private filled(client: Client): ClientThrottle | null {
    const { type, user } = client;
    if (type === 'master') return null;
    const limit: ThrottleLimit = this.parts.config.values['client-throttle'][type];
    const commandRate = lowest(limit.commandsPerSecond, user.commandsPerSecond);
    const byteRate = lowest(limit.bytesPerSecond, user.bytesPerSecond);
    if (commandRate === 0 && byteRate === 0 && client.throttle === null) return null;
    client.throttle ??= new ClientThrottle(this.parts.clock);
    client.throttle.fill(commandRate, byteRate);
    return client.throttle;
  }

  private hold(client: Client, throttle: ClientThrottle, waitMs: number): void {
    client.connection.holdInput();
    if (throttle.isHeld) return;
    throttle.begin();
    this.held.add(client);
    const delayMs = Math.min(MAX_TIMER_MS, waitMs);
    throttle.timer = this.parts.timers.after(delayMs, () => this.release(client), { unref: true });
  }

  private release(client: Client): void {
    this.forget(client);
    client.connection.releaseInput();
  }

  private forget(client: Client): void {
    this.parts.stats.throttledMicroseconds += client.throttle!.end();
    this.held.delete(client);
  }
}

// Of two limits; 0 is none.
function lowest(a: number, b: number): number {
  if (a === 0) return b;
  return b === 0 ? a : Math.min(a, b);
}
