// A server process that kills itself right before the n-th thing that it does to the disk, n being CRASH_AT. Arguments are
// directives as options, as the real one takes them.

import process from 'node:process';
import { systemRuntime } from '../../src/base/runtime.ts';
import { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/parser.ts';
import { Server } from '../../src/server.ts';
import { FaultyFiles } from '../support/faulty-files.ts';

const system = systemRuntime();
const disk = new FaultyFiles(system.files);
const runtime = { ...system, files: disk.door };
const fatal = Number(process.env.CRASH_AT ?? 0);
disk.onOperation = ({ number, kind, path }) => {
  if (number !== fatal) return;
  process.stderr.write(`killed before ${kind} ${path}\n`);
  process.kill(process.pid, 'SIGKILL');
};

const config = new Config(runtime, process.cwd());
loadConfig(config, runtime.files, {});
const words = process.argv.slice(2);
for (let i = 0; i < words.length; i += 2) {
  const error = config.assign(words[i]!.slice(2), [words[i + 1]!]);
  if (error !== null) throw new Error(`${words[i]}: ${error}`);
}
const server = new Server({
  runtime,
  config,
  executable: '',
  isEmbedded: false,
  onShutdown: () => process.exit(0),
});
if (!server.listenTcp(config.values.port)) process.exit(1);
server.load((loaded) => {
  if (!loaded) process.exit(1);
});
