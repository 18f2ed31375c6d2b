// DEBUG: for tests and for people who look for a fault. Here is what each subcommand takes; those that are about keys or
// show replies of every type are in debug-keys.ts and debug-protocol.ts.

import { hexOf, toText } from '../base/bytes.ts';
import { globMatch } from '../base/glob.ts';
import { leadingInt32 } from '../base/numbers.ts';
import { parseMemorySize } from '../config/number-text.ts';
import { PLAIN_ELEMENT_BYTES } from '../datatypes/list-node.ts';
import { command } from '../engine/command-spec.ts';
import { replyHelp } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { LOAD_RESULT, type LoadResult } from '../engine/persistence.ts';
import { NO_DATABASE } from '../engine/propagation.ts';
import { datasetDigest } from '../keyspace/digest.ts';
import { heapFigures } from '../keyspace/leak-check.ts';
import {
  LOAD_AOF_FAILED,
  PACKED_THRESHOLD,
  RELOAD_FAILED,
  RELOAD_OPTIONS,
  ReplyError,
  SAVE_FAILED,
  syntaxOfSubcommand,
} from '../resp/errors.ts';
import { crashByAssertion, crashByMemory, crashByPanic, crashBySegfault } from './debug-crash.ts';
import { digestValues, populate, showDatabaseTables, showKeyTable, showObject } from './debug-keys.ts';
import { showListpack, showQuicklist } from './debug-lists.ts';
import { replyWithType } from './debug-protocol.ts';

interface Subcommand {
  /** How many arguments the request has, DEBUG and the subcommand's own name among them. */
  readonly least: number;
  readonly most?: number;
  run(ctx: CommandContext): void;
}

const SUBCOMMANDS: ReadonlyMap<string, Subcommand> = new Map<string, Subcommand>([
  ['aof-flush-sleep', { least: 3, run: setFlushSleep }],
  ['assert', { least: 2, most: Number.POSITIVE_INFINITY, run: crashByAssertion }],
  ['change-repl-id', { least: 2, run: changeReplicationId }],
  ['config-rewrite-force-all', { least: 2, run: rewriteAll }],
  ['digest', { least: 2, run: ({ keyspace, reply }) => reply.simple(hexOf(datasetDigest(keyspace))) }],
  ['digest-value', { least: 2, most: Number.POSITIVE_INFINITY, run: digestValues }],
  ['error', { least: 3, run: replyError }],
  ['heap', { least: 2, run: showHeap }],
  ['help', { least: 2, run: replyHelp }],
  ['htstats', { least: 3, most: Number.POSITIVE_INFINITY, run: showDatabaseTables }],
  ['htstats-key', { least: 3, most: Number.POSITIVE_INFINITY, run: showKeyTable }],
  ['listpack', { least: 3, run: showListpack }],
  ['loadaof', { least: 2, run: loadAppendOnly }],
  ['log', { least: 3, run: writeLog }],
  ['object', { least: 3, run: showObject }],
  ['oom', { least: 2, most: Number.POSITIVE_INFINITY, run: crashByMemory }],
  ['panic', { least: 2, most: Number.POSITIVE_INFINITY, run: crashByPanic }],
  ['pause-cron', { least: 3, run: pauseCron }],
  ['populate', { least: 3, most: 5, run: populate }],
  ['protocol', { least: 3, run: replyWithType }],
  ['quicklist', { least: 3, most: 4, run: showQuicklist }],
  ['quicklist-packed-threshold', { least: 3, run: setPackedThreshold }],
  ['reload', { least: 2, most: Number.POSITIVE_INFINITY, run: reload }],
  ['replicate', { least: 3, most: Number.POSITIVE_INFINITY, run: replicate }],
  ['replybuffer', { least: 4, run: setReplyBuffer }],
  ['segfault', { least: 2, most: Number.POSITIVE_INFINITY, run: crashBySegfault }],
  ['set-active-expire', { least: 3, run: setActiveExpire }],
  ['set-disable-deny-scripts', { least: 3, run: setDenyScripts }],
  ['set-skip-checksum-validation', { least: 3, run: setSkipChecksums }],
  ['sleep', { least: 3, run: sleep }],
  ['stringmatch-test', { least: 2, run: testGlobs }],
]);

