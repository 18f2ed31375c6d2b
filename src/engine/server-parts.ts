// The parts of a server that handlers may reach: the engine's own and the seams that higher folders fill in. server.ts
// builds it; a handler reads it as `ctx.server`.

import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Blocking } from './blocking.ts';
import type { Executor } from './call.ts';
import type { ClientRegistry } from './client-registry.ts';
import type { CommandTable } from './command-table.ts';
import type { DebugSettings } from './debug-settings.ts';
import type { FunctionLibraries } from './function-libraries.ts';
import type { InfoSection } from './info-section.ts';
import type { Loading } from './loading.ts';
import type { Migrations } from './migrations.ts';
import type { Persistence } from './persistence.ts';
import type { Propagation } from './propagation.ts';
import type { PubSub } from './pubsub.ts';
import type { Pushes } from './pushes.ts';
import type { Replication } from './replication.ts';
import type { Scripting } from './scripting.ts';
import type { SlowLog } from './slow-log.ts';
import type { ServerStats } from './stats.ts';
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
  readonly replicationId: string;
  changeReplicationId(): void;
  /** Ends the server; an error when it cannot. The process ends after the replies of the turn. */
  shutdown(request: ShutdownRequest): void;
  /** Ends the server at once, and the process with an error, because it cannot go on: no reply leaves any more. */
  abort(): void;
  /** Cancels a shutdown that waits; false when none does. */
  abortShutdown(): boolean;
  /** The file that CONFIG REWRITE writes, '' without one. */
  readonly configFile: string;
  readonly executable: string;
  readonly isEmbedded: boolean;
  /** The port that the server really listens on, 0 without one. */
  readonly port: number;
}

export interface ServerParts {
  readonly runtime: Runtime;
  readonly config: Config;
  readonly log: Logger;
  readonly keyspace: Keyspace;
  readonly libraries: FunctionLibraries;
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
  readonly persistence: Persistence;
  readonly loading: Loading;
  readonly replication: Replication;
  readonly migrations: Migrations;
  readonly lifecycle: Lifecycle;
  readonly debug: DebugSettings;
  readonly scripting: Scripting;
  readonly slowLog: SlowLog;
  /** In the order of INFO's output. */
  readonly infoSections: readonly InfoSection[];
}
