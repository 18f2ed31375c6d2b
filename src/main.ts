// The process: arguments, signals, exit codes.

import { systemRuntime } from './base/runtime.ts';
import { parseCommandLine } from './config/command-line.ts';
import { Config } from './config/config.ts';
import { loadConfig } from './config/parser.ts';
import { Server } from './server.ts';

const runtime = systemRuntime();
const config = new Config(runtime, process.cwd());
const line = parseCommandLine(process.argv.slice(2));
loadConfig(config, runtime.files, { file: line.configFile, options: line.options });
const server = new Server({
  runtime,
  config,
  executable: process.argv[1] ?? '',
  isEmbedded: false,
  onShutdown: () => process.exit(0),
});
server.start();
await server.listen(config.values.port);
server.log.notice('Ready to accept connections tcp');
