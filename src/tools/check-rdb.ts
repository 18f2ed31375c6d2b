// respite-check-rdb: whether an RDB file is sound. Options, words and exit codes are those of redis-check-rdb; why a file
// could not be opened goes to standard error in addition.

import { REDIS_VERSION } from '../base/version.ts';
import { bytesFromText, pathFromBytes, reasonOf } from '../config/file-text.ts';
import { announceRdbCheck, RdbCheck } from './rdb-check.ts';
import { EXIT_FAILURE, EXIT_OK, exitCodeOf, GaveUp, type Tool } from './tool.ts';

/** Runs the tool with its arguments and returns its exit code. */
export function checkRdb(tool: Tool, args: readonly string[]): number {
  const [argument] = args;
  if (argument === undefined || args.length > 1) {
    tool.printError('Usage: respite-check-rdb <rdb-file-name>\n');
    return EXIT_FAILURE;
  }
  if (argument === '-v' || argument === '--version') {
    tool.print(`respite-check-rdb ${REDIS_VERSION}\n`);
    return EXIT_OK;
  }
  return exitCodeOf(() => checkFile(tool, bytesFromText(argument)));
}

function checkFile(tool: Tool, path: string): void {
  const { files } = tool.runtime;
  announceRdbCheck(tool, path);
  let fd: number;
  try {
    fd = files.openSync(pathFromBytes(path), 'r');
  } catch (error) {
    const reason = `Cannot open file ${path}: ${reasonOf(error)}`;
    tool.printError(`${reason}\n`);
    throw new GaveUp(reason);
  }
  try {
    if (!new RdbCheck(tool, fd).run()) throw new GaveUp('damaged');
  } finally {
    files.closeSync(fd);
  }
}
