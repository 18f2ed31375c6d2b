// SAVE and BGSAVE as far as replies tell; what they do is in test/persistence/saves.test.ts. And what INFO says of saving.

import type { CommandCase } from '../support/case.ts';
import { error, matching, OK } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const arity = (name: string) => error(`ERR wrong number of arguments for '${name}' command`);
const FIELDS = [
  'loading:0',
  'async_loading:0',
  'current_cow_peak:0',
  'current_cow_size:0',
  'current_cow_size_age:0',
  'current_fork_perc:0\\.00',
  'current_save_keys_processed:0',
  'current_save_keys_total:0',
  'rdb_changes_since_last_save:\\d+',
  'rdb_bgsave_in_progress:0',
  'rdb_last_save_time:\\d{10}',
  'rdb_last_bgsave_status:ok',
  'rdb_last_bgsave_time_sec:-?\\d+',
  'rdb_current_bgsave_time_sec:-1',
  'rdb_saves:\\d+',
  'rdb_last_cow_size:\\d+',
  'rdb_last_load_keys_expired:0',
  'rdb_last_load_keys_loaded:\\d+',
  'aof_enabled:0',
  'aof_rewrite_in_progress:0',
  'aof_rewrite_scheduled:0',
  'aof_last_rewrite_time_sec:-?\\d+',
  'aof_current_rewrite_time_sec:-1',
  'aof_last_bgrewrite_status:ok',
  'aof_rewrites:\\d+',
  'aof_rewrites_consecutive_failures:0',
  'aof_last_write_status:ok',
  'aof_last_cow_size:\\d+',
  'module_fork_in_progress:0',
  'module_fork_last_cow_size:0',
];

export const cases: CommandCase[] = [
  {
    name: 'SAVE and BGSAVE refuse what makes no sense',
    steps: [
      ['SAVE x', arity('save')],
      ['BGSAVE x', SYNTAX],
      ['BGSAVE SCHEDULE x', SYNTAX],
      ['BGSAVE SCHEDULE SCHEDULE', SYNTAX],
    ],
    not: { multi: 'SAVE is not allowed in a transaction' },
  },
  {
    name: 'SAVE is not allowed in a transaction',
    steps: [
      ['MULTI', OK],
      ['SAVE', error('ERR Command not allowed inside a transaction')],
      ['EXEC', error('EXECABORT Transaction discarded because of previous errors.')],
    ],
  },
  {
    name: 'INFO persistence has the fields of Redis in their order',
    steps: [
      ['INFO persistence', matching(new RegExp(`^# Persistence\\r\\n${FIELDS.join('\\r\\n')}\\r\\n$`))],
    ],
    referenceSince: '7.2',
  },
];
