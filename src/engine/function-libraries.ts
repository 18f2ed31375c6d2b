// The function libraries of a server, as the texts that FUNCTION LOAD was given: they are part of the data set and go
// whole from file to file. Of a text only the first line matters here ("#!lua name=mylib"): it names the library.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { splitArguments } from '../base/quote.ts';

const SHEBANG = '#!';
const NAME_OPTION = 'name=';
const ENGINE = 'lua';

/** What is wrong with a library's text, in Redis's words. */
export class LibraryError extends Error {}

export class FunctionLibraries {
  // Latin1 texts by name, in the order in which they came.
  private readonly texts = new Map<string, string>();

  get size(): number {
    return this.texts.size;
  }

  /** The texts (latin1) of all libraries. */
  values(): IterableIterator<string> {
    return this.texts.values();
  }

  /** Adds a library's text (latin1) and returns its name. Throws LibraryError, also when the name is taken, unless `replaces`. */
  add(text: string, replaces: boolean): string {
    const name = libraryName(text);
    if (this.texts.has(name) && !replaces) throw new LibraryError(`Library '${name}' already exists`);
    this.texts.set(name, text);
    return name;
  }

  clear(): void {
    this.texts.clear();
  }
}

function libraryName(text: string): string {
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
  if (!/^[A-Za-z0-9_]+$/.test(name)) {
    throw new LibraryError(
      'Library names can only contain letters, numbers, or underscores(_) and must be at least one character long',
    );
  }
  const engine = shebang.slice(SHEBANG.length);
  if (lowerCaseLatin1(engine) !== ENGINE) throw new LibraryError(`Engine '${engine}' not found`);
  return name;
}
