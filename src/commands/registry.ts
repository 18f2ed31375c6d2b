// All commands: whatever the files of this folder export. A new command in a listed file needs nothing here; a new
// file needs its line.

import { Command } from '../engine/command-spec.ts';
import * as client from './client.ts';
import * as command from './command.ts';
import * as config from './config.ts';
import * as connection from './connection.ts';
import * as debug from './debug.ts';
import * as expire from './expire.ts';
import * as flush from './flush.ts';
import * as info from './info.ts';
import * as keys from './keys.ts';
import * as keysMove from './keys-move.ts';
import * as keysScan from './keys-scan.ts';
import * as latency from './latency.ts';
import * as lolwut from './lolwut.ts';
import * as memory from './memory.ts';
import * as object from './object.ts';
import * as server from './server.ts';
import * as shutdown from './shutdown.ts';
import * as slowlog from './slowlog.ts';
import * as string from './string.ts';
import * as stringCounter from './string-counter.ts';
import * as stringLcs from './string-lcs.ts';
import * as stringRange from './string-range.ts';
import * as transactions from './transactions.ts';

const FILES: readonly object[] = [
  client,
  command,
  config,
  connection,
  debug,
  expire,
  flush,
  info,
  keys,
  keysMove,
  keysScan,
  latency,
  lolwut,
  memory,
  object,
  server,
  shutdown,
  slowlog,
  string,
  stringCounter,
  stringLcs,
  stringRange,
  transactions,
];

export const COMMANDS: readonly Command[] = FILES.flatMap((file) =>
  Object.values(file).filter((exported) => exported instanceof Command),
);
