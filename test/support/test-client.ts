// A client for tests over any duplex: sends requests or raw bytes, reads strictly, and keeps messages (pushes) apart from
// replies. Whoever waits for a reply that does not come is told what was sent last.

import type { Duplex } from 'node:stream';
import { splitArguments } from '../../src/base/quote.ts';
import {
  encodeRequest,
  type Frame,
  type MalformedReply,
  type Protocol,
  type Reply,
  readFrame,
} from './resp.ts';

const REPLY_TIMEOUT_MS = 10_000;

interface Waiter {
  readonly acceptsPush: boolean;
  resolve(frame: Frame): void;
  reject(error: Error): void;
}

export class ConnectionClosed extends Error {}

export class TestClient {
  /** What the client reads by. Follows HELLO by itself when it is sent with `call`. */
  protocol: Protocol = 2;
  /** Messages that arrived while a reply was waited for, or while nobody waited. */
  readonly pushes: Frame[] = [];
  readonly stream: Duplex;
  /** All that was received, as latin1; only what no frame has used yet when read as frames. */
  unread = '';

  private readonly waiting: Waiter[] = [];
  private readonly frames: Frame[] = [];
  private failure: Error | null = null;
  private lastSent = '';
  // Of a long bulk string that has begun to arrive: no frame ends before so much is there.
  private leastLength = 0;
  private readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.stream = stream;
    stream.on('data', (chunk: Buffer) => this.receive(chunk.toString('latin1')));
    stream.on('error', (error) => this.fail(error));
    this.closed = new Promise((resolve) => {
      const end = () => {
        this.fail(new ConnectionClosed('the server closed the connection'));
        resolve();
      };
      stream.on('end', end);
      stream.on('close', end);
    });
  }

  get isClosed(): boolean {
    return this.failure !== null;
  }

  /** Resolves when the server has closed the connection. */
  whenClosed(): Promise<void> {
    return within(this.closed, () => `the connection is still open after ${this.lastSent}`);
  }

  /** Sends bytes (a string is latin1) as they are. */
  write(bytes: string | Uint8Array): void {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    this.lastSent = JSON.stringify(Buffer.from(buffer.subarray(0, 100)).toString('latin1'));
    this.stream.write(buffer);
  }

  /** Sends a request without waiting: words split like an inline command, or latin1 arguments. */
  send(request: string | readonly string[]): void {
    this.write(encodeRequest(argumentsOf(request)));
  }

  /** The reply to a request. An error reply is a reply. Rejects when the connection is closed or no reply comes. */
  async call(request: string | readonly string[]): Promise<Frame> {
    this.send(request);
    return this.afterHello(argumentsOf(request), await this.reply());
  }

  /** As `call`, for several requests in one write. */
  async pipeline(requests: readonly (string | readonly string[])[]): Promise<Frame[]> {
    this.write(Buffer.concat(requests.map((request) => encodeRequest(argumentsOf(request)))));
    const frames: Frame[] = [];
    for (const request of requests) frames.push(this.afterHello(argumentsOf(request), await this.reply()));
    return frames;
  }

  /** The reply to a request as a plain value (see `plainValue`), for tests that are not about the protocol. */
  async value(...args: string[]): Promise<PlainValue> {
    return plainValue((await this.call(args)).reply);
  }

  /** The next frame that is no push. */
  reply(): Promise<Frame> {
    return this.next(false);
  }

  /** The next frame, be it a push or a reply; a push that has arrived already comes first. */
  frame(): Promise<Frame> {
    const push = this.pushes.shift();
    return push !== undefined ? Promise.resolve(push) : this.next(true);
  }

  /** Sets the protocol when the request was a HELLO that succeeded. */
  afterHello(args: readonly string[], frame: Frame): Frame {
    if (frame.reply.type === 'error') return frame;
    if (args[0]?.toLowerCase() === 'hello' && (args[1] === '2' || args[1] === '3')) {
      this.protocol = args[1] === '3' ? 3 : 2;
    } else if (args[0]?.toLowerCase() === 'reset') {
      this.protocol = 2;
    }
    return frame;
  }

  /** Ends this side; the server sees the end of the stream. */
  close(): void {
    this.stream.destroy();
  }

  private next(acceptsPush: boolean): Promise<Frame> {
    const frame = this.frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    const promise = new Promise<Frame>((resolve, reject) => {
      if (this.failure !== null && this.unread === '') reject(this.failure);
      else this.waiting.push({ acceptsPush, resolve, reject });
    });
    this.readFrames();
    if (this.failure !== null) this.fail(this.failure);
    return within(
      promise,
      () => `no reply to ${this.lastSent}; received so far: ${JSON.stringify(this.unread)}`,
    );
  }

  private receive(text: string): void {
    this.unread += text;
    this.readFrames();
  }

  // A frame is read when somebody waits for it, because a HELLO before it decides by which protocol.
  private readFrames(): void {
    while (this.waiting.length > 0 && this.unread !== '' && this.unread.length >= this.leastLength) {
      let read: ReturnType<typeof readFrame>;
      try {
        // HELLO 3 is answered in RESP3 already.
        const isHello = this.unread[0] === '%' && /hello/i.test(this.lastSent);
        read = readFrame(this.unread, isHello ? 3 : this.protocol);
      } catch (thrown) {
        this.unread = '';
        this.fail(thrown as MalformedReply);
        return;
      }
      if (read === null) {
        const bulk = /^\$(\d+)\r\n/.exec(this.unread);
        if (bulk !== null) this.leastLength = bulk[0].length + Number(bulk[1]) + 2;
        return;
      }
      this.leastLength = 0;
      this.unread = this.unread.slice(read.end);
      const isPush = read.frame.reply.type === 'push';
      if (isPush && !this.waiting[0]!.acceptsPush) this.pushes.push(read.frame);
      else this.waiting.shift()!.resolve(read.frame);
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.waiting.splice(0)) reject(this.failure);
  }
}

/** A request's arguments: a string is split like an inline command. */
export function argumentsOf(request: string | readonly string[]): readonly string[] {
  if (typeof request !== 'string') return request;
  const words = splitArguments(request);
  if (words === null) throw new Error(`unbalanced quotes: ${request}`);
  return words;
}

export type PlainValue = string | number | bigint | boolean | null | Error | PlainValue[];

/** A reply without its type: texts, numbers, null, arrays (a map is a flat one); an error reply is an Error. */
export function plainValue(reply: Reply): PlainValue {
  switch (reply.type) {
    case 'error':
    case 'bulkError':
      return new Error(reply.text);
    case 'integer':
      return Number.isSafeInteger(Number(reply.value)) ? Number(reply.value) : reply.value;
    case 'double':
    case 'boolean':
      return reply.value;
    case 'null':
    case 'nullBulk':
    case 'nullArray':
      return null;
    case 'array':
    case 'set':
    case 'push':
      return reply.items.map(plainValue);
    case 'map':
      return reply.pairs.flat().map(plainValue);
    default:
      return reply.text;
  }
}

function within<T>(promise: Promise<T>, message: () => string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message())), REPLY_TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** What a request answers that is written as one line. */
export function ask(client: TestClient, line: string): ReturnType<TestClient['value']> {
  return client.value(...(splitArguments(line) ?? []));
}
