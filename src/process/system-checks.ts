// Whether the system is set as a server needs it: the warnings at start, in Redis's words, and `--check-system`. Everything
// is read from /proc and /sys; where these do not exist there is nothing to say.

import type { FileDoor, Runtime } from '../base/runtime.ts';

/** What is wrong; null when all is well; `unknown` when it cannot be found out. */
export type CheckResult = string | null;
export const UNKNOWN = 'unknown';

type Files = Pick<FileDoor, 'readFileSync'>;

const CLOCKSOURCE = '/sys/devices/system/clocksource/clocksource0';

/** Without overcommit the system refuses large pieces of memory although they are never filled. */
export function checkOvercommit(files: Files): CheckResult {
  const line = readLine(files, '/proc/sys/vm/overcommit_memory');
  if (line === null) return UNKNOWN;
  if (Number.parseInt(line, 10) === 1) return null;
  return (
    'Memory overcommit must be enabled! Without it, a background save or replication may fail under low memory condition. ' +
    "To fix this issue add 'vm.overcommit_memory = 1' to /etc/sysctl.conf and then reboot or run the " +
    "command 'sysctl vm.overcommit_memory=1' for this to take effect."
  );
}

/** Huge pages that come unasked make memory grow in large steps. */
export function checkHugePages(files: Files): CheckResult {
  const line = readLine(files, '/sys/kernel/mm/transparent_hugepage/enabled');
  if (line === null) return UNKNOWN;
  if (!line.includes('[always]')) return null;
  return (
    'You have Transparent Huge Pages (THP) support enabled in your kernel. ' +
    'This will create latency and memory usage issues with Redis. ' +
    "To fix this issue run the command 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled' as root, " +
    'and add it to your /etc/rc.local in order to retain the setting after a reboot. ' +
    "Redis must be restarted after THP is disabled (set to 'madvise' or 'never')."
  );
}

export function checkXenClocksource(files: Files): CheckResult {
  const line = readLine(files, `${CLOCKSOURCE}/current_clocksource`);
  if (line === null) return UNKNOWN;
  if (line !== 'xen') return null;
  return (
    "Your system is configured to use the 'xen' clocksource which might lead to degraded performance. " +
    "Check the result of the [slow-clocksource] system check: run 'redis-server --check-system' to check if " +
    "the system's clocksource isn't degrading performance."
  );
}

const CLOCK_TEST_US = 50_000;
const MOST_SYSTEM_SHARE = 0.1;

/** Reads the clock for a twentieth of a second: when that takes the kernel's time, each reading is a system call. */
export function checkSlowClocksource({ clock, files, process }: Runtime): CheckResult {
  const before = process.cpuUs();
  const startUs = clock.monotonicUs();
  while (clock.monotonicUs() - startUs < CLOCK_TEST_US);
  const after = process.cpuUs();
  const system = after.system - before.system;
  const user = after.user - before.user;
  if (system <= (system + user) * MOST_SYSTEM_SHARE) return null;
  const current = readLine(files, `${CLOCKSOURCE}/current_clocksource`) ?? '';
  const available = readLine(files, `${CLOCKSOURCE}/available_clocksource`) ?? '';
  return (
    'Slow system clocksource detected. This can result in degraded performance. ' +
    "Consider changing the system's clocksource. " +
    `Current clocksource: ${current}. Available clocksources: ${available}. ` +
    `For example: run the command 'echo tsc > ${CLOCKSOURCE}/current_clocksource' as root. ` +
    "To permanently change the system's clocksource you'll need to set the 'clocksource=' kernel command line parameter."
  );
}

/** The backlog of a listener is cut to what the system allows. */
export function checkBacklog(files: Files, backlog: number): CheckResult {
  const line = readLine(files, '/proc/sys/net/core/somaxconn');
  if (line === null) return UNKNOWN;
  const most = Number.parseInt(line, 10);
  if (!(most > 0 && most < backlog)) return null;
  return `WARNING: The TCP backlog setting of ${backlog} cannot be enforced because /proc/sys/net/core/somaxconn is set to the lower value of ${most}.`;
}

/** The warnings about memory and clocks that a start begins with, without the word WARNING. */
export function startWarnings(files: Files): string[] {
  const found = [checkOvercommit(files), checkHugePages(files), checkXenClocksource(files)];
  return found.flatMap((result) => (result === null || result === UNKNOWN ? [] : [result]));
}

/** `--check-system`: prints the result of every check, and returns whether none has failed. */
export function checkSystem(runtime: Runtime, print: (text: string) => void): boolean {
  const { files } = runtime;
  const checks: [name: string, result: CheckResult][] = [
    ['slow-clocksource', checkSlowClocksource(runtime)],
    ['xen-clocksource', checkXenClocksource(files)],
    ['overcommit', checkOvercommit(files)],
    ['THP', checkHugePages(files)],
  ];
  let isWell = true;
  for (const [name, result] of checks) {
    if (result === null) print(`[${name}]...OK\n`);
    else if (result === UNKNOWN) print(`[${name}]...skipped\n`);
    else {
      print(`[${name}]...WARNING:\n${result}\n`);
      isWell = false;
    }
  }
  return isWell;
}

function readLine(files: Files, path: string): string | null {
  try {
    return files.readFileSync(path, 'latin1').split('\n', 1)[0]!.trim();
  } catch {
    return null;
  }
}
