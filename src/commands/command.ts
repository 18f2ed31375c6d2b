// COMMAND: the commands of this server, described to clients. The replies are derived from the specs; how they are laid
// out is in command-info.ts and command-docs.ts.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { globMatch } from '../base/glob.ts';
import { ACL_CATEGORIES, aclCategories } from '../engine/acl-categories.ts';
import {
  arg,
  COMMAND_FLAG,
  type Command,
  type CommandSpec,
  command as declare,
} from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { hasKeys, keysOf } from '../engine/key-extraction.ts';
import { Arguments } from '../resp/arguments.ts';
import {
  INVALID_ARGUMENT_COUNT,
  INVALID_COMMAND,
  INVALID_COMMAND_ARGUMENTS,
  NO_KEY_ARGUMENTS,
  SYNTAX,
} from '../resp/errors.ts';
import { writeDocsByName } from './command-docs.ts';
import { writeCommandInfo, writeKeyFlags } from './command-info.ts';

type Subcommand = Pick<CommandSpec, 'name' | 'since' | 'complexity' | 'summary' | 'arity' | 'run'> &
  Partial<CommandSpec>;

const subcommand = (spec: Subcommand): Command =>
  declare({ group: 'server', flags: ['loading', 'stale'], acl: ['connection'], ...spec });

const ANY_ORDER = ['nondeterministic_output_order'];

export const command = declare({
  name: 'command',
  since: '2.8.13',
  group: 'server',
  complexity: 'O(N) where N is the number of commands',
  summary: 'Describes every command.',
  arity: -1,
  flags: ['loading', 'stale'],
  acl: ['connection'],
  tips: ANY_ORDER,
  run: ({ reply, server }) => {
    reply.array(server.table.commands.size);
    for (const one of server.table.commands.values()) writeCommandInfo(reply, one);
  },
  help: [
    '(no subcommand)',
    '    Describe every command.',
    'COUNT',
    '    Count the commands.',
    'LIST [FILTERBY (MODULE <module>|ACLCAT <category>|PATTERN <pattern>)]',
    '    List the names of all commands and subcommands, or of some.',
    'INFO [<command-name> ...]',
    '    Describe the named commands, or all of them.',
    'DOCS [<command-name> ...]',
    '    Show the documentation of the named commands, or of all of them.',
    'GETKEYS <full-command>',
    '    Show the keys in a request.',
    'GETKEYSANDFLAGS <full-command>',
    '    Show the keys in a request and how each is accessed.',
  ],
  subcommands: [
    subcommand({
      name: 'count',
      since: '2.8.13',
      complexity: 'O(1)',
      summary: 'Counts the commands.',
      arity: 2,
      run: ({ reply, server }) => reply.integer(server.table.commands.size),
    }),
    subcommand({
      name: 'docs',
      since: '7.0.0',
      complexity: 'O(N) where N is the number of commands asked for',
      summary: 'Shows the documentation of commands.',
      arity: -2,
      tips: ANY_ORDER,
      args: [arg.string('command-name', { optional: true, multiple: true })],
      run: ({ args, reply, server }) => {
        const names = args.strings(2);
        const asked =
          names.length === 0
            ? [...server.table.commands.values()]
            : names.map((name) => server.table.get(name)).filter((one) => one !== null);
        writeDocsByName(reply, asked);
      },
    }),
    subcommand({
      name: 'getkeys',
      since: '2.8.13',
      complexity: 'O(N) where N is the number of arguments of the request',
      summary: 'Finds the keys in a request.',
      arity: -3,
      args: [arg.string('command'), arg.string('arg', { optional: true, multiple: true })],
      run: (ctx) => replyKeys(ctx, false),
    }),
    subcommand({
      name: 'getkeysandflags',
      since: '7.0.0',
      complexity: 'O(N) where N is the number of arguments of the request',
      summary: 'Finds the keys in a request, with how each is accessed.',
      arity: -3,
      args: [arg.string('command'), arg.string('arg', { optional: true, multiple: true })],
      run: (ctx) => replyKeys(ctx, true),
    }),
    helpSubcommand({ since: '5.0.0', group: 'server', acl: ['connection'] }),
    subcommand({
      name: 'info',
      since: '2.8.13',
      complexity: 'O(N) where N is the number of commands asked for',
      summary: 'Describes commands.',
      arity: -2,
      tips: ANY_ORDER,
      history: [['7.0.0', 'Without names all commands are described.']],
      args: [arg.string('command-name', { optional: true, multiple: true })],
      run: ({ args, reply, server }) => {
        const { table } = server;
        const names = args.strings(2);
        const asked =
          names.length === 0 ? [...table.commands.values()] : names.map((name) => table.get(name));
        reply.array(asked.length);
        for (const one of asked) writeCommandInfo(reply, one);
      },
    }),
    subcommand({
      name: 'list',
      since: '7.0.0',
      complexity: 'O(N) where N is the number of commands',
      summary: 'Lists the names of commands.',
      arity: -2,
      tips: ANY_ORDER,
      args: [
        arg.oneOf(
          'filterby',
          [
            arg.string('module-name', { token: 'MODULE' }),
            arg.string('category', { token: 'ACLCAT' }),
            arg.pattern('pattern', { token: 'PATTERN' }),
          ],
          { token: 'FILTERBY', optional: true },
        ),
      ],
      run: replyList,
    }),
  ],
});

function replyKeys({ args, reply, server }: CommandContext, withFlags: boolean): void {
  const request = Arguments.from(args.strings(2));
  const asked = commandOf(request, server.table.find(request));
  if (asked === null) throw INVALID_COMMAND;
  if (!hasKeys(asked)) throw NO_KEY_ARGUMENTS;
  if (!asked.acceptsCount(request.count)) throw INVALID_ARGUMENT_COUNT;
  const keys = keysOf(asked, request);
  if (keys.length === 0 && !asked.has(COMMAND_FLAG.no_mandatory_keys)) throw INVALID_COMMAND_ARGUMENTS;
  reply.array(keys.length);
  for (const { index, flags } of keys) {
    if (withFlags) reply.array(2);
    reply.bulkText(request.string(index));
    if (withFlags) writeKeyFlags(reply, flags);
  }
}

/** The command that a request is for, which may be a subcommand. */
function commandOf(request: Arguments, found: Command | null): Command | null {
  if (found === null || !found.isContainer || request.count === 1) return found;
  return found.subcommands.get(lowerCaseLatin1(request.string(1))) ?? null;
}

function replyList({ args, reply, server }: CommandContext): void {
  const filter = readFilter(args);
  const names: string[] = [];
  for (const top of server.table.commands.values()) {
    for (const one of [top, ...top.subcommands.values()]) if (filter(one)) names.push(one.fullName);
  }
  reply.array(names.length);
  for (const name of names) reply.bulkText(name);
}

type Filter = (command: Command) => boolean;

function readFilter(args: Arguments): Filter {
  if (args.count === 2) return () => true;
  if (args.count !== 5 || !args.is(2, 'filterby')) throw SYNTAX;
  const wanted = args.string(4);
  // There are no modules, so no command is of any.
  if (args.is(3, 'module')) return () => false;
  if (args.is(3, 'pattern')) return (one) => globMatch(wanted, one.fullName, true);
  if (!args.is(3, 'aclcat')) throw SYNTAX;
  const category = ACL_CATEGORIES.find((name) => name === lowerCaseLatin1(wanted));
  return (one) => category !== undefined && aclCategories(one).includes(category);
}
