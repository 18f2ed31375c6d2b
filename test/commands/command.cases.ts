// COMMAND and its subcommands. That every command says the right things of itself is in engine/command-metadata.test.ts;
// here are the shapes of the replies and the finding of keys.

import type { CommandCase } from '../support/case.ts';
import { type Expected, error, map, matching, set, simple, unordered } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const words = (...names: string[]): Expected => set(...names.map(simple));
const PROSE = matching(/^[A-Z`].{5,}/);

const index = (at: number) => map(['type', 'index'], ['spec', map(['index', at])]);
const range = (lastkey: number, keystep: number, limit: number) =>
  map(['type', 'range'], ['spec', map(['lastkey', lastkey], ['keystep', keystep], ['limit', limit])]);

const keysOf = (request: string, keys: Expected): [string, Expected] => [`COMMAND GETKEYS ${request}`, keys];
const flagsOf = (request: string, ...keys: [string, ...string[]][]): [string, Expected] => [
  `COMMAND GETKEYSANDFLAGS ${request}`,
  keys.map(([key, ...flags]) => [key, words(...flags)]),
];

export const cases: CommandCase[] = [
  {
    name: 'COMMAND INFO describes a command with a key',
    steps: [
      [
        'COMMAND INFO get',
        [
          [
            'get',
            2,
            words('readonly', 'fast'),
            1,
            1,
            1,
            words('@read', '@string', '@fast'),
            set(),
            set(
              map(
                ['flags', words('RO', 'access')],
                ['begin_search', index(1)],
                ['find_keys', range(0, 1, 0)],
              ),
            ),
            set(),
          ],
        ],
      ],
    ],
  },
  {
    name: 'COMMAND INFO describes subcommands, and those that do not exist as null',
    referenceSince: '7.2',
    steps: [
      [
        'COMMAND INFO config|rewrite nosuch GET|x config|get|x CONFIG|',
        [
          [
            'config|rewrite',
            2,
            words('admin', 'noscript', 'loading', 'stale'),
            0,
            0,
            0,
            words('@admin', '@slow', '@dangerous'),
            set('request_policy:all_nodes', 'response_policy:all_succeeded'),
            set(),
            set(),
          ],
          null,
          null,
          null,
          null,
        ],
      ],
    ],
  },
  {
    name: 'COMMAND DOCS describes commands, in its own words where it is prose',
    referenceSince: '7.2',
    steps: [
      [
        'COMMAND DOCS get nosuch CONFIG|SET',
        map(
          [
            'get',
            map(
              ['summary', PROSE],
              ['since', '1.0.0'],
              ['group', 'string'],
              ['complexity', 'O(1)'],
              [
                'arguments',
                [map(['name', 'key'], ['type', 'key'], ['display_text', 'key'], ['key_spec_index', 0])],
              ],
            ),
          ],
          [
            'config|set',
            map(
              ['summary', PROSE],
              ['since', '2.0.0'],
              ['group', 'server'],
              ['complexity', PROSE],
              ['history', set(['7.0.0', PROSE])],
              [
                'arguments',
                [
                  map(
                    ['name', 'data'],
                    ['type', 'block'],
                    ['flags', words('multiple')],
                    [
                      'arguments',
                      [
                        map(['name', 'parameter'], ['type', 'string'], ['display_text', 'parameter']),
                        map(['name', 'value'], ['type', 'string'], ['display_text', 'value']),
                      ],
                    ],
                  ),
                ],
              ],
            ),
          ],
        ),
      ],
      [
        'COMMAND DOCS debug',
        map([
          'debug',
          map(
            ['summary', PROSE],
            ['since', '1.0.0'],
            ['group', 'server'],
            ['complexity', 'Depends on subcommand.'],
            ['doc_flags', words('syscmd')],
          ),
        ]),
      ],
      ['COMMAND DOCS nosuch', map()],
    ],
  },
  {
    name: 'COMMAND LIST filters',
    steps: [
      ['COMMAND LIST FILTERBY PATTERN get', ['get']],
      ['command list filterby pattern GET', ['get']],
      [
        'COMMAND LIST FILTERBY PATTERN config|*',
        unordered('config|get', 'config|help', 'config|resetstat', 'config|rewrite', 'config|set'),
      ],
      ['COMMAND LIST FILTERBY PATTERN nosuch*', []],
      ['COMMAND LIST FILTERBY ACLCAT nosuch', []],
      ['COMMAND LIST FILTERBY MODULE nosuch', []],
      ['COMMAND LIST FILTERBY', SYNTAX],
      ['COMMAND LIST FILTERBY PATTERN', SYNTAX],
      ['COMMAND LIST FILTERBY nosuch x', SYNTAX],
      ['COMMAND LIST PATTERN get', SYNTAX],
      ['COMMAND LIST FILTERBY PATTERN get FILTERBY PATTERN set', SYNTAX],
    ],
  },
  {
    name: 'COMMAND GETKEYS finds keys by place',
    steps: [
      keysOf('get key', ['key']),
      keysOf('GETRANGE key 0 1', ['key']),
      keysOf('mset a 1 b 2 c 3', ['a', 'b', 'c']),
      keysOf('mset a 1 b', ['a', 'b']),
      keysOf('lcs a b', ['a', 'b']),
      keysOf('memory usage key', ['key']),
      keysOf('object encoding key', ['key']),
      keysOf('set key value EX 10 GET', ['key']),
    ],
  },
  {
    name: 'COMMAND GETKEYS refuses what has no keys or is no request',
    referenceSince: '7.2',
    steps: [
      ['COMMAND GETKEYS', error("ERR wrong number of arguments for 'command|getkeys' command")],
      ['COMMAND GETKEYS nosuch a', error('ERR Invalid command specified')],
      ['COMMAND GETKEYS config nosuch', error('ERR Invalid command specified')],
      ['COMMAND GETKEYS memory|usage a', error('ERR Invalid command specified')],
      ['COMMAND GETKEYS ping', error('ERR The command has no key arguments')],
      ['COMMAND GETKEYS memory', error('ERR The command has no key arguments')],
      ['COMMAND GETKEYS command getkeys get a', error('ERR The command has no key arguments')],
      ['COMMAND GETKEYS get', error('ERR Invalid number of arguments specified for command')],
      ['COMMAND GETKEYS get a b', error('ERR Invalid number of arguments specified for command')],
    ],
  },
  {
    name: 'COMMAND GETKEYSANDFLAGS tells how each key is accessed',
    referenceSince: '7.2',
    steps: [
      flagsOf('get key', ['key', 'RO', 'access']),
      flagsOf('set key value', ['key', 'OW', 'update']),
      flagsOf('set key value GET', ['key', 'RW', 'access', 'update']),
      flagsOf('mset a 1 b 2', ['a', 'OW', 'update'], ['b', 'OW', 'update']),
      flagsOf('rename a b', ['a', 'RW', 'access', 'delete'], ['b', 'OW', 'update']),
      flagsOf('memory usage key', ['key', 'RO']),
      ['COMMAND GETKEYSANDFLAGS ping', error('ERR The command has no key arguments')],
    ],
  },
  {
    name: 'COMMAND refuses what it does not know',
    steps: [
      ['COMMAND nosuch', error("ERR unknown subcommand 'nosuch'. Try COMMAND HELP.")],
      ['COMMAND COUNT x', error("ERR wrong number of arguments for 'command|count' command")],
    ],
  },
];
