// Clients that wait until enough replicas, or this server's own disk, have the stream up to what they have written (WAIT,
// WAITAOF). Whenever somebody has said how far it is, the commands of those who have waited long enough run again.

import type { Blocking, Wait } from '../engine/blocking.ts';
import type { Client } from '../engine/client.ts';
import type { WaitGoal } from '../engine/replication.ts';

interface Waiting {
  readonly wait: Wait;
  readonly goal: WaitGoal;
}

export class MasterWaits {
  private readonly blocking: Blocking;
  private readonly isReached: (goal: WaitGoal) => boolean;
  private readonly waiting = new Map<Client, Waiting>();

  constructor(blocking: Blocking, isReached: (goal: WaitGoal) => boolean) {
    this.blocking = blocking;
    this.isReached = isReached;
  }

  /** What a client's command that runs again has waited for; null when it runs for the first time. */
  goalOf(client: Client): WaitGoal | null {
    return this.blocking.runsAgain(client) ? (this.waiting.get(client)?.goal ?? null) : null;
  }

  /** A client has begun to wait. */
  add(client: Client, goal: WaitGoal): void {
    if (client.wait !== null) this.waiting.set(client, { wait: client.wait, goal });
  }

  /** Somebody has come further: lets go on who can. O(waiting clients). */
  serve(): void {
    for (const [client, { goal, wait }] of this.waiting) {
      if (client.wait !== wait) {
        this.waiting.delete(client);
      } else if (this.isReached(goal)) {
        this.blocking.resume(wait);
        if (client.wait === null) this.waiting.delete(client);
      }
    }
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** All that wait for this server's files. */
  *waitingForDisk(): Generator<Client> {
    for (const [client, { goal, wait }] of this.waiting)
      if (goal.local > 0 && client.wait === wait) yield client;
  }

  left(client: Client): void {
    this.waiting.delete(client);
  }
}
