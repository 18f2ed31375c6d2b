// The warnings about the system, with systems that are made up, and the limit on open files.

import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { clientRoom, reportClientRoom } from '../../src/process/open-files.ts';
import {
  checkBacklog,
  checkHugePages,
  checkOvercommit,
  checkSystem,
  checkXenClocksource,
  startWarnings,
} from '../../src/process/system-checks.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

const OVERCOMMIT = '/proc/sys/vm/overcommit_memory';
const HUGE_PAGES = '/sys/kernel/mm/transparent_hugepage/enabled';
const CLOCKSOURCE = '/sys/devices/system/clocksource/clocksource0/current_clocksource';
const SOMAXCONN = '/proc/sys/net/core/somaxconn';
const LIMITS = '/proc/self/limits';

function systemWith(texts: Readonly<Record<string, string>>): VirtualRuntime {
  const runtime = new VirtualRuntime();
  for (const [path, text] of Object.entries(texts)) runtime.disk.write(path, text);
  return runtime;
}

describe('start warnings', () => {
  test('none where all is well', () => {
    const { files } = systemWith({
      [OVERCOMMIT]: '1\n',
      [HUGE_PAGES]: 'always [madvise] never\n',
      [CLOCKSOURCE]: 'tsc\n',
    });
    expect(startWarnings(files)).toEqual([]);
  });

  test('none where nothing can be found out', () => {
    expect(startWarnings(systemWith({}).files)).toEqual([]);
  });

  test.each(['0', '2'])('memory overcommit %s', (value) => {
    const found = checkOvercommit(systemWith({ [OVERCOMMIT]: `${value}\n` }).files);
    expect(found).toMatch(
      /^Memory overcommit must be enabled! Without it, a background save or replication may fail/,
    );
    expect(found).toMatch(/'sysctl vm.overcommit_memory=1' for this to take effect\.$/);
  });

  test('huge pages', () => {
    const found = checkHugePages(systemWith({ [HUGE_PAGES]: '[always] madvise never\n' }).files);
    expect(found).toMatch(/^You have Transparent Huge Pages \(THP\) support enabled in your kernel\. /);
  });

  test('the clock of Xen', () => {
    const found = checkXenClocksource(systemWith({ [CLOCKSOURCE]: 'xen\n' }).files);
    expect(found).toMatch(/^Your system is configured to use the 'xen' clocksource/);
  });

  test('a backlog that the system cuts', () => {
    const { files } = systemWith({ [SOMAXCONN]: '128\n' });
    expect(checkBacklog(files, 128)).toBe(null);
    expect(checkBacklog(files, 511)).toBe(
      'WARNING: The TCP backlog setting of 511 cannot be enforced because /proc/sys/net/core/somaxconn is set to the lower value of 128.',
    );
    expect(checkBacklog(systemWith({}).files, 511)).toBe('unknown');
  });
});

describe('--check-system', () => {
  function printed(runtime: VirtualRuntime, cpu: { user: number; system: number }): [boolean, string] {
    let text = '';
    let calls = 0;
    // The virtual clock moves with every look at it.
    const clock = {
      ...runtime.clock,
      monotonicUs: () => {
        runtime.jump(1);
        return runtime.clock.monotonicUs();
      },
    };
    const process = { ...runtime.process, cpuUs: () => (calls++ === 0 ? { user: 0, system: 0 } : cpu) };
    const isWell = checkSystem({ ...runtime, files: runtime.files, clock, process }, (more) => {
      text += more;
    });
    return [isWell, text];
  }

  test('all is well', () => {
    const runtime = systemWith({ [OVERCOMMIT]: '1', [HUGE_PAGES]: '[never]', [CLOCKSOURCE]: 'tsc' });
    expect(printed(runtime, { user: 95, system: 5 })).toEqual([
      true,
      '[slow-clocksource]...OK\n[xen-clocksource]...OK\n[overcommit]...OK\n[THP]...OK\n',
    ]);
  });

  test('all is wrong', () => {
    const runtime = systemWith({ [OVERCOMMIT]: '0', [HUGE_PAGES]: '[always]', [CLOCKSOURCE]: 'xen' });
    const [isWell, text] = printed(runtime, { user: 50, system: 50 });
    expect(isWell).toBe(false);
    expect(text.match(/^\[.*WARNING:$/gm)).toEqual([
      '[slow-clocksource]...WARNING:',
      '[xen-clocksource]...WARNING:',
      '[overcommit]...WARNING:',
      '[THP]...WARNING:',
    ]);
    expect(text).toContain('Current clocksource: xen. Available clocksources: .');
  });

  test('what cannot be found out is skipped', () => {
    const [isWell, text] = printed(systemWith({}), { user: 100, system: 0 });
    expect([isWell, text.match(/skipped/g)?.length]).toEqual([true, 3]);
  });
});

describe('the limit on open files', () => {
  const limits = (soft: string) =>
    `Limit Soft Limit Hard Limit Units\nMax processes            62000                62000                processes\nMax open files            ${soft}                 4096                 files\n`;

  test.each([
    ['1024', 10000, 992],
    ['10032', 10000, 10000],
    ['10031', 10000, 9999],
    ['unlimited', 10000, 10000],
    ['32', 10000, 0],
  ])('%s files, %i clients wanted: %i', (soft, wanted, expected) => {
    expect(clientRoom(systemWith({ [LIMITS]: limits(soft) }).files, wanted).clients).toBe(expected);
  });

  test('unknown is enough', () => {
    expect(clientRoom(systemWith({}).files, 10000).clients).toBe(10000);
  });

  test('the log says what became of it', () => {
    const runtime = new VirtualRuntime();
    const lines: string[] = [];
    const log = createLogger({
      ...runtime,
      files: runtime.files,
      pid: 1,
      role: () => 'M',
      sink: (line) => lines.push(line),
    });
    reportClientRoom(log, 10000, { clients: 10000, limit: 20000 });
    expect(lines).toEqual([]);
    reportClientRoom(log, 10000, { clients: 992, limit: 1024 });
    expect(lines.map((line) => line.replace(/^.* # /, '').trimEnd())).toEqual([
      'You requested maxclients of 10000 requiring at least 10032 max file descriptors.',
      "Server can't set maximum open files to 10032 because of OS error: Operation not permitted.",
      "Current maximum open files is 1024. maxclients has been reduced to 992 to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'.",
    ]);
    reportClientRoom(log, 10000, { clients: -2, limit: 30 });
    expect(lines.at(-1)).toContain(
      "Your current 'ulimit -n' of 30 is not enough for the server to start. Please increase your open file limit to at least 10032. Exiting.",
    );
  });
});
