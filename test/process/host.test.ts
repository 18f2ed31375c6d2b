// What a server does with its process, on a system that is made up: the out-of-memory score, the title, the pid file, the
// service manager, the system log.

import { describe, expect, test } from 'vitest';
import { createLogger } from '../../src/base/logger.ts';
import { Config } from '../../src/config/config.ts';
import { OomScore } from '../../src/process/oom-score.ts';
import { processTitle } from '../../src/process/process-title.ts';
import { ServiceManager } from '../../src/process/supervision.ts';
import { openSystemLog } from '../../src/process/system-log.ts';
import { VirtualRuntime } from '../support/virtual-runtime.ts';

function bench() {
  const runtime = new VirtualRuntime({ pid: 77 });
  const config = new Config(runtime, '/');
  const lines: string[] = [];
  const log = createLogger({
    clock: runtime.clock,
    files: runtime.files,
    pid: 77,
    role: () => 'M',
    sink: (line) => lines.push(line.replace(/^77:M .{24} /, '').trimEnd()),
  });
  log.setLevel('debug');
  return { config, lines, log, runtime, system: runtime.system };
}

describe('oom-score-adj', () => {
  const PATH = '/proc/self/oom_score_adj';

  function scored(before: number) {
    const parts = bench();
    parts.runtime.disk.directories.add('/proc/self');
    parts.runtime.disk.write(PATH, `${before}\n`);
    const state = { isReplica: false };
    const score = new OomScore(parts.runtime.files, parts.config, parts.log, () => state.isReplica);
    const set = (mode: string, values = '10 20 30') => {
      parts.config.assign('oom-score-adj', [mode]);
      parts.config.assign('oom-score-adj-values', values.split(' '));
      return [score.apply(), parts.runtime.disk.read(PATH)?.trim()];
    };
    return { ...parts, set, state };
  }

  test('nothing is touched while it is off', () => {
    expect(scored(5).set('no')).toEqual([true, '5']);
  });

  test('relative to what was there, absolute, and back', () => {
    const { set } = scored(22);
    expect(set('yes')).toEqual([true, '32']);
    expect(set('relative', '15 20 30')).toEqual([true, '37']);
    expect(set('absolute', '9 9 9')).toEqual([true, '9']);
    expect(set('no')).toEqual([true, '22']);
  });

  test('a replica has the second value', () => {
    const { set, state } = scored(1);
    set('yes');
    state.isReplica = true;
    expect(set('yes')).toEqual([true, '21']);
  });

  test.each([
    ['2000 2000 2000', '1000'],
    ['-2000 -2000 -2000', '-1000'],
  ])('%s is cut to %s', (values, expected) => {
    expect(scored(0).set('absolute', values)).toEqual([true, expected]);
  });

  test('a system that refuses is told of in the log', () => {
    const { lines, runtime, set } = scored(0);
    runtime.disk.fail('writeFileSync', 'EACCES');
    expect(set('yes')[0]).toBe(false);
    expect(lines).toEqual(['# Unable to write oom_score_adj: Permission denied']);
    expect(set('no')).toEqual([true, '0']);
  });

  test('where there is no such file nothing can be read', () => {
    const { config, lines, log, runtime } = bench();
    config.assign('oom-score-adj', ['yes']);
    expect(new OomScore(runtime.files, config, log, () => false).apply()).toBe(false);
    expect(lines).toEqual(['# Unable to read oom_score_adj: No such file or directory']);
  });
});

describe('the title of the process', () => {
  const titles: [name: string, directives: Record<string, string>, expected: string][] = [
    ['by default', {}, 'respite *:6379'],
    ['with an address', { bind: '127.0.0.1 ::1', port: '7000' }, 'respite 127.0.0.1:7000'],
    ['with TLS alone', { bind: '127.0.0.1', port: '0', 'tls-port': '7001' }, 'respite 127.0.0.1:7001'],
    ['with a unix socket alone', { port: '0', unixsocket: '/run/r.sock' }, 'respite unixsocket:/run/r.sock'],
    [
      'with everything',
      {
        bind: '127.0.0.1',
        port: '7000',
        unixsocket: '/r',
        'proc-title-template': 'TEST {title} {listen-addr} {port} {tls-port} {unixsocket} {config-file}',
      },
      'TEST respite 127.0.0.1:7000 7000 0 /r -',
    ],
  ];

  test.each(titles)('%s', (_name, directives, expected) => {
    const { config } = bench();
    for (const [name, value] of Object.entries(directives))
      config.assign(name, value.includes('{') ? [value] : value.split(' '));
    expect(processTitle(config)).toBe(expected);
  });
});

