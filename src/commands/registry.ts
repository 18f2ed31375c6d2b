// All commands: whatever the files of this folder export. A new command in a listed file needs nothing here; a new
// file needs its line.

import { Command } from '../engine/command-spec.ts';
import * as connection from './connection.ts';
import * as string from './string.ts';

const FILES: readonly object[] = [connection, string];

export const COMMANDS: readonly Command[] = FILES.flatMap((file) =>
  Object.values(file).filter((exported) => exported instanceof Command),
);
