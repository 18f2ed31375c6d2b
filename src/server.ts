// The wiring diagram: builds every part of a server, connects the seams, starts and stops them in order. Nothing here
// decides anything about commands or data; a part that needs another is given it.

import { resolve } from 'node:path';
import { hexOf } from './base/bytes.ts';
import { createLogger, type Logger } from './base/logger.ts';
import type { Runtime } from './base/runtime.ts';
import { INFO_SECTIONS } from './commands/info-sections.ts';
import { COMMANDS } from './commands/registry.ts';
import type { Config } from './config/config.ts';
import { pathFromBytes } from './config/file-text.ts';
import { Blocking } from './engine/blocking.ts';
import { Executor } from './engine/call.ts';
import { ClientRegistry } from './engine/client-registry.ts';
import { CommandTable } from './engine/command-table.ts';
import { BackgroundWork, Cron, ExpiryCycle } from './engine/cron.ts';
import { DebugSettings } from './engine/debug-settings.ts';
import { Dispatcher } from './engine/dispatcher.ts';
import { FunctionLibraries } from './engine/function-libraries.ts';
import { KeyEvents } from './engine/key-events.ts';
import { Loading } from './engine/loading.ts';
import { Migrations } from './engine/migrations.ts';
import { Observers } from './engine/observers.ts';
import { PeerLinks } from './engine/peer-links.ts';
import { LOAD_RESULT, type Persistence } from './engine/persistence.ts';
import { Propagation } from './engine/propagation.ts';
import { PubSub } from './engine/pubsub.ts';
import { Pushes } from './engine/pushes.ts';
import type { Replication } from './engine/replication.ts';
import type { Scripting } from './engine/scripting.ts';
import type { Lifecycle, ServerParts } from './engine/server-parts.ts';
import { Shutdown } from './engine/shutdown.ts';
import { SlowLog } from './engine/slow-log.ts';
import { ServerStats } from './engine/stats.ts';
import { Tracking } from './engine/tracking.ts';
import { Transactions, Watches } from './engine/transaction.ts';
import { Turn } from './engine/turn.ts';
import { Keyspace } from './keyspace/keyspace.ts';
import { connectInProcess } from './net/in-process.ts';
import { Listener } from './net/listener.ts';
import { TcpDoor } from './net/outgoing.ts';
import { Peers } from './net/peers.ts';
import { AppendOnlyFiles } from './persistence/aof/append-only-files.ts';
import { DataSet } from './persistence/data-set.ts';
import { Snapshots } from './persistence/snapshots.ts';
import { Master } from './replication/master.ts';
import { LuaScripting } from './scripting/lua-scripting.ts';

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
}

export class Server {
  readonly parts: ServerParts;
  readonly keyEvents = new KeyEvents();
  readonly log: Logger;

  private readonly config: Config;
  private readonly turn: Turn;
  private readonly peers: Peers;
  private readonly links: PeerLinks;
  private readonly listener: Listener;
  private readonly cron: Cron;
  private readonly expiry: ExpiryCycle;
  private readonly tidying: BackgroundWork;
  private readonly executor: Executor;
  private readonly shutdown: Shutdown;
  private closed = false;

