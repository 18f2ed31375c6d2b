// Messages that clients have not asked for at this moment: those of channels, of invalidated keys. A message is put into
// bytes once for each protocol that its receivers speak, in memory that all of them share until the turn ends. When and
// behind what a receiver gets it is its connection's business; who receives what is that of pubsub and tracking.

import { ReplyWriter } from '../resp/reply-writer.ts';
import type { Client } from './client.ts';
import type { Turn } from './turn.ts';

const CHUNK_BYTES = 64 * 1024;

export class Pushes {
  private readonly resp2 = new MessageChunk(2);
  private readonly resp3 = new MessageChunk(3);

  constructor(turn: Turn) {
    turn.onRecycle = (isLent) => {
      this.resp2.recycle(isLent);
      this.resp3.recycle(isLent);
    };
  }

  /**
   * Begins a message for clients that speak `protocol`, to be written with what this returns before it is sent. The last
   * message of the other protocol stays as it is.
   */
  begin(protocol: 2 | 3): ReplyWriter {
    const chunk = protocol === 2 ? this.resp2 : this.resp3;
    chunk.start = chunk.writer.at;
    return chunk.writer;
  }

  /**
   * Sends a client the last message of its protocol, which may go to any number of clients. A client whose command runs
   * gets it behind the reply, and whatever CLIENT REPLY says. Copies nothing.
   */
  send(client: Client): void {
    const { writer, start } = client.protocol === 2 ? this.resp2 : this.resp3;
    client.connection.push(writer.bytes, start, writer.at, false);
  }

  /** As `send`, but before other messages that wait for the end of the client's command: what stands for a reply. */
  sendAhead(client: Client): void {
    const { writer, start } = client.protocol === 2 ? this.resp2 : this.resp3;
    client.connection.push(writer.bytes, start, writer.at, true);
  }

  /** As `send`, to the client whose request has arrived but not begun: it gets the message before the reply. */
  sendBefore(client: Client): void {
    const { writer, start } = client.protocol === 2 ? this.resp2 : this.resp3;
    if (client.connection.isMuted) this.send(client);
    else client.connection.send(writer.bytes.subarray(start, writer.at));
  }
}

// Messages of one protocol, one behind the other: what a client gets of several in a row is one stretch.
class MessageChunk {
  readonly writer: ReplyWriter;
  /** Where the last message begins. */
  start = 0;

  constructor(protocol: 2 | 3) {
    this.writer = new ReplyWriter((_writer, needed) => this.grow(needed));
    this.writer.protocol = protocol;
  }

  recycle(isLent: boolean): void {
    const { writer } = this;
    if (writer.at === 0) return;
    if (isLent || writer.bytes.length !== CHUNK_BYTES) writer.bytes = Buffer.alloc(0);
    writer.at = 0;
    this.start = 0;
  }

  // A message is never cut in two: what is written of it moves along.
  private grow(needed: number): void {
    const { writer, start } = this;
    const written = writer.at - start;
    const wanted = written + needed;
    const capacity = wanted <= CHUNK_BYTES ? CHUNK_BYTES : written === 0 ? wanted : 2 * wanted;
    const larger = Buffer.allocUnsafeSlow(capacity);
    writer.bytes.copy(larger, 0, start, writer.at);
    writer.bytes = larger;
    writer.at = written;
    this.start = 0;
  }
}
