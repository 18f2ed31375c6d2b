// The process around a server: arguments, configuration, the order of a start, signals, exit codes. It is the only place
// that ends the process. What the server does with the process besides (title, pid file, limits) is process/host.ts.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command as Program } from 'commander';
import { createLogger } from './base/logger.ts';
import { type Runtime, systemRuntime } from './base/runtime.ts';
import { startupLogo } from './base/startup-logo.ts';
import { REDIS_VERSION } from './base/version.ts';
import { parseCommandLine } from './config/command-line.ts';
import { Config } from './config/config.ts';
import { bytesFromText, errorCode } from './config/file-text.ts';
import { ConfigFileError, type ConfigSource, loadConfig } from './config/parser.ts';
import type { Fault } from './engine/fault.ts';
import { letSmallHeapGrow } from './process/collector.ts';
import { faultOf, writeCrashReport } from './process/crash-report.ts';
import { lowerHelperThreads } from './process/helper-threads.ts';
import { Host } from './process/host.ts';
import { raiseInliningLimits } from './process/inlining.ts';
import { testMemory } from './process/memory-test.ts';
import { ServiceManager } from './process/supervision.ts';
import { checkSystem, startWarnings } from './process/system-checks.ts';
import { renameProblem, Server, userProblem } from './server.ts';

const EXIT_FAILURE = 1;
const STANDARD_OUTPUT = 1;
const SIGABRT = 6;
// A signal that ends the process does so at once, or something is very wrong.
const LAST_WAIT_MS = 1000;
/** Tells a process that it is the one that `daemonize` has sent to the background. */
const BACKGROUND_VARIABLE = 'RESPITE_IN_BACKGROUND';
const NO_SENTINEL =
  'Sentinel is not part of this server. Run redis-sentinel: it watches over this server as over any other.\n';

function main(): void {
  const runtime = systemRuntime();
  answerAndLeave(runtime, process.argv.slice(2));
  raiseInliningLimits();
  letSmallHeapGrow(runtime);
  lowerHelperThreads(runtime);
  const source = readArguments();
  const config = new Config(runtime, bytesFromText(process.cwd()));
  const supervisor = new ServiceManager(runtime);
  let server: Server;
  try {
    loadConfig(config, runtime.files, source, {
      renameCommand: (from, to) => renameProblem([...config.renamedCommands, [from, to]]),
      user: (words) => userProblem(words, config),
    });
    server = new Server({
      runtime,
      config,
      supervisor,
      executable: resolve(process.argv[1] ?? ''),
      isEmbedded: false,
      onShutdown: () => void exit(server, host),
      onAbort: () => process.exit(EXIT_FAILURE),
      onCrash: (fault) => crash(server, host, fault),
    });
  } catch (error) {
    refuse(error, runtime);
  }
  const host: Host = new Host(server.parts);
  server.onRoleChange = () => host.roleChanged();
  host.openSystemLog();
  const isBackground = runtime.system.environment(BACKGROUND_VARIABLE) !== '';
  if (!isBackground) {
    for (const text of startWarnings(runtime.files)) server.log.warning(`WARNING ${text}`);
    supervisor.begin(config.values.supervised, server.log);
    if (config.values.daemonize && supervisor.name === 'no') {
      goToBackground(server, source);
      return;
    }
  }
  runtime.system.forgetEnvironment(BACKGROUND_VARIABLE);
  start(server, host, source, isBackground);
}

// What is asked for without a server: answered, and that is all.
function answerAndLeave(runtime: Runtime, args: readonly string[]): void {
  const print = (text: string) => printAll(runtime, text);
  if (args[0] === '--check-system') process.exit(checkSystem(runtime, print) ? 0 : EXIT_FAILURE);
  if (args[0] === '--test-memory') {
    const terminal = runtime.system.isTerminal(STANDARD_OUTPUT) ? process.stdout : null;
    process.exit(
      testMemory(args.slice(1), {
        print,
        printError: (text) => void process.stderr.write(text),
        totalBytes: runtime.process.totalMemoryBytes(),
        ...(terminal === null ? {} : { columns: terminal.columns, rows: terminal.rows }),
      }),
    );
  }
  if (!args.some((word) => word.toLowerCase() === '--sentinel')) return;
  process.stderr.write(NO_SENTINEL);
  process.exit(EXIT_FAILURE);
}

// A pipe may be full: whoever reads it is waited for.
function printAll({ files, timers }: Runtime, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += files.writeSync(STANDARD_OUTPUT, bytes, at);
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      timers.block(1);
    }
  }
}

// Node cannot fork: a process like this one is started, which knows by a variable that it is not to do so again. What
// standard input said is said once more.
function goToBackground(server: Server, source: ConfigSource): void {
  const { log, parts } = server;
  parts.runtime.system.startAgain({ [BACKGROUND_VARIABLE]: 'yes' }, source.stdin ?? null, (error) => {
    if (error !== null) log.warning(`Can't go to the background: ${error}`);
    process.exit(error === null ? 0 : EXIT_FAILURE);
  });
}

// What is wrong with the text of a configuration goes to standard error, a file that cannot be read to the log.
function refuse(error: unknown, runtime: Runtime): never {
  if (error instanceof ConfigFileError && error.channel === 'log') {
    createLogger({ ...runtime, role: () => 'C' }).warning(error.text);
  } else {
    process.stderr.write(error instanceof ConfigFileError ? error.text : `${error}\n`);
  }
  process.exit(EXIT_FAILURE);
}

