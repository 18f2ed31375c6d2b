// How a server ends: replicas get what they miss, what is written in the background is given up, the append-only file is
// forced to the disk, the data set is saved where that is wanted. Whether it is wanted is said by SHUTDOWN's options or by
// the directives for signals. The end itself (replies out, process gone) is its owner's.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import { TYPE } from '../datatypes/kind.ts';
import { SHUTDOWN_DENIED, SHUTDOWN_FAILED } from '../resp/errors.ts';
import type { Blocking } from './blocking.ts';
import type { Client } from './client.ts';
import { type ClientRegistry, PAUSE } from './client-registry.ts';
import type { CommandContext } from './context.ts';
import type { CronTask } from './cron.ts';
import type { Loading } from './loading.ts';
import type { Persistence } from './persistence.ts';
import type { Replication } from './replication.ts';
import type { ShutdownRequest } from './server-parts.ts';
import type { Supervisor } from './supervisor.ts';

/** What the end needs of replication. */
export type ShutdownReplicas = Pick<Replication, 'figures' | 'askForAcknowledgements'> & {
  readonly history: { readonly offset: number };
};

export interface ShutdownParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clients: ClientRegistry;
  readonly blocking: Blocking;
  readonly loading: Loading;
  readonly persistence: Persistence;
  readonly replicas: () => ShutdownReplicas;
  readonly supervisor: Supervisor;
  readonly nowMs: () => number;
  /** Ends the server when the replies of the turn are out. */
  readonly end: () => void;
  /** Ends the process at once, with an error. */
  readonly abort: () => void;
}

type Signal = 'SIGINT' | 'SIGTERM';

const DIRECTIVE_OF_SIGNAL = { SIGINT: 'shutdown-on-sigint', SIGTERM: 'shutdown-on-sigterm' } as const;

/** How a request has gone: the server ends, waits for replicas, or goes on because it would lose data. */
type Outcome = 'ends' | 'waits' | 'failed';

export class Shutdown implements CronTask {
  private readonly parts: ShutdownParts;
  // What has asked for the end and was not given up.
  private signal: Signal | null = null;
  // What was asked for, and until when replicas are waited for, while they are.
  private request: ShutdownRequest | null = null;
  private deadlineMs = 0;
  // The last save is under way; everybody waits for it.
  private isSaving = false;
  // Those who have asked by SHUTDOWN, and hear nothing unless it fails.
  private readonly waiting = new Set<Client>();

  constructor(parts: ShutdownParts) {
    this.parts = parts;
  }

  /** How long replicas are waited for yet; null when they are not. */
  get leftMs(): number | null {
    return this.request === null ? null : this.deadlineMs - this.parts.nowMs();
  }

  /** SHUTDOWN: ends the server, lets the client wait while replicas are waited for, or throws what the client is told. */
  requestByClient(ctx: CommandContext, request: ShutdownRequest): void {
    const { blocking } = this.parts;
    // Within a script nobody can wait.
    if (!request.now && ctx.server.executor.depth > 1) throw SHUTDOWN_DENIED;
    const outcome = this.request === null && !this.isSaving ? this.begin(request) : 'waits';
    if (outcome === 'failed') throw SHUTDOWN_FAILED;
    if (outcome === 'ends') return;
    this.waiting.add(ctx.client);
    const refuse = (reply: CommandContext['reply']) => reply.error(SHUTDOWN_FAILED.line);
    blocking.wait(ctx, { keys: [], type: TYPE.STRING, timeoutMs: 0, nothing: refuse });
  }

  /** Makes all data safe and returns whether that worked, without ending anything. */
  prepare(asked: ShutdownRequest): boolean {
    const { log, persistence } = this.parts;
    const request = this.meant(asked);
    log.notice('User requested shutdown...');
    if (this.endBackgroundWork(request)) {
      if (!this.saves(request)) return true;
      this.beginSave();
      if (persistence.rdb.save() || this.forgivesSave(request)) return true;
    }
    this.reportFailure();
    return false;
  }

  /** SIGINT or SIGTERM has asked for the end: it comes with the next of the periodic duties, or is cancelled before. */
  requestBySignal(signal: Signal): void {
    const { loading, log, persistence } = this.parts;
    // Whoever interrupts twice means it.
    if (this.signal !== null && signal === 'SIGINT') {
      log.warning('You insist... exiting now.');
      persistence.rdb.abort();
      this.parts.abort();
      return;
    }
    this.signal = signal;
    if (!loading.isActive) {
      log.warning(`Received ${signal} scheduling shutdown...`);
      return;
    }
    log.warning('Received shutdown signal during loading, scheduling shutdown.');
    // Periodic duties begin after loading.
    this.begin({ save: 'nosave', now: false, force: false });
  }

  /** Cancels what was asked for; false when nothing was. */
  abort(): boolean {
    if (this.isSaving) return false;
    if (this.request !== null) this.giveUp();
    else if (this.signal === null) return false;
    this.signal = null;
    this.parts.log.notice('Shutdown manually aborted.');
    return true;
  }

  run(): void {
    const { request, signal } = this;
    if (this.isSaving) return;
    if (request !== null) {
      if (this.parts.nowMs() >= this.deadlineMs || this.replicasAreInSync()) this.complete(request);
      return;
    }
    if (signal === null) return;
    const chosen = this.parts.config.values[DIRECTIVE_OF_SIGNAL[signal]];
    this.begin({
      save: chosen.includes('save') ? 'save' : chosen.includes('nosave') ? 'nosave' : 'default',
      now: chosen.includes('now'),
      force: chosen.includes('force'),
    });
  }

