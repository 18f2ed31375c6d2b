// A disk in memory behind the FileDoor, for tests of what the server writes. It holds what was written, can be told to
// fail, and knows which bytes an fsync has made safe. Paths are compared as they are given, after `resolve`.

import { dirname, resolve } from 'node:path';
import type { FileDoor } from '../../src/base/runtime.ts';

interface MemoryFile {
  bytes: Buffer;
  /** What has been fsynced: what a power cut leaves. */
  synced: Buffer;
  mode: number;
  mtimeMs: number;
}

interface OpenFile {
  readonly file: MemoryFile;
  at: number;
  readonly appends: boolean;
}

type Call = keyof FileDoor;

export class MemoryFiles {
  readonly files = new Map<string, MemoryFile>();
  readonly directories = new Set<string>(['/']);
  /** Every call in order, as `name path`. */
  readonly calls: string[] = [];
  readonly door: FileDoor;

  private readonly open = new Map<number, OpenFile>();
  private readonly failures: { call: Call; code: string; after: number }[] = [];
  private nextFd = 1000;
  private readonly nowMs: () => number;

  /** `later` runs what is told in a later turn of the event loop. */
  constructor(nowMs: () => number = () => 0, later: (run: () => void) => void = setImmediate) {
    this.nowMs = nowMs;
    this.directories.add(resolve('.'));
    // Node's functions have overloads that no implementation can be assigned to without a cast.
    const door = this.makeDoor();
    this.door = { ...door, ...inBackground(door, later) } as unknown as FileDoor;
  }

  /** Lets a call fail once with an error code, after it has succeeded `after` times more. */
  fail(call: Call, code: string, after = 0): void {
    this.failures.push({ call, code, after });
  }

  /** The content of a file as latin1, or null when there is none. */
  read(path: string): string | null {
    return this.files.get(resolve(path))?.bytes.toString('latin1') ?? null;
  }

  write(path: string, text: string): void {
    const bytes = Buffer.from(text, 'latin1');
    this.files.set(resolve(path), { bytes, synced: bytes, mode: 0o644, mtimeMs: this.nowMs() });
  }