// `--config FILE` is ours, everything else is what redis-server takes: a file, `-`, and directives as options.
function readArguments(): ConfigSource {
  const program = new Program('respite')
    .description('A Redis-compatible in-memory server.')
    .usage('[/path/to/redis.conf] [options] [-]')
    .argument('[arguments...]', 'a configuration file, "-" to read more of it from standard input')
    .option('--config <file>', 'the configuration file')
    .addHelpText(
      'after',
      '\nEvery directive of redis.conf is an option too, after the file:\n  respite redis.conf --port 7000 --maxclients 500\n  respite --port 0 --unixsocket /run/respite.sock\n\nWithout a server:\n  respite --check-system               looks at the settings of this machine\n  respite --test-memory <megabytes>    tests its memory',
    )
    .version(versionText(), '-v, --version', 'print the version and exit')
    .allowUnknownOption()
    .helpOption('-h, --help', 'print this and exit')
    .parse();
  const { config } = program.opts<{ config?: string }>();
  const line = parseCommandLine(config === undefined ? program.args : [config, ...program.args]);
  return {
    file: line.configFile,
    stdin: line.readStdin ? readFileSync(0, 'latin1') : null,
    options: line.options,
  };
}

function versionText(): string {
  const manifest = resolve(dirname(fileURLToPath(import.meta.url)), '../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  // The first words are what tools look for.
  return `Redis server v=${REDIS_VERSION} sha=00000000:0 malloc=respite-${version} bits=64 build=node-${process.versions.node}`;
}

function start(server: Server, host: Host, source: ConfigSource, isBackground: boolean): void {
  const { config, runtime } = server.parts;
  const { values } = config;
  const { log } = server;
  log.notice('oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo');
  log.notice(
    `Redis version=${REDIS_VERSION}, bits=64, commit=00000000, modified=0, pid=${runtime.pid}, just started`,
  );
  if (source.file === null && source.options === '' && source.stdin === null) {
    log.warning(
      'Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf',
    );
  } else {
    log.notice('Configuration loaded');
  }
  server.setUp();
  log.notice('monotonic clock: POSIX clock_gettime');
  hearSignals(server, host);
  if (!host.limitClients()) process.exit(EXIT_FAILURE);

  const refusal = server.listen();
  if (refusal !== null || !server.listenMetrics()) {
    // The listener's own line about the reason comes first.
    runtime.timers.afterTurn(() => {
      if (refusal !== null) log.warning(refusal);
      process.exit(EXIT_FAILURE);
    });
    return;
  }
  host.writePidFile(isBackground);
  host.setTitle();
  const port = server.port || server.tlsPort;
  const isOnTerminal =
    values.logfile === '' && !values['syslog-enabled'] && runtime.system.isTerminal(STANDARD_OUTPUT);
  if (values['always-show-logo'] || isOnTerminal) {
    log.raw('notice', startupLogo(REDIS_VERSION, port, runtime.pid));
  } else {
    log.notice(`Running mode=standalone, port=${port}.`);
  }
  host.warnOfBacklog();
  if (!server.loadUsers()) process.exit(EXIT_FAILURE);
  log.notice('Server initialized');
  server.load((loaded) => {
    if (!loaded) process.exit(EXIT_FAILURE);
    for (const listener of server.parts.lifecycle.listeners) {
      if (listener !== null) log.notice(`Ready to accept connections ${listener.kind}`);
    }
    host.ready();
  });
}

function hearSignals(server: Server, host: Host): void {
  const { config } = server.parts;
  process.on('SIGINT', () => server.shutdownBySignal('SIGINT'));
  process.on('SIGTERM', () => server.shutdownBySignal('SIGTERM'));
  // A peer or a terminal that has gone is no reason to go too.
  process.on('SIGHUP', () => {});
  // Node would open a door for its debugger. Redis ends, as everything does that has no use for it.
  process.on('SIGUSR1', () => endBy('SIGUSR1'));
  process.on('uncaughtException', (error) => crash(server, host, faultOf(error)));
  const abort = () => crash(server, host, { kind: 'signal', name: 'SIGABRT', number: SIGABRT });
  const hearAbort = (isWanted: boolean) => {
    process.removeAllListeners('SIGABRT');
    if (isWanted) process.on('SIGABRT', abort);
    return null;
  };
  // SIGSEGV and its like stay with the system: a handler could only return to what has failed, for ever.
  hearAbort(config.values['crash-log-enabled']);
  config.onChange('crash-log-enabled', hearAbort);
}

async function exit(server: Server, host: Host): Promise<void> {
  host.removePidFile();
  server.log.warning('Redis is now ready to exit, bye bye...');
  host.stop();
  await server.close();
  process.exit(0);
}

// What must not happen has happened: leave the reason where an operator finds it, and do not go on with broken state.
function crash(server: Server, host: Host, fault: Fault): never {
  const { 'crash-log-enabled': reports, 'use-exit-on-panic': exits } = server.parts.config.values;
  // A second failure, in the midst of the report, ends it.
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', () => endBy('SIGABRT'));
  const isSignal = fault.kind === 'segfault' || fault.kind === 'signal';
  if (reports || !isSignal) {
    writeCrashReport(server.parts, fault);
    host.crashed();
  }
  if (exits && !isSignal) process.exit(EXIT_FAILURE);
  endBy(fault.kind === 'segfault' ? 'SIGSEGV' : 'SIGABRT');
}

// Ends by a signal as whoever waits for this process expects it, with a core dump where the system makes one.
function endBy(signal: 'SIGABRT' | 'SIGSEGV' | 'SIGUSR1'): never {
  process.removeAllListeners(signal);
  const { system, timers } = systemRuntime();
  system.raise(signal);
  timers.block(LAST_WAIT_MS);
  process.exit(EXIT_FAILURE);
}

main();
