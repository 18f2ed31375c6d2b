// How a server ends: what is written in the background is given up, the append-only file is forced to the disk, the data
// set is saved where that is wanted. Whether it is wanted is said by SHUTDOWN's options or by the directives for signals.
// The end itself (replies out, process gone) is its owner's.

import type { Logger } from '../base/logger.ts';
import type { Config } from '../config/config.ts';
import { SHUTDOWN_FAILED } from '../resp/errors.ts';
import type { CronTask } from './cron.ts';
import type { Loading } from './loading.ts';
import type { Persistence } from './persistence.ts';
import type { ShutdownRequest } from './server-parts.ts';

export interface ShutdownParts {
  readonly config: Config;
  readonly log: Logger;
  readonly loading: Loading;
  readonly persistence: Persistence;
  /** Ends the server when the replies of the turn are out. */
  readonly end: () => void;
  /** Ends the process at once, with an error. */
  readonly abort: () => void;
}

type Signal = 'SIGINT' | 'SIGTERM';

const DIRECTIVE_OF_SIGNAL = { SIGINT: 'shutdown-on-sigint', SIGTERM: 'shutdown-on-sigterm' } as const;

export class Shutdown implements CronTask {
  private readonly parts: ShutdownParts;
  // What has asked for the end and was not heard yet.
  private signal: Signal | null = null;

  constructor(parts: ShutdownParts) {
    this.parts = parts;
  }

  /** Ends the server, or throws SHUTDOWN_FAILED when that would lose data; the log says which. */
  request(request: ShutdownRequest): void {
    if (!this.prepare(request)) throw SHUTDOWN_FAILED;
    this.parts.end();
  }

  /** As `request`, up to the end itself; returns whether it may come. */
  prepare({ save, force }: ShutdownRequest): boolean {
    const { config, loading, log, persistence } = this.parts;
    // What is half loaded must not take the place of what is whole.
    const saves =
      !loading.isActive && (save === 'save' || (save === 'default' && config.values.save.length > 0));
    log.notice('User requested shutdown...');
    loading.stop();
    if (persistence.rdb.isRunning) {
      log.warning('There is a child saving an .rdb. Killing it!');
      persistence.rdb.abort();
    }
    if (this.endAppendOnly(force) && (!saves || this.save(force))) return true;
    log.warning('Errors trying to shut down the server. Check the logs for more information.');
    return false;
  }

  /** SIGINT or SIGTERM has asked for the end: it comes with the next of the periodic duties, or is cancelled before. */
  requestBySignal(signal: Signal): void {
    const { loading, log } = this.parts;
    // Whoever interrupts twice means it.
    if (this.signal !== null && signal === 'SIGINT') {
      log.warning('You insist... exiting now.');
      this.parts.abort();
      return;
    }
    if (!loading.isActive) {
      log.warning(`Received ${signal} scheduling shutdown...`);
      this.signal = signal;
      return;
    }
    log.warning('Received shutdown signal during loading, scheduling shutdown.');
    // Periodic duties begin after loading.
    if (this.prepare({ save: 'nosave', now: false, force: false })) this.parts.end();
  }

  /** Cancels what a signal has asked for; false when none has. */
  abort(): boolean {
    if (this.signal === null) return false;
    this.signal = null;
    this.parts.log.notice('Shutdown manually aborted.');
    return true;
  }

  run(): void {
    const { signal } = this;
    if (signal === null) return;
    this.signal = null;
    const chosen = this.parts.config.values[DIRECTIVE_OF_SIGNAL[signal]];
    // Better a server that goes on than one that loses data.
    const isReady = this.prepare({
      save: chosen.includes('save') ? 'save' : chosen.includes('nosave') ? 'nosave' : 'default',
      now: chosen.includes('now'),
      force: chosen.includes('force'),
    });
    if (isReady) this.parts.end();
  }

  private endAppendOnly(force: boolean): boolean {
    const { log, persistence } = this.parts;
    const { aof } = persistence;
    if (aof.isRewriting) {
      // Until the first rewrite is done the files do not have what is in memory.
      if (aof.state === 'waiting') {
        log.warning(`Writing initial AOF${force ? '. Exit anyway.' : ", can't exit."}`);
        if (!force) return false;
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

  private save(force: boolean): boolean {
    const { log, persistence } = this.parts;
    log.notice('Saving the final RDB snapshot before exiting.');
    if (persistence.rdb.save()) return true;
    log.warning(`Error trying to save the DB${force ? '. Exit anyway.' : ", can't exit."}`);
    return force;
  }
}
