// CONFIG: requests and replies. What each directive takes is in test/config.

import type { CommandCase } from '../support/case.ts';
import { error, map, OK, unorderedMap } from '../support/expected.ts';

const SYNTAX = error('ERR syntax error');
const unknown = (name: string) =>
  error(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`);
const failed = (name: string, reason: string) =>
  error(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);

export const cases: CommandCase[] = [
  {
    name: 'CONFIG GET shows each match once, under the name that was asked for',
    steps: [
      ['CONFIG GET maxmemory', map(['maxmemory', '0'])],
      ['config get MaxMemory', map(['MaxMemory', '0'])],
      ['CONFIG GET nosuch', map()],
      ['CONFIG GET nosuch*', map()],
      ['CONFIG GET maxmemory nosuch maxmemory', map(['maxmemory', '0'])],
      ['CONFIG GET maxmemory-s* hz', unorderedMap(['maxmemory-samples', '5'], ['hz', '10'])],
      ['CONFIG GET', error("ERR wrong number of arguments for 'config|get' command")],
    ],
  },
  {
    name: 'CONFIG SET changes several directives at once, or none',
    steps: [
      ['CONFIG SET maxmemory-samples 7 hz 20', OK],
      ['CONFIG GET maxmemory-samples', map(['maxmemory-samples', '7'])],
      ['CONFIG GET hz', map(['hz', '20'])],
      ['CONFIG SET maxmemory-samples 8 nosuch 1', unknown('nosuch')],
      ['CONFIG SET maxmemory-samples 8 maxmemory x', failed('maxmemory', 'argument must be a memory value')],
      ['CONFIG GET maxmemory-samples', map(['maxmemory-samples', '7'])],
      ['CONFIG SET hz 10 hz 20', failed('hz', 'duplicate parameter')],
      ['CONFIG SET databases 3', failed('databases', "can't set immutable config")],
      ['CONFIG SET hz 10 maxmemory', SYNTAX],
      ['CONFIG SET hz', error("ERR wrong number of arguments for 'config|set' command")],
    ],
  },
  {
    name: 'CONFIG REWRITE needs a file',
    steps: [['CONFIG REWRITE', error('ERR The server is running without a config file')]],
    not: { reference: 'it is started with a file' },
  },
  {
    name: 'CONFIG refuses what it does not know',
    steps: [
      ['CONFIG nosuch', error("ERR unknown subcommand 'nosuch'. Try CONFIG HELP.")],
      ['CONFIG', error("ERR wrong number of arguments for 'config' command")],
      ['CONFIG RESETSTAT x', error("ERR wrong number of arguments for 'config|resetstat' command")],
    ],
  },
];
