// What the clients' buffers take, looked at once a second: adding it up for every command would cost more than it
// tells. INFO shows the largest buffers of the last seconds, and the peak of all memory counts these bytes.

import type { Client } from './client.ts';
import { clientBytes } from './client-info.ts';

const SECONDS = 8;

export class ClientBuffers {
  /** The bytes of all clients, when they were last looked at. */
  totalBytes = 0;

  private readonly largestInput = new Float64Array(SECONDS);
  private readonly largestOutput = new Float64Array(SECONDS);
  private second = 0;

  /** Looks at all clients, unless that was done in this second already. O(clients). */
  sample(clients: Iterable<Client>, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.second) return;
    this.second = second;
    let total = 0;
    let input = 0;
    let output = 0;
    for (const client of clients) {
      const { connection } = client;
      total += clientBytes(client);
      input = Math.max(input, connection.inputBytes + connection.inputFreeBytes + connection.argumentBytes);
      output = Math.max(output, connection.replyBytes + connection.outputBytes);
    }
    this.totalBytes = total;
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
