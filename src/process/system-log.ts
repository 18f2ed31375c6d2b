// syslog-enabled: every line goes to the system log as well. It listens at a unix datagram socket (/dev/log), which Node
// cannot speak to; `logger` of util-linux carries the lines, one process for as long as the server runs.

import type { LineLevel, Logger, LogMirror } from '../base/logger.ts';
import type { ProgramEnd, SystemDoor } from '../base/system-door.ts';

const PROGRAM = 'logger';
const SEVERITIES: Readonly<Record<LineLevel, number>> = { debug: 7, verbose: 6, notice: 5, warning: 4 };
const USER_FACILITY = 1;
const LOCAL0_FACILITY = 16;
const SEVERITY_BITS = 3;

export interface SystemLogOptions {
  readonly system: SystemDoor;
  readonly pid: number;
  readonly ident: string;
  /** `user`, or `local0` to `local7`. */
  readonly facility: string;
  readonly log: Logger;
}

/** Starts the carrier and returns what takes the lines. When it ends, the log says so once and goes on without. */
export function openSystemLog({ system, pid, ident, facility, log }: SystemLogOptions): LogMirror {
  let isOpen = true;
  const carrier = system.startReader(
    PROGRAM,
    [`--tag=${ident}`, `--id=${pid}`, '--prio-prefix', '--priority', `${facility}.notice`],
    ({ code, error }: ProgramEnd) => {
      isOpen = false;
      log.setMirror(null);
      log.warning(`The system log gets no more lines: ${PROGRAM} has ended (${error === '' ? code : error})`);
    },
  );
  const facilityCode =
    facility === 'user' ? USER_FACILITY : LOCAL0_FACILITY + Number(facility.slice('local'.length));
  return (level, text) => {
    if (!isOpen) return;
    const prefix = `<${(facilityCode << SEVERITY_BITS) | SEVERITIES[level]}>`;
    for (const line of text.split('\n')) if (line !== '') carrier.write(`${prefix}${line}\n`);
  };
}