  makeDoor() {
    return {
      readFileSync: (path: string | number, options?: string | { encoding?: string }) => {
        const file = typeof path === 'number' ? this.fd(path).file : this.begin('readFileSync', path);
        const encoding = typeof options === 'string' ? options : options?.encoding;
        return encoding ? file.bytes.toString(encoding as BufferEncoding) : Buffer.from(file.bytes);
      },
      writeFileSync: (path: string, data: string | Uint8Array, options?: string | { encoding?: string }) => {
        this.note('writeFileSync', path);
        const encoding = (typeof options === 'string' ? options : options?.encoding) ?? 'utf8';
        const bytes =
          typeof data === 'string' ? Buffer.from(data, encoding as BufferEncoding) : Buffer.from(data);
        this.create(path, 0o644).bytes = bytes;
      },
      openSync: (path: string, flags: string | number = 'r', mode = 0o644) => {
        this.note('openSync', path);
        const text = String(flags);
        const exists = this.files.has(resolve(path));
        if (text.includes('x') && exists) throw failure('EEXIST', 'open', path);
        if (text.startsWith('r') || flags === 0) {
          if (this.directories.has(resolve(path))) return this.opened(emptyFile(), false);
          return this.opened(this.find(path, 'open'), false);
        }
        const file = exists ? this.find(path, 'open') : this.create(path, mode);
        if (text.startsWith('w')) file.bytes = Buffer.alloc(0);
        return this.opened(file, text.startsWith('a'));
      },
      closeSync: (fd: number) => {
        this.fd(fd);
        this.open.delete(fd);
      },
      readSync: (
        fd: number,
        target: Uint8Array,
        offset = 0,
        length = target.length - offset,
        position = null,
      ) => {
        const open = this.fd(fd);
        const from = position ?? open.at;
        const count = Math.max(0, Math.min(length, open.file.bytes.length - from));
        target.set(open.file.bytes.subarray(from, from + count), offset);
        if (position === null) open.at += count;
        return count;
      },
      writeSync: (fd: number, data: string | Uint8Array, ...rest: unknown[]) => {
        const open = this.fd(fd);
        this.note('writeSync', String(fd));
        const bytes =
          typeof data === 'string'
            ? Buffer.from(data, (rest[1] as BufferEncoding | undefined) ?? 'utf8')
            : Buffer.from(data).subarray(
                (rest[0] as number | undefined) ?? 0,
                ((rest[0] as number | undefined) ?? 0) + ((rest[1] as number | undefined) ?? data.length),
              );
        const position = (typeof data === 'string' ? rest[0] : rest[2]) as number | null | undefined;
        const at = open.appends ? open.file.bytes.length : (position ?? open.at);
        const grown = Buffer.alloc(Math.max(open.file.bytes.length, at + bytes.length));
        open.file.bytes.copy(grown);
        bytes.copy(grown, at);
        open.file.bytes = grown;
        open.file.mtimeMs = this.nowMs();
        if (position === null || position === undefined) open.at = at + bytes.length;
        return bytes.length;
      },
      fsyncSync: (fd: number) => this.sync('fsyncSync', fd),
      fdatasyncSync: (fd: number) => this.sync('fdatasyncSync', fd),
      ftruncateSync: (fd: number, length = 0) => {
        const { file } = this.fd(fd);
        this.note('ftruncateSync', String(fd));
        const cut = Buffer.alloc(length);
        file.bytes.copy(cut, 0, 0, length);
        file.bytes = cut;
      },
      fstatSync: (fd: number) => statsOf(this.fd(fd).file, false),
      renameSync: (from: string, to: string) => {
        const file = this.begin('renameSync', from);
        this.files.delete(resolve(from));
        this.files.set(resolve(to), file);
      },
      unlinkSync: (path: string) => {
        this.begin('unlinkSync', path);
        this.files.delete(resolve(path));
      },
      existsSync: (path: string) => this.files.has(resolve(path)) || this.directories.has(resolve(path)),
      statSync: (path: string, options?: { throwIfNoEntry?: boolean }) => {
        if (this.directories.has(resolve(path))) return statsOf(emptyFile(), true);
        if (options?.throwIfNoEntry === false && !this.files.has(resolve(path))) return undefined;
        return statsOf(this.begin('statSync', path), false);
      },
      readdirSync: (path: string) => {
        const directory = resolve(path);
        if (!this.directories.has(directory)) throw failure('ENOENT', 'scandir', path);
        const all = [...this.files.keys(), ...this.directories];
        return all
          .filter((one) => one !== directory && dirname(one) === directory)
          .map((one) => one.slice(directory.length).replace(/^\//, ''))
          .sort();
      },
      mkdirSync: (path: string, options?: { recursive?: boolean }) => {
        this.note('mkdirSync', path);
        const directory = resolve(path);
        const exists = this.files.has(directory) || (this.directories.has(directory) && !options?.recursive);
        if (exists) throw failure('EEXIST', 'mkdir', path);
        for (let one = directory; !this.directories.has(one); one = dirname(one)) this.directories.add(one);
      },
      chmodSync: (path: string, mode: number) => {
        this.begin('chmodSync', path).mode = mode;
      },
      rmSync: (path: string, options?: { force?: boolean; recursive?: boolean }) => {
        this.note('rmSync', path);
        const target = resolve(path);
        if (!this.files.delete(target) && !this.directories.has(target) && !options?.force) {
          throw failure('ENOENT', 'rm', path);
        }
        if (!options?.recursive) return;
        for (const one of [...this.files.keys()]) if (one.startsWith(`${target}/`)) this.files.delete(one);
        for (const one of [...this.directories]) {
          if (one === target || one.startsWith(`${target}/`)) this.directories.delete(one);
        }
      },
    };
  }

  private sync(call: 'fsyncSync' | 'fdatasyncSync', fd: number): void {
    const { file } = this.fd(fd);
    this.note(call, String(fd));
    file.synced = Buffer.from(file.bytes);
  }

  private note(call: Call, path: string): void {
    this.calls.push(`${call} ${path}`);
    const at = this.failures.findIndex((one) => one.call === call);
    if (at < 0 || this.failures[at]!.after-- > 0) return;
    const { code } = this.failures.splice(at, 1)[0]!;
    throw failure(code, call.replace(/Sync$/, ''), path);
  }

  private begin(call: Call, path: string): MemoryFile {
    this.note(call, path);
    return this.find(path, call.replace(/Sync$/, ''));
  }

  private find(path: string, syscall: string): MemoryFile {
    const file = this.files.get(resolve(path));
    if (file !== undefined) return file;
    throw failure(this.directories.has(resolve(path)) ? 'EISDIR' : 'ENOENT', syscall, path);
  }

  private create(path: string, mode: number): MemoryFile {
    if (!this.directories.has(dirname(resolve(path)))) throw failure('ENOENT', 'open', path);
    const file = { ...emptyFile(), mode, mtimeMs: this.nowMs() };
    this.files.set(resolve(path), file);
    return file;
  }

  private opened(file: MemoryFile, appends: boolean): number {
    const fd = this.nextFd++;
    this.open.set(fd, { file, at: 0, appends });
    return fd;
  }

  private fd(fd: number): OpenFile {
    const open = this.open.get(fd);
    if (open === undefined) throw failure('EBADF', 'fd', String(fd));
    return open;
  }
}

type Callback = (error: Error | null, result?: unknown) => void;

/** The forms with a callback of some calls: done at once, told in a later turn of the event loop. */
function inBackground(door: ReturnType<MemoryFiles['makeDoor']>, later: (run: () => void) => void) {
  const background =
    <Args extends unknown[]>(call: (...args: Args) => unknown) =>
    (...args: [...Args, Callback]) => {
      const told = args.pop() as Callback;
      let result: unknown;
      let failed: Error | null = null;
      try {
        result = call(...(args as unknown as Args));
      } catch (error) {
        failed = error as Error;
      }
      later(() => told(failed, result));
    };
  return {
    open: background(door.openSync),
    close: background(door.closeSync),
    write: background(door.writeSync),
    fsync: background(door.fsyncSync),
    fdatasync: background(door.fdatasyncSync),
    unlink: background(door.unlinkSync),
  };
}

function emptyFile(): MemoryFile {
  return { bytes: Buffer.alloc(0), synced: Buffer.alloc(0), mode: 0o644, mtimeMs: 0 };
}

function statsOf(file: MemoryFile, isDirectory: boolean) {
  return {
    size: file.bytes.length,
    mode: file.mode,
    mtimeMs: file.mtimeMs,
    isFile: () => !isDirectory,
    isDirectory: () => isDirectory,
  };
}

function failure(code: string, syscall: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}
