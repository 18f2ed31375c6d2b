// What all connections of a server share: the parts of the engine that they feed, the arguments of the request that
// runs, the limits that the configuration sets, and what happens to a peer that breaks them.

import type { Logger } from '../base/logger.ts';
import type { Clock, TimerService } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { reasonOf } from '../config/file-text.ts';
import type { OutputBufferLimit } from '../config/special-directives.ts';
import type { Executor } from '../engine/call.ts';
import type { Client } from '../engine/client.ts';
import { describeClient } from '../engine/client-info.ts';
import type { ClientMemory } from '../engine/client-memory.ts';
import type { ClientRegistry } from '../engine/client-registry.ts';
import { ReadAhead } from '../engine/read-ahead.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { ServerStats } from '../engine/stats.ts';
import type { RequestGate } from '../engine/throttle.ts';
import type { Turn } from '../engine/turn.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import { NO_BYTES } from '../resp/request-parser.ts';
import type { Connection } from './connection.ts';
import { SharedOutput } from './shared-output.ts';

const SPARE_ARGUMENTS = 16;
const TRIM_INTERVAL_MS = 250;
// Arguments know where they are by 32-bit numbers.
const MAX_INPUT_BYTES = 0x7fffffff;
const NO_LIMIT: OutputBufferLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

export class Peers {
  readonly server: ServerParts;
  readonly turn: Turn;
  /** Who takes the requests. */
  dispatcher: RequestGate;
  readonly clients: ClientRegistry;
  readonly executor: Executor;
  readonly stats: ServerStats;
  readonly memory: ClientMemory;
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  readonly timers: TimerService;
  /** The arguments of the request that is being read, unless it arrived in pieces. */
  args = new Arguments();
  readonly readAhead: ReadAhead;
  readonly output = new SharedOutput();
  readonly limits = { maxBulkBytes: 0, authenticated: false };
  maxInputBytes = 0;
  /** Whether the default user needs a password. */
  asksForPassword = false;
  readonly connections = new Set<Connection>();
  /** Those whose peers have not taken all that was sent. */
  readonly behind = new Set<Connection>();
  /** Those that hold input memory of their own. */
  readonly holdingInput = new Set<Connection>();

  private readonly config: Config;
  private readonly log: Logger;
  private readonly spareArguments: Arguments[] = [];
  private trimmedMs = 0;
  private readonly ungated: RequestGate;

  constructor(server: ServerParts, turn: Turn, dispatcher: RequestGate) {
    this.server = server;
    this.turn = turn;
    this.dispatcher = dispatcher;
    this.ungated = dispatcher;
    server.throttling.attach(dispatcher);
    this.clients = server.clients;
    this.executor = server.executor;
    this.stats = server.stats;
    this.memory = server.memoryLimit.clients;
    this.keyspace = server.keyspace;
    this.readAhead = new ReadAhead(server.keyspace);
    this.clock = server.runtime.clock;
    this.timers = server.runtime.timers;
    this.config = server.config;
    this.log = server.log;
    this.settingsChanged();
  }

  /** The configuration's limits have changed. */
  settingsChanged(): void {
    const { values } = this.config;
    this.limits.maxBulkBytes = values['proto-max-bulk-len'];
    this.maxInputBytes = Math.min(MAX_INPUT_BYTES, values['client-query-buffer-limit']);
    this.asksForPassword = this.server.acl.asksForPassword;
  }

  /** Limits of how fast clients may be have changed. Without any, requests go straight to the dispatcher. */
  throttlesChanged(): void {
    const { throttling } = this.server;
    this.dispatcher = throttling.isOn ? throttling : this.ungated;
    throttling.releaseAll();
  }

  /** Whether any client has to be slowed down. */
  get throttles(): boolean {
    return this.dispatcher !== this.ungated;
  }

  outputLimit(client: Client): OutputBufferLimit {
    const { type } = client;
    // A master's stream has no limit here, as in Redis: it is the replica's own.
    if (type === 'master') return NO_LIMIT;
    const { values } = this.config;
    const limit = values['client-output-buffer-limit'][type];
    const backlogBytes = values['repl-backlog-size'];
    // As Redis: a replica may be behind by as much as it could catch up with.
    const isTooLow = type === 'replica' && limit.hardBytes > 0 && limit.hardBytes < backlogBytes;
    return isTooLow ? { ...limit, hardBytes: backlogBytes } : limit;
  }

