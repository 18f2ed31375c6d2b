// The wiring diagram: builds every part of a server, connects the seams, starts and stops them in order. Nothing here
// decides anything about commands or data; a part that needs another is given it.

import { resolve } from 'node:path';
import { hexOf } from './base/bytes.ts';
import type { Collation } from './base/collation.ts';
import { createLogger, type Logger, type RoleLetter } from './base/logger.ts';
import type { Runtime } from './base/runtime.ts';
import { INFO_SECTIONS } from './commands/info-sections.ts';
import { COMMANDS } from './commands/registry.ts';
import type { Config } from './config/config.ts';
import { pathFromBytes } from './config/file-text.ts';
import { Acl } from './engine/acl.ts';
import { AclCatalog } from './engine/acl-catalog.ts';
import { userLineProblem } from './engine/acl-lines.ts';
import { ActiveDefragmentation } from './engine/active-defragmentation.ts';
import { Blocking } from './engine/blocking.ts';
import { Executor } from './engine/call.ts';
import { ClientRegistry } from './engine/client-registry.ts';
import { CommandTable } from './engine/command-table.ts';
import { BackgroundWork, Cron, ExpiryCycle } from './engine/cron.ts';
import { DebugSettings } from './engine/debug-settings.ts';
import { Dispatcher } from './engine/dispatcher.ts';
import type { Fault } from './engine/fault.ts';
import { FunctionLibraries } from './engine/function-libraries.ts';
import { KeyEvents } from './engine/key-events.ts';
import { LatencyMonitor } from './engine/latency-monitor.ts';
import { Loading } from './engine/loading.ts';
import { MemoryLimit } from './engine/memory-limit.ts';
import { Migrations } from './engine/migrations.ts';
import { Monitors } from './engine/monitors.ts';
import { Observers } from './engine/observers.ts';
import { PeerLinks } from './engine/peer-links.ts';
import { LOAD_RESULT, type Persistence } from './engine/persistence.ts';
import { Propagation } from './engine/propagation.ts';
import { PubSub } from './engine/pubsub.ts';
import { Pushes } from './engine/pushes.ts';
import { type MasterLink, NO_MASTER, type Replication } from './engine/replication.ts';
import type { Scripting } from './engine/scripting.ts';
import type { Lifecycle, ServerParts } from './engine/server-parts.ts';
import { Shutdown } from './engine/shutdown.ts';
import { SlowLog } from './engine/slow-log.ts';
import { ServerStats } from './engine/stats.ts';
import { StatusLines } from './engine/status-lines.ts';
import { NO_SUPERVISOR, type Supervisor } from './engine/supervisor.ts';
import { Throttling } from './engine/throttle.ts';
import { Tracking } from './engine/tracking.ts';
import { Transactions, Watches } from './engine/transaction.ts';
import { Turn } from './engine/turn.ts';
import type { Database } from './keyspace/database.ts';
import { Keyspace } from './keyspace/keyspace.ts';
import type { Ref } from './memory/heap.ts';
import { MetricsEndpoint } from './metrics/endpoint.ts';
import { connectInProcess } from './net/in-process.ts';
import { Listener } from './net/listener.ts';
import { TcpDoor } from './net/outgoing.ts';
import { Peers } from './net/peers.ts';
import { TlsContexts } from './net/tls-contexts.ts';
import { AppendOnlyFiles } from './persistence/aof/append-only-files.ts';
import { DataSet } from './persistence/data-set.ts';
import { Snapshots } from './persistence/snapshots.ts';
import { Master } from './replication/master.ts';
import { Replica } from './replication/replica.ts';
import { ReplicaExpiry } from './replication/replica-expiry.ts';
import { LuaScripting } from './scripting/lua-scripting.ts';
import { applySettings } from './server-settings.ts';

