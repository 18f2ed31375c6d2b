// What a replica hears from a server of ours: the snapshot, then the effects. Over any duplex.

import type { Duplex } from 'node:stream';
import { readFrames } from './resp.ts';

const WAIT_MS = 10_000;

export class ReplicaStream {
  readonly stream: Duplex;
  /** The saved file that came first, as latin1; null until all of it is there. */
  snapshot: string | null = null;
  isClosed = false;
  private unread = '';

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => {
      this.unread += chunk.toString('latin1');
      this.readSnapshot();
    });
    stream.on('error', () => {});
    for (const event of ['end', 'close']) stream.on(event, () => (this.isClosed = true));
  }

  /** Sends SYNC, and waits for the snapshot. `tick` lets time pass for a server that goes by a clock of the test's. */
  static async open(stream: Duplex, before = '', tick?: () => Promise<void>): Promise<ReplicaStream> {
    const replica = new ReplicaStream(stream);
    stream.write(`${before}SYNC\r\n`);
    await replica.until(() => replica.snapshot !== null, tick);
    return replica;
  }

  /** Sends bytes as they are. */
  write(text: string): void {
    this.stream.write(Buffer.from(text, 'latin1'));
  }

  /** The bytes since the last look. What was caused before has arrived when a request of any client was answered. */
  async bytes(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const found = this.unread;
    this.unread = '';
    return found;
  }

  /** The effects since the last look, with their arguments joined by blanks. */
  async effects(): Promise<string[]> {
    return readFrames(await this.bytes(), 2).map(({ reply }) => {
      if (reply.type !== 'array') throw new Error(`a replica was answered: ${JSON.stringify(reply)}`);
      return reply.items.map((item) => (item as { text: string }).text).join(' ');
    });
  }

  async until(isTrue: () => boolean, tick?: () => Promise<void>): Promise<void> {
    for (let waitedMs = 0; !isTrue(); waitedMs += 2) {
      await tick?.();
      if (waitedMs > WAIT_MS) throw new Error(`only received ${JSON.stringify(this.unread.slice(0, 500))}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  private readSnapshot(): void {
    if (this.snapshot !== null) return;
    const mark = /^\n*\$EOF:(\w{40})\r\n/.exec(this.unread);
    if (mark !== null) {
      const end = this.unread.indexOf(mark[1]!, mark[0].length);
      if (end < 0) return;
      this.snapshot = this.unread.slice(mark[0].length, end);
      this.unread = this.unread.slice(end + mark[1]!.length);
      // Nothing more is sent before the replica says that it has found the end.
      this.write('REPLCONF ACK 0\r\n');
      return;
    }
    const header = /^\n*\$(\d+)\r\n/.exec(this.unread);
    if (header === null) return;
    const end = header[0].length + Number(header[1]);
    if (this.unread.length < end) return;
    this.snapshot = this.unread.slice(header[0].length, end);
    this.unread = this.unread.slice(end);
  }
}