  /** Leaves `args` to a request whose end has not arrived, and puts others in their place. */
  takeArguments(): Arguments {
    const taken = this.args;
    this.args = this.spareArguments.pop() ?? new Arguments();
    return taken;
  }

  giveBackArguments(args: Arguments): void {
    args.begin(NO_BYTES);
    if (this.spareArguments.length < SPARE_ARGUMENTS) this.spareArguments.push(args);
  }

  protocolError(connection: Connection, error: ReplyError): void {
    this.stats.noteError(error.code);
    this.log.verbose(`${error.line.replace(/^ERR /, '')} from client: ${this.describe(connection)}`);
    this.turn.writer.error(error.line);
    connection.closeAfterReplies();
  }

  inputLimitReached(connection: Connection): void {
    this.stats.queryBufferLimitDisconnections++;
    this.log.warning(
      `Closing client that reached max query buffer length: ${this.describe(connection)} (qbuf initial bytes: ${connection.inputBytes})`,
    );
    connection.close();
  }

  outputLimitReached(connection: Connection): void {
    this.stats.outputBufferLimitDisconnections++;
    this.log.warning(
      `Client ${this.describe(connection)} scheduled to be closed ASAP for overcoming of output buffer limits.`,
    );
    connection.close();
  }

  /** A replica has sent something that has a reply, which it does not get. */
  replicaAnswered(connection: Connection, byError: boolean): void {
    const name = connection.client.lastCommand?.fullName ?? '<unknown>';
    this.log.warning(
      `Replica generated a reply to command '${name}', disconnecting it: ${this.describe(connection)}`,
    );
    if (byError) {
      this.stats.unexpectedErrorReplies++;
      this.log.warning(
        `== CRITICAL == This master is sending an error to its replica: '${this.takenBackError()}' after processing the command '${name}'`,
      );
    }
    connection.close();
  }

  // The text of the error that was taken back just now: it is still there, behind what is left.
  private takenBackError(): string {
    const { clientAt, clientBytes } = this.turn.writer;
    const end = clientBytes.indexOf('\r\n', clientAt);
    return clientBytes.toString('latin1', clientAt, end < 0 ? clientAt : end).replace(/^-(ERR )?/, '');
  }

  /** What has to be looked after by the clock: peers that are slow or silent, memory that is not needed any more. */
  tick(nowMs: number): void {
    for (const connection of this.behind) if (!connection.checkBehind(nowMs)) this.behind.delete(connection);
    if (nowMs - this.trimmedMs >= TRIM_INTERVAL_MS) {
      this.trimmedMs = nowMs;
      for (const connection of this.holdingInput) {
        if (!connection.trimInput(nowMs)) this.holdingInput.delete(connection);
      }
    }
    const timeoutMs = this.config.values.timeout * 1000;
    if (timeoutMs > 0) this.closeIdle(nowMs, timeoutMs);
  }

  joined(connection: Connection): void {
    this.server.acl.logOut(connection.client);
    this.connections.add(connection);
    if (this.memory.isExact) this.memory.update(connection.client);
  }

  gone(connection: Connection): void {
    this.connections.delete(connection);
    this.behind.delete(connection);
    this.holdingInput.delete(connection);
    this.clients.remove(connection.client);
  }

  private closeIdle(nowMs: number, timeoutMs: number): void {
    for (const client of this.clients) {
      const idleMs = nowMs - client.lastInteractionMs;
      const mayBeSilent =
        client.type !== 'normal' ||
        client.isMonitor ||
        client.postponed ||
        client.throttle?.isHeld === true ||
        client.wait !== null;
      if (mayBeSilent || idleMs <= timeoutMs) continue;
      this.log.verbose('Closing idle client');
      client.connection.close();
    }
  }

  inputEnded(connection: Connection): void {
    if (this.log.logs('verbose')) this.log.verbose(`Client closed connection ${this.describe(connection)}`);
  }

  readingFailed(connection: Connection, error: Error): void {
    if (!connection.client.closing) this.log.verbose(`Reading from client: ${reasonOf(error)}`);
  }

  private describe(connection: Connection): string {
    return describeClient(connection.client, this.server);
  }
}
