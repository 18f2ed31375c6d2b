// A FileDoor that goes wrong on purpose: it passes everything on to another door (a disk in memory or the real one),
// counts what changes the disk, and at the n-th such operation fails, takes only half of a write, or lets the test do
// something (end the process). It keeps a journal, from which a test takes what a power cut after each operation would
// have left; so one run of a story gives all its ends.

import { resolve } from 'node:path';
import type { FileDoor } from '../../src/base/runtime.ts';
import { type DiskImage, DiskJournal } from './disk-journal.ts';
import { MemoryFiles } from './memory-files.ts';

export type Fault =
  /** Fails with this code. */
  | { readonly kind: 'error'; readonly code: 'ENOSPC' | 'EIO' }
  /** A write takes half of what it is given and says so; other operations succeed. */
  | { readonly kind: 'short' }
  /** The disk is full: a write takes half, and every operation that needs room fails until `heal`. */
  | { readonly kind: 'full' };

/** Something that changes the disk. Numbers begin at 1. */
export interface DiskOperation {
  readonly number: number;
  readonly kind: 'create' | 'write' | 'truncate' | 'sync' | 'rename' | 'remove' | 'makeFolder' | 'chmod';
  readonly path: string;
}

interface OpenFile {
  readonly path: string;
  /** Its number in the journal; null for a folder. */
  readonly file: number | null;
  readonly appends: boolean;
  at: number;
}

const NEEDS_ROOM: ReadonlySet<DiskOperation['kind']> = new Set(['create', 'write', 'sync', 'makeFolder']);
const MESSAGES = { ENOSPC: 'no space left on device', EIO: 'i/o error', EBADF: 'bad file descriptor' };
const NUMBERS = { ENOSPC: -28, EIO: -5, EBADF: -9 };

type Callback = (error: Error | null, result?: unknown) => void;

export class FaultyFiles {
  readonly door: FileDoor;
  readonly operations: DiskOperation[] = [];
  readonly journal: DiskJournal;
  /** Called before an operation happens. */
  onOperation: (operation: DiskOperation) => void = () => {};

  private readonly under: FileDoor;
  private readonly open = new Map<number, OpenFile>();
  private readonly numbers = new Map<string, number>();
  private readonly faults = new Map<number, Fault>();
  private isFull = false;

  /** Over `under`, whose content the journal does not know but for `start`. */
  constructor(under: FileDoor, start?: DiskImage) {
    this.under = under;
    this.journal = new DiskJournal(start);
    for (const path of start?.files.keys() ?? []) this.numbers.set(path, this.journal.startFile(path)!);
    // Node's functions have overloads that no implementation can be assigned to without a cast.
    this.door = this.makeDoor() as unknown as FileDoor;
  }

  /** A disk in memory that holds what the image says. */
  static inMemory(image: DiskImage, nowMs?: () => number): FaultyFiles {
    const memory = new MemoryFiles(nowMs);
    for (const folder of image.folders) memory.directories.add(folder);
    for (const [path, bytes] of image.files) memory.door.writeFileSync(path, bytes);
    return new FaultyFiles(memory.door, image);
  }

  /** How many operations there were. */
  get count(): number {
    return this.operations.length;
  }

  /** The n-th operation from now on (the next one is 1) goes wrong. */
  failAt(n: number, fault: Fault): void {
    this.faults.set(this.count + n, fault);
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.faults.clear();
    this.isFull = false;
  }

