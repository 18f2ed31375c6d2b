// EVAL, EVALSHA, SCRIPT: arguments, replies in both protocols, errors with their places, what scripts may not do.

import type { CommandCase } from '../support/case.ts';
import {
  big,
  boolean,
  double,
  type Expected,
  error,
  map,
  OK,
  simple,
  verbatim,
} from '../support/expected.ts';
import { digest } from '../support/script-digest.ts';

const ALL_BYTES = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
const run = (script: string, ...args: string[]) => ['EVAL', script, '0', ...args];
/** The error of a script that ends at a line. */
const failed = (script: string, message: string, line = 1): readonly [string[], Expected] => [
  run(script),
  error(`${message} script: ${digest(script)}, on @user_script:${line}.`),
];

export const cases: CommandCase[] = [
  {
    name: 'EVAL gives a script its keys and arguments, whatever bytes they are',
    steps: [
      [
        ['EVAL', 'return {KEYS[1],KEYS[2],ARGV[1],#KEYS,#ARGV}', '2', 'a', ALL_BYTES, ''],
        ['a', ALL_BYTES, '', 2, 1],
      ],
      [['EVAL', 'return KEYS', '0'], []],
      [['EVAL', "KEYS[1]='x' KEYS.y=1 return KEYS[1]", '1', 'a'], 'x'],
      [['EVAL', 'return KEYS[1]', '1', 'a'], 'a'],
    ],
  },
  {
    name: 'the number of keys is checked before the script',
    steps: [
      [['EVAL', 'not lua', 'x'], error('ERR value is not an integer or out of range')],
      [['EVAL', 'not lua', '-1'], error("ERR Number of keys can't be negative")],
      [['EVAL', 'not lua', '2', 'a'], error("ERR Number of keys can't be greater than number of args")],
      ['EVAL x', error("ERR wrong number of arguments for 'eval' command")],
      [
        ['EVALSHA', 'ffffffffffffffffffffffffffffffffffffffff', 'x'],
        error('ERR value is not an integer or out of range'),
      ],
      [['EVALSHA', 'abc', 'x'], error('NOSCRIPT No matching script. Please use EVAL.')],
      [
        ['EVALSHA', 'ffffffffffffffffffffffffffffffffffffffff', '0'],
        error('NOSCRIPT No matching script. Please use EVAL.'),
      ],
    ],
  },
  {
    name: 'calls that begin like the one before',
    steps: [
      [
        run(`local out = {}
          for i = 1, 3 do out[#out + 1] = redis.call('RPUSH', 'l', 'same', i, 'same') end
          out[#out + 1] = redis.call('RPUSH', 'l', 'same')
          out[#out + 1] = redis.call('RPUSH', 'l', 'same', 0, 'end')
          out[#out + 1] = redis.call('RPUSH', 'l', 'same', -0, 'end')
          out[#out + 1] = redis.call('RPUSH', 'm', 'same', 0, 'end')
          out[#out + 1] = redis.pcall('RPUSH', 'm', 'same', {}, 'end').err
          out[#out + 1] = redis.call('RPUSH', 'm', 'same', string.rep('x', 5000), 'end')
          out[#out + 1] = redis.call('RPUSH', 'm', 'same', string.rep('x', 5000), 'other')
          return out`),
        [3, 6, 9, 10, 13, 16, 3, 'ERR Lua redis lib command arguments must be strings or integers', 6, 9],
      ],
      ['LRANGE l 0 -1', 'same 1 same same 2 same same 3 same same same 0 end same 0 end'.split(' ')],
      ['LINDEX m -1', 'other'],
      ['LINDEX m -5', 'x'.repeat(5000)],
      [run("redis.call('SET', 'n', 1) redis.call('INCR', 'n') return redis.call('INCR', 'n')"), 3],
      [run("redis.call('FLUSHALL') redis.call('INCR', 'n') return redis.call('INCR', 'n')"), 2],
    ],
  },
  {
    name: 'values of Lua as replies',
    steps: [
      [run('return 1'), 1],
      [run('return -3.99'), -3],
      [run('return 1e18'), 1000000000000000000n],
      [run('return 1e300'), -9223372036854775808n],
      [run("return 'a\\0b'"), 'a\0b'],
      [run('return true'), 1],
      [run('return false'), null],
      [run('return nil'), null],
      [run('return'), null],
      [run(''), null],
      [run('return {1,2,{3,"x"},nil,5}'), [1, 2, [3, 'x']]],
      [run('return {1,function() end,2}'), [1, null, 2]],
      [run("return {ok='fine\\nok'}"), simple('fine ok')],
      [run("return {err='MY fine\\nerror'}"), error('MY fine error')],
      [run("return {err='nospace'}"), error('nospace')],
      [run("return {ok='a\\0b'}"), simple('a')],
      [run('return {double=3.5}'), double(3.5)],
      [run("return {big_number='123'}"), big('123')],
      [run("return {verbatim_string={format='txt',string='abc'}}"), verbatim('abc')],
      [run("return {verbatim_string={format='txt'}}"), []],
      [run('return {map={a=1}}'), map(['a', 1])],
      [run('return {set={a=true}}'), { kind: 'set', items: ['a'] }],
      [run('return {map={[1]={true,false}}}'), map([1, [1, null]])],
    ],
  },
  {
    name: 'a script that has asked for RESP3 answers booleans',
    steps: [
      [run('redis.setresp(3) return true'), boolean(true)],
      [run('redis.setresp(3) return false'), boolean(false)],
      [run('redis.setresp(3) return {false,1}'), [boolean(false), 1]],
      [run('return false'), null],
      failed('redis.setresp(4)', 'ERR RESP version must be 2 or 3.'),
      failed('redis.setresp()', 'ERR redis.setresp() requires one argument.'),
    ],
  },
  {
    name: 'replies of commands as values of Lua',
    steps: [
      [run("return redis.call('SET','s','v')"), OK],
      [run("return redis.call('SET','s','v').ok"), 'OK'],
      [run("return redis.call('get','s')"), 'v'],
      [run("return redis.call('get','none') == false"), 1],
      [run("return redis.call('incr','n') + 1"), 2],
      [run("return redis.call('rpush','l','a','b','c')"), 3],
      [run("return redis.call('lrange','l',0,-1)"), ['a', 'b', 'c']],
      [run("return #redis.call('lrange','l',0,-1)"), 3],
      [run("return redis.call('lpop','none',2) == false"), 1],
      [run("redis.setresp(3) return redis.call('get','none') == nil"), boolean(true)],
      [run("redis.call('hset','h','f','v') redis.setresp(3) return redis.call('hgetall','h').map.f"), 'v'],
      [
        run(
          "redis.call('zadd','z','1.5','m') redis.setresp(3) return tostring(redis.call('zscore','z','m').double)",
        ),
        '1.5',
      ],
      [run("return redis.call('zscore','z','m')"), '1.5'],
      [
        run("redis.call('sadd','t','m') redis.setresp(3) return redis.call('smembers','t').set.m"),
        boolean(true),
      ],
      [run("redis.setresp(3) return redis.call('mget','none','s')"), []],
    ],
  },
  {
    name: 'arguments of commands are strings and numbers',
    referenceSince: '7.2.0',
    steps: [
      [run("redis.call('set','k',1.5) return redis.call('get','k')"), '1.5'],
      [run("redis.call('set','k',1e15) return redis.call('get','k')"), '1e+15'],
      [run("redis.call('set','k',100000000) return redis.call('get','k')"), '1e+8'],
      [run("redis.call('set','k',10000000) return redis.call('get','k')"), '10000000'],
      [run("redis.call('set','k',123456789) return redis.call('get','k')"), '123456789'],
      [run("redis.call('set','k',2^53) return redis.call('get','k')"), '9007199254740992'],
      [run("redis.call('set','k',-0) return redis.call('get','k')"), '-0'],
      [run("redis.call('set','k',1/0) return redis.call('get','k')"), 'inf'],
      [run("redis.call('set','k',0.1) return redis.call('get','k')"), '0.1'],
      [run("redis.call('set','k',1e-7) return redis.call('get','k')"), '1e-7'],
      [run("redis.call('set','k',-12345) return redis.call('get','k')"), '-12345'],
      [run("redis.call('set','k',ARGV[1]) return redis.call('strlen','k')", 'x'.repeat(100_000)), 100_000],
      failed("redis.call('set','k',{})", 'ERR Lua redis lib command arguments must be strings or integers'),
      failed("redis.call('set','k',nil)", 'ERR Lua redis lib command arguments must be strings or integers'),
      failed("redis.call('set','k',true)", 'ERR Lua redis lib command arguments must be strings or integers'),
      failed('redis.call()', 'ERR Please specify at least one argument for this redis lib call'),
      [
        run('return redis.pcall()'),
        error('ERR Please specify at least one argument for this redis lib call'),
      ],
    ],
  },
  {
    name: 'errors of commands',
    steps: [
      ['SET s v', OK],
      failed("redis.call('nosuch')", 'ERR Unknown Redis command called from script'),
      failed("redis.call('set','k')", 'ERR Wrong number of args calling Redis command from script'),
      failed("redis.call('config','nosuch')", 'ERR Unknown Redis command called from script'),
      failed("redis.call('config')", 'ERR Wrong number of args calling Redis command from script'),
      failed("redis.call('eval','return 1','0')", 'ERR This Redis command is not allowed from script'),
      failed("redis.call('subscribe','c')", 'ERR This Redis command is not allowed from script'),
      failed("redis.call('script','flush')", 'ERR This Redis command is not allowed from script'),
      failed(
        "\nlocal function f()\n return redis.call('lpush','s','x') end\nreturn f()",
        'WRONGTYPE Operation against a key holding the wrong kind of value',
        3,
      ),
      [
        run("return redis.pcall('lpush','s','x')"),
        error('WRONGTYPE Operation against a key holding the wrong kind of value'),
      ],
      [
        run("return {redis.pcall('lpush','s','x'), 5}"),
        [error('WRONGTYPE Operation against a key holding the wrong kind of value'), 5],
      ],
      [
        run(
          "local e = redis.pcall('lpush','s','x') return {e.err, tostring(e.ignore_error_stats_update), e.line == nil}",
        ),
        ['WRONGTYPE Operation against a key holding the wrong kind of value', 'true', 1],
      ],
      [
        run("return {pcall(redis.call,'set','k')}"),
        [null, 'ERR Wrong number of args calling Redis command from script'],
      ],
      [run("return {pcall(error,{err='x',a=1})}"), [null, 'x']],
      [run('return {pcall(error,{a=1})}'), [null, []]],
    ],
  },
  {
    name: 'errors of scripts',
    steps: [
      failed("error('boo')", 'ERR user_script:1: boo'),
      failed("error('boo',0)", 'ERR boo'),
      failed('error()', 'ERR nil'),
      failed('error(5)', 'ERR user_script:1: 5'),
      failed('error(true)', 'ERR true'),
      failed("error({err='MY own'})", 'MY own'),
      failed("error({err='MY own', line=7})", 'MY own'),
      failed(
        '\n\nlocal x = nil\nreturn x.y',
        "ERR user_script:4: attempt to index local 'x' (a nil value)",
        4,
      ),
      failed('local t = {} return t.a.b', "ERR user_script:1: attempt to index field 'a' (a nil value)"),
      [
        run('retur n'),
        error("ERR Error compiling script (new function): user_script:1: '=' expected near 'n'"),
      ],
      [
        ['SCRIPT', 'LOAD', 'ret urn'],
        error("ERR Error compiling script (new function): user_script:1: '=' expected near 'urn'"),
      ],
    ],
  },
  {
    name: 'redis.error_reply and redis.status_reply',
    steps: [
      [run("return redis.error_reply('MY error')"), error('MY error')],
      [run("return redis.error_reply('-MY error')"), error('MY error')],
      [run("return redis.error_reply('error')"), error('ERR error')],
      [run("return redis.error_reply('')"), error('ERR ')],
      [run('return redis.error_reply(1)'), error('ERR wrong number or type of arguments')],
      [run("return redis.error_reply('a','b')"), error('ERR wrong number or type of arguments')],
      [run("return redis.status_reply('fine')"), simple('fine')],
      [run('return redis.status_reply()'), error('ERR wrong number or type of arguments')],
    ],
  },
  {
    name: 'the rest of the table redis',
    steps: [
      [run("return redis.sha1hex('a')"), '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
      [run('return redis.sha1hex(5)'), 'ac3478d69a3c81fa62e60f5c3696165a4e5e6ac4'],
      failed('redis.sha1hex()', 'ERR wrong number of arguments'),
      failed('redis.log(1)', 'ERR redis.log() requires two arguments or more.'),
      failed("redis.log('x','y')", 'ERR First argument must be a number (log level).'),
      failed("redis.log(9,'y')", 'ERR Invalid debug level.'),
      [run("return redis.log(redis.LOG_DEBUG,'y',{},5)"), null],
      failed('redis.set_repl()', 'ERR redis.set_repl() requires one argument.'),
      failed(
        'redis.set_repl(7)',
        'ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.',
      ),
      [run('return redis.set_repl(redis.REPL_ALL)'), null],
      [run('return redis.replicate_commands()'), 1],
      [run('return redis.breakpoint()'), null],
      [run("return redis.debug('x')"), null],
      [run("return redis.acl_check_cmd('get','x')"), 1],
      failed("redis.acl_check_cmd('nosuch')", 'ERR Invalid command passed to redis.acl_check_cmd()'),
      failed('redis.acl_check_cmd()', 'ERR Please specify at least one argument for this redis lib call'),
      [
        run(
          'return {redis.REDIS_VERSION_NUM,redis.LOG_DEBUG,redis.LOG_VERBOSE,redis.LOG_NOTICE,redis.LOG_WARNING,redis.REPL_ALL,redis.REPL_AOF,redis.REPL_SLAVE,redis.REPL_REPLICA,redis.REPL_NONE}',
        ),
        [459268, 0, 1, 2, 3, 3, 1, 2, 2, 0],
      ],
      [run('return redis.REDIS_VERSION'), '7.2.4'],
    ],
    referenceSince: '7.2.4',
  },
  {
    name: 'a script finds these globals and no others',
    steps: [
      [
        run("local t={} for k in pairs(_G) do t[#t+1]=k end table.sort(t) return table.concat(t,' ')"),
        'ARGV KEYS _G _VERSION __redis__err__handler assert bit cjson cmsgpack collectgarbage coroutine error gcinfo getfenv getmetatable ipairs load loadstring math newproxy next pairs pcall rawequal rawget rawset redis select setfenv setmetatable string struct table tonumber tostring type unpack xpcall',
      ],
      [
        run("local t={} for k in pairs(redis) do t[#t+1]=k end table.sort(t) return table.concat(t,' ')"),
        'LOG_DEBUG LOG_NOTICE LOG_VERBOSE LOG_WARNING REDIS_VERSION REDIS_VERSION_NUM REPL_ALL REPL_AOF REPL_NONE REPL_REPLICA REPL_SLAVE acl_check_cmd breakpoint call debug error_reply log pcall replicate_commands set_repl setresp sha1hex status_reply',
      ],
      failed('return x', "ERR user_script:1: Script attempted to access nonexistent global variable 'x'"),
      failed(
        'return os.clock()',
        "ERR user_script:1: Script attempted to access nonexistent global variable 'os'",
      ),
      failed(
        "print('a')",
        "ERR user_script:1: Script attempted to access nonexistent global variable 'print'",
      ),
      [run('return redis.x'), null],
      [run('return string.x'), null],
    ],
    referenceSince: '7.2.4',
  },
  {
    name: 'what scripts share cannot be changed',
    steps: [
      failed('x = 1', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed('function f() end', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed('KEYS = {}', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed('redis.x = 1', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed('redis.call = nil', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed("rawset(_G,'x',1)", 'ERR Attempt to modify a readonly table'),
      failed('setmetatable(_G,nil)', 'ERR Attempt to modify a readonly table'),
      failed('getmetatable(_G).__index = nil', 'ERR user_script:1: Attempt to modify a readonly table'),
      failed('string.len = 1', 'ERR user_script:1: Attempt to modify a readonly table'),
      [
        run('return {pcall(function() x = 1 end)}'),
        [null, 'user_script:1: Attempt to modify a readonly table'],
      ],
    ],
  },
  {
    name: 'what all strings share cannot be changed either',
    steps: [
      failed("getmetatable('').__index = nil", 'ERR user_script:1: Attempt to modify a readonly table'),
      [run("return ('x'):rep(3)"), 'xxx'],
    ],
    not: { reference: 'there it can, and every script that comes later finds it changed' },
  },
  {
    name: 'the first line of a script',
    steps: [
      [run('#!lua\nreturn 1'), 1],
      [run('#!lua flags=\nreturn 1'), 1],
      [run('#!lua'), error('ERR Invalid script shebang')],
      [run('#!\nreturn 1'), error('ERR Unexpected engine in script shebang: #!')],
      [run('#!LUA\nreturn 1'), error('ERR Unexpected engine in script shebang: #!LUA')],
      [run("#!lua 'x\nreturn 1"), error('ERR Invalid engine in script shebang')],
      [run('#!lua name=x\nreturn 1'), error('ERR Unknown lua shebang option: name=x')],
      [run('#!lua flags=bad\nreturn 1'), error('ERR Unexpected flag in script shebang: bad')],
      [run('#!lua flags=no-writes,,allow-oom\nreturn 1'), error('ERR Unexpected flag in script shebang: ')],
      [run('#!lua flags=no-writes,allow-oom,allow-stale,no-cluster,allow-cross-slot-keys\nreturn 1'), 1],
      failed(
        "#!lua flags=no-writes\nreturn redis.call('set','k','v')",
        'ERR Write commands are not allowed from read-only scripts.',
        2,
      ),
      failed('#!lua\nerror("x")', 'ERR user_script:2: x', 2),
    ],
  },
  {
    name: 'the forms that only read',
    steps: [
      [['EVAL_RO', "return redis.call('get','k')", '1', 'k'], null],
      [
        ['EVAL_RO', "return redis.call('set','k','v')", '1', 'k'],
        error(
          `ERR Write commands are not allowed from read-only scripts. script: ${digest("return redis.call('set','k','v')")}, on @user_script:1.`,
        ),
      ],
      [
        ['EVAL_RO', "return redis.call('pfcount','k')", '1', 'k'],
        error(
          `ERR Write commands are not allowed from read-only scripts. script: ${digest("return redis.call('pfcount','k')")}, on @user_script:1.`,
        ),
      ],
      [
        ['EVAL_RO', '#!lua\nreturn 1', '0'],
        error('ERR Can not execute a script with write flag using *_ro command.'),
      ],
      [['EVAL_RO', '#!lua flags=no-writes\nreturn 1', '0'], 1],
      [['SCRIPT', 'LOAD', 'return 7'], digest('return 7')],
      [['EVALSHA_RO', digest('return 7'), '0'], 7],
    ],
  },
  {
    name: 'scripts are cached by their digest',
    steps: [
      [
        ['SCRIPT', 'EXISTS', digest('return 1'), 'x'],
        [0, 0],
      ],
      [['SCRIPT', 'LOAD', 'return 1'], digest('return 1')],
      [['SCRIPT', 'LOAD', 'return 1'], digest('return 1')],
      [
        ['SCRIPT', 'EXISTS', digest('return 1').toUpperCase(), digest('return 2')],
        [1, 0],
      ],
      [['EVALSHA', digest('return 1').toUpperCase(), '0'], 1],
      [run('return 2'), 2],
      [['EVALSHA', digest('return 2'), '0'], 2],
      [['SCRIPT', 'FLUSH', 'x'], error('ERR SCRIPT FLUSH only support SYNC|ASYNC option')],
      [['SCRIPT', 'FLUSH', 'SYNC', 'x'], error('ERR SCRIPT FLUSH only support SYNC|ASYNC option')],
      [['SCRIPT', 'FLUSH', 'async'], OK],
      [['EVALSHA', digest('return 1'), '0'], error('NOSCRIPT No matching script. Please use EVAL.')],
      [['SCRIPT', 'EXISTS', digest('return 2')], [0]],
      [run('return 2'), 2],
      ['SCRIPT FLUSH', OK],
      ['SCRIPT FLUSH sync', OK],
    ],
  },
  {
    name: 'SCRIPT has these subcommands',
    steps: [
      ['SCRIPT', error("ERR wrong number of arguments for 'script' command")],
      ['SCRIPT foo', error("ERR unknown subcommand 'foo'. Try SCRIPT HELP.")],
      ['SCRIPT KILL', error('NOTBUSY No scripts in execution right now.')],
      ['SCRIPT KILL x', error("ERR wrong number of arguments for 'script|kill' command")],
    ],
  },
  {
    name: 'a pause of writes lets scripts through that do not write',
    steps: [
      [['SCRIPT', 'LOAD', '#!lua flags=no-writes\nreturn 3'], digest('#!lua flags=no-writes\nreturn 3')],
      ['CLIENT PAUSE 100000 WRITE', OK],
      [run('#!lua flags=no-writes\nreturn 1'), 1],
      [['EVAL_RO', 'return 2', '0'], 2],
      [['EVALSHA', digest('#!lua flags=no-writes\nreturn 3'), '0'], 3],
      ['CLIENT UNPAUSE', OK],
    ],
  },
  {
    name: 'SELECT in a script is for the script alone',
    steps: [
      [run("redis.call('select','5') return redis.call('set','k','five')"), OK],
      ['GET k', null],
      [run("redis.call('select','5') return redis.call('get','k')"), 'five'],
      [run("return redis.call('get','k')"), null],
    ],
  },
  {
    name: 'nothing waits in a script',
    referenceSince: '7.2.0',
    steps: [
      [run("return redis.call('blpop','q','0')"), null],
      [run("return redis.call('brpoplpush','q','r','0')"), null],
      [run("return redis.call('bzpopmin','q','0')"), null],
      failed(
        "return redis.call('xread','block','0','streams','q','$')",
        'ERR xread command is not allowed with BLOCK option from scripts',
      ),
    ],
  },
  {
    name: 'time stands still in a script',
    referenceSince: '7.2.0',
    steps: [
      [
        run(
          "redis.call('set','k','v','px','1') local t=redis.call('time') for i=1,2000000 do end local u=redis.call('time') return {t[1]==u[1],t[2]==u[2],redis.call('get','k')}",
        ),
        [1, 1, 'v'],
      ],
    ],
  },
];
