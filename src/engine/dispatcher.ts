// From a request to a command that runs: the gates that Redis has, in its order, one after another. A request that a
// gate refuses is answered here; one that must wait is left with its connection.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import * as errors from '../resp/errors.ts';
import type { Blocking } from './blocking.ts';
import type { Client } from './client.ts';
import { PAUSE } from './client-registry.ts';
import { COMMAND_FLAG, type Command, type EnablingDirective } from './command-spec.ts';
import { panic } from './fault.ts';
import type { ServerParts } from './server-parts.ts';

// Commands that change something, or may: what CLIENT PAUSE WRITE holds back.
const MAY_WRITE = COMMAND_FLAG.write | COMMAND_FLAG.may_replicate;
const TOUCHES_KEYSPACE = MAY_WRITE | COMMAND_FLAG.readonly;
const ATTACK_WARNING_INTERVAL_MS = 60_000;
const DISK_WARNING_INTERVAL_MS = 10_000;
// An error quotes no more than this of a name, and of all arguments together, quotes and spaces included.
const QUOTED_BYTES = 128;
const QUOTED_ARGUMENTS = Math.ceil(QUOTED_BYTES / "'' ".length);

export class Dispatcher {
  private readonly server: ServerParts;
  private readonly blocking: Blocking;
  private attackWarnedMs = Number.NEGATIVE_INFINITY;
  private diskWarnedMs = Number.NEGATIVE_INFINITY;

  constructor(server: ServerParts) {
    this.server = server;
    this.blocking = server.blocking;
  }

  /** Runs, queues or refuses a request. False: it must wait, and be offered again when the client is resumed. */
  dispatch(client: Client, args: Arguments): boolean {
    const { server } = this;
    if (server.executor.isSuspended && server.scripting.takeCommand(client, args)) return true;
    let command = server.table.find(args);
    if (command === null) {
      this.refuseUnknown(client, args);
      return true;
    }
    if (command.isContainer && args.count > 1) {
      const word = args.prefix(1, QUOTED_BYTES);
      const subcommand = command.subcommands.get(lowerCaseLatin1(word));
      if (subcommand === undefined) {
        client.lastCommand = null;
        this.refuse(client, null, args, errors.unknownSubcommand(word, args.string(0)));
        return true;
      }
      command = subcommand;
    }
    client.lastCommand = command;
    if (!command.acceptsCount(args.count)) {
      this.refuse(client, command, args, errors.wrongArity(command.fullName));
      return true;
    }
    const directive = command.enabledBy;
    if (directive !== undefined && !this.isEnabled(client, directive)) {
      this.refuse(client, command, args, errors.notEnabled((command.parent ?? command).name, directive));
      return true;
    }
    if (!client.authenticated && !command.has(COMMAND_FLAG.no_auth) && server.acl.asksForPassword) {
      this.refuse(client, command, args, errors.NO_AUTH);
      return true;
    }
    const { transaction } = client;
    if (transaction !== null && command.has(COMMAND_FLAG.no_multi)) {
      this.refuse(client, command, args, errors.NOT_IN_TRANSACTION);
      return true;
    }
    if (!client.user.allowsAll) {
      const refusal = server.acl.refusal(client, command, args);
      if (refusal !== null) {
        this.refuse(client, command, args, refusal);
        return true;
      }
    }
    if (server.memoryLimit.isOn && !this.hasMemory(client, command, args)) return true;
    if (server.tracking.isOverLimit) server.tracking.evict(client);
    // Under RESP2 it could not tell replies from messages.
    if (client.isSubscriber && client.protocol === 2 && !command.forSubscribers) {
      this.refuse(client, command, args, errors.notWhileSubscribed(command.fullName));
      return true;
    }
    const { writeRefusal } = server.persistence;
    if (writeRefusal !== null && (this.changesSomething(client, command, args) || command.name === 'ping')) {
      if (!client.isMaster) {
        this.refuse(client, command, args, writeRefusal);
        return true;
      }
      if (command.name !== 'ping') this.applyWithoutDisk();
    }
    const tooFewReplicas = server.replication.writeRefusal;
    if (tooFewReplicas !== null && this.changesSomething(client, command, args)) {
      this.refuse(client, command, args, tooFewReplicas);
      return true;
    }
    if (server.masterLink.isReplica) {
      const refusal = this.refusalOfReplica(client, command, args);
      if (refusal !== null) {
        this.refuse(client, command, args, refusal);
        return true;
      }
    }
    if (server.loading.isActive && !runsWhileLoading(client, command, server.loading.isAsync)) {
      this.refuse(client, command, args, errors.LOADING);
      return true;
    }
    if (server.executor.isSuspended && !command.has(COMMAND_FLAG.allow_busy)) {
      this.refuse(client, command, args, server.scripting.busyError);
      return true;
    }
    // So that it does not matter that a pause does not hold replicas back. Those who watch are taken for replicas.
    const isFed = client.isReplica || client.isMonitor;
    if (isFed && touchesKeyspace(client, command)) {
      this.refuse(client, command, args, errors.REPLICA_TOUCHES_KEYSPACE);
      return true;
    }
    if (server.clients.isPaused && !isFed && this.mustWait(client, command, args)) {
      server.clients.postpone(client);
      return false;
    }
    if (transaction !== null && !command.runsInMulti) {
      // What cannot be executed any more need not be kept.
      if (!transaction.aborted && !client.watchBroken) {
        transaction.add(command, args, this.flagsOf(client, command, args));
      }
      server.executor.context.reply.queued();
      return true;
    }
    server.executor.call(client, command, args);
    if (this.blocking.hasReady) this.blocking.serve();
    return true;
  }

