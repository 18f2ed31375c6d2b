// What all connections of a server share: the parts of the engine that they feed, the arguments of the request that
// runs, the limits that the configuration sets, and what happens to a peer that breaks them.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import type { OutputBufferLimit } from '../config/special-directives.ts';
import type { Executor } from '../engine/call.ts';
import type { Client } from '../engine/client.ts';
import { describeClient } from '../engine/client-info.ts';
import type { ClientRegistry } from '../engine/client-registry.ts';
import type { Dispatcher } from '../engine/dispatcher.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { ServerStats } from '../engine/stats.ts';
import type { Turn } from '../engine/turn.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import type { Connection } from './connection.ts';

const SPARE_ARGUMENTS = 16;
const NO_LIMIT: OutputBufferLimit = { hardBytes: 0, softBytes: 0, softSeconds: 0 };

export class Peers {
  readonly server: ServerParts;
  readonly turn: Turn;
  readonly dispatcher: Dispatcher;
  readonly clients: ClientRegistry;
  readonly executor: Executor;
  readonly stats: ServerStats;
  readonly keyspace: Keyspace;
  /** The arguments of the request that is being read, unless it arrived in pieces. */
  args = new Arguments();
  readonly limits = { maxBulkBytes: 0, authenticated: false };
  maxInputBytes = 0;
  readonly connections = new Set<Connection>();

  private readonly config: Config;
  private readonly log: Logger;
  private readonly spareArguments: Arguments[] = [];

  constructor(server: ServerParts, turn: Turn, dispatcher: Dispatcher) {
    this.server = server;
    this.turn = turn;
    this.dispatcher = dispatcher;
    this.clients = server.clients;
    this.executor = server.executor;
    this.stats = server.stats;
    this.keyspace = server.keyspace;
    this.config = server.config;
    this.log = server.log;
    this.settingsChanged();
  }

  /** The configuration's limits have changed. */
  settingsChanged(): void {
    const { values } = this.config;
    this.limits.maxBulkBytes = values['proto-max-bulk-len'];
    this.maxInputBytes = values['client-query-buffer-limit'];
  }

  outputLimit(client: Client): OutputBufferLimit {
    const { type } = client;
    // A master's stream has no limit here, as in Redis: it is the replica's own.
    return type === 'master' ? NO_LIMIT : this.config.values['client-output-buffer-limit'][type];
  }

  /** Leaves `args` to a request whose end has not arrived, and puts others in their place. */
  takeArguments(): Arguments {
    const taken = this.args;
    this.args = this.spareArguments.pop() ?? new Arguments();
    return taken;
  }

  giveBackArguments(args: Arguments): void {
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

  joined(connection: Connection): void {
    connection.client.authenticated = this.config.values.requirepass === '';
    this.connections.add(connection);
    this.stats.connectionsReceived++;
  }

  gone(connection: Connection): void {
    this.connections.delete(connection);
    this.clients.remove(connection.client);
  }

  private describe(connection: Connection): string {
    return describeClient(connection.client, this.server);
  }
}
