// FUNCTION and FCALL: what a library must look like, what is said of those that are there, how functions are called.

import type { CommandCase } from '../support/case.ts';
import { error, integerBetween, map, OK, set, simple } from '../support/expected.ts';

const library = (name: string, code: string) => `#!lua name=${name}\n${code}`;
const load = (name: string, code: string) => ['FUNCTION', 'LOAD', library(name, code)];
const F = "redis.register_function('f', function(keys, args) return {keys, args} end)";
const register = (args: string) => `redis.register_function${args}`;
const refused = (args: string, message: string) =>
  [load('l', register(args)), error(`ERR Error registering functions: ERR ${message}`)] as const;
const NAMES =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long';
const unknownGlobal = (name: string) =>
  `user_function:2: Script attempted to access nonexistent global variable '${name}'`;

export const cases: CommandCase[] = [
  {
    name: 'FCALL gives a function its keys and arguments',
    steps: [
      [load('l', F), 'l'],
      [
        ['FCALL', 'f', '1', 'k', 'a', 'b'],
        [['k'], ['a', 'b']],
      ],
      ['FCALL F 0', [[], []]],
      ['FCALL_RO f 0', error('ERR Can not execute a script with write flag using *_ro command.')],
      ['FCALL nosuch 0', error('ERR Function not found')],
      ['FCALL f x', error('ERR Bad number of keys provided')],
      ['FCALL f -1', error("ERR Number of keys can't be negative")],
      ['FCALL f 1', error("ERR Number of keys can't be greater than number of args")],
      ['FCALL f', error("ERR wrong number of arguments for 'fcall' command")],
    ],
  },
  {
    name: 'the first line of a library',
    steps: [
      [['FUNCTION', 'LOAD', F], error('ERR Missing library metadata')],
      [['FUNCTION', 'LOAD', '#!lua name=l'], error('ERR Invalid library metadata')],
      [['FUNCTION', 'LOAD', '#!lua\n'], error('ERR Library name was not given')],
      [['FUNCTION', 'LOAD', '#!lua name=a-b\n'], error(`ERR ${NAMES}`)],
      [['FUNCTION', 'LOAD', '#!lua name=l flags=x\n'], error('ERR Invalid metadata value given: flags=x')],
      [
        ['FUNCTION', 'LOAD', '#!lua name=l name=l\n'],
        error('ERR Invalid metadata value, name argument was given multiple times'),
      ],
      [['FUNCTION', 'LOAD', '#!js name=l\n'], error("ERR Engine 'js' not found")],
      [['FUNCTION', 'LOAD', `#!LUA name=l\n${F}`], 'l'],
    ],
  },
  {
    name: 'FUNCTION LOAD, and what it refuses',
    steps: [
      [load('l', F), 'l'],
      [load('l', F), error("ERR Library 'l' already exists")],
      [['FUNCTION', 'LOAD', 'REPLACE', library('l', F)], 'l'],
      [load('m', F), error('ERR Function f already exists')],
      [load('m', F.replace("'f'", "'F'")), error('ERR Function F already exists')],
      [load('m', ''), error('ERR No functions registered')],
      [
        load('m', 'not lua'),
        error("ERR Error compiling function: user_function:2: unexpected symbol near 'not'"),
      ],
      [load('m', "error('boo')"), error(`ERR Error registering functions: ERR ${unknownGlobal('error')}`)],
      [
        load('m', 'local x = nil + 1'),
        error(
          'ERR Error registering functions: ERR user_function:2: attempt to perform arithmetic on a nil value',
        ),
      ],
      [['FUNCTION', 'LOAD', 'X', library('l', F)], error('ERR Unknown option given: X')],
      ['FUNCTION LOAD', error("ERR wrong number of arguments for 'function|load' command")],
      // What could not replace a library has left it as it was.
      [
        ['FUNCTION', 'LOAD', 'REPLACE', library('l', 'error()')],
        error(`ERR Error registering functions: ERR ${unknownGlobal('error')}`),
      ],
      ['FCALL f 0', [[], []]],
    ],
  },
  {
    name: 'redis.register_function, and what it refuses',
    steps: [
      refused('()', 'wrong number of arguments to redis.register_function'),
      refused("('a', 'b', 'c')", 'wrong number of arguments to redis.register_function'),
      refused(
        "('a')",
        'calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).',
      ),
      refused('({}, function() end)', 'first argument to redis.register_function must be a string'),
      refused("('a', 'b')", 'second argument to redis.register_function must be a function'),
      refused("('a b', function() end)", NAMES),
      refused(
        '{function_name={}}',
        'function_name argument given to redis.register_function must be a string',
      ),
      refused('{description={}}', 'description argument given to redis.register_function must be a string'),
      refused('{callback=1}', 'callback argument given to redis.register_function must be a function'),
      refused(
        '{flags=1}',
        'flags argument to redis.register_function must be a table representing function flags',
      ),
      refused("{flags={'x'}}", 'unknown flag given'),
      refused('{flags={{}}}', 'unknown flag given'),
      refused("{x='y'}", 'unknown argument given to redis.register_function'),
      refused('{[true]=1}', 'named argument key given to redis.register_function is not a string'),
      refused('{callback=function() end}', 'redis.register_function must get a function name argument'),
      refused("{function_name='a'}", 'redis.register_function must get a callback argument'),
      [
        load('l', `${F} ${F}`),
        error('ERR Error registering functions: ERR Function already exists in the library'),
      ],
      [
        load(
          'l',
          "redis.register_function{FUNCTION_NAME='a', Callback=function() return 1 end, FLAGS={'NO-WRITES'}}",
        ),
        'l',
      ],
      ['FCALL_RO a 0', 1],
    ],
  },
  {
    name: 'while a library is loaded, its code finds little',
    steps: [
      ...['redis.call', 'redis.setresp', 'redis.pcall'].map(
        (name) =>
          [
            load('l', `${name}('x')`),
            error(`ERR Error registering functions: ERR ${unknownGlobal(name.slice(6))}`),
          ] as const,
      ),
      [load('l', 'math.random()'), error(`ERR Error registering functions: ERR ${unknownGlobal('math')}`)],
      [load('l', 'tostring(1)'), error(`ERR Error registering functions: ERR ${unknownGlobal('tostring')}`)],
      [
        load('l', 'x = 1'),
        error('ERR Error registering functions: ERR user_function:2: Attempt to modify a readonly table'),
      ],
      [load('l', `redis.log(redis.LOG_DEBUG, redis.REDIS_VERSION, redis.REDIS_VERSION_NUM) ${F}`), 'l'],
    ],
  },
  {
    name: 'functions share what their library keeps, and nothing else',
    steps: [
      [
        load(
          'l',
          "local n = 0 redis.register_function('up', function() n = n + 1 return n end) redis.register_function('see', function() return n end)",
        ),
        'l',
      ],
      ['FCALL up 0', 1],
      ['FCALL up 0', 2],
      ['FCALL see 0', 2],
      [
        load(
          'm',
          "redis.register_function('set', function() x = 1 end) redis.register_function('get', function() return x end)",
        ),
        'm',
      ],
      [
        'FCALL set 0',
        error('ERR user_function:2: Attempt to modify a readonly table script: set, on @user_function:2.'),
      ],
      ['FCALL get 0', error(`ERR ${unknownGlobal('x')} script: get, on @user_function:2.`)],
      [load('n', "redis.register_function('keys', function() return KEYS end)"), 'n'],
      ['FCALL keys 0', error(`ERR ${unknownGlobal('KEYS')} script: keys, on @user_function:2.`)],
      [
        load(
          'o',
          "redis.register_function('late', function() return redis.register_function('x', function() end) end)",
        ),
        'o',
      ],
      [
        'FCALL late 0',
        error(
          "ERR user_function:2: attempt to call field 'register_function' (a nil value) script: late, on @user_function:2.",
        ),
      ],
      [
        load(
          'p',
          "redis.register_function('call', function(keys) return redis.call('set', keys[1], math.floor(2.5)) end)",
        ),
        'p',
      ],
      ['FCALL call 1 k', OK],
      ['GET k', '2'],
    ],
  },
  {
    name: 'what the flags of a function forbid',
    steps: [
      [
        load(
          'l',
          "redis.register_function{function_name='f', callback=function() return redis.call('set','k','v') end, flags={'no-writes'}}",
        ),
        'l',
      ],
      [
        'FCALL f 0',
        error('ERR Write commands are not allowed from read-only scripts. script: f, on @user_function:2.'),
      ],
    ],
  },
  {
    name: 'FUNCTION LIST',
    steps: [
      ['FUNCTION LIST', []],
      [
        load(
          'lib',
          "redis.register_function{function_name='f', callback=function() end, description='does nothing', flags={'allow-stale','no-writes'}}",
        ),
        'lib',
      ],
      [
        'FUNCTION LIST',
        [
          map(
            ['library_name', 'lib'],
            ['engine', 'LUA'],
            [
              'functions',
              [
                map(
                  ['name', 'f'],
                  ['description', 'does nothing'],
                  ['flags', set(simple('no-writes'), simple('allow-stale'))],
                ),
              ],
            ],
          ),
        ],
      ],
      ['FUNCTION LIST LIBRARYNAME x*', []],
      [
        'function list withcode libraryname L?B',
        [
          map(
            ['library_name', 'lib'],
            ['engine', 'LUA'],
            [
              'functions',
              [
                map(
                  ['name', 'f'],
                  ['description', 'does nothing'],
                  ['flags', set(simple('no-writes'), simple('allow-stale'))],
                ),
              ],
            ],
            [
              'library_code',
              library(
                'lib',
                "redis.register_function{function_name='f', callback=function() end, description='does nothing', flags={'allow-stale','no-writes'}}",
              ),
            ],
          ),
        ],
      ],
      ['FUNCTION LIST LIBRARYNAME', error('ERR library name argument was not given')],
      ['FUNCTION LIST x', error('ERR Unknown argument x')],
      ['FUNCTION LIST WITHCODE WITHCODE', error('ERR Unknown argument WITHCODE')],
    ],
  },
  {
    name: 'FUNCTION DELETE and FLUSH',
    steps: [
      [load('l', F), 'l'],
      ['FUNCTION DELETE L', error('ERR Library not found')],
      ['FUNCTION DELETE l', OK],
      ['FCALL f 0', error('ERR Function not found')],
      [load('l', F), 'l'],
      ['FUNCTION FLUSH x', error('ERR FUNCTION FLUSH only supports SYNC|ASYNC option')],
      [
        'FUNCTION FLUSH SYNC x',
        error("ERR unknown subcommand or wrong number of arguments for 'FLUSH'. Try FUNCTION HELP."),
      ],
      ['FUNCTION FLUSH ASYNC', OK],
      ['FUNCTION LIST', []],
      ['FUNCTION FLUSH SYNC', OK],
      [load('l', F), 'l'],
      ['FUNCTION FLUSH', OK],
      ['FUNCTION LIST', []],
      [load('l', F), 'l'],
      ['FLUSHALL', OK],
      ['FCALL f 0', [[], []]],
    ],
  },
  {
    name: 'FUNCTION STATS and KILL',
    steps: [
      [load('l', F), 'l'],
      [
        'FUNCTION STATS',
        map(
          ['running_script', null],
          ['engines', map(['LUA', map(['libraries_count', 1], ['functions_count', 1])])],
        ),
      ],
      ['FUNCTION KILL', error('NOTBUSY No scripts in execution right now.')],
      ['FUNCTION nosuch', error("ERR unknown subcommand 'nosuch'. Try FUNCTION HELP.")],
    ],
  },
  {
    name: 'FUNCTION RESTORE refuses what is no payload',
    steps: [
      ['FUNCTION RESTORE x', error('ERR DUMP payload version or checksum are wrong')],
      [
        'FUNCTION RESTORE x y',
        error('ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.'),
      ],
      [
        'FUNCTION RESTORE x y z',
        error("ERR unknown subcommand or wrong number of arguments for 'RESTORE'. Try FUNCTION HELP."),
      ],
      [
        ['FUNCTION', 'RESTORE', '\0\x01a\x0b\0\xd2\x90\xc2\x88\x18\xe1\x0f\x4e'],
        error('ERR DUMP payload version or checksum are wrong'),
      ],
      ['FUNCTION DELETE', error("ERR wrong number of arguments for 'function|delete' command")],
    ],
  },
  {
    name: 'a function that takes some time is timed',
    steps: [
      [
        load(
          'l',
          "redis.register_function('f', function() local n = 0 for i = 1, 1000 do n = n + 1 end return n end)",
        ),
        'l',
      ],
      ['FCALL f 0', integerBetween(1000, 1000)],
    ],
  },
];
