// FCALL and FUNCTION. Which libraries there are is in engine/function-libraries; what runs a function is in src/scripting.

import { globMatch } from '../base/glob.ts';
import {
  type ArgumentSpec,
  arg,
  type CommandFlag,
  type CommandSpec,
  command,
  keysCounted,
} from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { type Library, LibraryError, type LibraryFunction } from '../engine/function-libraries.ts';
import { SCRIPT_FLAG_NAMES } from '../engine/script-flags.ts';
import {
  DUMP_PAYLOAD_WRONG,
  FUNCTION_CODE_MISSING,
  FUNCTION_FLUSH_OPTION,
  failure,
  LIBRARY_NAME_MISSING,
  LIBRARY_NOT_FOUND,
  RESTORE_POLICY,
  syntaxOfSubcommand,
  unknownFunctionArgument,
  unknownFunctionOption,
} from '../resp/errors.ts';

// So long may the code of a library run while it is loaded.
const LOAD_TIMEOUT_MS = 500;
const ENGINE = 'LUA';
const UNKNOWN_USE = 'Nobody knows what a function does with its keys, so the most is taken for granted.';

const keysAndValues: readonly ArgumentSpec[] = [
  arg.integer('numkeys'),
  arg.key('key', { optional: true, multiple: true }),
  arg.string('arg', { optional: true, multiple: true }),
];
const runsFunction: readonly CommandFlag[] = ['noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'];

const call = (spec: Pick<CommandSpec, 'name' | 'summary' | 'flags' | 'keys'>) => {
  const readOnly = spec.flags.includes('readonly');
  return command({
    since: '7.0.0',
    group: 'scripting',
    complexity: 'Depends on the function that is executed.',
    arity: -3,
    args: [arg.string('function'), ...keysAndValues],
    flagsOf: (server, self, args) => server.scripting.flagsOfFunction(self, args),
    run: (ctx) => {
      // Before what the function runs.
      ctx.server.monitors.tell(ctx.client, ctx.command, ctx.args);
      ctx.server.scripting.callFunction(ctx, { readOnly });
    },
    ...spec,
  });
};

export const fcall = call({
  name: 'fcall',
  summary: 'Calls a function.',
  flags: [...runsFunction, 'may_replicate'],
  keys: [
    {
      ...keysCounted(2, 'RW', 'access', 'update'),
      notes: UNKNOWN_USE,
    },
  ],
});

export const fcallRo = call({
  name: 'fcall_ro',
  summary: 'Calls a function that only reads.',
  flags: [...runsFunction, 'readonly'],
  keys: [
    {
      ...keysCounted(2, 'RO', 'access'),
      notes: UNKNOWN_USE,
    },
  ],
});

const subcommand = (
  spec: Pick<CommandSpec, 'name' | 'complexity' | 'summary' | 'arity' | 'run'> & Partial<CommandSpec>,
) => command({ since: '7.0.0', group: 'scripting', flags: ['noscript'], ...spec });

const ON_ALL_SHARDS = ['request_policy:all_shards', 'response_policy:all_succeeded'];

