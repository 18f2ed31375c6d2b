// What kind of file one is asked to check: a manifest, an AOF that begins with an RDB file, or one of commands only. The
// content decides, by Redis's rules, and not the name.

import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import { RDB_MAGIC } from '../persistence/rdb/rdb-format.ts';
import { FileWindow } from './file-window.ts';
import { giveUp, type Tool } from './tool.ts';

export type InputKind = 'manifest' | 'rdb' | 'commands';

// The word that the lines of a manifest begin with. A longer line is looked at as lines of this length.
const MANIFEST_WORD = 'file';
const MANIFEST_LINE_BYTES = 1024;
const LEAST_RDB_BYTES = 8;
const LF = 0x0a;

/** Looks at the file; throws GaveUp when it cannot be read, having said why. */
export function inputKind(tool: Tool, path: string): InputKind {
  if (isManifest(tool, path)) return 'manifest';
  return isRdb(tool, path) ? 'rdb' : 'commands';
}

/** Whether the file begins as an RDB file does. Throws GaveUp when it cannot be opened. */
export function isRdb(tool: Tool, path: string): boolean {
  return withFile(tool, path, (window, sizeBytes) => {
    if (sizeBytes < LEAST_RDB_BYTES) return false;
    try {
      return window.ensure(RDB_MAGIC.length) === RDB_MAGIC.length && startsWith(window, RDB_MAGIC);
    } catch {
      return false;
    }
  });
}

function isManifest(tool: Tool, path: string): boolean {
  return withFile(tool, path, (window) => {
    try {
      return hasManifestLine(window);
    } catch {
      return giveUp(tool, `Cannot read file: ${path}\n`);
    }
  });
}

function hasManifestLine(window: FileWindow): boolean {
  const { bytes } = window;
  // Where in a line the next byte stands.
  let column = 0;
  while (window.ensure(MANIFEST_WORD.length) === MANIFEST_WORD.length) {
    // The last few bytes wait for what follows them, for the word may lie across the window's end.
    const stop = window.end - MANIFEST_WORD.length + 1;
    for (; window.at < stop; window.at++) {
      if (column === 0 && startsWith(window, MANIFEST_WORD)) return true;
      column = bytes[window.at] === LF || column === MANIFEST_LINE_BYTES - 1 ? 0 : column + 1;
    }
  }
  return false;
}

function startsWith({ at, bytes }: FileWindow, word: string): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}

function withFile<T>(tool: Tool, path: string, look: (window: FileWindow, sizeBytes: number) => T): T {
  const { files } = tool.runtime;
  let fd: number;
  try {
    fd = files.openSync(pathFromBytes(path), 'r');
  } catch (error) {
    return giveUp(tool, `Cannot open file ${path}: ${reasonOf(error)}\n`);
  }
  try {
    const sizeBytes = files.fstatSync(fd).size;
    return look(new FileWindow(files, fd, 0, (offset) => tool.progress(offset, sizeBytes)), sizeBytes);
  } finally {
    files.closeSync(fd);
  }
}
