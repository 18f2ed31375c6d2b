// A control connection to a server under test: one command, one reply, RESP2. It serves the harness itself (INFO,
// COMMAND INFO, FLUSHALL) and is never on a measured path, so it is written to be short rather than fast. Bulk data
// goes through loader.ts.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type Reply = string | number | null | ReplyError | Reply[];

/** An error reply, as a value: the caller decides whether it is a failure. */
export class ReplyError {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class ControlClient {
  private readonly socket: Socket;
  private pending = '';
  private readonly waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.receive(text));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the control connection')));
  }

  /** Connects to `port` of 127.0.0.1. Rejects when nothing listens there. */
  static async open(port: number): Promise<ControlClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new ControlClient(socket);
  }

  /** The reply to one command; an error reply resolves as a ReplyError. Rejects only when the connection is lost. */
  call(...args: string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) {
        reject(new Error('the control connection is closed'));
        return;
      }
      this.waiting.push({ resolve, reject });
      this.socket.write(encodeCommand(args), 'latin1');
    });
  }

  /** The fields of INFO `section`; empty when the server has no INFO. */
  async info(section: string): Promise<Map<string, string>> {
    const reply = await this.call('INFO', section);
    const fields = new Map<string, string>();
    if (typeof reply !== 'string') return fields;
    for (const line of reply.split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
    }
    return fields;
  }

  /** Whether the server knows `command`. A server without COMMAND is asked by a call without arguments. */
  async hasCommand(command: string): Promise<boolean> {
    const reply = await this.call('COMMAND', 'INFO', command);
    if (Array.isArray(reply)) return reply[0] !== null && reply[0] !== undefined;
    const bare = await this.call(command);
    return !(bare instanceof ReplyError && bare.message.includes('unknown command'));
  }

  /** The connection is lost: in a benchmark, the server has died. */
  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  close(): void {
    this.waiting.length = 0;
    this.socket.destroy();
  }

  private receive(text: string): void {
    this.pending += text;
    let at = 0;
    while (this.waiting.length > 0) {
      const parsed = parseReply(this.pending, at);
      if (parsed === null) break;
      at = parsed.next;
      this.waiting.shift()?.resolve(parsed.reply);
    }
    this.pending = this.pending.slice(at);
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

/** A command as a RESP array of bulk strings, latin1. */
export function encodeCommand(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

function parseReply(text: string, start: number): { reply: Reply; next: number } | null {
  const end = text.indexOf('\r\n', start);
  if (end < 0) return null;
  const head = text.slice(start + 1, end);
  let next = end + 2;
  switch (text[start]) {
    case '+':
      return { reply: head, next };
    case '-':
      return { reply: new ReplyError(head), next };
    case ':':
      return { reply: Number(head), next };
    case '$': {
      const length = Number(head);
      if (length < 0) return { reply: null, next };
      if (text.length < next + length + 2) return null;
      return { reply: text.slice(next, next + length), next: next + length + 2 };
    }
    case '*': {
      const count = Number(head);
      if (count < 0) return { reply: null, next };
      const items: Reply[] = [];
      for (let i = 0; i < count; i++) {
        const item = parseReply(text, next);
        if (item === null) return null;
        items.push(item.reply);
        next = item.next;
      }
      return { reply: items, next };
    }
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(text.slice(start, start + 40))}`);
  }
}
