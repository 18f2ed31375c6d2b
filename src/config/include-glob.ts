// The files that an `include` pattern names, by the rules of glob(3): wildcards do not cross a slash, `[!...]`
// negates, a leading dot must be written out, and the result is sorted by bytes. These are not the glob rules of
// KEYS (base/glob.ts), which know no paths.

import { resolve } from 'node:path';
import type { FileDoor } from '../base/runtime.ts';
import { bytesFromText, pathFromBytes } from './file-text.ts';

/** Whether a path is a pattern at all. */
export function hasWildcards(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The existing paths that match `pattern`, relative ones against `directory`; written like the pattern is. */
export function expandPattern(files: FileDoor, directory: string, pattern: string): string[] {
  const absolute = pattern.startsWith('/');
  let found = [absolute ? '/' : ''];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    found = hasWildcards(segment)
      ? found.flatMap((base) => matchesIn(files, resolve(directory, base), base, segment))
      : found.map((base) => base + segment.replace(/\\(.)/gs, '$1'));
    found = found.filter((path) => files.existsSync(pathFromBytes(resolve(directory, path)))).map(withSlash);
  }
  return found.map((path) => path.slice(0, -1)).sort(compareBytes);
}

const withSlash = (path: string): string => `${path}/`;
const compareBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function matchesIn(files: FileDoor, directory: string, base: string, segment: string): string[] {
  let names: string[];
  try {
    names = files.readdirSync(pathFromBytes(directory)).map(bytesFromText);
  } catch {
    return []; // A folder that is missing or closed matches nothing.
  }
  const expression = compile(segment);
  if (expression === null) return [];
  return names
    .filter((name) => (!name.startsWith('.') || segment.startsWith('.')) && expression.test(name))
    .map((name) => base + name);
}

/** A path segment as a regular expression; null where it can match nothing, as with a range that runs backwards. */
function compile(segment: string): RegExp | null {
  try {
    return new RegExp(`^${translate(segment)}$`, 's');
  } catch {
    return null;
  }
}

/** One path segment of a glob as the source of a regular expression. */
function translate(segment: string): string {
  let source = '';
  for (let i = 0; i < segment.length; i++) {
    const char = segment[i]!;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (char === '\\' && i + 1 < segment.length) source += literal(segment[++i]!);
    else if (char !== '[') source += literal(char);
    else {
      const found = CLASS.exec(segment.slice(i));
      if (found === null) source += '\\[';
      else {
        source += translateClass(found[1] !== '', found[2]!);
        i += found[0].length - 1;
      }
    }
  }
  return source;
}

/** A class: an optional negation and members, of which a bracket in first place is one. */
const CLASS = /^\[([!^]?)((?:\]|\[:[a-z]+:\]|\\.|[^\]])(?:\[:[a-z]+:\]|\\.|[^\]])*)\]/s;

const NAMED_MEMBERS: ReadonlyMap<string, string> = new Map([
  ['[:alnum:]', 'A-Za-z0-9'],
  ['[:alpha:]', 'A-Za-z'],
  ['[:digit:]', '0-9'],
  ['[:lower:]', 'a-z'],
  ['[:space:]', '\\s'],
  ['[:upper:]', 'A-Z'],
  ['[:xdigit:]', '0-9A-Fa-f'],
]);

function translateClass(negated: boolean, members: string): string {
  // A dash keeps its meaning; everything else is taken literally.
  const source = members.replace(
    /(\[:[a-z]+:\])|\\(.)|([^-])/gs,
    (_, named?: string, escaped?: string, char?: string) =>
      named === undefined ? literal(escaped ?? char!) : (NAMED_MEMBERS.get(named) ?? ''),
  );
  return `[${negated ? '^' : ''}${source}]`;
}

const literal = (char: string): string => (/[A-Za-z0-9_]/.test(char) ? char : `\\x${hex(char)}`);
const hex = (char: string): string => char.charCodeAt(0).toString(16).padStart(2, '0');
