// CONFIG GET and CONFIG SET: matching, error texts, bounds, all or nothing, listeners. Every text was observed on the
// reference.

import { describe, expect, it } from 'vitest';
import { bench } from './support.ts';

const failed = (name: string, reason: string): string =>
  `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;

describe('get', () => {
  it('shows a name as it was asked for', () => {
    const { config } = bench();
    expect(config.get(['PORT'])).toEqual([['PORT', '6379']]);
    expect(config.get(['port', 'Port', 'p?rt'])).toEqual([['port', '6379']]);
  });

  it('matches patterns without regard to case, aliases too', () => {
    const { config } = bench();
    expect(config.get(['HASH-max-*-VALUE'])).toEqual([
      ['hash-max-listpack-value', '64'],
      ['hash-max-ziplist-value', '64'],
    ]);
  });

  it('finds a hidden directive by its exact name only', () => {
    const { config } = bench();
    expect(config.get(['use-exit*'])).toEqual([]);
    expect(config.get(['use-exit-on-panic'])).toEqual([['use-exit-on-panic', 'no']]);
  });

  it('answers an unknown name with nothing', () => {
    expect(bench().config.get(['nope', 'constructor'])).toEqual([]);
  });
});

describe('set', () => {
  it.each([
    ['port', 'abc', "argument couldn't be parsed into an integer"],
    ['port', ' 1', "argument couldn't be parsed into an integer"],
    ['port', '01', "argument couldn't be parsed into an integer"],
    ['port', '70000', 'argument must be between 0 and 65535 inclusive'],
    ['maxclients', '0', 'argument must be between 1 and 4294967295 inclusive'],
    ['maxclients', '-1', 'argument must be between 1 and 4294967295 inclusive'],
    ['slowlog-max-len', '-1', 'argument must be between 0 and 9223372036854775807 inclusive'],
    [
      'list-max-listpack-size',
      '-2147483649',
      'argument must be between -2147483648 and 2147483647 inclusive',
    ],
    ['maxmemory', 'x', 'argument must be a memory value'],
    ['maxmemory', '-1', 'argument must be a memory value'],
    ['maxmemory', '1constructor', 'argument must be a memory value'],
    ['proto-max-bulk-len', '1kb', 'argument must be between 1048576 and 9223372036854775807 inclusive'],
    [
      'proto-max-bulk-len',
      '9223372036854775808',
      'argument must be between 1048576 and 9223372036854775807 inclusive',
    ],
    ['maxmemory-clients', 'x', 'argument must be a memory or percent value'],
    ['maxmemory-clients', '101%', 'percentage argument must be less or equal to 100'],
    ['protected-mode', '1', "argument must be 'yes' or 'no'"],
    ['appendfsync', '', 'argument(s) must be one of the following: everysec, always, no'],
    ['shutdown-on-sigint', '', 'argument(s) must be one of the following: default, save, nosave, now, force'],
    ['shutdown-on-sigint', 'save nosave', "shutdown options SAVE and NOSAVE can't be used simultaneously"],
    ['save', '1', 'Invalid save parameters'],
    ['save', '0 1', 'Invalid save parameters'],
    ['save', '60 -1', 'Invalid save parameters'],
    ['databases', '5', "can't set immutable config"],
    ['replicaof', 'a 1', "can't set immutable config"],
    ['dir', '/', "can't set protected config"],
    ['dbfilename', 'x', "can't set protected config"],
    ['proc-title-template', '{x}', 'template format is invalid or contains unknown variables'],
    ['proc-title-template', '{title}', 'template format is invalid or contains unknown variables'],
    ['bind', '1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7', 'Too many bind addresses specified.'],
    ['notify-keyspace-events', 'q', "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."],
    ['client-output-buffer-limit', 'normal 1 1', 'Wrong number of arguments in buffer limit configuration.'],
    [
      'client-output-buffer-limit',
      'master 1 1 1',
      'Invalid client class specified in buffer limit configuration.',
    ],
    [
      'client-output-buffer-limit',
      'normal 1 x 1',
      'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
    ],
    ['oom-score-adj-values', '1 2', 'wrong number of arguments'],
    [
      'oom-score-adj-values',
      '1 2 3000',
      'Invalid oom-score-adj-values, elements must be between -2000 and 2000.',
    ],
    ['latency-tracking-info-percentiles', 'x', 'Invalid latency-tracking-info-percentiles parameters'],
    [
      'latency-tracking-info-percentiles',
      '101',
      'latency-tracking-info-percentiles parameters should sit between [0.0,100.0]',
    ],
    [
      'cluster-announce-hostname',
      'a_b',
      'Hostnames may only contain alphanumeric characters, hyphens or dots',
    ],
    ['cluster-announce-hostname', 'x'.repeat(256), 'Hostnames must be less than 256 characters'],
    ['cluster-announce-human-nodename', 'a#b', 'Announced human node name contained invalid character'],
    ['locale-collate', 'xx', 'Invalid locale name'],
  ])('%s %j: %s', (name, value, reason) => {
    const { config, set } = bench();
    const before = config.get([name]);
    expect(set(name, value)).toBe(failed(name, reason));
    expect(config.get([name])).toEqual(before);
  });

  it.each([
    ['maxmemory', '18446744073709551615', '18446744073709551615'],
    ['maxmemory', '100000000000gb', '15140462031452241920'],
    ['maxmemory', '1K', '1000'],
    ['maxmemory', '1Kb', '1024'],
    ['maxmemory', '', '0'],
    ['maxmemory-clients', '5%', '5%'],
    ['maxmemory-clients', '5mb', '5242880'],
    ['hz', '100000', '500'],
    ['hz', '0', '1'],
    ['loglevel', 'DEBUG', 'debug'],
    ['oom-score-adj', 'relative', 'yes'],
    ['shutdown-on-sigint', 'force SAVE', 'save force'],
    ['shutdown-on-sigint', 'default now', 'now'],
    ['save', '', ''],
    ['save', '60 1 30 2', '60 1 30 2'],
    ['bind', '', ''],
    ['bind', '127.0.0.1 -::1', '127.0.0.1 -::1'],
    ['notify-keyspace-events', 'KEA', 'AKE'],
    ['notify-keyspace-events', 'nmKzg', 'gznKm'],
    ['notify-keyspace-events', 'g$lshzxetdn', 'A'],
    [
      'client-output-buffer-limit',
      'normal 1mb 1kb 1 REPLICA 5 5 5',
      'normal 1048576 1024 1 slave 5 5 5 pubsub 33554432 8388608 60',
    ],
    ['latency-tracking-info-percentiles', '1.123456789 50.0', '1.123457 50'],
    ['latency-tracking-info-percentiles', '', ''],
    ['proc-title-template', '{{ {port}', '{{ {port}'],
  ] as const)('%s %j shows as %j', (name, value, shown) => {
    const { config, set } = bench();
    expect(set(name, value)).toBeNull();
    expect(config.text(name)).toBe(shown);
  });

  it('names an unknown option as it was written, and the first mistake only', () => {
    const { set } = bench();
    expect(set('hz', '1', 'Nope', '2')).toBe(
      "ERR Unknown option or number of arguments for CONFIG SET - 'Nope'",
    );
    expect(set('databases', '1', 'nope', '2')).toBe(failed('databases', "can't set immutable config"));
  });

  it('refuses a repeated name, but not a name beside its alias', () => {
    const { config, set } = bench();
    expect(set('hz', '1', 'HZ', '2')).toBe(failed('HZ', 'duplicate parameter'));
    expect(set('hash-max-listpack-entries', '100', 'hash-max-ziplist-entries', '200')).toBeNull();
    expect(config.text('hash-max-listpack-entries')).toBe('200');
  });

  it('sets all or nothing', () => {
    const { config, set } = bench();
    expect(set('hz', '20', 'save', '1 1', 'PORT', 'x')).toBe(
      failed('port', "argument couldn't be parsed into an integer"),
    );
    expect(config.values.hz).toBe(10);
    expect(config.text('save')).toBe('3600 1 300 100 60 10000');
  });

  it('names an alias by itself where its value is wrong', () => {
    expect(bench().set('hash-max-ZIPLIST-entries', 'x')).toBe(
      failed('hash-max-ziplist-entries', "argument couldn't be parsed into an integer"),
    );
  });

  it('lets enable-protected-configs decide about protected directives', () => {
    const { config, folder } = bench();
    const setDir = (value: string, local: boolean) => config.set([['dir', value]], { loading: false, local });
    config.assign('enable-protected-configs', ['local']);
    expect(setDir('..', false)).toBe(failed('dir', "can't set protected config"));
    expect(setDir('/nope', true)).toBe(failed('dir', 'No such file or directory'));
    expect(setDir('.', true)).toBeNull();
    expect(config.text('dir')).toBe(folder);
  });

  it('puts loading before other mistakes of the same name', () => {
    const { config } = bench();
    const loading = { loading: true, local: true };
    expect(config.set([['appendonly', 'yes']], loading)).toBe(
      'LOADING Redis is loading the dataset in memory',
    );
    expect(config.set([['hz', '5']], loading)).toBeNull();
  });

  it('knows which values are secret', () => {
    const { config } = bench();
    expect(
      ['requirepass', 'MASTERAUTH', 'masteruser', 'port'].map((name) => config.isSensitive(name)),
    ).toEqual([true, true, true, false]);
  });

  it('exposes values ready for use', () => {
    const { config, set } = bench();
    set('maxmemory', '1gb', 'bind', 'a b', 'shutdown-on-sigterm', 'nosave now', 'maxmemory-clients', '10%');
    expect(config.values).toMatchObject({
      maxmemory: 1073741824,
      bind: ['a', 'b'],
      'shutdown-on-sigterm': ['nosave', 'now'],
      'maxmemory-clients': -10,
      'protected-mode': true,
      replicaof: null,
    });
    expect(config.values['client-output-buffer-limit'].pubsub).toEqual({
      hardBytes: 33554432,
      softBytes: 8388608,
      softSeconds: 60,
    });
  });

  it('says once which directives have no effect yet', () => {
    const { said, set } = bench();
    set('cluster-replica-no-failover', 'yes', 'hz', '20');
    set('cluster-replica-no-failover', 'no');
    set('cluster-replica-no-failover', 'yes');
    expect(said).toEqual(['Accepted, but without effect yet: cluster-replica-no-failover']);
  });
});

describe('onChange', () => {
  it('calls a listener with the new and the old value, and not without a change', () => {
    const { config, set } = bench();
    const calls: [number, number][] = [];
    config.onChange('port', (port, previous) => {
      calls.push([port, previous]);
      return null;
    });
    set('port', '7000');
    set('port', '7000');
    expect(calls).toEqual([[7000, 6379]]);
  });

  it('calls a listener to several directives once per change set, after all of them are set', () => {
    const { config, set } = bench();
    const seen: [boolean, number][] = [];
    config.onChangeOfAny(['tls-port', 'tls-cluster', 'tls-session-cache-size'], () => {
      seen.push([config.values['tls-cluster'], config.values['tls-port']]);
      return null;
    });
    set('tls-cluster', 'yes', 'hz', '11', 'tls-port', '5');
    expect(seen).toEqual([[true, 5]]);
  });

  it('announces bind and the certificate files even when nothing changed', () => {
    const { config, set } = bench();
    let calls = 0;
    config.onChangeOfAny(['bind', 'tls-cert-file'], () => {
      calls++;
      return null;
    });
    set('bind', '* -::*');
    set('tls-cert-file', '');
    expect(calls).toBe(2);
  });

  it('takes everything back when a listener refuses', () => {
    const { config, said, set } = bench();
    const ports: [number, number][] = [];
    let later = 0;
    config.onChange('hz', () => null);
    config.onChange('port', (port, previous) => {
      ports.push([port, previous]);
      return port === 7000 ? 'Unable to listen on this port. Check server logs.' : null;
    });
    config.onChange('timeout', () => {
      later++;
      return null;
    });
    expect(set('hz', '20', 'port', '7000', 'timeout', '9')).toBe(
      failed('port', 'Unable to listen on this port. Check server logs.'),
    );
    expect(ports).toEqual([
      [7000, 6379],
      [6379, 7000],
    ]);
    expect(later).toBe(0);
    expect(config.values).toMatchObject({ hz: 10, port: 6379, timeout: 0 });
    expect(said[0]).toMatch(/^Failed applying new configuration. Possibly related to new port setting/);
  });
});