  private makeDoor() {
    const { under } = this;
    const calls = {
      readFileSync: under.readFileSync,
      existsSync: under.existsSync,
      statSync: under.statSync,
      readdirSync: under.readdirSync,
      fstatSync: under.fstatSync,
      openSync: (path: string, flags: string | number = 'r', mode = 0o644) =>
        this.openFile(path, flags, mode),
      closeSync: (fd: number) => {
        under.closeSync(fd);
        this.open.delete(fd);
      },
      readSync: (fd: number, target: Uint8Array, ...rest: unknown[]) => {
        const { offset, length, position } = placeOf(target.length, rest);
        const count = under.readSync(fd, target, offset, length, position);
        if (position === null) this.opened(fd).at += count;
        return count;
      },
      writeSync: (fd: number, data: string | Uint8Array, ...rest: unknown[]) => {
        if (typeof data !== 'string') return this.write(fd, data, placeOf(data.length, rest));
        const bytes = Buffer.from(data, (rest[1] as BufferEncoding | undefined) ?? 'utf8');
        const position = (rest[0] as number | null | undefined) ?? null;
        return this.write(fd, bytes, { offset: 0, length: bytes.length, position });
      },
      writeFileSync: (
        path: string,
        data: string | Uint8Array,
        options?: string | { encoding?: string; flag?: string; mode?: number },
      ) => {
        const given = typeof options === 'string' ? { encoding: options } : (options ?? {});
        const bytes =
          typeof data === 'string' ? Buffer.from(data, (given.encoding ?? 'utf8') as BufferEncoding) : data;
        const fd = this.openFile(path, given.flag ?? 'w', given.mode ?? 0o644);
        try {
          for (let at = 0; at < bytes.length; ) {
            at += this.write(fd, bytes, { offset: at, length: bytes.length - at, position: null });
          }
        } finally {
          calls.closeSync(fd);
        }
      },
      fsyncSync: (fd: number) => this.sync(fd, this.opened(fd), this.journal.entries.length),
      fdatasyncSync: (fd: number) => this.sync(fd, this.opened(fd), this.journal.entries.length),
      ftruncateSync: (fd: number, length = 0) => {
        const { path, file } = this.opened(fd);
        const operation = this.begin('truncate', path);
        under.ftruncateSync(fd, length);
        this.journal.entries.push({ operation, kind: 'truncate', file: file!, length });
      },
      renameSync: (from: string, to: string) => {
        const operation = this.begin('rename', to);
        under.renameSync(from, to);
        const file = this.renumber(from, to);
        this.journal.entries.push({
          operation,
          kind: 'rename',
          from: resolve(from),
          to: resolve(to),
          file,
        });
      },
      unlinkSync: (path: string) => this.remove(path, () => under.unlinkSync(path)),
      rmSync: (path: string, options?: { force?: boolean; recursive?: boolean }) => {
        if (options?.recursive) throw new Error('rmSync of a whole folder is not expected');
        if (options?.force && !under.existsSync(path)) return;
        this.remove(path, () => under.rmSync(path, options));
      },
      mkdirSync: (path: string, options?: { recursive?: boolean; mode?: number }) => {
        if (options?.recursive && under.existsSync(path)) return;
        const operation = this.begin('makeFolder', path);
        under.mkdirSync(path, options);
        this.journal.entries.push({ operation, kind: 'makeFolder', path: resolve(path) });
      },
      chmodSync: (path: string, mode: number) => {
        this.begin('chmod', path);
        under.chmodSync(path, mode);
      },
      open: (...args: unknown[]) => inTime(args, (given) => calls.openSync(...(given as [string]))),
      close: (...args: unknown[]) => inTime(args, (given) => calls.closeSync(...(given as [number]))),
      // Not copied: a buffer that is used again before the write has ended shows.
      write: (...args: unknown[]) =>
        inTime(args, (given) => calls.writeSync(...(given as [number, Uint8Array]))),
      unlink: (...args: unknown[]) => inTime(args, (given) => calls.unlinkSync(...(given as [string]))),
      fsync: (...args: unknown[]) => this.syncInTime(args),
      fdatasync: (...args: unknown[]) => this.syncInTime(args),
    };
    return calls;
  }

  private openFile(path: string, flags: string | number, mode: number): number {
    const { under } = this;
    const absolute = resolve(path);
    const text = String(flags);
    if (text === '0') flags = 'r';
    else if (typeof flags === 'number') throw new Error('open flags as text, please');
    const exists = under.existsSync(path);
    if (exists && under.statSync(path).isDirectory()) {
      const fd = under.openSync(path, flags, mode);
      this.open.set(fd, { path: absolute, file: null, appends: false, at: 0 });
      return fd;
    }
    const creates = !exists && !String(flags).startsWith('r');
    const empties = exists && String(flags).startsWith('w');
    const operation = creates ? this.begin('create', path) : empties ? this.begin('truncate', path) : 0;
    const fd = under.openSync(path, flags, mode);
    let file = this.numbers.get(absolute);
    if (file === undefined || creates) {
      file = this.journal.newFile();
      this.numbers.set(absolute, file);
    }
    if (creates) this.journal.entries.push({ operation, kind: 'create', path: absolute, file });
    if (empties) this.journal.entries.push({ operation, kind: 'truncate', file, length: 0 });
    this.open.set(fd, { path: absolute, file, appends: text.startsWith('a'), at: 0 });
    return fd;
  }