export interface ServerOptions {
  readonly runtime: Runtime;
  readonly config: Config;
  /** Takes log lines instead of standard output. */
  readonly logSink?: (line: string) => void;
  readonly executable: string;
  readonly isEmbedded: boolean;
  /** Ends the process; an embedded server only closes. */
  readonly onShutdown: () => void;
  /** Ends the process at once, with an error; an embedded server only closes. */
  readonly onAbort?: () => void;
  /** Ends the process with a report, because of an error of the server's own; without it, as `onAbort`. */
  readonly onCrash?: (fault: Fault) => void;
  /** The service manager that has started the process. */
  readonly supervisor?: Supervisor;
}

export class Server {
  readonly parts: ServerParts;
  readonly keyEvents = new KeyEvents();
  readonly log: Logger;
  /** Called when the server has become a replica, or a master. */
  onRoleChange: () => void = () => {};

  private readonly config: Config;
  private readonly turn: Turn;
  private readonly peers: Peers;
  private readonly door: TcpDoor;
  private readonly links: PeerLinks;
  private readonly listener: Listener;
  private readonly tls: TlsContexts;
  private readonly metrics: MetricsEndpoint;
  private readonly cron: Cron;
  private readonly expiry: ExpiryCycle;
  private readonly tidying: BackgroundWork;
  private readonly executor: Executor;
  private readonly shutdown: Shutdown;
  private readonly replica: Replica;
  private readonly replicaExpiry: ReplicaExpiry;
  private readonly noteDeadline = (db: Database, ref: Ref) => this.replicaExpiry.note(db, ref);
  private closed = false;
  private isSetUp = false;
  private readonly collation: { compare: Collation | null } = { compare: null };

