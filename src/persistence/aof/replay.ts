// Commands that have run before – those of an append-only file – run once more. They go to the same handlers as a client's,
// with a client that obeys no limits and that nobody hears, but they are nobody's calls: they are not counted, not
// timed, and not propagated, and what would wait does not.

import { lowerCaseLatin1 } from '../../base/bytes.ts';
import { Blocking } from '../../engine/blocking.ts';
import { Executor } from '../../engine/call.ts';
import { Client } from '../../engine/client.ts';
import type { Command } from '../../engine/command-spec.ts';
import { NO_CONNECTION } from '../../engine/no-connection.ts';
import { Propagation } from '../../engine/propagation.ts';
import type { ServerParts } from '../../engine/server-parts.ts';
import { ServerStats } from '../../engine/stats.ts';
import type { Arguments } from '../../resp/arguments.ts';
import { ReplyError } from '../../resp/errors.ts';
import { ReplyWriter } from '../../resp/reply-writer.ts';

/** What became of a command: it has run, there is none of that name, or it lacks arguments. */
export const REPLAYED = { DONE: 0, UNKNOWN: 1, WRONG_ARITY: 2 } as const;
export type Replayed = (typeof REPLAYED)[keyof typeof REPLAYED];

export class Replay {
  private readonly server: ServerParts;
  private readonly executor: Executor;
  private readonly client: Client;
  private readonly reply: SilentReplies;

  constructor(server: ServerParts) {
    this.server = server;
    const { clock, timers } = server.runtime;
    this.client = new Client(NO_ID, NO_CONNECTION, clock.nowMs(), server.acl.superuser);
    this.client.isMaster = true;
    this.client.authenticated = true;
    this.reply = new SilentReplies((line) => this.refused(line));
    // Handlers reach the parts of the server through their context: these are its own but for what must not take part.
    const blocking = new Blocking(server.keyspace, timers);
    const parts = { ...server, blocking, propagation: new Propagation(), stats: new ServerStats() };
    this.executor = new Executor(parts, this.reply, NO_MARKS);
    Object.assign(parts, { executor: this.executor });
    blocking.attach(this.executor);
    // As within a transaction: nothing may wait.
    this.executor.depth = 1;
  }

  /** How many changes the commands have made. */
  get changes(): number {
    return this.executor.context.dirty;
  }

  /** Whether a transaction has begun and not ended. */
  get isInTransaction(): boolean {
    return this.client.transaction !== null;
  }

  /** The commands of another file follow. */
  beginFile(): void {
    this.client.dbId = 0;
    this.readClocks();
  }

  /** Takes note of the time, which stands still otherwise. */
  readClocks(): void {
    this.executor.readClocks();
  }

  run(args: Arguments): Replayed {
    const { client, executor } = this;
    const command = this.find(args);
    if (command === null) return REPLAYED.UNKNOWN;
    if (!command.acceptsCount(args.count)) return REPLAYED.WRONG_ARITY;
    client.lastCommand = command;
    const { transaction } = client;
    if (transaction !== null && !command.runsQueue) {
      transaction.add(command, args);
      return REPLAYED.DONE;
    }
    const { context } = executor;
    context.client = client;
    context.args = args;
    context.command = command;
    context.db = this.server.keyspace.database(client.dbId);
    this.reply.at = 0;
    try {
      command.run(context);
    } catch (thrown) {
      if (!(thrown instanceof ReplyError)) throw thrown;
      this.reply.error(thrown.line);
    }
    return REPLAYED.DONE;
  }

  private find(args: Arguments): Command | null {
    const command = this.server.table.find(args);
    if (command === null || !command.isContainer || args.count === 1) return command;
    return command.subcommands.get(lowerCaseLatin1(args.string(1))) ?? null;
  }

  private refused(line: string): void {
    const { config, log, stats } = this.server;
    const name = this.client.lastCommand?.fullName ?? '<unknown>';
    stats.noteError(line.split(' ', 1)[0]!);
    stats.unexpectedErrorReplies++;
    log.warning(
      `== CRITICAL == This server is sending an error to its AOF-loading-client: '-${line}' after processing the command '${name}'`,
    );
    if (config.values['propagation-error-behavior'] === 'panic')
      throw new Error(
        `This server panicked sending an error to its AOF-loading-client after processing the command '${name}'`,
      );
  }
}

const NO_ID = -1;
const NO_MARKS = { mark: () => {}, rewind: () => {} };

/** Drops what is written, but tells of errors. */
class SilentReplies extends ReplyWriter {
  private readonly onError: (line: string) => void;

  constructor(onError: (line: string) => void) {
    super((writer, needed) => {
      writer.at = 0;
      if (needed > writer.bytes.length) writer.bytes = Buffer.allocUnsafeSlow(needed);
    });
    this.onError = onError;
  }

  override error(line: string): void {
    super.error(line);
    this.onError(line);
  }
}