export const functionCommand = command({
  name: 'function',
  since: '7.0.0',
  group: 'scripting',
  complexity: 'Depends on the subcommand.',
  summary: 'Looks after libraries of functions.',
  arity: -2,
  flags: [],
  help: [
    'LOAD [REPLACE] <FUNCTION CODE>',
    '    Load a library. Its first line says what it is called.',
    'DELETE <LIBRARY NAME>',
    '    Delete a library.',
    'LIST [LIBRARYNAME PATTERN] [WITHCODE]',
    '    List all libraries, or those with a name that matches: name, engine, functions, and with WITHCODE the code.',
    'STATS',
    '    Tell which function is running, by which command, and for how many milliseconds; nil for none.',
    '    Tell how many libraries and functions each engine has.',
    'KILL',
    '    End the function that is running.',
    'FLUSH [ASYNC|SYNC]',
    '    Delete all libraries, at once (SYNC) or by and by (ASYNC).',
    '    Without a word the directive lazyfree-lazy-user-flush decides.',
    'DUMP',
    '    Put all libraries into a payload for FUNCTION RESTORE.',
    'RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]',
    '    Add the libraries of a payload. Those that are there already',
    '    * FLUSH: are deleted first.',
    '    * APPEND: stay, and none is added when a name is taken (this is the default).',
    '    * REPLACE: make room for those of the same name.',
    '    A function whose name another library has is refused in any case.',
  ],
  subcommands: [
    subcommand({
      name: 'delete',
      complexity: 'O(1)',
      summary: 'Deletes a library and its functions.',
      arity: 3,
      flags: ['write', 'noscript'],
      tips: ON_ALL_SHARDS,
      args: [arg.string('library-name')],
      run(ctx) {
        if (!ctx.server.libraries.delete(ctx.args.string(2))) throw LIBRARY_NOT_FOUND;
        ctx.dirty++;
        ctx.reply.ok();
      },
    }),
    subcommand({
      name: 'dump',
      complexity: 'O(N) for N functions.',
      summary: 'Puts all libraries into one payload, which RESTORE takes.',
      arity: 2,
      run({ reply, server }) {
        const bytes = server.persistence.dumpLibraries();
        reply.bulk(bytes, 0, bytes.length);
      },
    }),
    subcommand({
      name: 'flush',
      complexity: 'O(N) for N functions.',
      summary: 'Deletes all libraries.',
      arity: -2,
      flags: ['write', 'noscript'],
      tips: ON_ALL_SHARDS,
      args: [
        arg.oneOf('flush-type', [arg.token('async', 'ASYNC'), arg.token('sync', 'SYNC')], { optional: true }),
      ],
      run: flush,
    }),
    helpSubcommand({ since: '7.0.0', group: 'scripting' }),
    subcommand({
      name: 'kill',
      complexity: 'O(1)',
      summary: 'Ends the function that is running, unless it has written.',
      arity: 2,
      flags: ['noscript', 'allow_busy'],
      tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
      run({ reply, server }) {
        server.scripting.kill('function');
        reply.ok();
      },
    }),
    subcommand({
      name: 'list',
      complexity: 'O(N) for N functions.',
      summary: 'Lists the libraries and their functions.',
      arity: -2,
      tips: ['nondeterministic_output_order'],
      args: [
        arg.string('library-name-pattern', { token: 'LIBRARYNAME', optional: true }),
        arg.token('withcode', 'WITHCODE', { optional: true }),
      ],
      run: list,
    }),
    subcommand({
      name: 'load',
      complexity: 'O(1), were it not for what the code does while it is loaded.',
      summary: 'Loads a library.',
      arity: -3,
      flags: ['write', 'denyoom', 'noscript'],
      tips: ON_ALL_SHARDS,
      args: [arg.token('replace', 'REPLACE', { optional: true }), arg.string('function-code')],
      run: load,
    }),
    subcommand({
      name: 'restore',
      complexity: 'O(N) for N functions in the payload.',
      summary: 'Adds the libraries of a payload.',
      arity: -3,
      flags: ['write', 'denyoom', 'noscript'],
      tips: ON_ALL_SHARDS,
      args: [
        arg.string('serialized-value'),
        arg.oneOf(
          'policy',
          [arg.token('flush', 'FLUSH'), arg.token('append', 'APPEND'), arg.token('replace', 'REPLACE')],
          { optional: true },
        ),
      ],
      run: restore,
    }),
    subcommand({
      name: 'stats',
      complexity: 'O(1)',
      summary: 'Tells what is running, and how many libraries and functions there are.',
      arity: 2,
      flags: ['noscript', 'allow_busy'],
      tips: ['nondeterministic_output', 'request_policy:all_shards', 'response_policy:special'],
      run: stats,
    }),
  ],
});

function load(ctx: CommandContext): void {
  const { args, client, reply, server } = ctx;
  let replaces = false;
  const last = args.count - 1;
  for (let i = 2; i < last; i++) {
    if (!args.is(i, 'replace')) throw unknownFunctionOption(args.string(i));
    replaces = true;
  }
  if (last < 2) throw FUNCTION_CODE_MISSING;
  const timeoutMs = client.isMaster ? 0 : LOAD_TIMEOUT_MS;
  const name = orRefused(() => server.libraries.add(args.string(last), replaces, timeoutMs));
  ctx.dirty++;
  reply.bulkText(name);
}