  /** Builds the parts; nothing runs until `start`. Throws when the configuration names unknown commands. */
  constructor(options: ServerOptions) {
    const { runtime, config } = options;
    const { clock, random, timers } = runtime;
    this.config = config;
    this.log = createLogger({
      clock,
      files: runtime.files,
      pid: runtime.pid,
      role: () => this.role,
      ...(options.logSink === undefined ? {} : { sink: options.logSink }),
    });
    const keyspace = new Keyspace(config.values.databases, random);
    const propagation = new Propagation();
    const watches = new Watches();
    const blocking = new Blocking(keyspace, timers);
    this.tls = new TlsContexts(config, runtime.files, this.log);
    this.door = new TcpDoor(config, this.tls);
    this.links = new PeerLinks(this.door, timers);
    const migrations = new Migrations(this.links, timers);
    const lifecycle = this.lifecycle(options);
    const debug = new DebugSettings();
    this.turn = new Turn(timers);
    const pushes = new Pushes(this.turn);
    const pubsub = new PubSub(pushes);
    const acl = new Acl({
      config,
      log: this.log,
      files: runtime.files,
      pid: runtime.pid,
      commands: COMMANDS,
    });
    const clients = new ClientRegistry(clock, timers, acl.defaultUser);
    const tracking = new Tracking(keyspace, clients, pushes);
    const observers = new Observers(
      keyspace,
      watches,
      blocking,
      this.keyEvents,
      propagation,
      migrations,
      tracking,
    );
    const stats = new ServerStats();
    const { log, turn } = this;
    const loading = new Loading({ clock, timers, random, config, log });
    const latency = new LatencyMonitor(config, clock);
    const snapshots = new Snapshots({
      clock,
      latency,
      timers,
      files: runtime.files,
      keyspace,
      activity: () => stats.commandsProcessed,
      keyDelayUs: () => config.values['rdb-key-save-delay'],
      onStart: () => {
        stats.backgroundJobs++;
      },
    });
    const monitors = new Monitors({ config, clock, loading, pushes });
    const throttling = new Throttling({ acl, clock, config, stats, timers });
    const programs = new LuaScripting();
    const scripting: Scripting = programs;
    const libraries = new FunctionLibraries(programs);
    const aof = new AppendOnlyFiles({
      runtime,
      config,
      log,
      keyspace,
      loading,
      snapshots,
      propagation,
      turn,
      debug,
      latency,
      libraries,
      newRdbEncoder: () => dataSet.newEncoder(true),
      loadRdb: (reader) => dataSet.loadAofBase(reader),
      giveUp: () => lifecycle.abort(),
    });
    const dataSet: DataSet = new DataSet({
      runtime,
      config,
      log,
      keyspace,
      libraries,
      debug,
      loading,
      snapshots,
      aof,
      hasMaster: () => this.parts.masterLink.isReplica,
    });
    const persistence: Persistence = dataSet;
    const supervisor = options.supervisor ?? NO_SUPERVISOR;
    this.shutdown = new Shutdown({
      config,
      log,
      clients,
      blocking,
      loading,
      persistence,
      replicas: () => this.parts.replication,
      supervisor,
      nowMs: clock.nowMs,
      // Nobody hears an OK that was not sent: the process ends when the replies of this turn are out.
      end: () => turn.afterReplies(() => options.onShutdown()),
      abort: () => lifecycle.abort(),
    });
    const master = new Master({
      runtime,
      config,
      log,
      blocking,
      persistence,
      propagation,
      stats,
      turn,
    });
    dataSet.historyFields = () => master.savedFields();
    dataSet.history = master;
    aof.countBy(() => master.history.offset);
    const replication: Replication = master;
    const memoryLimit = new MemoryLimit(turn);
    const defragmentation = new ActiveDefragmentation({
      clock,
      timers,
      config,
      log,
      keyspace,
      tracking,
      latency,
    });
    const parts = {
      runtime,
      config,
      log: this.log,
      keyspace,
      acl,
      clients,
      table: new CommandTable(COMMANDS, config.renamedCommands),
      stats,
      watches,
      transactions: new Transactions(watches),
      blocking,
      propagation,
      pushes,
      pubsub,
      tracking,
      throttling,
      lifecycle,
      debug,
      libraries,
      persistence,
      loading,
      replication,
      masterLink: NO_MASTER as MasterLink,
      memoryLimit,
      migrations,
      scripting,
      slowLog: new SlowLog(config, clock),
      supervisor,
      collation: this.collation,
      latency,
      defragmentation,
      monitors,
      infoSections: INFO_SECTIONS,
    };
    const executor = new Executor(parts as ServerParts, this.turn.writer, this.turn);
    executor.addSlowListener(parts.slowLog);
    executor.addSlowListener(latency);
    defragmentation.isResting = () =>
      executor.isSuspended || loading.isActive || snapshots.current !== null || snapshots.isRehearsing;
    this.executor = executor;
    dataSet.rdb.counter = executor.context;
    blocking.attach(executor);
    blocking.refusalOf = (client, command, args) =>
      acl.refusal(client, command, args) ??
      (memoryLimit.isOn ? memoryLimit.refusalOf(client, command) : null);
    tracking.attach(executor);
    tracking.onBroadcast = () => turn.expect();
    turn.beforeReplies.push(() => tracking.broadcast());
    this.parts = Object.assign(parts, { executor });
    acl.attach(this.parts);
    memoryLimit.attach(this.parts);
    programs.attach(this.parts);
    aof.attach(this.parts);
    const dispatcher = new Dispatcher(this.parts);
    this.replicaExpiry = new ReplicaExpiry(keyspace);
    const replica = new Replica({
      ...parts,
      expiry: this.replicaExpiry,
      server: this.parts,
      clock,
      timers,
      turn,
      executor,
      dispatcher,
      door: this.door,
      history: master.history,
      port: () => this.port,
      onChange: () => this.roleChanged(),
      giveUp: () => lifecycle.abort(),
    });
    this.replica = replica;
    parts.masterLink = replica;
    this.applyRemoval();
    config.onChange('replica-read-only', () => {
      this.applyRemoval();
      return null;
    });
    master.attach(this.parts);
    this.peers = new Peers(this.parts, this.turn, dispatcher);
    acl.onLoginChange = () => this.peers.settingsChanged();
    acl.onUsersChange = () => this.peers.throttlesChanged();
    this.listener = new Listener(this.parts, this.peers, this.tls);
    this.metrics = new MetricsEndpoint(this.parts);
    this.cron = new Cron(timers, clock);
    this.cron.isPaused = () => parts.debug.cronPaused || executor.isSuspended;
    this.cron.onTick = (durationUs) => parts.stats.noteCron(durationUs);
    parts.stats.startupUsedBytes = keyspace.usedBytes;
    this.expiry = new ExpiryCycle(keyspace, timers, clock, () => executor.readClocks());
    this.tidying = new BackgroundWork(timers, clock, (budgetMs, elapsedMs) =>
      keyspace.tidy(budgetMs, elapsedMs, config.values.activerehashing),
    );
    keyspace.onWork = () => this.tidying.soon();
    this.turn.onBegin = () => executor.readClocks();
    this.turn.onEnd = () => {
      executor.turnEnded();
      if (memoryLimit.isOn) memoryLimit.evictClients(null);
    };
    this.expiry.onRun = (durationUs) => {
      latency.note('expire-cycle', durationUs / 1000);
      blocking.serve();
    };
    this.expiry.isPaused = () => executor.isSuspended;
    parts.clients.whenLeaving((client) => watches.unwatch(client));
    parts.clients.whenLeaving((client) => blocking.left(client));
    parts.clients.whenLeaving((client) => this.shutdown.left(client));
    parts.clients.whenLeaving((client) => pubsub.unsubscribeAll(client));
    parts.clients.whenReset((client) => pubsub.unsubscribeAll(client));
    parts.clients.whenLeaving((client) => monitors.remove(client));
    parts.clients.whenReset((client) => monitors.remove(client));
    parts.clients.whenLeaving((client) => tracking.left(client));
    parts.clients.whenLeaving((client) => throttling.left(client));
    parts.clients.whenReset((client) => tracking.disable(client));
    this.publishKeyEvents(pubsub, observers);
    parts.clients.whenLeaving((client) => migrations.left(client));
    parts.clients.whenLeaving((client) => programs.left(client));
    parts.clients.whenLeaving((client) => master.left(client));
    loading.onChange = () => {
      this.applyRemoval();
      stats.notePeak(memoryLimit.usedBytes);
    };
    parts.clients.onPauseChange = (isPaused) => {
      this.applyRemoval();
      // Not at once: keys do not vanish in the middle of a transaction.
      if (!isPaused) timers.afterTurn(() => this.catchUpExpiry());
    };
    this.addCronTasks();
    this.cron.add(this.shutdown);
    this.cron.add(
      new StatusLines({
        log,
        keyspace,
        clients,
        replicaCount: () => this.parts.replication.replicaCount,
        usedBytes: () => memoryLimit.usedBytes,
      }),
    );
    this.cron.add(aof);
    this.cron.add(defragmentation);
    this.cron.add(dataSet.rdb);
    this.cron.add(dataSet.rehearsal);
    this.cron.add(master);
    this.cron.add(replica);
    this.cron.add(this.replicaExpiry);
    this.cron.add({ run: () => dataSet.rdb.startScheduled() });
    this.isSetUp = options.isEmbedded;
    const { cron, expiry, keyEvents, listener, metrics, peers, collation } = this;
    applySettings({
      config,
      log,
      parts: this.parts,
      observers,
      keyEvents,
      cron,
      expiry,
      peers,
      listener,
      metrics,
      collation,
    });
  }

