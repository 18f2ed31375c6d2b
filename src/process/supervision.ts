// supervised: what a service manager is told. systemd listens at a unix datagram socket, which Node cannot speak to, so its
// own program `systemd-notify` carries the messages (docs/operations.md says what the unit needs for that). Upstart waits
// until the process stops itself.

import type { Logger } from '../base/logger.ts';
import type { Runtime } from '../base/runtime.ts';
import type { ProgramEnd } from '../base/system-door.ts';
import type { Supervisor } from '../engine/supervisor.ts';

export type SupervisedMode = 'no' | 'upstart' | 'systemd' | 'auto';

const PROGRAM = 'systemd-notify';

export class ServiceManager implements Supervisor {
  name: Supervisor['name'] = 'no';

  private readonly runtime: Runtime;
  private mode: SupervisedMode = 'no';
  private log: Logger | null = null;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** Finds the manager that the configuration names, or that is there, and says that the start has begun. */
  begin(mode: SupervisedMode, log: Logger): void {
    this.log = log;
    this.mode = mode === 'auto' ? this.detect(log) : mode;
    if (this.mode === 'upstart') this.beginUpstart(log);
    else if (this.mode === 'systemd') this.beginSystemd(log);
  }

  notify(state: string): void {
    if (this.mode === 'systemd') this.tell(state);
  }

  private detect(log: Logger): SupervisedMode {
    const { system } = this.runtime;
    if (system.environment('UPSTART_JOB') !== '') {
      log.verbose('Upstart supervision detected.');
      return 'upstart';
    }
    if (system.environment('NOTIFY_SOCKET') === '') return 'auto';
    log.verbose('Systemd supervision detected.');
    return 'systemd';
  }

  private beginUpstart(log: Logger): void {
    const { system } = this.runtime;
    if (system.environment('UPSTART_JOB') === '') {
      log.warning('upstart supervision requested, but UPSTART_JOB not found!');
      return;
    }
    log.notice('supervised by upstart, will stop to signal readiness.');
    system.raise('SIGSTOP');
    system.forgetEnvironment('UPSTART_JOB');
    this.name = 'upstart';
  }

  private beginSystemd(log: Logger): void {
    if (!this.tell('STATUS=Redis is loading...')) return;
    log.notice(
      'Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit.',
    );
    this.name = 'systemd';
  }

  notifyBeside(state: string): void {
    if (this.mode !== 'systemd' || !this.canTell()) return;
    const { pid, system } = this.runtime;
    system.runBeside(PROGRAM, [`--pid=${pid}`, state], (end) => void this.isTold(end));
  }

  // Waits for the program (some milliseconds): messages keep their order, and the last one leaves before the process does.
  private tell(state: string): boolean {
    const { pid, system } = this.runtime;
    return this.canTell() && this.isTold(system.run(PROGRAM, [`--pid=${pid}`, state]));
  }

  private canTell(): boolean {
    if (this.runtime.system.environment('NOTIFY_SOCKET') !== '') return true;
    this.log?.warning('systemd supervision error: NOTIFY_SOCKET not found!');
    return false;
  }

  private isTold({ code, error }: ProgramEnd): boolean {
    if (code !== 0) this.log?.warning(`systemd supervision error: sd_notify: ${error === '' ? code : error}`);
    return code === 0;
  }
}