export const debug = command({
  name: 'debug',
  since: '1.0.0',
  group: 'server',
  complexity: 'Depends on subcommand.',
  summary: 'A container for what tests of the server need.',
  arity: -2,
  flags: ['admin', 'noscript', 'loading', 'stale', 'protected'],
  docFlags: ['syscmd'],
  enabledBy: 'enable-debug-command',
  help: [
    'AOF-FLUSH-SLEEP <microsec>',
    '    Wait so long before each write to the append-only file.',
    'ASSERT',
    '    End the server as when something is not true that must be.',
    'CHANGE-REPL-ID',
    '    Give the server another replication ID.',
    'CONFIG-REWRITE-FORCE-ALL',
    '    As CONFIG REWRITE, with every directive, also those at their defaults.',
    'DIGEST',
    '    Show a digest of the whole data set, equal for equal data.',
    'DIGEST-VALUE <key> [<key> ...]',
    '    Show a digest of the value of each key.',
    'ERROR <string>',
    '    Answer an error with this text.',
    'HEAP',
    '    Walk over all data and show how much of the memory in use was found: what is left is lost,',
    '    unless removed values still wait to be freed.',
    'HTSTATS <dbid> [full]',
    '    Show how full the hash table of a database is.',
    'HTSTATS-KEY <key> [full]',
    '    As HTSTATS, for the hash table of a value.',
    'LISTPACK <key>',
    '    Write the entries of a value that is one packed block to the log.',
    'LOADAOF',
    '    Write what waits to the append-only file, remove all keys and load the append-only files.',
    'LOG <message>',
    '    Write a line to the log.',
    'OBJECT <key>',
    '    Show how a value is stored.',
    'OOM',
    '    End the server as when the system gives no memory.',
    'PANIC',
    '    End the server as when it cannot go on.',
    'PAUSE-CRON <0|1>',
    '    Stop the periodic duties, or go on with them.',
    'POPULATE <count> [<prefix>] [<size>]',
    '    Make keys named <prefix>:<number>, "key" being the usual prefix. They are not propagated.',
    'PROTOCOL <type>',
    '    Answer a value of this type: string, integer, double, bignum, null, array, set, map,',
    '    attrib, push, verbatim, true or false.',
    'QUICKLIST <key> [<0|1>]',
    '    Write the nodes of a large list to the log; with 1, their entries as well.',
    'QUICKLIST-PACKED-THRESHOLD <size>',
    '    Set the size from which on a list element has a node of its own; 0 is the default, 1gb.',
    'RELOAD [option ...]',
    '    Save the data set and load it again. MERGE: keys of the file take the place of those that are',
    '    there; NOFLUSH: what is there stays; NOSAVE: only load what was saved before.',
    'REPLICATE <string>',
    '    Send the words to the replicas as a command; their data may differ from then on.',
    'REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|time>',
    '    Accepted; reply buffers belong to no client here and are not resized.',
    'REPLYBUFFER RESIZING <0|1>',
    '    Accepted as well.',
    'SEGFAULT',
    '    End the server as when it has touched memory that is not there.',
    'SET-ACTIVE-EXPIRE <0|1>',
    '    With 0, keys that expire are only removed when somebody asks for them.',
    'SET-DISABLE-DENY-SCRIPTS <0|1>',
    '    With 1, scripts may run every command.',
    'SET-SKIP-CHECKSUM-VALIDATION <0|1>',
    '    With 1, RDB files and DUMP payloads are read whatever their checksum.',
    'SLEEP <seconds>',
    '    Stop the whole server for a while; decimals are allowed.',
    'STRINGMATCH-TEST',
    '    Try the matching of patterns with random ones.',
  ],
  run: debugCommand,
});

// The name by which Redis's own tests know it in a stack.
function debugCommand(ctx: CommandContext): void {
  const { args } = ctx;
  const name = args.string(1);
  const subcommand = SUBCOMMANDS.get(name.toLowerCase());
  if (subcommand === undefined) throw syntaxOfSubcommand(name, 'debug');
  const { least, most = least } = subcommand;
  if (args.count < least || args.count > most) throw syntaxOfSubcommand(name, 'debug');
  subcommand.run(ctx);
}

function setFlushSleep({ args, reply, server }: CommandContext): void {
  server.debug.aofFlushSleepUs = leadingInt32(args.string(2));
  reply.ok();
}

function changeReplicationId({ reply, server }: CommandContext): void {
  server.log.notice('Changing replication IDs after receiving DEBUG change-repl-id');
  server.replication.history.newId();
  reply.ok();
}

function rewriteAll({ reply, server }: CommandContext): void {
  const reason = server.config.rewrite({ forceAll: true, userLines: server.acl.configLines() });
  if (reason !== null) {
    throw new ReplyError(reason.replace('Rewriting config file', 'CONFIG-REWRITE-FORCE-ALL failed'));
  }
  reply.ok();
}

function showHeap({ keyspace, reply }: CommandContext): void {
  const { usedBytes, reachableBytes, isFreeing } = heapFigures(keyspace);
  const lost = usedBytes - reachableBytes;
  reply.simple(
    `used:${usedBytes} reachable:${reachableBytes} unreachable:${lost} freeing:${isFreeing ? 'yes' : 'no'}`,
  );
}

// Not `reply.error`: an error that was asked for is not counted as one.
function replyError({ args, reply }: CommandContext): void {
  reply.raw(`-${args.string(2).replace(/[\r\n]/g, ' ')}\r\n`);
}

function writeLog({ args, reply, server }: CommandContext): void {
  server.log.warning(`DEBUG LOG: ${args.string(2)}`);
  reply.ok();
}