  /** The TCP port in use, 0 without one. */
  get port(): number {
    return this.listener.port;
  }

  /** The port for encrypted connections, 0 without one. */
  get tlsPort(): number {
    return this.listener.tlsPort;
  }

  /**
   * Loads the saved data set, where there is one, in slices, and starts the clocks. `done` is told whether it worked, within
   * the call or later; the log says why not.
   */
  load(done: (loaded: boolean) => void): void {
    const { loading, persistence } = this.parts;
    loading.runInSlices(persistence.loadAll(), (result) => {
      const loaded =
        result !== LOAD_RESULT.FAILED && result !== LOAD_RESULT.DAMAGED && persistence.aof.open();
      if (loaded) this.start();
      done(loaded);
    });
  }

  /** Starts the clocks. Listening is separate: a server without a socket is complete. */
  start(): void {
    this.executor.readClocks();
    this.cron.start(this.config.values.hz);
    this.expiry.start();
    this.metrics.hasStarted = true;
  }

  /** Makes the users that the configuration or its `aclfile` names, before `load`; false when it cannot: the log says why. */
  loadUsers(): boolean {
    return this.parts.acl.loadAtStart();
  }

  /** Listens on TCP; 0 lets the system choose a port. Returns whether it worked; the log says why not, within the turn. */
  listenTcp(port: number): boolean {
    return this.listener.listenTcp(port);
  }

