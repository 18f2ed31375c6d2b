// The process around a server: arguments, configuration, signals, the pid file, exit codes. It is the only place that
// ends the process.

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
import { bytesFromText, pathFromBytes, reasonOf } from './config/file-text.ts';
import { ConfigFileError, type ConfigSource, loadConfig } from './config/parser.ts';
import { expandTitleTemplate } from './config/text-checks.ts';
import { renameProblem, Server } from './server.ts';

const EXIT_FAILURE = 1;

function main(): void {
  const runtime = systemRuntime();
  const source = readArguments();
  const config = new Config(runtime, bytesFromText(process.cwd()));
  let server: Server;
  try {
    loadConfig(config, runtime.files, source, {
      renameCommand: (from, to) => renameProblem([...config.renamedCommands, [from, to]]),
    });
    server = new Server({
      runtime,
      config,
      executable: resolve(process.argv[1] ?? ''),
      isEmbedded: false,
      onShutdown: () => void exit(server, runtime, 0),
      onAbort: () => process.exit(EXIT_FAILURE),
    });
  } catch (error) {
    refuse(error, runtime);
  }
  start(server, config, runtime, source);
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
      '\nEvery directive of redis.conf is an option too, after the file:\n  respite redis.conf --port 7000 --maxclients 500\n  respite --port 0 --unixsocket /run/respite.sock',
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

function start(server: Server, config: Config, runtime: Runtime, source: ConfigSource): void {
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
  setProcessTitle(config);
  process.on('SIGINT', () => server.shutdownBySignal('SIGINT'));
  process.on('SIGTERM', () => server.shutdownBySignal('SIGTERM'));
  // A peer or a terminal that has gone is no reason to go too.
  process.on('SIGHUP', () => {});
  process.on('uncaughtException', (error) => crash(server, error));

  const listensTcp = values.port === 0 || server.listenTcp(values.port);
  if (!listensTcp || (values.unixsocket !== '' && !server.listenUnix())) {
    // The listener's own line about the reason comes first.
    runtime.timers.afterTurn(() => {
      if (!listensTcp) log.warning(`Failed listening on port ${values.port} (tcp), aborting.`);
      process.exit(EXIT_FAILURE);
    });
    return;
  }
  if (values.port === 0 && values.unixsocket === '') {
    log.warning('Configured to not listen anywhere, exiting.');
    process.exit(EXIT_FAILURE);
  }
  writePidFile(config, runtime, server);
  if (values['always-show-logo'] || (values.logfile === '' && process.stdout.isTTY)) {
    process.stdout.write(startupLogo(REDIS_VERSION, server.port, runtime.pid));
  } else {
    log.notice(`Running mode=standalone, port=${server.port}.`);
  }
  log.notice('Server initialized');
  server.load((loaded) => {
    if (!loaded) process.exit(EXIT_FAILURE);
    if (server.port !== 0) log.notice('Ready to accept connections tcp');
    if (values.unixsocket !== '') log.notice('Ready to accept connections unix');
  });
}

function setProcessTitle(config: Config): void {
  const { values } = config;
  if (!values['set-proc-title']) return;
  const [address] = values.bind;
  const title: Record<string, string> = {
    title: 'respite',
    'listen-addr': values.port === 0 ? values.unixsocket : `${address ?? '*'}:${values.port}`,
    'server-mode': '',
    port: String(values.port),
    'tls-port': String(values['tls-port']),
    unixsocket: values.unixsocket,
    'config-file': config.configFile ?? '',
  };
  process.title =
    expandTitleTemplate(values['proc-title-template'], (name) => title[name] ?? null) ?? 'respite';
}

function writePidFile(config: Config, runtime: Runtime, server: Server): void {
  const { pidfile, dir } = config.values;
  if (pidfile === '') return;
  try {
    runtime.files.writeFileSync(pathFromBytes(resolve(dir, pidfile)), `${runtime.pid}\n`);
  } catch (error) {
    server.log.warning(`Failed to write PID file: ${reasonOf(error)}`);
  }
}

async function exit(server: Server, runtime: Runtime, code: number): Promise<void> {
  const { pidfile, dir } = server.parts.config.values;
  if (pidfile !== '') {
    server.log.notice('Removing the pid file.');
    runtime.files.rmSync(pathFromBytes(resolve(dir, pidfile)), { force: true });
  }
  server.log.warning('Redis is now ready to exit, bye bye...');
  await server.close();
  process.exit(code);
}

// What must not happen has happened: leave the reason where an operator finds it, and do not go on with broken state.
function crash(server: Server, error: Error): void {
  server.log.warning(
    '=== BUG REPORT START: an internal error, please report it with the lines that follow ===',
  );
  for (const line of (error.stack ?? String(error)).split('\n')) server.log.warning(line);
  server.log.warning(
    `Version ${REDIS_VERSION}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  );
  server.log.warning('=== BUG REPORT END ===');
  process.exit(EXIT_FAILURE);
}

main();
