// The report that an error of the server's own leaves in the log, in the order and under the headings of Redis's, so that
// what collects such reports finds them: what happened, the stack, INFO, CLIENT LIST, the client and its command, the
// settings that matter, a test of the memory. What cannot be told because it is what is broken is left out with a word.

import { quote } from '../base/quote.ts';
import { REDIS_VERSION } from '../base/version.ts';
import type { DirectiveName } from '../config/directives.ts';
import { encodingName, typeName } from '../datatypes/kind.ts';
import { describeClient } from '../engine/client-info.ts';
import type { Fault } from '../engine/fault.ts';
import { infoText } from '../engine/info-section.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { OutOfMemoryError } from '../memory/heap.ts';
import { testMemory } from './memory-check.ts';

const SIGSEGV = 11;
// What the system says of a write to memory that may only be read, and of a signal that somebody has sent.
const SEGV_ACCERR = 2;
const SI_USER = 0;
const ARGUMENT_BYTES = 128;
const PASSWORD_FOLLOWS: readonly string[] = ['auth', 'auth2'];

/** The directives of the report: those that change which code runs. */
const REPORTED_DIRECTIVES: readonly DirectiveName[] = [
  'io-threads',
  'io-threads-do-reads',
  'lazyfree-lazy-eviction',
  'lazyfree-lazy-expire',
  'lazyfree-lazy-server-del',
  'lazyfree-lazy-user-del',
  'lazyfree-lazy-user-flush',
  'repl-diskless-sync',
  'repl-diskless-load',
  'replica-read-only',
  'activedefrag',
  'sanitize-dump-payload',
  'list-compress-depth',
  'proto-max-bulk-len',
  'client-query-buffer-limit',
];

/** Writes the report. Never throws; takes as long as the memory test does, where that is asked for. */
export function writeCrashReport(server: ServerParts, fault: Fault): void {
  const { config, log } = server;
  const raw = (text: string) => log.raw('warning', text);
  raw('\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n');
  for (const line of describeFault(fault)) log.warning(line);
  if (config.values['crash-log-enabled']) {
    raw(`\n------ STACK TRACE ------\n\nBacktrace:\n${stackOf(fault)}\n`);
    section(server, 'INFO OUTPUT', () => infoText(server, ['all']));
    section(server, 'CLIENT LIST OUTPUT', () =>
      [...server.clients].map((client) => `${describeClient(client, server)}\n`).join(''),
    );
    reportCommand(server);
    section(server, 'CONFIG DEBUG OUTPUT', () =>
      REPORTED_DIRECTIVES.flatMap((name) => config.fileLines(name).map(({ text }) => `${text}\n`)).join(''),
    );
    if (config.values['crash-memcheck-enabled'])
      section(server, 'FAST MEMORY TEST', () => memoryTest(server));
  }
  raw(
    '\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n' +
      '       This is an error of Respite. Please report it with all lines from START to END.\n\n' +
      '  The memory of this machine is tested by --test-memory, its settings are looked at by --check-system.\n',
  );
}

function describeFault(fault: Fault): string[] {
  switch (fault.kind) {
    case 'segfault':
      return [
        `Redis ${REDIS_VERSION} crashed by signal: ${SIGSEGV}, si_code: ${SEGV_ACCERR}`,
        'Accessing address: (nil)',
      ];
    case 'signal':
      return [`Redis ${REDIS_VERSION} crashed by signal: ${fault.number}, si_code: ${SI_USER}`];
    case 'assertion':
      return ['=== ASSERTION FAILED ===', `==> ${placeOf(fault.stack)} '${fault.text}' is not true`];
    case 'panic':
      return panicLines(fault.text, fault.stack);
    case 'out-of-memory': {
      const { bytes, stack } = fault;
      const [first, second] =
        bytes === null ? ['', ''] : [` allocating ${bytes} bytes`, ` Allocating ${bytes} bytes!`];
      return [`Out Of Memory${first}!`, ...panicLines(`Redis aborting for OUT OF MEMORY.${second}`, stack)];
    }
  }
}

function panicLines(text: string, stack: string): string[] {
  return [
    '------------------------------------------------',
    '!!! Software Failure. Press left mouse button to continue',
    `Guru Meditation: ${text} #${placeOf(stack)}`,
  ];
}

/** `file.js:123` of the innermost place in a stack. */
function placeOf(stack: string): string {
  return /([^/\\\s(]+:\d+):\d+\)?$/m.exec(stack)?.[1] ?? 'unknown:0';
}

function stackOf(fault: Fault): string {
  const stack = 'stack' in fault ? fault.stack : (new Error().stack ?? '');
  // Its first line, or lines, repeat the message.
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return frames.length === 0 ? stack : frames.map((line) => line.trim()).join('\n');
}

function section(server: ServerParts, title: string, text: () => string): void {
  server.log.raw('warning', `\n------ ${title} ------\n`);
  try {
    server.log.raw('warning', text());
  } catch (error) {
    server.log.warning(`This part of the report failed: ${error}`);
  }
}

function reportCommand(server: ServerParts): void {
  const { executor } = server;
  if (executor.depth === 0 && !executor.isBroken) return;
  section(server, 'CURRENT CLIENT INFO', () => commandText(server));
  section(server, 'EXECUTING CLIENT INFO', () => commandText(server));
}

function commandText(server: ServerParts): string {
  const { args, client } = server.executor.context;
  let text = `${describeClient(client, server)}\nargc: '${args.count}'\n`;
  for (let i = 0; i < args.count; i++) {
    const argument = args.prefix(i, ARGUMENT_BYTES);
    text += `argv[${i}]: '${quote(argument)}'\n`;
    if (PASSWORD_FOLLOWS.includes(argument.toLowerCase())) break;
  }
  return text + keyText(server);
}

function keyText({ executor }: ServerParts): string {
  const { args, db } = executor.context;
  if (args.count < 2) return '';
  const ref = db.peekText(args.string(1));
  if (ref === 0) return '';
  const kind = db.kind(ref);
  return `key ${quote(args.prefix(1, ARGUMENT_BYTES))} found in DB containing the following object:\nObject type: ${typeName(kind)}\nObject encoding: ${encodingName(kind)}\n`;
}

function memoryTest({ keyspace }: ServerParts): string {
  let text = '';
  let results = '';
  let isSound = true;
  let number = 0;
  keyspace.heap.eachRegion((words) => {
    text += `*** Preparing to test memory region ${++number} (${words.byteLength} bytes)\n`;
    const isRegionSound = testMemory(words);
    results += isRegionSound ? '.O' : '.E';
    isSound &&= isRegionSound;
  });
  const verdict = isSound
    ? 'Fast memory test PASSED, however your memory can still be broken. Please run a memory test for several hours if possible.'
    : '!!! MEMORY ERROR DETECTED! Check your memory ASAP !!!';
  return `${text}${results}\n${verdict}\n`;
}

/** The fault that an error thrown by the server's own code is. */
export function faultOf(error: unknown): Fault {
  const thrown = error instanceof Error ? error : new Error(String(error));
  const stack = thrown.stack ?? '';
  const { name, message } = thrown;
  if (
    error instanceof OutOfMemoryError ||
    /^(Array buffer allocation failed|Invalid array buffer length)/.test(message)
  ) {
    return { kind: 'out-of-memory', bytes: null, stack };
  }
  if ('code' in thrown && thrown.code === 'ERR_ASSERTION') return { kind: 'assertion', text: message, stack };
  return { kind: 'panic', text: `${name}: ${message}`, stack };
}