describe('supervised', () => {
  test('no: nothing is said to anybody', () => {
    const { lines, log, runtime, system } = bench();
    system.variables.NOTIFY_SOCKET = '/run/notify';
    const manager = new ServiceManager(runtime);
    manager.begin('no', log);
    manager.notify('READY=1');
    manager.notifyBeside('STATUS=in sync');
    expect([manager.name, system.asked, lines]).toEqual(['no', [], []]);
  });

  test.each(['systemd', 'auto'] as const)('%s, under systemd', (mode) => {
    const { lines, log, runtime, system } = bench();
    system.variables.NOTIFY_SOCKET = '/run/notify';
    const manager = new ServiceManager(runtime);
    manager.begin(mode, log);
    manager.notify('READY=1');
    manager.notifyBeside('STATUS=in sync');
    expect(manager.name).toBe('systemd');
    expect(system.asked).toEqual([
      'run systemd-notify --pid=77 STATUS=Redis is loading...',
      'run systemd-notify --pid=77 READY=1',
      'beside systemd-notify --pid=77 STATUS=in sync',
    ]);
    expect(lines.at(-1)).toBe(
      '* Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit.',
    );
    expect(lines.includes('- Systemd supervision detected.')).toBe(mode === 'auto');
  });

  test('systemd that did not start it', () => {
    const { lines, log, runtime, system } = bench();
    const manager = new ServiceManager(runtime);
    manager.begin('systemd', log);
    expect([manager.name, system.asked]).toEqual(['no', []]);
    expect(lines).toEqual(['# systemd supervision error: NOTIFY_SOCKET not found!']);
  });

  test('systemd without its program', () => {
    const { lines, log, runtime, system } = bench();
    system.variables.NOTIFY_SOCKET = '/run/notify';
    system.programEnd = { code: -1, error: 'spawn systemd-notify ENOENT' };
    const manager = new ServiceManager(runtime);
    manager.begin('systemd', log);
    expect(manager.name).toBe('no');
    expect(lines).toEqual(['# systemd supervision error: sd_notify: spawn systemd-notify ENOENT']);
  });

  test.each(['upstart', 'auto'] as const)('%s, under upstart', (mode) => {
    const { lines, log, runtime, system } = bench();
    system.variables.UPSTART_JOB = 'redis';
    const manager = new ServiceManager(runtime);
    manager.begin(mode, log);
    expect([manager.name, system.asked, system.variables]).toEqual(['upstart', ['raise SIGSTOP'], {}]);
    expect(lines).toContain('* supervised by upstart, will stop to signal readiness.');
  });

  test('upstart that did not start it', () => {
    const { lines, log, runtime } = bench();
    const manager = new ServiceManager(runtime);
    manager.begin('upstart', log);
    expect([manager.name, lines]).toEqual([
      'no',
      ['# upstart supervision requested, but UPSTART_JOB not found!'],
    ]);
  });

  test('auto, under nobody', () => {
    const { lines, log, runtime } = bench();
    const manager = new ServiceManager(runtime);
    manager.begin('auto', log);
    expect([manager.name, lines]).toEqual(['no', []]);
  });
});

describe('the system log', () => {
  test.each([
    ['user', 8],
    ['local0', 128],
    ['local7', 184],
  ])('facility %s', (facility, base) => {
    const { log, system } = bench();
    log.setMirror(openSystemLog({ system, pid: 77, ident: 'my redis', facility, log }));
    log.debug('d');
    log.verbose('v');
    log.notice('n');
    log.warning('w');
    log.raw('warning', '\na\nb\n');
    expect(system.asked).toEqual([
      `reader logger --tag=my redis --id=77 --prio-prefix --priority ${facility}.notice`,
    ]);
    expect(system.written).toBe(
      `<${base + 7}>d\n<${base + 6}>v\n<${base + 5}>n\n<${base + 4}>w\n<${base + 4}>a\n<${base + 4}>b\n`,
    );
  });

  test('without its program the log goes on, and says so once', () => {
    const { lines, log, system } = bench();
    log.setMirror(openSystemLog({ system, pid: 77, ident: 'redis', facility: 'local0', log }));
    system.readerEnds({ code: -1, error: 'spawn logger ENOENT' });
    log.notice('n');
    expect(lines).toEqual([
      '# The system log gets no more lines: logger has ended (spawn logger ENOENT)',
      '* n',
    ]);
    expect(system.written).toBe('');
  });
});
