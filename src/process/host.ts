// What a server that is a process of its own does with that process: its title, its pid file, its out-of-memory score, the
// processors it may use, its limits, the system log, the watchdog; at start, and when a directive changes. An embedded
// server has none of this, because the process is not its own.

import { resolve } from 'node:path';
import { textFromBytes } from '../base/byte-text.ts';
import type { Runtime } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { OomScore } from './oom-score.ts';
import { clientRoom, reportClientRoom } from './open-files.ts';
import { processTitle } from './process-title.ts';
import { checkBacklog, UNKNOWN } from './system-checks.ts';
import { openSystemLog } from './system-log.ts';
import { Watchdog } from './watchdog.ts';

/** Where a server that was sent to the background leaves its pid when no file is named. */
const BACKGROUND_PID_FILE = '/var/run/redis.pid';
const OOM_FAILED = 'Failed to set current oom_score_adj. Check server logs.';
const TITLE_FAILED = 'failed to set process title';

export class Host {
  private readonly server: ServerParts;
  private readonly runtime: Runtime;
  private readonly config: Config;
  private readonly oomScore: OomScore;
  private readonly watchdog: Watchdog;

  constructor(server: ServerParts) {
    const { config, log, runtime } = server;
    this.server = server;
    this.runtime = runtime;
    this.config = config;
    const isReplica = () => server.masterLink.isReplica;
    this.oomScore = new OomScore(runtime.files, config, log, isReplica);
    const watchdogLog = () => {
      const { dir, logfile, 'log-format': format } = config.values;
      const path = logfile === '' ? '' : pathFromBytes(resolve(dir, logfile));
      return { path, format, role: isReplica() ? ('S' as const) : ('M' as const) };
    };
    this.watchdog = new Watchdog(runtime.timers, watchdogLog, (reason) =>
      log.warning(`The watchdog does not watch: ${reason}`),
    );
    this.followDirectives();
  }

  /** Lines go to the system log as well, where that is wanted. */
  openSystemLog(): void {
    const { log } = this.server;
    const { values } = this.config;
    if (!values['syslog-enabled']) return;
    const { system, pid } = this.runtime;
    log.setMirror(
      openSystemLog({
        system,
        pid,
        ident: values['syslog-ident'],
        facility: values['syslog-facility'],
        log,
      }),
    );
  }

  /** Fits `maxclients` to the limit on open files; false when not even one client would have room. */
  limitClients(): boolean {
    const { log } = this.server;
    const { maxclients } = this.config.values;
    const room = clientRoom(this.runtime.files, maxclients);
    reportClientRoom(log, maxclients, room);
    if (room.clients < 1) return false;
    if (room.clients < maxclients) this.config.assign('maxclients', [String(room.clients)]);
    return true;
  }

  /** `isBackground`: it was sent to the background by `daemonize`, where a pid file is written always. */
  writePidFile(isBackground: boolean): void {
    const { config, runtime } = this;
    if (isBackground && config.values.pidfile === '') config.assign('pidfile', [BACKGROUND_PID_FILE]);
    const path = this.pidFile;
    if (path === null) return;
    try {
      runtime.files.writeFileSync(path, `${runtime.pid}\n`);
    } catch (error) {
      this.server.log.warning(`Failed to write PID file: ${reasonOf(error)}`);
    }
  }

  removePidFile(): void {
    const path = this.pidFile;
    if (path === null) return;
    this.server.log.notice('Removing the pid file.');
    this.deletePidFile(path);
  }

  /** After a crash the pid file stays, as in Redis, unless the process is in the background. */
  crashed(): void {
    const path = this.pidFile;
    const isBackground = this.config.values.daemonize && this.server.supervisor.name === 'no';
    if (isBackground && path !== null) this.deletePidFile(path);
  }

  setTitle(): void {
    if (this.config.values['set-proc-title']) this.applyTitle();
  }

  /** Says what is wrong with the system's settings for listening. */
  warnOfBacklog(): void {
    const found = checkBacklog(this.runtime.files, this.config.values['tcp-backlog']);
    if (found !== null && found !== UNKNOWN) this.server.log.warning(found);
  }

  /** The server is ready to serve. */
  ready(): void {
    const { log, masterLink, supervisor } = this.server;
    const { maxmemory, server_cpulist: processors, 'watchdog-period': periodMs } = this.config.values;
    supervisor.notify(
      masterLink.isReplica
        ? 'STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync'
        : 'STATUS=Ready to accept connections',
    );
    supervisor.notify('READY=1');
    if (maxmemory > 0 && maxmemory < 1024 * 1024) {
      log.warning(
        `WARNING: You specified a maxmemory value that is less than 1MB (current value is ${maxmemory} bytes). Are you sure this is what you really want?`,
      );
    }
    if (processors !== '') this.useProcessors(processors);
    this.oomScore.apply();
    this.watchdog.setPeriod(periodMs);
  }

  /** The server has become a replica, or a master. */
  roleChanged(): void {
    this.oomScore.apply();
  }

  stop(): void {
    this.watchdog.stop();
    this.server.log.setMirror(null);
  }

  private get pidFile(): string | null {
    const { dir, pidfile } = this.config.values;
    return pidfile === '' ? null : pathFromBytes(resolve(dir, pidfile));
  }

  private deletePidFile(path: string): void {
    try {
      this.runtime.files.rmSync(path, { force: true });
    } catch {
      // As Redis, which does not look either: the process ends.
    }
  }

  private applyTitle(): void {
    this.runtime.system.setTitle(textFromBytes(processTitle(this.config)));
  }

  // All threads of the process; Node has no call for it. A list that the system does not take changes nothing, as in Redis.
  private useProcessors(list: string): void {
    const { pid, system } = this.runtime;
    const ignore = () => {};
    system.runBeside('taskset', ['--all-tasks', '--pid', '--cpu-list', list, String(pid)], ignore);
  }

  private followDirectives(): void {
    const { config } = this;
    config.onChangeOfAny(['oom-score-adj', 'oom-score-adj-values'], () =>
      this.oomScore.apply() ? null : OOM_FAILED,
    );
    config.onChange('proc-title-template', () => {
      try {
        this.applyTitle();
        return null;
      } catch {
        return TITLE_FAILED;
      }
    });
    config.onChange('watchdog-period', () => {
      this.applyWatchdogPeriod();
      return null;
    });
    config.onChange('maxclients', (wanted) => {
      const room = clientRoom(this.runtime.files, wanted);
      if (room.clients >= wanted) return null;
      reportClientRoom(this.server.log, wanted, room);
      return `The operating system is not able to handle the specified number of clients, try with ${room.clients}`;
    });
  }

  // Twice the period of the periodic duties at least, as Redis sets it.
  private applyWatchdogPeriod(): void {
    const { hz, 'watchdog-period': wanted } = this.config.values;
    const least = Math.floor(1000 / hz) * 2;
    if (wanted > 0 && wanted < least) this.config.assign('watchdog-period', [String(least)]);
    this.watchdog.setPeriod(this.config.values['watchdog-period']);
  }
}
