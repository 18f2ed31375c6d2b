// MODULE: there are none, and none can be loaded.

import type { CommandCase } from '../support/case.ts';
import { error } from '../support/expected.ts';

const NOT_LOADED = error('ERR Error loading the extension. Please check the server logs.');
const NOT_ALLOWED = error(
  'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.',
);

export const cases: CommandCase[] = [
  {
    name: 'MODULE lists no modules and loads none',
    config: { 'enable-module-command': 'yes' },
    referenceSince: '7.0',
    steps: [
      ['MODULE LIST', []],
      ['MODULE LOAD /nosuch.so', NOT_LOADED],
      ['MODULE LOAD /nosuch.so a b', NOT_LOADED],
      ['MODULE LOADEX /nosuch.so CONFIG a b ARGS c', NOT_LOADED],
      ['MODULE UNLOAD x', error('ERR Error unloading module: no such module with that name')],
    ],
  },
  {
    name: 'MODULE changes nothing where it is not allowed to',
    referenceSince: '7.0',
    not: { script: 'scripts may not call it at all' },
    steps: [
      ['MODULE LIST', []],
      ['MODULE LOAD /nosuch.so', NOT_ALLOWED],
      ['MODULE UNLOAD x', NOT_ALLOWED],
      ['MODULE LOAD', error("ERR wrong number of arguments for 'module|load' command")],
      ['MODULE nosuch', error("ERR unknown subcommand 'nosuch'. Try MODULE HELP.")],
    ],
  },
];
