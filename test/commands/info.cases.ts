// INFO: which sections are shown for which names. That the figures are right is in engine/stats.test.ts.

import type { CommandCase } from '../support/case.ts';
import { matching, OK, verbatim } from '../support/expected.ts';

/** Exactly these headings, in this order. */
const sections = (...titles: string[]) =>
  matching(new RegExp(`^${titles.map((title) => `# ${title}\\r\\n(?:[^#\\r]+\\r\\n)*`).join('\\r\\n')}$`));

const DEFAULT = [
  'Server',
  'Clients',
  'Memory',
  'Persistence',
  'Stats',
  'Replication',
  'CPU',
  'Modules',
  'Errorstats',
  'Cluster',
  'Keyspace',
];
const ALL = [...DEFAULT.slice(0, 8), 'Commandstats', 'Errorstats', 'Latencystats', 'Cluster', 'Keyspace'];

export const cases: CommandCase[] = [
  {
    name: 'INFO shows the default sections, all, or those that are named',
    referenceSince: '7.2',
    steps: [
      ['INFO', sections(...DEFAULT)],
      ['INFO default', sections(...DEFAULT)],
      ['INFO all', sections(...ALL)],
      ['INFO everything', sections(...ALL)],
      ['INFO cpu', sections('CPU')],
      ['info CPU', sections('CPU')],
      ['INFO commandstats cpu server', sections('Server', 'CPU', 'Commandstats')],
      ['INFO cpu cpu', sections('CPU')],
      ['INFO cpu default', sections(...DEFAULT)],
      ['INFO commandstats default', sections(...DEFAULT.slice(0, 8), 'Commandstats', ...DEFAULT.slice(8))],
      ['INFO cpu all', sections(...ALL)],
      ['INFO debug', sections('Debug')],
      ['INFO modules', sections('Modules')],
      ['INFO module_list', sections('Modules')],
      ['INFO nosuch', verbatim('')],
      [['INFO', ''], verbatim('')],
      ['INFO nosuch cluster', verbatim('# Cluster\r\ncluster_enabled:0\r\n')],
    ],
  },
  {
    name: 'INFO keyspace shows databases that have keys',
    steps: [
      ['INFO keyspace', verbatim('# Keyspace\r\n')],
      ['SET a 1', OK],
      ['SELECT 2', OK],
      ['SET b 1', OK],
      [
        'INFO keyspace',
        verbatim('# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\ndb2:keys=1,expires=0,avg_ttl=0\r\n'),
      ],
      ['SELECT 0', OK],
    ],
  },
  {
    name: 'INFO shows what tools look for',
    steps: [
      ['INFO server', matching(/^# Server\r\nredis_version:[0-9.]+\r\n/)],
      ['INFO server', matching(/\r\nredis_mode:standalone\r\n/)],
      ['INFO server', matching(/\r\nrun_id:[0-9a-f]{40}\r\n/)],
      ['INFO server', matching(/\r\nprocess_id:[0-9]+\r\n/)],
      ['INFO persistence', matching(/^# Persistence\r\nloading:0\r\n/)],
      ['INFO replication', matching(/^# Replication\r\nrole:master\r\nconnected_slaves:0\r\n/)],
      ['INFO memory', matching(/^# Memory\r\nused_memory:[0-9]+\r\nused_memory_human:[0-9.]+[BKMG]\r\n/)],
      ['INFO clients', matching(/^# Clients\r\nconnected_clients:[0-9]+\r\n/)],
    ],
  },
];