  private write(fd: number, data: Uint8Array, place: Place): number {
    const open = this.opened(fd);
    const operation = this.begin('write', open.path);
    const isShort = this.isShort(operation);
    // At least one byte: a write of none would be asked for again for ever.
    const length = isShort ? Math.max(1, place.length >> 1) : place.length;
    const at = open.appends ? this.under.fstatSync(fd).size : (place.position ?? open.at);
    const count = this.under.writeSync(fd, data, place.offset, length, open.appends ? null : place.position);
    if (place.position === null) open.at = at + count;
    const bytes = Buffer.from(data.subarray(place.offset, place.offset + count));
    this.journal.entries.push({ operation, kind: 'write', file: open.file!, at, bytes });
    return count;
  }

  private sync(fd: number, open: OpenFile, covers: number): void {
    const operation = this.begin('sync', open.path);
    if (this.open.has(fd)) this.under.fsyncSync(fd);
    this.journal.entries.push(
      open.file === null
        ? { operation, kind: 'syncFolder', path: open.path, covers }
        : { operation, kind: 'sync', file: open.file, covers },
    );
  }

  // What is written while the disk is busy with it is not covered.
  private syncInTime(args: unknown[]): void {
    const fd = args[0] as number;
    const open = this.opened(fd);
    const covers = this.journal.entries.length;
    inTime(args, () => this.sync(fd, open, covers));
  }

  private remove(path: string, act: () => void): void {
    const operation = this.begin('remove', path);
    act();
    this.numbers.delete(resolve(path));
    this.journal.entries.push({ operation, kind: 'remove', path: resolve(path) });
  }

  private renumber(from: string, to: string): number {
    const file = this.numbers.get(resolve(from)) ?? this.journal.newFile();
    this.numbers.delete(resolve(from));
    this.numbers.set(resolve(to), file);
    return file;
  }

  private opened(fd: number): OpenFile {
    const open = this.open.get(fd);
    if (open === undefined) throw failure('EBADF', 'fd');
    return open;
  }

  /** Counts an operation and lets it fail when its turn has come. Returns its number. */
  private begin(kind: DiskOperation['kind'], path: string): number {
    const operation: DiskOperation = { number: this.count + 1, kind, path: resolve(path) };
    this.operations.push(operation);
    this.onOperation(operation);
    const fault = this.faults.get(operation.number);
    if (fault?.kind === 'error') throw failure(fault.code, kind);
    if (this.isFull && NEEDS_ROOM.has(kind)) throw failure('ENOSPC', kind);
    if (fault?.kind === 'full') {
      this.isFull = true;
      if (kind !== 'write' && NEEDS_ROOM.has(kind)) throw failure('ENOSPC', kind);
    }
    return operation.number;
  }

  private isShort(operation: number): boolean {
    const kind = this.faults.get(operation)?.kind;
    return kind === 'short' || kind === 'full';
  }
}

interface Place {
  readonly offset: number;
  readonly length: number;
  readonly position: number | null;
}

// Node's two ways to say where: `offset, length, position`, or an object of these.
function placeOf(size: number, rest: readonly unknown[]): Place {
  const given = (
    typeof rest[0] === 'object' && rest[0] !== null
      ? rest[0]
      : { offset: rest[0], length: rest[1], position: rest[2] }
  ) as { offset?: number | null; length?: number | null; position?: number | null };
  const offset = given.offset ?? 0;
  const position = given.position === undefined || given.position === -1 ? null : given.position;
  return { offset, length: given.length ?? size - offset, position };
}

// The callback form of a call: it happens, and is told of, in a later turn of the event loop.
function inTime(args: unknown[], act: (args: unknown[]) => unknown): void {
  const done = args.at(-1) as Callback;
  const given = args.slice(0, -1);
  setImmediate(() => {
    let result: unknown;
    try {
      result = act(given);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, result);
  });
}

function failure(code: keyof typeof MESSAGES, syscall: string): NodeJS.ErrnoException {
  const error = new Error(`${code}: ${MESSAGES[code]}, ${syscall}`);
  return Object.assign(error, { code, errno: NUMBERS[code], syscall });
}
