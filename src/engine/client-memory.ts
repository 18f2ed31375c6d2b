// The bytes that clients take, by class, added up as they change while a limit depends on them, and once a second
// otherwise: adding them up for every command would cost more than it tells.

import type { Client, ClientType } from './client.ts';
import { clientBytes } from './client-info.ts';

export class ClientMemory {
  /** Whether the figures follow every change of a client's buffers: a limit depends on them. */
  isExact = false;
  /** Whether they also follow what is answered within a turn: each client by itself counts, not only all together. */
  isByClient = false;
  /** Told of a client whose figure has been looked at, and of one that has gone (0 bytes). */
  onChange: ((client: Client, bytes: number) => void) | null = null;

  private readonly ofClass = { normal: 0, master: 0, replica: 0, pubsub: 0 };

  /** Bytes of the clients of a class, when they were last looked at. */
  of(type: ClientType): number {
    return this.ofClass[type];
  }

  /** Those that a client could be evicted for. */
  get evictableBytes(): number {
    return this.ofClass.normal + this.ofClass.pubsub;
  }

  /** All but replicas, whose output keys are not evicted for: evicting makes more of it. */
  get countedBytes(): number {
    return this.ofClass.normal + this.ofClass.pubsub + this.ofClass.master;
  }

  /** Looks at a client. What the present turn has answered it is counted by the turn, unless clients count by themselves. */
  update(client: Client): void {
    if (client.closing) return;
    const { connection } = client;
    let bytes = clientBytes(client);
    if (!this.isByClient) bytes -= connection.replyBytes;
    // What waits for a replica is part of the stream, which is counted as a whole.
    if (client.isReplica) bytes -= connection.outputBytes;
    const { type } = client;
    this.ofClass[client.memoryType] -= client.memoryBytes;
    this.ofClass[type] += bytes;
    client.memoryBytes = bytes;
    client.memoryType = type;
    this.onChange?.(client, bytes);
  }

  /** Looks at all clients. O(clients). */
  updateAll(clients: Iterable<Client>): void {
    for (const client of clients) this.update(client);
  }

  /** The client has gone. */
  left(client: Client): void {
    this.ofClass[client.memoryType] -= client.memoryBytes;
    client.memoryBytes = 0;
    this.onChange?.(client, 0);
  }
}
