// The parts of a server that handlers may reach: the engine's own and the seams that higher folders fill in. server.ts
// builds it; a handler reads it as `ctx.server`.

import type { Collation } from '../base/collation.ts';
import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Acl } from './acl.ts';
import type { ActiveDefragmentation } from './active-defragmentation.ts';
import type { Blocking } from './blocking.ts';
import type { Executor } from './call.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { CommandTable } from './command-table.ts';
import type { CommandContext } from './context.ts';
import type { DebugSettings } from './debug-settings.ts';
import type { Fault } from './fault.ts';
import type { FunctionLibraries } from './function-libraries.ts';
import type { InfoSection } from './info-section.ts';
import type { LatencyMonitor } from './latency-monitor.ts';
import type { Loading } from './loading.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { Migrations } from './migrations.ts';
import type { Monitors } from './monitors.ts';
import type { Persistence } from './persistence.ts';
import type { Propagation } from './propagation.ts';
import type { PubSub } from './pubsub.ts';
import type { Pushes } from './pushes.ts';
import type { MasterLink, Replication } from './replication.ts';
import type { Scripting } from './scripting.ts';
import type { SlowLog } from './slow-log.ts';
import type { ServerStats } from './stats.ts';
import type { Supervisor } from './supervisor.ts';
import type { Throttling } from './throttle.ts';
import type { Tracking } from './tracking.ts';
import type { Transactions, Watches } from './transaction.ts';

/** What SHUTDOWN asks of the process. */
export interface ShutdownRequest {
  readonly save: 'default' | 'save' | 'nosave';
  readonly now: boolean;
  readonly force: boolean;
}

/** The life of the server, as commands can influence it. */
export interface Lifecycle {
  readonly startedMs: number;
  /** 40 hexadecimal digits, new at every start. */
  readonly runId: string;
  /**
   * Ends the server for a client, or lets it wait while replicas are waited for; an error when the end is not to be had. The
   * process ends after the replies of the turn.
   */
  shutdown(ctx: CommandContext, request: ShutdownRequest): void;
  /** Ends the server at once, and the process with an error, because it cannot go on: no reply leaves any more. */
  abort(): void;
  /** Ends the server as an error of its own does, with a report. An embedded server only closes. */
  crash(fault: Fault): void;
  /** Cancels a shutdown that waits; false when none does. */
  abortShutdown(): boolean;
  /** How long a shutdown waits for replicas yet; null when none does. */
  readonly shutdownInMs: number | null;
  /** The file that CONFIG REWRITE writes, '' without one. */
  readonly configFile: string;
  readonly executable: string;
  readonly isEmbedded: boolean;
  /** The port that the server really listens on, 0 without one, and the one for encrypted connections. */
  readonly port: number;
  readonly tlsPort: number;
  /** What is listened on: TCP, unix socket, TLS; null for a kind that was never asked for. */
  readonly listeners: readonly (ListenerFacts | null)[];
}

/** What INFO shows of a kind of listening sockets. */
export interface ListenerFacts {
  readonly kind: 'tcp' | 'unix' | 'tls';
  readonly addresses: readonly string[];
  readonly port: number;
}

export interface ServerParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly libraries: FunctionLibraries;
  readonly acl: Acl;
  readonly clients: ClientRegistry;
  readonly table: CommandTable;
  readonly executor: Executor;
  readonly stats: ServerStats;
  readonly watches: Watches;
  readonly transactions: Transactions;
  readonly blocking: Blocking;
  readonly propagation: Propagation;
  readonly pushes: Pushes;
  readonly pubsub: PubSub;
  readonly tracking: Tracking;
  readonly throttling: Throttling;
  readonly persistence: Persistence;
  readonly loading: Loading;
  readonly replication: Replication;
  readonly masterLink: MasterLink;
  readonly memoryLimit: MemoryLimit;
  readonly migrations: Migrations;
  readonly lifecycle: Lifecycle;
  readonly debug: DebugSettings;
  readonly scripting: Scripting;
  readonly slowLog: SlowLog;
  /** The order of texts by `locale-collate`; null is that of their bytes. */
  readonly collation: { readonly compare: Collation | null };
  /** The service manager, told of what concerns it. */
  readonly supervisor: Supervisor;
  readonly latency: LatencyMonitor;
  readonly defragmentation: ActiveDefragmentation;
  readonly monitors: Monitors;
  /** In the order of INFO's output. */
  readonly infoSections: readonly InfoSection[];
}
