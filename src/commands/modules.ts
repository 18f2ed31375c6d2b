// MODULE: modules are libraries for the C server, which cannot be loaded here. There are none to list, and loading one fails
// as it does in Redis where the library is not to be had.

import { arg, type Command, type CommandSpec, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { MODULE_NOT_LOADED, moduleNotUnloaded } from '../resp/errors.ts';

const GROUP = 'server';
const NO_SUCH_MODULE = 'no such module with that name';

// What the subcommands have in common that change something.
const changing = (
  spec: Pick<CommandSpec, 'name' | 'since' | 'summary' | 'arity' | 'args' | 'run'>,
): Command =>
  command({
    group: GROUP,
    complexity: 'O(1)',
    flags: ['admin', 'noscript', 'protected', 'no_async_loading'],
    enabledBy: 'enable-module-command',
    ...spec,
  });

export const module = command({
  name: 'module',
  since: '4.0.0',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about modules.',
  arity: -2,
  flags: [],
  help: [
    'LIST',
    '    List the modules that are loaded: there are none.',
    'LOAD <path> [<arg> ...]',
    '    Load a module; it fails here.',
    'LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]',
    '    The same with settings of the module.',
    'UNLOAD <name>',
    '    Unload a module.',
  ],
  subcommands: [
    helpSubcommand({ since: '5.0.0', group: GROUP }),
    command({
      name: 'list',
      since: '4.0.0',
      group: GROUP,
      complexity: 'O(N) where N is the number of modules',
      summary: 'Lists the modules that are loaded.',
      arity: 2,
      flags: ['admin', 'noscript'],
      tips: ['nondeterministic_output_order'],
      run: ({ reply }) => reply.array(0),
    }),
    changing({
      name: 'load',
      since: '4.0.0',
      summary: 'Loads a module.',
      arity: -3,
      args: [arg.string('path'), arg.string('arg', { optional: true, multiple: true })],
      run: refuse,
    }),
    changing({
      name: 'loadex',
      since: '7.0.0',
      summary: 'Loads a module with settings of its own.',
      arity: -3,
      args: [
        arg.string('path'),
        arg.block('configs', [arg.string('name'), arg.string('value')], {
          token: 'CONFIG',
          optional: true,
          multiple: true,
          multipleToken: true,
        }),
        arg.string('args', { token: 'ARGS', optional: true, multiple: true }),
      ],
      run: refuse,
    }),
    changing({
      name: 'unload',
      since: '4.0.0',
      summary: 'Unloads a module.',
      arity: 3,
      args: [arg.string('name')],
      run({ args, server }) {
        server.log.warning(`Error unloading module ${args.string(2)}: ${NO_SUCH_MODULE}`);
        throw moduleNotUnloaded(NO_SUCH_MODULE);
      },
    }),
  ],
});

function refuse({ args, server }: CommandContext): void {
  server.log.warning(`Module ${args.string(2)} failed to load: there are no modules for this server`);
  throw MODULE_NOT_LOADED;
}
