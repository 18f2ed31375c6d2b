// EVAL and its relatives, and SCRIPT. What runs a script, and what a script may do, is in src/scripting.

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
import { SCRIPT_DEBUG_IN_PIPELINE, SCRIPT_DEBUG_MODE, SCRIPT_FLUSH_OPTION } from '../resp/errors.ts';

const UNKNOWN_USE = 'Nobody knows what a script does with its keys, so the most is taken for granted.';

const keysAndValues: readonly ArgumentSpec[] = [
  arg.integer('numkeys'),
  arg.key('key', { optional: true, multiple: true }),
  arg.string('arg', { optional: true, multiple: true }),
];
const runsScript: readonly CommandFlag[] = ['noscript', 'stale', 'skip_monitor', 'no_mandatory_keys'];

type Varying = Pick<CommandSpec, 'name' | 'since' | 'summary' | 'flags' | 'keys'> & { byDigest: boolean };

const evaluation = ({ byDigest, ...spec }: Varying) => {
  const readOnly = spec.flags.includes('readonly');
  return command({
    group: 'scripting',
    complexity: 'Depends on the script that is executed.',
    arity: -3,
    args: [arg.string(byDigest ? 'sha1' : 'script'), ...keysAndValues],
    flagsOf: (server, self, args) => server.scripting.flagsOfScript(self, args, byDigest),
    run: (ctx) => {
      // Before what the script runs.
      ctx.server.monitors.tell(ctx.client, ctx.command, ctx.args);
      ctx.server.scripting.evaluate(ctx, { byDigest, readOnly });
    },
    ...spec,
  });
};

export const evalCommand = evaluation({
  name: 'eval',
  since: '2.6.0',
  summary: 'Runs a script on the server.',
  flags: [...runsScript, 'may_replicate'],
  keys: [{ ...keysCounted(2, 'RW', 'access', 'update'), notes: UNKNOWN_USE }],
  byDigest: false,
});

export const evalsha = evaluation({
  name: 'evalsha',
  since: '2.6.0',
  summary: 'Runs a script that the server has cached, by its SHA-1.',
  flags: [...runsScript, 'may_replicate'],
  keys: [keysCounted(2, 'RW', 'access', 'update')],
  byDigest: true,
});

export const evalRo = evaluation({
  name: 'eval_ro',
  since: '7.0.0',
  summary: 'Runs a script that only reads.',
  flags: [...runsScript, 'readonly'],
  keys: [{ ...keysCounted(2, 'RO', 'access'), notes: UNKNOWN_USE }],
  byDigest: false,
});

export const evalshaRo = evaluation({
  name: 'evalsha_ro',
  since: '7.0.0',
  summary: 'Runs a cached script that only reads.',
  flags: [...runsScript, 'readonly'],
  keys: [keysCounted(2, 'RO', 'access')],
  byDigest: true,
});

const subcommand = (
  spec: Pick<CommandSpec, 'name' | 'since' | 'complexity' | 'summary' | 'arity' | 'run'> &
    Partial<CommandSpec>,
) => command({ group: 'scripting', flags: ['noscript'], ...spec });

export const script = command({
  name: 'script',
  since: '2.6.0',
  group: 'scripting',
  complexity: 'Depends on the subcommand.',
  summary: 'Looks after cached scripts.',
  arity: -2,
  flags: [],
  help: [
    'DEBUG (YES|SYNC|NO)',
    '    Let the scripts that this client runs from now on stop in the debugger, or not.',
    'EXISTS <sha1> [<sha1> ...]',
    '    Tell which scripts are in the cache.',
    'FLUSH [ASYNC|SYNC]',
    '    Empty the cache of scripts, at once (SYNC) or by and by (ASYNC).',
    '    Without a word the directive lazyfree-lazy-user-flush decides.',
    'KILL',
    '    End the script that is running.',
    'LOAD <script>',
    '    Put a script into the cache without running it.',
  ],
  subcommands: [
    subcommand({
      name: 'debug',
      since: '3.2.0',
      complexity: 'O(1)',
      summary: 'Lets the scripts that follow run in the debugger, or no longer.',
      arity: 3,
      args: [arg.oneOf('mode', [arg.token('yes', 'YES'), arg.token('sync', 'SYNC'), arg.token('no', 'NO')])],
      run: setDebugMode,
    }),
    subcommand({
      name: 'exists',
      since: '2.6.0',
      complexity: 'O(N) for N scripts that are asked for.',
      summary: 'Tells which scripts are cached.',
      arity: -3,
      tips: ['request_policy:all_shards', 'response_policy:agg_logical_and'],
      args: [arg.string('sha1', { multiple: true })],
      run({ args, reply, server }) {
        reply.array(args.count - 2);
        for (let i = 2; i < args.count; i++) reply.integer(server.scripting.exists(args.string(i)) ? 1 : 0);
      },
    }),
    subcommand({
      name: 'flush',
      since: '2.6.0',
      complexity: 'O(N) for N cached scripts.',
      summary: 'Forgets all scripts.',
      arity: -2,
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      history: [['6.2.0', 'The options `ASYNC` and `SYNC` are accepted.']],
      args: [
        arg.oneOf('flush-type', [arg.token('async', 'ASYNC'), arg.token('sync', 'SYNC')], {
          optional: true,
          since: '6.2.0',
        }),
      ],
      run({ args, keyspace, reply, server }) {
        // Nothing is ever waited for: what scripts have held is let go, and freed by and by.
        const isMode = args.count === 3 && (args.is(2, 'sync') || args.is(2, 'async'));
        if (args.count > 2 && !isMode) throw SCRIPT_FLUSH_OPTION;
        const isLazy =
          args.count === 3 ? args.is(2, 'async') : server.config.values['lazyfree-lazy-user-flush'];
        if (isLazy) keyspace.noteFreedLazily(server.scripting.figures.cachedScripts);
        server.scripting.flush();
        reply.ok();
      },
    }),
    helpSubcommand({ since: '5.0.0', group: 'scripting' }),
    subcommand({
      name: 'kill',
      since: '2.6.0',
      complexity: 'O(1)',
      summary: 'Ends the script that is running, unless it has written.',
      arity: 2,
      flags: ['noscript', 'allow_busy'],
      tips: ['request_policy:all_shards', 'response_policy:one_succeeded'],
      run({ reply, server }) {
        server.scripting.kill('script');
        reply.ok();
      },
    }),
    subcommand({
      name: 'load',
      since: '2.6.0',
      complexity: 'O(N) for N bytes of script.',
      summary: 'Caches a script without running it.',
      arity: 3,
      flags: ['noscript', 'stale'],
      tips: ['request_policy:all_nodes', 'response_policy:all_succeeded'],
      args: [arg.string('script')],
      run: ({ args, reply, server }) => reply.bulkText(server.scripting.load(args.string(2))),
    }),
  ],
});

function setDebugMode({ args, client, reply, server }: CommandContext): void {
  if (client.connection.outputBytes + client.connection.replyBytes > 0) throw SCRIPT_DEBUG_IN_PIPELINE;
  const mode = (['no', 'yes', 'sync'] as const).find((one) => args.is(2, one));
  if (mode === undefined) throw SCRIPT_DEBUG_MODE;
  server.scripting.setDebugMode(client, mode);
  reply.ok();
}
