// Random programs in which users get, lose and try out rules: the first client changes two users, the others are logged in as
// them and make requests in every way there is. Everything that each is sent must be the same.

import type { RandomSource } from '../../src/base/runtime.ts';
import { CLIENTS, compareClients, pick, type Step } from './several-clients.ts';

const STEPS = 150;
const USERS = ['u', 'v'];
const RULES = [
  'on',
  'on',
  'off',
  'nopass',
  'nopass',
  'resetpass',
  '>pw',
  '<pw',
  'reset',
  'allkeys',
  'resetkeys',
  '~*',
  '~k*',
  '~k1',
  '%R~k*',
  '%W~l*',
  '%RW~s',
  '%R~*',
  '%Q~k',
  'allchannels',
  'resetchannels',
  '&*',
  '&c*',
  '&c1',
  '&d',
  '+@all',
  '+@all',
  '-@all',
  'allcommands',
  '+@read',
  '-@read',
  '+@write',
  '-@write',
  '+@fast',
  '-@dangerous',
  '+@string',
  '-@string',
  '+@pubsub',
  '-@scripting',
  '+@connection',
  '-@transaction',
  '+@nosuch',
  '+get',
  '-get',
  '+set',
  '-set',
  '+mget',
  '+client',
  '-client',
  '+client|id',
  '-client|id',
  '-client|getname',
  '+client|nosuch',
  '+select|0',
  '+SELECT|1',
  '-select',
  '+select',
  '+nosuch',
  '-get|x',
  '+client|id|x',
  'clearselectors',
  'skip-sanitize-payload',
  'sanitize-payload',
  '(+get ~k1)',
  '(+@write %W~l* &c1)',
  '(+@all &d)',
  '(+get',
  'bad',
];
const REQUESTS = [
  'GET <k>',
  'SET <k> 1',
  'SET <k> 1 GET',
  'MGET <k> <k>',
  'MSET <k> 1 <k> 2',
  'COPY <k> <k> REPLACE',
  'RENAME <k> <k>',
  'EXISTS <k> <k>',
  'GETDEL <k>',
  'APPEND <k> x',
  'BITFIELD <k> GET u8 0',
  'BITFIELD <k> SET u8 0 1',
  'TYPE <k>',
  'TOUCH <k>',
  'UNLINK <k>',
  'OBJECT ENCODING <k>',
  'SORT <k> BY nosort',
  'SORT <k> BY k* GET #',
  'SORT <k> STORE <k>',
  'SINTERCARD 2 <k> <k>',
  'ZUNIONSTORE <k> 1 <k>',
  'LMPOP 2 <k> <k> LEFT',
  'XREAD STREAMS <k> <k> 0 0',
  'PUBLISH <c> x',
  'SPUBLISH <c> x',
  'CLIENT GETNAME',
  'CLIENT NO-TOUCH OFF',
  'SELECT 0',
  'SELECT 1',
  'PING',
  'DBSIZE',
  'ACL WHOAMI',
  'ECHO x',
  'GET',
  'NOSUCH <k>',
  'CLIENT NOSUCH',
  `EVAL "return redis.pcall('get', KEYS[1])" 1 <k>`,
  `EVAL "return redis.pcall('set', 'k2', 'x')" 0`,
  `EVAL "return redis.call('publish', 'c1', 'x')" 0`,
  `EVAL_RO "return redis.pcall('mget', 'k1', 'l1')" 0`,
  `EVAL "return redis.acl_check_cmd('set', 'l1', 'x')" 0`,
  `EVAL "return redis.acl_check_cmd('client', 'id')" 0`,
];
const SESSION = [
  'HELLO 2',
  'HELLO 3',
  'RESET',
  'SUBSCRIBE <c>',
  'PSUBSCRIBE c*',
  'SSUBSCRIBE <c>',
  'UNSUBSCRIBE <c>',
];
const TRANSACTION = ['MULTI', 'MULTI', 'EXEC', 'EXEC', 'EXEC', 'DISCARD', 'WATCH <k>', 'UNWATCH'];
const KEYS = ['k1', 'k2', 'l1', 's', 'x'];
const CHANNELS = ['c1', 'c2', 'c*', 'd'];

const filled = (request: string, random: RandomSource) =>
  request.replaceAll('<k>', () => pick(random, KEYS)).replaceAll('<c>', () => pick(random, CHANNELS));

function programOf(random: RandomSource): Step[] {
  const steps: Step[] = [{ client: 0, request: 'ACL DELUSER u v' }];
  const administer = (request: string) => steps.push({ client: 0, request });
  for (const user of USERS) administer(`ACL SETUSER ${user} on nopass ~* &* +@all`);
  for (let i = 1; i < CLIENTS; i++) steps.push({ client: i, request: `AUTH ${USERS[i - 1]} x` });
  // A login that fails in a transaction has no reply in Redis, and all that follow are taken for others.
  const queueing = new Set<number>();
  while (steps.length < STEPS) {
    const client = random.below(CLIENTS);
    const chance = random.below(100);
    if (client === 0) {
      const user = pick(random, USERS);
      if (chance < 45) {
        const rules = Array.from({ length: 1 + random.below(3) }, () => pick(random, RULES));
        administer(`ACL SETUSER ${user} ${rules.map((rule) => `"${rule}"`).join(' ')}`);
      } else if (chance < 60) administer('ACL LIST');
      else if (chance < 70) administer(`ACL GETUSER ${user}`);
      else if (chance < 95) administer(`ACL DRYRUN ${user} ${filled(pick(random, REQUESTS), random)}`);
      else administer(`ACL SETUSER ${user} on nopass ~* &* +@all`);
      continue;
    }
    const login = `AUTH ${pick(random, USERS)} pw`;
    const request =
      chance < 10 && !queueing.has(client)
        ? login
        : filled(pick(random, chance < 25 ? TRANSACTION : chance < 35 ? SESSION : REQUESTS), random);
    if (request === 'MULTI') queueing.add(client);
    if (request === 'EXEC' || request === 'DISCARD' || request === 'RESET') queueing.delete(client);
    steps.push({ client, request });
  }
  return steps;
}

compareClients('users and rules', programOf);
