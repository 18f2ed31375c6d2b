// What a disk was told, in order, and what a power cut leaves of it. Bytes that were written are in the page cache until
// their file is forced to the disk; names (of new, renamed and removed files) until their folder is. Of the rest, a
// power cut keeps what it likes: here everything, nothing, or a beginning, chosen by a seed, whose last write is torn.

import { dirname, resolve } from 'node:path';
import { SeededRandom } from '../../src/base/runtime.ts';

/** What happened to the disk. Files and folders are told apart by number: their names change. */
export type JournalEntry = { readonly operation: number } & (
  | { readonly kind: 'write'; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly file: number; readonly length: number }
  /** The file's content is safe as it was after the first `covers` entries. */
  | { readonly kind: 'sync'; readonly file: number; readonly covers: number }
  | { readonly kind: 'create'; readonly path: string; readonly file: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly file: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'makeFolder'; readonly path: string }
  | { readonly kind: 'syncFolder'; readonly path: string; readonly covers: number }
);

/** What is on a disk: the content of files and the folders that exist, by absolute path. */
export interface DiskImage {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly folders: ReadonlySet<string>;
}

/** What becomes of that which was not forced to the disk: a number is a seed. */
export type Loss = 'nothing is lost' | 'all is lost' | number;

export class DiskJournal {
  readonly entries: JournalEntry[] = [];
  private readonly start: DiskImage;
  private readonly startFiles = new Map<string, number>();
  private nextFile = 0;

  /** `start` is what the disk holds already, safely. */
  constructor(start: DiskImage = { files: new Map(), folders: new Set() }) {
    this.start = start;
    for (const path of start.files.keys()) this.startFiles.set(path, this.nextFile++);
  }

  /** The number of a file that was there at the start. */
  startFile(path: string): number | undefined {
    return this.startFiles.get(path);
  }

  newFile(): number {
    return this.nextFile++;
  }

  /** What a power cut (or, when nothing is lost, the end of the process) right after an operation leaves. */
  imageAfter(operation: number, loss: Loss): DiskImage {
    const count = this.entries.findIndex((entry) => entry.operation > operation);
    const happened = count < 0 ? this.entries : this.entries.slice(0, count);
    const survivors = loss === 'nothing is lost' ? happened : survivorsOf(happened, loss);
    return this.replay(survivors);
  }

  private replay(entries: readonly JournalEntry[]): DiskImage {
    const contents = new Map<number, Buffer>();
    const names = new Map<string, number>();
    const folders = new Set(this.start.folders);
    for (const [path, bytes] of this.start.files) {
      names.set(path, this.startFiles.get(path)!);
      contents.set(this.startFiles.get(path)!, bytes);
    }
    for (const entry of entries) {
      switch (entry.kind) {
        case 'write':
          contents.set(entry.file, written(contents.get(entry.file), entry.at, entry.bytes));
          break;
        case 'truncate':
          contents.set(entry.file, resized(contents.get(entry.file), entry.length));
          break;
        case 'create':
          names.set(entry.path, entry.file);
          break;
        case 'rename':
          // A file that came from another folder is there even if its first name never was on the disk.
          if (names.get(entry.from) === entry.file) names.delete(entry.from);
          names.set(entry.to, entry.file);
          break;
        case 'remove':
          names.delete(entry.path);
          folders.delete(entry.path);
          break;
        case 'makeFolder':
          folders.add(entry.path);
          break;
      }
    }
    const files = new Map<string, Buffer>();
    for (const [path, file] of names) {
      // A file of a folder that was lost is lost with it.
      if (folders.has(dirname(path))) files.set(path, contents.get(file) ?? Buffer.alloc(0));
    }
    return { files, folders };
  }
}

// What is safe, and of the rest, per file and per folder, a beginning.
function survivorsOf(entries: readonly JournalEntry[], loss: 'all is lost' | number): JournalEntry[] {
  const random = loss === 'all is lost' ? null : new SeededRandom(Buffer.from(`loss ${loss}`));
  const safeUpTo = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'sync' || entry.kind === 'syncFolder') {
      const owner = ownerOf(entry);
      safeUpTo.set(owner, Math.max(entry.covers, safeUpTo.get(owner) ?? 0));
    }
  }
  const unsafe = new Map<string, number[]>();
  for (const [i, entry] of entries.entries()) {
    const owner = ownerOf(entry);
    if (entry.kind === 'sync' || entry.kind === 'syncFolder' || i < (safeUpTo.get(owner) ?? 0)) continue;
    unsafe.set(owner, [...(unsafe.get(owner) ?? []), i]);
  }
  const lost = new Set<number>();
  const torn = new Map<number, JournalEntry>();
  for (const indexes of unsafe.values()) {
    const kept = random === null ? 0 : random.below(indexes.length + 1);
    for (const i of indexes.slice(kept)) lost.add(i);
    const next = indexes[kept];
    if (random === null || next === undefined) continue;
    const entry = entries[next]!;
    if (entry.kind !== 'write') continue;
    torn.set(next, { ...entry, bytes: entry.bytes.subarray(0, random.below(entry.bytes.length)) });
  }
  return entries.flatMap((entry, i) => {
    const piece = torn.get(i);
    if (piece !== undefined) return [piece];
    return lost.has(i) ? [] : [entry];
  });
}

// Whose forcing makes an entry safe: a file's for its content, a folder's for the names in it.
function ownerOf(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'write':
    case 'truncate':
    case 'sync':
      return `file ${entry.file}`;
    case 'syncFolder':
      return entry.path;
    case 'rename':
      return dirname(entry.to);
    default:
      return dirname(entry.path);
  }
}

function written(content: Buffer | undefined, at: number, bytes: Buffer): Buffer {
  const grown = resized(content, Math.max(content?.length ?? 0, at + bytes.length));
  bytes.copy(grown, at);
  return grown;
}

function resized(content: Buffer | undefined, length: number): Buffer {
  const copy = Buffer.alloc(length);
  content?.copy(copy, 0, 0, length);
  return copy;
}

/** An image with one folder and the files in it, their content as latin1. */
export function imageOf(folder: string, files: Readonly<Record<string, string | Buffer>> = {}): DiskImage {
  const root = resolve(folder);
  const folders = new Set<string>();
  const addFolder = (path: string): void => {
    for (let one = path; !folders.has(one); one = dirname(one)) folders.add(one);
  };
  addFolder(root);
  const contents = new Map<string, Buffer>();
  for (const [name, content] of Object.entries(files)) {
    const path = resolve(root, name);
    addFolder(dirname(path));
    contents.set(path, typeof content === 'string' ? Buffer.from(content, 'latin1') : content);
  }
  return { files: contents, folders };
}