function restore(ctx: CommandContext): void {
  const { args, reply, server } = ctx;
  if (args.count > 4) throw syntaxOfSubcommand(args.string(1), args.string(0));
  const policy =
    args.count === 3 ? 'append' : (['append', 'replace', 'flush'] as const).find((one) => args.is(3, one));
  if (policy === undefined) throw RESTORE_POLICY;
  const { persistence, libraries } = server;
  if (!persistence.isPayload(args.bytes, args.start(2), args.length(2))) throw DUMP_PAYLOAD_WRONG;
  orRefused(() => {
    libraries.restore(persistence.undumpLibraries(args.bytes, args.start(2), args.length(2)), policy);
  });
  ctx.dirty++;
  reply.ok();
}

function flush(ctx: CommandContext): void {
  const { args, keyspace, reply, server } = ctx;
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), args.string(0));
  if (args.count === 3 && !args.is(2, 'sync') && !args.is(2, 'async')) throw FUNCTION_FLUSH_OPTION;
  const isLazy = args.count === 3 ? args.is(2, 'async') : server.config.values['lazyfree-lazy-user-flush'];
  if (isLazy) keyspace.noteFreedLazily(server.libraries.functionCount);
  server.libraries.clear();
  ctx.dirty++;
  reply.ok();
}

function list({ args, reply, server }: CommandContext): void {
  let pattern: string | null = null;
  let withCode = false;
  for (let i = 2; i < args.count; i++) {
    if (!withCode && args.is(i, 'withcode')) {
      withCode = true;
    } else if (pattern === null && args.is(i, 'libraryname')) {
      if (i === args.count - 1) throw LIBRARY_NAME_MISSING;
      pattern = args.string(++i);
    } else {
      throw unknownFunctionArgument(args.string(i));
    }
  }
  const all = [...server.libraries.all];
  const wanted = pattern;
  const shown = wanted === null ? all : all.filter(({ name }) => globMatch(wanted, name, true));
  reply.array(shown.length);
  for (const library of shown) writeLibrary(reply, library, withCode);
}

function writeLibrary(reply: CommandContext['reply'], library: Library, withCode: boolean): void {
  reply.map(withCode ? 4 : 3);
  reply.bulkText('library_name');
  reply.bulkText(library.name);
  reply.bulkText('engine');
  reply.bulkText(ENGINE);
  reply.bulkText('functions');
  reply.array(library.functions.size);
  for (const one of library.functions.values()) writeFunction(reply, one);
  if (!withCode) return;
  reply.bulkText('library_code');
  reply.bulkText(library.text);
}

function writeFunction(reply: CommandContext['reply'], { name, description, flags }: LibraryFunction): void {
  reply.map(3);
  reply.bulkText('name');
  reply.bulkText(name);
  reply.bulkText('description');
  if (description === null) reply.null();
  else reply.bulkText(description);
  reply.bulkText('flags');
  const names = [...SCRIPT_FLAG_NAMES].filter(([, bit]) => (flags & bit) !== 0);
  reply.set(names.length);
  for (const [word] of names) reply.simple(word);
}

function stats({ reply, server }: CommandContext): void {
  const { libraries, scripting } = server;
  const { running } = scripting;
  if (running !== null && !running.isFunction) throw scripting.busyError;
  reply.map(2);
  reply.bulkText('running_script');
  if (running === null) {
    reply.null();
  } else {
    reply.map(3);
    reply.bulkText('name');
    reply.bulkText(running.name);
    reply.bulkText('command');
    reply.array(running.request.length);
    for (const text of running.request) reply.bulkText(text);
    reply.bulkText('duration_ms');
    reply.integer(running.durationMs);
  }
  reply.bulkText('engines');
  reply.map(1);
  reply.bulkText(ENGINE);
  reply.map(2);
  reply.bulkText('libraries_count');
  reply.integer(libraries.size);
  reply.bulkText('functions_count');
  reply.integer(libraries.functionCount);
}

/** What `act` returns; what is wrong with a library is an error reply. */
function orRefused<Value>(act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    if (error instanceof LibraryError) throw failure(error.message);
    throw error;
  }
}