function pauseCron({ args, reply, server }: CommandContext): void {
  server.debug.cronPaused = isOn(args.string(2));
  reply.ok();
}

function setPackedThreshold({ args, keyspace, reply }: CommandContext): void {
  const size = parseMemorySize(args.string(2));
  if (size === null || size < 0n || size > 2n ** 32n - 2n ** 20n) throw PACKED_THRESHOLD;
  keyspace.plainElementBytes = size === 0n ? PLAIN_ELEMENT_BYTES : Number(size);
  reply.ok();
}

function reload(ctx: CommandContext): void {
  const { args, reply, server } = ctx;
  let merges = false;
  let flushes = true;
  let saves = true;
  for (let i = 2; i < args.count; i++) {
    if (args.is(i, 'merge')) merges = true;
    else if (args.is(i, 'noflush')) flushes = false;
    else if (args.is(i, 'nosave')) saves = false;
    else throw RELOAD_OPTIONS;
  }
  const { loading, persistence } = server;
  if (saves) {
    if (!persistence.rdb.save()) throw SAVE_FAILED;
    // The count of changes is another, but no key has changed.
    ctx.propagateNothing();
  }
  if (flushes) emptyDataSet(ctx);
  const result = loading.runAtOnce(persistence.loadRdb({ replaces: merges }));
  endAfterDamage(ctx, result);
  if (result !== LOAD_RESULT.OK) throw RELOAD_FAILED;
  server.log.notice('DB reloaded by DEBUG RELOAD');
  reply.ok();
}

function loadAppendOnly(ctx: CommandContext): void {
  const { reply, server } = ctx;
  const { loading, persistence } = server;
  const { aof } = persistence;
  if (aof.state !== 'off') aof.flush();
  emptyDataSet(ctx);
  const result = loading.runAtOnce(aof.load());
  endAfterDamage(ctx, result);
  if (result !== LOAD_RESULT.OK && result !== LOAD_RESULT.EMPTY) throw LOAD_AOF_FAILED;
  // What was read is in the files already.
  ctx.dirty = 0;
  ctx.propagateNothing();
  server.log.notice('Append Only File loaded by DEBUG LOADAOF');
  reply.ok();
}

// What FLUSHALL leaves goes, too: libraries of functions.
function emptyDataSet({ keyspace, server }: CommandContext): void {
  keyspace.flushAll(true);
  server.tracking.flushed();
  server.libraries.clear();
}

// A process does not go on with half of its data; a program that a server is embedded in is told.
function endAfterDamage({ server }: CommandContext, result: LoadResult): void {
  if (result !== LOAD_RESULT.DAMAGED || server.lifecycle.isEmbedded) return;
  server.log.warning('Terminating server after rdb file reading failure.');
  server.lifecycle.abort();
}

function setReplyBuffer({ args, reply }: CommandContext): void {
  if (args.is(2, 'peak-reset-time')) {
    if (!args.is(3, 'never') && !args.is(3, 'reset')) args.int64(3);
  } else if (!args.is(2, 'resizing')) {
    throw syntaxOfSubcommand(args.string(1), 'debug');
  }
  reply.ok();
}

function setActiveExpire({ args, keyspace, reply }: CommandContext): void {
  keyspace.activeExpiry = isOn(args.string(2));
  // Whatever has become due meanwhile is due now.
  if (keyspace.activeExpiry) keyspace.noteDeadline(0);
  reply.ok();
}

function setDenyScripts({ args, reply, server }: CommandContext): void {
  server.debug.scriptsMayRunDenied = isOn(args.string(2));
  reply.ok();
}

function setSkipChecksums({ args, reply, server }: CommandContext): void {
  server.debug.skipsChecksums = isOn(args.string(2));
  reply.ok();
}

function sleep({ args, reply, server }: CommandContext): void {
  const seconds = Number.parseFloat(args.string(2));
  if (seconds > 0 && seconds !== Number.POSITIVE_INFINITY) server.runtime.timers.block(seconds * 1000);
  reply.ok();
}

const GLOB_TRIALS = 2000;
const GLOB_BYTES = 24;

function testGlobs({ reply, server }: CommandContext): void {
  const { random } = server.runtime;
  const letters = '*?[]^-\\ab';
  const piece = () =>
    Array.from({ length: random.below(GLOB_BYTES) }, () => letters[random.below(letters.length)]!).join('');
  for (let trial = 0; trial < GLOB_TRIALS; trial++)
    globMatch(piece(), toText(random.bytes(GLOB_BYTES)), trial % 2 === 0);
  reply.simple('Apparently Redis did not crash: test passed');
}

function isOn(text: string): boolean {
  return leadingInt32(text) !== 0;
}

// Sends words to the replicas as if they were an effect: they may have other data then.
function replicate({ args, reply, server }: CommandContext): void {
  server.propagation.replaceBy(NO_DATABASE, args.indexes(2));
  server.propagation.repeatOnReplicas();
  reply.ok();
}
