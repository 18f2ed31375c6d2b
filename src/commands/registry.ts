// All commands: whatever the files of this folder export. A new command in a listed file needs nothing here; a new
// file needs its line.

import { Command } from '../engine/command-spec.ts';
import * as connection from './connection.ts';
import * as expire from './expire.ts';
import * as flush from './flush.ts';
import * as keys from './keys.ts';
import * as keysMove from './keys-move.ts';
import * as keysScan from './keys-scan.ts';
import * as object from './object.ts';
import * as string from './string.ts';
import * as stringCounter from './string-counter.ts';
import * as stringLcs from './string-lcs.ts';
import * as stringRange from './string-range.ts';

const FILES: readonly object[] = [
  connection,
  expire,
  flush,
  keys,
  keysMove,
  keysScan,
  object,
  string,
  stringCounter,
  stringLcs,
  stringRange,
];

export const COMMANDS: readonly Command[] = FILES.flatMap((file) =>
  Object.values(file).filter((exported) => exported instanceof Command),
);