  // What a replica does for nobody but its master, and what it does not do without one.
  private refusalOfReplica(client: Client, command: Command, args: Arguments): ReplyError | null {
    const { masterLink } = this.server;
    if (masterLink.isReadOnly && !client.isMaster && this.changesSomething(client, command, args)) {
      return errors.READ_ONLY_REPLICA;
    }
    if (!masterLink.isStale) return null;
    const lacked = command.runsQueue ? (client.transaction?.lackedFlags ?? 0) : 0;
    const lacks = ~this.flagsOf(client, command, args) | lacked;
    return (lacks & COMMAND_FLAG.stale) === 0 ? null : errors.STALE_REPLICA;
  }

  // A write of our master's, while the disk takes none.
  private applyWithoutDisk(): void {
    const { config, keyspace, lifecycle, log } = this.server;
    if (!config.values['replica-ignore-disk-write-errors']) {
      lifecycle.crash(panic('Replica was unable to write command to disk.'));
      return;
    }
    if (keyspace.nowMs - this.diskWarnedMs <= DISK_WARNING_INTERVAL_MS) return;
    this.diskWarnedMs = keyspace.nowMs;
    log.warning('Replica is applying a command even though it is unable to write to disk.');
  }

  // Makes room by evicting clients and keys. False: the client has gone, or its request is refused.
  private hasMemory(client: Client, command: Command, args: Arguments): boolean {
    const { memoryLimit, executor } = this.server;
    memoryLimit.evictClients(client);
    if (client.closing) return false;
    if (memoryLimit.maxBytes === 0 || executor.isSuspended) return true;
    memoryLimit.beforeCommand(client);
    if (!memoryLimit.isShort || !this.takesMemory(client, command, args)) return true;
    this.refuse(client, command, args, errors.OUT_OF_MEMORY);
    return false;
  }

  // Queueing takes memory whatever it is that is queued.
  private takesMemory(client: Client, command: Command, args: Arguments): boolean {
    if ((this.flagsOf(client, command, args) & COMMAND_FLAG.denyoom) !== 0) return true;
    return client.transaction !== null && !command.endsQueue;
  }

  private refuse(client: Client, command: Command | null, args: Arguments, error: ReplyError): void {
    const { stats, tracking, transactions, executor, monitors } = this.server;
    if (client.transaction !== null) client.transaction.aborted = true;
    if (command !== null) stats.of(command).rejected++;
    tracking.requestEnded(client, command);
    let answer = error;
    if (command?.runsQueue) {
      transactions.end(client);
      answer = errors.execAbortedBy(error);
      // Who watches has seen MULTI, and shall see that it is over.
      monitors.tell(client, command, args);
    }
    stats.noteError(answer.code);
    executor.context.reply.error(answer.line);
  }

  private refuseUnknown(client: Client, args: Arguments): void {
    client.lastCommand = null;
    if (args.is(0, 'post') || args.is(0, 'host:')) {
      this.cutOff(client);
      return;
    }
    const quoted: string[] = [];
    for (let i = 1; i < args.count && i <= QUOTED_ARGUMENTS; i++) quoted.push(args.prefix(i, QUOTED_BYTES));
    this.refuse(client, null, args, errors.unknownCommand(args.prefix(0, QUOTED_BYTES), quoted));
  }

  // The words are those of an HTTP request: somebody makes a browser talk to the server, which must not read on.
  private cutOff(client: Client): void {
    const { log, keyspace } = this.server;
    if (keyspace.nowMs - this.attackWarnedMs > ATTACK_WARNING_INTERVAL_MS) {
      this.attackWarnedMs = keyspace.nowMs;
      log.warning(
        `Possible SECURITY ATTACK detected: an HTTP request (POST or Host:) came from ${client.connection.address}, likely through somebody's browser. Connection aborted.`,
      );
    }
    client.connection.close();
  }

  private isEnabled(client: Client, directive: EnablingDirective): boolean {
    const setting = this.server.config.values[directive];
    return setting === 'yes' || (setting === 'local' && client.connection.isLocal);
  }

  // What runs a queue waits when anything in the queue would. Observed 7.2.4: so does what would only be queued.
  private mustWait(client: Client, command: Command, args: Arguments): boolean {
    const { clients, keyspace } = this.server;
    const pause = clients.pause(keyspace.nowMs);
    if (pause === PAUSE.NONE) return false;
    return pause === PAUSE.ALL || (this.flagsOf(client, command, args) & MAY_WRITE) !== 0;
  }

  private changesSomething(client: Client, command: Command, args: Arguments): boolean {
    return (this.flagsOf(client, command, args) & COMMAND_FLAG.write) !== 0;
  }

  // What runs a queue does what anything in the queue does, and what runs a script what the script says that it does.
  private flagsOf(client: Client, command: Command, args: Arguments): number {
    const { flagsOf, runsQueue } = command;
    if (flagsOf !== undefined) return flagsOf(this.server, command, args);
    return command.flags | (runsQueue ? (client.transaction?.flags ?? 0) : 0);
  }
}

function runsWhileLoading(client: Client, command: Command, isAsync: boolean): boolean {
  const queue = command.runsQueue ? client.transaction : null;
  if (isAsync) return ((command.flags | (queue?.flags ?? 0)) & COMMAND_FLAG.no_async_loading) === 0;
  return ((~command.flags | (queue?.lackedFlags ?? 0)) & COMMAND_FLAG.loading) === 0;
}

function touchesKeyspace(client: Client, command: Command): boolean {
  const queued = command.runsQueue ? (client.transaction?.flags ?? 0) : 0;
  return ((command.flags | queued) & TOUCHES_KEYSPACE) !== 0;
}
