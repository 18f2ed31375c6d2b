// The clients looked at once a second: INFO shows the largest buffers of the last seconds, and the sum of what clients take
// (client-memory) is brought up to date.

import type { Client } from './client.ts';
import type { ClientMemory } from './client-memory.ts';

const SECONDS = 8;

export class ClientBuffers {
  private readonly largestInput = new Float64Array(SECONDS);
  private readonly largestOutput = new Float64Array(SECONDS);
  private second = 0;

  /** Looks at all clients, unless that was done in this second already. O(clients). */
  sample(clients: Iterable<Client>, memory: ClientMemory, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.second) return;
    this.second = second;
    let input = 0;
    let output = 0;
    for (const client of clients) {
      const { connection } = client;
      memory.update(client);
      input = Math.max(input, connection.inputBytes + connection.inputFreeBytes + connection.argumentBytes);
      output = Math.max(output, connection.replyBytes + connection.outputBytes);
    }
    this.largestInput[second % SECONDS] = input;
    this.largestOutput[second % SECONDS] = output;
  }

  /** The largest input of a client in the last eight seconds. */
  get recentMaxInput(): number {
    return Math.max(...this.largestInput);
  }

  get recentMaxOutput(): number {
    return Math.max(...this.largestOutput);
  }
}
