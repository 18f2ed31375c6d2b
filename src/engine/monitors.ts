// The clients that watch all others (MONITOR): each command that has run is one line to them, secrets left out. Where
// nobody watches, a command costs the read of one boolean.

import { writeText } from '../base/bytes.ts';
import { quotedLength, writeQuoted } from '../base/quote.ts';
import type { Clock } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Client } from './client.ts';
import { COMMAND_FLAG, type Command } from './command-spec.ts';
import type { Loading } from './loading.ts';
import type { Pushes } from './pushes.ts';

const HIDDEN = COMMAND_FLAG.skip_monitor | COMMAND_FLAG.admin;
const NO_SECRETS: readonly number[] = [];
const REDACTED = '"(redacted)"';
const LINE_END = '\r\n';
const SPACE = 0x20;
// A longer line would not fit into one piece of memory.
const MAX_LINE_BYTES = 2 ** 31 - 1;

export class Monitors {
  /** Whether anyone watches. */
  isActive = false;

  private readonly config: Config;
  private readonly clock: Clock;
  private readonly loading: Loading;
  private readonly pushes: Pushes;
  private readonly watching = new Set<Client>();

  constructor(parts: { config: Config; clock: Clock; loading: Loading; pushes: Pushes }) {
    this.config = parts.config;
    this.clock = parts.clock;
    this.loading = parts.loading;
    this.pushes = parts.pushes;
  }

  get size(): number {
    return this.watching.size;
  }

  /** From here on the client is told of every command. */
  add(client: Client): void {
    client.isMonitor = true;
    this.watching.add(client);
    this.isActive = true;
  }

  /** The client watches no longer, if it did. */
  remove(client: Client): void {
    client.isMonitor = false;
    this.watching.delete(client);
    this.isActive = this.watching.size > 0;
  }

  /** Tells of a command that has run, unless it is one of those that nobody is told of. To be called while `isActive`. */
  commandEnded(client: Client, command: Command, args: Arguments): void {
    if ((command.flags & HIDDEN) === 0) this.tell(client, command, args);
  }

  /** Tells of a command, whatever its flags say: those that are told of before what they run. */
  tell(client: Client, command: Command | null, args: Arguments): void {
    if (!this.isActive || this.loading.isActive) return;
    const secrets = command?.spec.secrets?.(args, this.config) ?? NO_SECRETS;
    const head = this.head(client);
    let length = head.length + LINE_END.length;
    for (let i = 0; i < args.count; i++) length += 1 + shownLength(args, i, secrets);
    if (length > MAX_LINE_BYTES) return;
    let isWritten2 = false;
    let isWritten3 = false;
    for (const watching of this.watching) {
      if (watching.connection.isMuted) continue;
      const isOld = watching.protocol === 2;
      if (!(isOld ? isWritten2 : isWritten3)) {
        writeLine(this.pushes.begin(watching.protocol), head, args, secrets, length);
      }
      if (isOld) isWritten2 = true;
      else isWritten3 = true;
      this.pushes.send(watching);
    }
  }

  // `+<seconds>.<microseconds> [<database> <who>]`, behind which stand the arguments.
  private head(client: Client): string {
    const nowUs = this.clock.nowUs();
    const seconds = Math.floor(nowUs / 1e6);
    const fraction = String(nowUs - seconds * 1e6).padStart(6, '0');
    return `+${seconds}.${fraction} [${client.dbId} ${this.origin(client)}]`;
  }

  private origin(client: Client): string {
    if (client.isScript) return 'lua';
    const { connection } = client;
    return connection.isUnixSocket ? `unix:${this.config.values.unixsocket}` : connection.address;
  }
}

// In bytes and not as a text: an argument may be longer than a text can be.
function writeLine(
  out: ReplyWriter,
  head: string,
  args: Arguments,
  secrets: readonly number[],
  length: number,
): void {
  out.ensure(length);
  const { bytes } = out;
  let at = writeText(bytes, out.at, head);
  for (let i = 0; i < args.count; i++) {
    bytes[at++] = SPACE;
    at = secrets.includes(i)
      ? writeText(bytes, at, REDACTED)
      : writeQuoted(bytes, at, args.bytes, args.start(i), args.length(i));
  }
  out.at = writeText(bytes, at, LINE_END);
}

function shownLength(args: Arguments, i: number, secrets: readonly number[]): number {
  return secrets.includes(i) ? REDACTED.length : quotedLength(args.bytes, args.start(i), args.length(i));
}