  /** Builds the parts; nothing runs until `start`. Throws when the configuration names unknown commands. */
  constructor(options: ServerOptions) {
    const { runtime, config } = options;
    const { clock, random, timers } = runtime;
    this.config = config;
    this.log = createLogger({
      clock,
      files: runtime.files,
      pid: runtime.pid,
      role: () => 'M',
      ...(options.logSink === undefined ? {} : { sink: options.logSink }),
    });
    const keyspace = new Keyspace(config.values.databases, random);
    const propagation = new Propagation();
    const watches = new Watches();
    const blocking = new Blocking(keyspace, timers);
    this.links = new PeerLinks(new TcpDoor(), timers);
    const migrations = new Migrations(this.links, timers);
    const lifecycle = this.lifecycle(options);
    const debug = new DebugSettings();
    this.turn = new Turn(timers);
    const pushes = new Pushes(this.turn);
    const pubsub = new PubSub(pushes);
    const clients = new ClientRegistry(clock, timers);
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
    const snapshots = new Snapshots({
      clock,
      timers,
      files: runtime.files,
      keyspace,
      activity: () => stats.commandsProcessed,
      keyDelayUs: () => config.values['rdb-key-save-delay'],
      onStart: () => {
        stats.backgroundJobs++;
      },
    });
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
    });
    const persistence: Persistence = dataSet;
    this.shutdown = new Shutdown({
      config,
      log,
      loading,
      persistence,
      // Nobody hears an OK that was not sent: the process ends when the replies of this turn are out.
      end: () => turn.afterReplies(() => options.onShutdown()),
      abort: () => lifecycle.abort(),
    });
    const master = new Master({ clock, config, log, persistence, propagation, stats, turn });
    const replication: Replication = master;
    const parts = {
      runtime,
      config,
      log: this.log,
      keyspace,
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
      lifecycle,
      debug,
      libraries,
      persistence,
      loading,
      replication,
      migrations,
      scripting,
      slowLog: new SlowLog(config, clock),
      infoSections: INFO_SECTIONS,
    };
    const executor = new Executor(parts as ServerParts, this.turn.writer, this.turn);
    executor.addSlowListener(parts.slowLog);
    this.executor = executor;
    dataSet.rdb.counter = executor.context;
    blocking.attach(executor);
    tracking.attach(executor);
    tracking.onBroadcast = () => turn.expect();
    turn.beforeReplies.push(() => tracking.broadcast());
    this.parts = Object.assign(parts, { executor });
    programs.attach(this.parts);
    aof.attach(this.parts);
    this.peers = new Peers(this.parts, this.turn, new Dispatcher(this.parts));
    this.listener = new Listener(this.parts, this.peers);
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
    this.turn.onEnd = () => executor.turnEnded();
    this.expiry.onRun = () => blocking.serve();
    this.expiry.isPaused = () => executor.isSuspended;
    parts.clients.whenLeaving((client) => watches.unwatch(client));
    parts.clients.whenLeaving((client) => blocking.left(client));
    parts.clients.whenLeaving((client) => pubsub.unsubscribeAll(client));
    parts.clients.whenReset((client) => pubsub.unsubscribeAll(client));
    parts.clients.whenLeaving((client) => tracking.left(client));
    parts.clients.whenReset((client) => tracking.disable(client));
    this.publishKeyEvents(pubsub, observers);
    parts.clients.whenLeaving((client) => migrations.left(client));
    parts.clients.whenLeaving((client) => programs.left(client));
    parts.clients.whenLeaving((client) => master.left(client));
    const applyRemoval = () => {
      keyspace.isLoading = loading.isActive;
      keyspace.removesExpired = !parts.clients.isPaused && !loading.isActive;
    };
    loading.onChange = () => {
      applyRemoval();
      stats.notePeak(keyspace.usedBytes + stats.clientBuffers.totalBytes);
    };
    parts.clients.onPauseChange = (isPaused) => {
      applyRemoval();
      // Not at once: keys do not vanish in the middle of a transaction.
      if (!isPaused) timers.afterTurn(() => this.catchUpExpiry());
    };
    this.addCronTasks();
    this.cron.add(this.shutdown);
    this.cron.add(aof);
    this.cron.add(dataSet.rdb);
    this.cron.add(dataSet.rehearsal);
    this.cron.add(master);
    this.cron.add({ run: () => dataSet.rdb.startScheduled() });
    this.applyConfig(observers);
  }

  /** The TCP port in use, 0 without one. */
  get port(): number {
    return this.listener.port;
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
  }

  /** Listens on TCP; 0 lets the system choose a port. Returns whether it worked; the log says why not, within the turn. */
  listenTcp(port: number): boolean {
    return this.listener.listenTcp(port);
  }

  /** Listens on the unix socket that the configuration names. */
  listenUnix(): boolean {
    const { unixsocket, unixsocketperm, dir } = this.config.values;
    return this.listener.listenUnix(pathFromBytes(resolve(dir, unixsocket)), unixsocketperm);
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
    this.parts.clients.stopPauseTimer();
    this.listener.close();
    this.links.closeAll();
    this.parts.loading.stop();
    this.parts.persistence.aof.close();
    for (const connection of [...this.peers.connections]) connection.close();
    this.log.close();
  }

  /** SIGINT or SIGTERM has asked for the end. */
  shutdownBySignal(signal: 'SIGINT' | 'SIGTERM'): void {
    this.shutdown.requestBySignal(signal);
  }

  /** Makes all data safe as SHUTDOWN does, before `close`; returns whether that worked. The log says why not. */
  saveBeforeClose(): boolean {
    return this.closed || this.shutdown.prepare({ save: 'default', now: true, force: false });
  }

  private lifecycle({ runtime, config, executable, isEmbedded, onAbort }: ServerOptions): Lifecycle {
    const { clock, random } = runtime;
    const newId = () => hexOf(random.bytes(20));
    const port = () => this.port;
    let replicationId = newId();
    return {
      startedMs: clock.nowMs(),
      runId: newId(),
      get replicationId() {
        return replicationId;
      },
      changeReplicationId() {
        replicationId = newId();
      },
      shutdown: (request) => this.shutdown.request(request),
      abort: () => onAbort?.(),
      abortShutdown: () => this.shutdown.abort(),
      configFile: config.configFile ?? '',
      executable,
      isEmbedded,
      get port() {
        return port();
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

  private moveToPort(port: number): string | null {
    if (port === 0) {
      this.listener.closeTcp();
      return null;
    }
    return this.listener.listenTcp(port) ? null : 'Unable to listen on this port. Check server logs.';
  }

  // An embedded server may have no socket on purpose: it has no addresses to change.
  private moveToAddresses(): string | null {
    const { port } = this.listener;
    return port === 0 || this.listener.listenTcp(port) ? null : 'Failed to bind to specified addresses.';
  }

  private catchUpExpiry(): void {
    if (!this.closed) this.expiry.run();
  }

  private addCronTasks(): void {
    const { clients, keyspace, stats, runtime, tracking } = this.parts;
    const { clock } = runtime;
    this.cron.add({
      run: (nowMs) => {
        const nowUs = clock.monotonicUs();
        stats.opsRate.sample(stats.commandsProcessed, nowUs);
        stats.inputRate.sample(stats.netInputBytes, nowUs);
        stats.outputRate.sample(stats.netOutputBytes, nowUs);
        stats.replicationOutputRate.sample(stats.netReplicationOutputBytes, nowUs);
        stats.turnRate.sample(stats.turns, nowUs);
        stats.turnDurationRate.sample(stats.turnMicroseconds, nowUs);
        stats.clientBuffers.sample(clients, nowMs);
        stats.notePeak(keyspace.usedBytes + stats.clientBuffers.totalBytes);
        if (tracking.isOverLimit) tracking.evict(null);
        this.peers.tick(nowMs);
        this.tidying.run();
      },
    });
  }

  // What the configuration says now, and whatever it will say later.
  private applyConfig(observers: Observers): void {
    const { config, executor, peers, log } = this;
    const { keyspace } = this.parts;
    const { values } = config;
    keyspace.limits = values;
    const applyAccess = () => {
      keyspace.access.policy = {
        isLfu: values['maxmemory-policy'].endsWith('-lfu'),
        lfuLogFactor: values['lfu-log-factor'],
        lfuDecayTimeMinutes: values['lfu-decay-time'],
      };
      return null;
    };
    const applyEvents = () => {
      this.keyEvents.setClasses(values['notify-keyspace-events']);
      observers.refresh();
      return null;
    };
    const applyExpiry = () => {
      observers.removal = values['lazyfree-lazy-expire'] ? 'UNLINK' : 'DEL';
      return null;
    };
    const applyTracking = () => {
      this.parts.tracking.setMaxKeys(values['tracking-table-max-keys']);
      return null;
    };
    applyAccess();
    applyTracking();
    applyEvents();
    applyExpiry();
    log.setLevel(values.loglevel);
    if (!this.parts.lifecycle.isEmbedded && values.logfile !== '') {
      log.setFile(pathFromBytes(resolve(values.dir, values.logfile)));
    }
    config.attachLog((level, text) => log[level](text));
    config.onChangeOfAny(['maxmemory-policy', 'lfu-log-factor', 'lfu-decay-time'], applyAccess);
    config.onChange('tracking-table-max-keys', applyTracking);
    config.onChange('notify-keyspace-events', applyEvents);
    config.onChange('lazyfree-lazy-expire', applyExpiry);
    config.onChange('loglevel', (level) => {
      log.setLevel(level);
      return null;
    });
    config.onChange('hz', (hz) => {
      this.cron.start(hz);
      return null;
    });
    config.onChange('active-expire-effort', (effort) => {
      this.expiry.effort = effort;
      return null;
    });
    config.onChangeOfAny(['latency-tracking', 'slowlog-log-slower-than'], () => {
      executor.settingsChanged();
      return null;
    });
    config.onChangeOfAny(
      ['proto-max-bulk-len', 'client-query-buffer-limit', 'client-output-buffer-limit', 'requirepass'],
      () => {
        peers.settingsChanged();
        return null;
      },
    );
    this.expiry.effort = values['active-expire-effort'];
    config.onChange('port', (port) => this.moveToPort(port));
    config.onChange('bind', () => this.moveToAddresses());
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