  /** The client has gone. */
  left(client: Client): void {
    this.waiting.delete(client);
  }

  private begin(request: ShutdownRequest): Outcome {
    const { clients, config, log, supervisor } = this.parts;
    const meant = this.meant(request);
    log.notice('User requested shutdown...');
    supervisor.notify('STOPPING=1');
    const timeoutMs = config.values['shutdown-timeout'] * 1000;
    if (request.now || timeoutMs === 0 || this.replicasAreInSync()) return this.complete(meant);
    this.request = meant;
    this.deadlineMs = this.parts.nowMs() + timeoutMs;
    if (!clients.isPaused) this.parts.replicas().askForAcknowledgements();
    clients.startPause(PAUSE.WRITE, Number.POSITIVE_INFINITY, 'shutdown');
    log.notice('Waiting for replicas before shutting down.');
    return 'waits';
  }

  private complete(request: ShutdownRequest): Outcome {
    const { clients, persistence } = this.parts;
    this.request = null;
    if (!this.endBackgroundWork(request)) return this.fail();
    // What would run from now on would be in no file.
    clients.startPause(PAUSE.ALL, Number.POSITIVE_INFINITY, 'shutdown');
    if (!this.saves(request)) return this.succeed();
    this.beginSave();
    this.isSaving = true;
    let outcome: Outcome = 'waits';
    persistence.rdb.saveInSlices((saved) => {
      this.isSaving = false;
      outcome = saved || this.forgivesSave(request) ? this.succeed() : this.fail();
    });
    return outcome;
  }

  private succeed(): Outcome {
    this.parts.end();
    return 'ends';
  }

  private fail(): Outcome {
    this.reportFailure();
    this.signal = null;
    this.giveUp();
    return 'failed';
  }

  // Everything goes on as before; whoever has asked for the end is told.
  private giveUp(): void {
    const { blocking, clients } = this.parts;
    this.request = null;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const client of waiting) blocking.end(client, SHUTDOWN_FAILED);
    clients.endPause('shutdown');
  }

  private replicasAreInSync(): boolean {
    const replicas = this.parts.replicas();
    const { offset } = replicas.history;
    return replicas.figures().every(({ acknowledgedOffset }) => acknowledgedOffset === offset);
  }

  // What is half loaded must not take the place of what is whole.
  private meant(request: ShutdownRequest): ShutdownRequest {
    return this.parts.loading.isActive ? { ...request, save: 'nosave' } : request;
  }

  private saves({ save }: ShutdownRequest): boolean {
    return save === 'save' || (save === 'default' && this.parts.config.values.save.length > 0);
  }

  private endBackgroundWork({ force }: ShutdownRequest): boolean {
    const { loading, log, persistence } = this.parts;
    this.reportReplicas();
    loading.stop();
    if (persistence.rdb.isRunning) {
      log.warning('There is a child saving an .rdb. Killing it!');
      persistence.rdb.abort();
    }
    return this.endAppendOnly(force);
  }

  private reportFailure(): void {
    this.parts.log.warning('Errors trying to shut down the server. Check the logs for more information.');
  }

  private reportReplicas(): void {
    const { log } = this.parts;
    const replicas = this.parts.replicas();
    const { offset } = replicas.history;
    const figures = replicas.figures();
    let lagging = 0;
    for (const { host, port, acknowledgedOffset, lagSeconds, state } of figures) {
      if (acknowledgedOffset === offset) continue;
      lagging++;
      log.notice(
        `Lagging replica ${host}:${port} reported offset ${offset - acknowledgedOffset} behind master, lag=${lagSeconds}, state=${state}.`,
      );
    }
    if (figures.length === 0) return;
    log.notice(`${figures.length - lagging} of ${figures.length} replicas are in sync when shutting down.`);
  }

  private endAppendOnly(force: boolean): boolean {
    const { log, persistence, supervisor } = this.parts;
    const { aof } = persistence;
    if (aof.isRewriting) {
      // Until the first rewrite is done the files do not have what is in memory.
      if (aof.state === 'waiting') {
        log.warning(`Writing initial AOF${force ? '. Exit anyway.' : ", can't exit."}`);
        if (!force) {
          supervisor.notify("STATUS=Writing initial AOF, can't exit.");
          return false;
        }
      }
      log.warning('There is a child rewriting the AOF. Killing it!');
      aof.abortRewrite();
    }
    if (aof.state !== 'off') {
      log.notice('Calling fsync() on the AOF file.');
      aof.flush();
    }
    return true;
  }

  private beginSave(): void {
    this.parts.log.notice('Saving the final RDB snapshot before exiting.');
    this.parts.supervisor.notify('STATUS=Saving the final RDB snapshot');
  }

  // The save has failed: whether the end comes all the same.
  private forgivesSave({ force }: ShutdownRequest): boolean {
    const { log, supervisor } = this.parts;
    log.warning(`Error trying to save the DB${force ? '. Exit anyway.' : ", can't exit."}`);
    if (!force) supervisor.notify("STATUS=Error trying to save the DB, can't exit.");
    return force;
  }
}
