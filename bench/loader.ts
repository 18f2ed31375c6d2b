// Fills a server with data through one raw socket: a command template whose numbers are patched in place, many commands
// per write, a bounded number of commands on the way. It makes no string and no object per command, so that 5 M keys
// cost the loader less than they cost the server and the server stays the thing measured.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand } from './client.ts';

/** Stands in a template's arguments for the number of the command, as 12 digits (redis-benchmark's form). */
export const NUMBER = '{number}';

const DIGITS = 12;
const COMMANDS_PER_WRITE = 128;
const WRITES_ON_THE_WAY = 8;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const MINUS = 45;

export interface LoadOptions {
  readonly port: number;
  /** The arguments of each command, e.g. `['SET', 'key:{number}', 'x']`. */
  readonly command: readonly string[];
  /** How many lines its reply has; 1 when absent. */
  readonly replyLines?: number;
  /** The number of the first command. */
  readonly first: number;
  readonly count: number;
}

/**
 * Sends `count` commands and resolves when the last one is answered. Rejects on the first error reply, which it quotes,
 * and when the connection is lost.
 */
export async function load(options: LoadOptions): Promise<void> {
  if (options.count === 0) return;
  const socket = connect({ host: '127.0.0.1', port: options.port, noDelay: true });
  await once(socket, 'connect');
  try {
    await pump(socket, options);
  } finally {
    socket.destroy();
  }
}

interface Template {
  readonly bytes: Buffer;
  /** Where the digits of each number begin. */
  readonly numberOffsets: number[];
}

function compileTemplate(command: readonly string[]): Template {
  // A run of 12 characters that no argument holds marks the places, and gives the bulk lengths their final values.
  const mark = '\u0001'.repeat(DIGITS);
  const text = encodeCommand(command.map((arg) => arg.replaceAll(NUMBER, mark)));
  const numberOffsets: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + DIGITS)) numberOffsets.push(at);
  return { bytes: Buffer.from(text, 'latin1'), numberOffsets };
}

function pump(socket: Socket, options: LoadOptions): Promise<void> {
  const template = compileTemplate(options.command);
  const size = template.bytes.length;
  const spare: Buffer[] = [];
  for (let i = 0; i < WRITES_ON_THE_WAY; i++) {
    const buffer = Buffer.allocUnsafe(size * COMMANDS_PER_WRITE);
    for (let j = 0; j < COMMANDS_PER_WRITE; j++) template.bytes.copy(buffer, j * size);
    spare.push(buffer);
  }
  let sent = 0;
  let answered = 0;
  let lines = 0;
  const replyLines = options.replyLines ?? 1;

  return new Promise((resolve, reject) => {
    const send = (): void => {
      while (sent < options.count && sent - answered <= COMMANDS_PER_WRITE * (WRITES_ON_THE_WAY - 1)) {
        const buffer = spare.pop();
        if (buffer === undefined) return;
        const commands = Math.min(COMMANDS_PER_WRITE, options.count - sent);
        for (let i = 0; i < commands; i++) {
          for (const offset of template.numberOffsets) {
            writeDigits(buffer, i * size + offset, options.first + sent + i);
          }
        }
        sent += commands;
        socket.write(buffer.subarray(0, commands * size), () => {
          spare.push(buffer);
          send();
        });
      }
    };
    let previous = LINE_FEED;
    let beforePrevious = CARRIAGE_RETURN;
    socket.on('data', (bytes: Buffer) => {
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i]!;
        if (byte === MINUS && previous === LINE_FEED && beforePrevious === CARRIAGE_RETURN) {
          const line = bytes.toString('latin1', i).split('\r\n', 1)[0];
          reject(new Error(`loading with ${options.command[0]} failed: ${line}`));
          return;
        }
        if (byte === LINE_FEED && ++lines % replyLines === 0) answered++;
        beforePrevious = previous;
        previous = byte;
      }
      if (answered >= options.count) resolve();
      else send();
    });
    socket.on('error', reject);
    socket.on('close', () =>
      reject(new Error(`the server closed the connection after ${answered} commands`)),
    );
    send();
  });
}

/** Writes a number as 12 digits. */
export function writeDigits(buffer: Buffer, offset: number, value: number): void {
  let rest = value;
  for (let at = offset + DIGITS - 1; at >= offset; at--) {
    const tens = Math.floor(rest / 10);
    buffer[at] = 48 + rest - tens * 10;
    rest = tens;
  }
}
