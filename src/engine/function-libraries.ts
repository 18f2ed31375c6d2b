// The function libraries of a server: part of the data set, as the texts that FUNCTION LOAD was given, which go whole from
// file to file. What a text means is its compiler's business (src/scripting); here is which libraries and functions
// there are. Of the text itself only the first line matters here ("#!lua name=mylib"): it names the library.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { splitArguments } from '../base/quote.ts';

const SHEBANG = '#!';
const NAME_OPTION = 'name=';
const ENGINE = 'lua';

/** What is wrong with a library's text, in Redis's words. */
export class LibraryError extends Error {}

export interface LibraryFunction {
  readonly name: string;
  readonly description: string | null;
  /** SCRIPT_FLAG bits. */
  readonly flags: number;
  /** What the compiler made of it, for whoever runs it. */
  readonly callback: unknown;
}

export interface Library {
  readonly name: string;
  /** The whole text (latin1), its first line included. */
  readonly text: string;
  /** By name, as it was registered. */
  readonly functions: ReadonlyMap<string, LibraryFunction>;
}

/** Makes functions of a library's code. */
export interface LibraryCompiler {
  /**
   * The functions that `code` (latin1, from the end of the first line on) registers. Throws LibraryError, also when it takes
   * longer than `timeoutMs`; 0: it may take any time.
   */
  compile(code: string, timeoutMs: number): ReadonlyMap<string, LibraryFunction>;
}

/** What becomes of the libraries that are there when others are restored. */
export type RestorePolicy = 'append' | 'replace' | 'flush';

export class FunctionLibraries {
  private readonly compiler: LibraryCompiler;
  private current = new LibrarySet();

  constructor(compiler: LibraryCompiler) {
    this.compiler = compiler;
  }

  get size(): number {
    return this.current.libraries.size;
  }

  get functionCount(): number {
    return this.current.functions.size;
  }

  /** All libraries in the order in which they came. */
  get all(): IterableIterator<Library> {
    return this.current.libraries.values();
  }

  /** The texts (latin1) of all libraries. */
  *values(): IterableIterator<string> {
    for (const { text } of this.all) yield text;
  }

  /** The function of that name, in any case. */
  find(name: string): LibraryFunction | undefined {
    return this.current.functions.get(lowerCaseLatin1(name));
  }

  /**
   * Adds the library of a text (latin1) and returns its name. Throws LibraryError: then all is as it was. A library of the
   * same name is replaced where `replaces` says so. Its code is run, for `timeoutMs` at most (0: without a limit).
   */
  add(text: string, replaces: boolean, timeoutMs = 0): string {
    return this.addTo(this.current, text, replaces, timeoutMs);
  }

  /** Removes a library; returns whether it was there. */
  delete(name: string): boolean {
    const library = this.current.libraries.get(name);
    if (library === undefined) return false;
    this.current.remove(library);
    return true;
  }

  clear(): void {
    this.current = new LibrarySet();
  }

  /** Libraries apart from these, none yet, which may take their place (`adopt`). */
  twin(): FunctionLibraries {
    return new FunctionLibraries(this.compiler);
  }

  /** Has the libraries of a twin instead of its own. */
  adopt(twin: FunctionLibraries): void {
    this.current = twin.current;
  }

  /** Adds the libraries of several texts, all or, when it throws LibraryError, none. */
  restore(texts: readonly string[], policy: RestorePolicy): void {
    const restored = new LibrarySet();
    for (const text of texts) this.addTo(restored, text, false, 0);
    if (policy === 'flush') this.current = restored;
    else this.current.join(restored, policy === 'replace');
  }

  private addTo(set: LibrarySet, text: string, replaces: boolean, timeoutMs: number): string {
    const { name, code } = readMetadata(text);
    const old = set.libraries.get(name);
    if (old !== undefined && !replaces) throw new LibraryError(`Library '${name}' already exists`);
    const functions = this.compiler.compile(code, timeoutMs);
    if (functions.size === 0) throw new LibraryError('No functions registered');
    if (old !== undefined) set.forgetFunctions(old);
    const taken = set.takenName(functions);
    if (taken !== null) {
      if (old !== undefined) set.add(old);
      throw new LibraryError(`Function ${taken} already exists`);
    }
    set.add({ name, text, functions });
    return name;
  }
}

class LibrarySet {
  readonly libraries = new Map<string, Library>();
  /** By name in lower case. */
  readonly functions = new Map<string, LibraryFunction>();

  add(library: Library): void {
    this.libraries.set(library.name, library);
    for (const [name, one] of library.functions) this.functions.set(lowerCaseLatin1(name), one);
  }

  remove(library: Library): void {
    this.libraries.delete(library.name);
    this.forgetFunctions(library);
  }

  /** Takes away a library's functions, but not its place. */
  forgetFunctions(library: Library): void {
    for (const name of library.functions.keys()) this.functions.delete(lowerCaseLatin1(name));
  }

  /** The first of some functions whose name another has already, or null. */
  takenName(functions: ReadonlyMap<string, LibraryFunction>): string | null {
    for (const name of functions.keys()) if (this.functions.has(lowerCaseLatin1(name))) return name;
    return null;
  }

  join(other: LibrarySet, replaces: boolean): void {
    const replaced: Library[] = [];
    try {
      for (const { name } of other.libraries.values()) {
        const old = this.libraries.get(name);
        if (old === undefined) continue;
        if (!replaces) throw new LibraryError(`Library ${name} already exists`);
        this.remove(old);
        replaced.push(old);
      }
      for (const { functions } of other.libraries.values()) {
        const taken = this.takenName(functions);
        if (taken !== null) throw new LibraryError(`Function ${taken} already exists`);
      }
    } catch (error) {
      for (const library of replaced) this.add(library);
      throw error;
    }
    for (const library of other.libraries.values()) this.add(library);
  }
}

/** Whether a library or a function may have this name. */
export function isValidName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

export const INVALID_NAME =
  'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long';

function readMetadata(text: string): { name: string; code: string } {
  if (!text.startsWith(SHEBANG)) throw new LibraryError('Missing library metadata');
  const lineEnd = text.indexOf('\n');
  const parts = lineEnd < 0 ? null : splitArguments(text.slice(0, lineEnd));
  if (parts === null || parts.length === 0) throw new LibraryError('Invalid library metadata');
  const [shebang, ...options] = parts as [string, ...string[]];
  let name: string | null = null;
  for (const option of options) {
    if (!lowerCaseLatin1(option).startsWith(NAME_OPTION)) {
      throw new LibraryError(`Invalid metadata value given: ${option}`);
    }
    if (name !== null) {
      throw new LibraryError('Invalid metadata value, name argument was given multiple times');
    }
    name = option.slice(NAME_OPTION.length);
  }
  if (name === null) throw new LibraryError('Library name was not given');
  if (!isValidName(name)) throw new LibraryError(INVALID_NAME);
  const engine = shebang.slice(SHEBANG.length);
  if (lowerCaseLatin1(engine) !== ENGINE) throw new LibraryError(`Engine '${engine}' not found`);
  // The line feed stays, so that lines have the numbers that they have in the text.
  return { name, code: text.slice(lineEnd) };
}