  /** Listens for encrypted connections, as `listenTcp`, once `prepareTls` has worked. */
  listenTls(port: number): boolean {
    return this.listener.listenTls(port);
  }

  /** Reads keys and certificates, where anything is to be encrypted. Returns whether it worked; the log says why not. */
  prepareTls(isWanted = this.tls.isWanted): boolean {
    return !isWanted || this.tls.configure();
  }

  /** Listens on all that the configuration names. Returns null, or the line of the log that says what has failed. */
  listen(): string | null {
    const { values } = this.config;
    const failed = (port: number, kind: string) => `Failed listening on port ${port} (${kind}), aborting.`;
    if (!this.prepareTls()) return 'Failed to configure TLS. Check logs for more info.';
    if (values.port !== 0 && !this.listenTcp(values.port)) return failed(values.port, 'tcp');
    if (values.unixsocket !== '' && !this.listenUnix()) return failed(0, 'unix');
    const tlsPort = values['tls-port'];
    if (tlsPort !== 0 && !this.listenTls(tlsPort)) return failed(tlsPort, 'tls');
    return this.listener.socketCount === 0 ? 'Configured to not listen anywhere, exiting.' : null;
  }

  /** Listens on the unix socket that the configuration names. */
  listenUnix(): boolean {
    const { unixsocket, unixsocketperm, dir } = this.config.values;
    return this.listener.listenUnix(pathFromBytes(resolve(dir, unixsocket)), unixsocketperm);
  }

  /** Answers over HTTP what `metrics-port` is for, unless it is 0. Returns whether it worked; the log says why not. */
  listenMetrics(): boolean {
    return this.metrics.apply();
  }

  /** A new client within this process: a duplex that speaks RESP. */
  connect(): ReturnType<typeof connectInProcess> {
    return connectInProcess(this.peers);
  }

  /** Stops accepting, closes every client, stops the clocks. Safe to call twice. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.cron.stop();
    this.expiry.stop();
    this.tidying.stop();
    this.parts.defragmentation.stop();
    this.parts.clients.stopPauseTimer();
    this.parts.memoryLimit.stop();
    this.listener.close();
    this.metrics.close();
    this.replica.close();
    this.links.closeAll();
    this.parts.loading.stop();
    this.parts.persistence.aof.close();
    for (const connection of [...this.peers.connections]) connection.close();
    this.log.close();
  }

  /** From here on the log's lines are those of a master or a replica; before, those of a process that is being set up. */
  setUp(): void {
    this.isSetUp = true;
  }

  /** SIGINT or SIGTERM has asked for the end. */
  shutdownBySignal(signal: 'SIGINT' | 'SIGTERM'): void {
    this.shutdown.requestBySignal(signal);
  }

  /** Makes all data safe as SHUTDOWN does, before `close`; returns whether that worked. The log says why not. */
  saveBeforeClose(): boolean {
    return this.closed || this.shutdown.prepare({ save: 'default', now: true, force: false });
  }

  private get role(): RoleLetter {
    if (!this.isSetUp) return 'C';
    return this.parts.masterLink.isReplica ? 'S' : 'M';
  }

