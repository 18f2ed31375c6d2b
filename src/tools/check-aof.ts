// respite-check-aof: whether an AOF is sound, and cutting off what is not. Options, words and exit codes are those of
// redis-check-aof.

import { bytesFromText } from '../config/file-text.ts';
import { AofCheck, type AofCheckOptions } from './aof-check.ts';
import { parseLong } from './aof-scan.ts';
import { inputKind } from './input-kind.ts';
import { exitCodeOf, giveUp, type Tool } from './tool.ts';

/** Runs the tool with its arguments and returns its exit code. */
export function checkAof(tool: Tool, args: readonly string[]): number {
  return exitCodeOf(() => {
    const { options, path } = readArguments(tool, args);
    new AofCheck(tool, options).run(path, inputKind(tool, path));
  });
}

function readArguments(tool: Tool, args: readonly string[]): { path: string; options: AofCheckOptions } {
  const words = args.map(bytesFromText);
  const path = words[words.length - 1];
  if (path !== undefined && words.length === 1) return { path, options: { fixes: false, timestamp: 0 } };
  if (path !== undefined && words.length === 2 && words[0] === '--fix') {
    return { path, options: { fixes: true, timestamp: 0 } };
  }
  if (path !== undefined && words.length === 3 && words[0] === '--truncate-to-timestamp') {
    return { path, options: { fixes: false, timestamp: readTimestamp(tool, words[1]!) } };
  }
  return giveUp(
    tool,
    'Usage: respite-check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n',
  );
}

function readTimestamp(tool: Tool, text: string): number | bigint {
  const { isOutOfRange, length, value } = parseLong(text);
  if (isOutOfRange || length !== text.length) giveUp(tool, 'Invalid timestamp, aborting...\n');
  return value;
}