  private lifecycle(options: ServerOptions): Lifecycle {
    const { runtime, config, executable, isEmbedded, onAbort, onCrash } = options;
    const { clock, random } = runtime;
    const newId = () => hexOf(random.bytes(20));
    const port = () => this.port;
    const tlsPort = () => this.tlsPort;
    const listeners = () => this.listener.facts;
    const shutdownInMs = () => this.shutdown.leftMs;
    return {
      startedMs: clock.nowMs(),
      runId: newId(),
      shutdown: (ctx, request) => this.shutdown.requestByClient(ctx, request),
      crash: (fault) => (onCrash === undefined ? onAbort?.() : onCrash(fault)),
      abort: () => onAbort?.(),
      abortShutdown: () => this.shutdown.abort(),
      configFile: config.configFile ?? '',
      executable,
      isEmbedded,
      get port() {
        return port();
      },
      get tlsPort() {
        return tlsPort();
      },
      get listeners() {
        return listeners();
      },
      get shutdownInMs() {
        return shutdownInMs();
      },
    };
  }

  // Key events are made while someone may receive them.
  private publishKeyEvents(pubsub: PubSub, observers: Observers): void {
    const { keyEvents } = this;
    keyEvents.setPublisher((channel, message) => void pubsub.publishText(channel, message));
    keyEvents.setReceived(false, false);
    pubsub.onKeyEventsChange = (byKey, byEvent) => {
      keyEvents.setReceived(byKey, byEvent);
      observers.refresh();
    };
  }

  // Who decides which keys have expired, and who removes them.
  private applyRemoval(): void {
    const { clients, config, keyspace, loading, masterLink } = this.parts;
    const takesWrites = masterLink.isReplica && !config.values['replica-read-only'];
    keyspace.isLoading = loading.isActive;
    keyspace.removesExpired = !clients.isPaused && !loading.isActive && !masterLink.isReplica;
    keyspace.removesOnWrite = takesWrites && !clients.isPaused && !loading.isActive;
    keyspace.ownDeadlines = takesWrites ? this.noteDeadline : null;
  }

  private roleChanged(): void {
    this.applyRemoval();
    this.onRoleChange();
    if (this.parts.masterLink.isReplica) return;
    this.replicaExpiry.clear();
    this.parts.runtime.timers.afterTurn(() => this.catchUpExpiry());
  }

  private catchUpExpiry(): void {
    if (!this.closed) this.expiry.run();
  }

  private addCronTasks(): void {
    const { clients, memoryLimit, stats, runtime, tracking } = this.parts;
    const { clock } = runtime;
    this.cron.add({
      run: (nowMs) => {
        const nowUs = clock.monotonicUs();
        stats.opsRate.sample(stats.commandsProcessed, nowUs);
        stats.inputRate.sample(stats.netInputBytes, nowUs);
        stats.outputRate.sample(stats.netOutputBytes, nowUs);
        stats.replicationInputRate.sample(stats.netReplicationInputBytes, nowUs);
        stats.replicationOutputRate.sample(stats.netReplicationOutputBytes, nowUs);
        stats.turnRate.sample(stats.turns, nowUs);
        stats.turnDurationRate.sample(stats.turnMicroseconds, nowUs);
        stats.clientBuffers.sample(clients, memoryLimit.clients, nowMs);
        memoryLimit.tick();
        stats.notePeak(memoryLimit.usedBytes);
        if (tracking.isOverLimit) tracking.evict(null);
        this.peers.tick(nowMs);
        this.tidying.run();
      },
    });
  }
}

/** What is wrong with `rename-command` lines, the first of them first; null when nothing is. */
export function renameProblem(renames: readonly (readonly [from: string, to: string])[]): string | null {
  try {
    new CommandTable(COMMANDS, renames);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is wrong with a `user` line, whose words are `words`; null when nothing is. */
export function userProblem(words: readonly string[], config: Config): string | null {
  const catalog = new AclCatalog({
    commands: COMMANDS,
    allowsChannels: () => config.values['acl-pubsub-default'] === 'allchannels',
    warn: (text) => config.say('warning', text),
  });
  return userLineProblem(words, config.userLines, catalog);
}
