// Reading a configuration: the text of the file, of standard input and of the options becomes lines, each line words,
// and each word list the value of a directive or one of the few things that only a file can say (include,
// rename-command, user). The first mistake ends the reading with a ConfigFileError, whose text is the whole report.

import { resolve } from 'node:path';
import { untilZero } from '../base/bytes.ts';
import { splitArguments } from '../base/quote.ts';
import type { FileDoor } from '../base/runtime.ts';
import type { Config } from './config.ts';
import { errorCode, pathFromBytes, reasonOf } from './file-text.ts';
import { expandPattern, hasWildcards } from './include-glob.ts';

const VERSION = '7.2.4';
const MAX_INCLUDE_DEPTH = 100;

/** Why a configuration could not be read. Print `text` where `channel` says, and exit with code 1. */
export class ConfigFileError extends Error {
  readonly channel: 'stderr' | 'log';
  readonly text: string;

  constructor(channel: 'stderr' | 'log', text: string) {
    super(text.trim());
    this.name = 'ConfigFileError';
    this.channel = channel;
    this.text = text;
  }
}

export interface ConfigSource {
  /** The file's path; a relative one is taken from the configuration's working directory. */
  readonly file?: string | null;
  /** What standard input said; null where it was not asked for. */
  readonly stdin?: string | null;
  /** Lines from the command line, which come last and therefore win. */
  readonly options?: string;
}

/** Checks of lines whose meaning lies outside of the configuration. Each returns null or what is wrong. */
export interface LoadChecks {
  renameCommand?(from: string, to: string): string | null;
  /** `words` are those of the whole line, the leading `user` included. */
  user?(words: readonly string[]): string | null;
}

/** Reads all of a source into `config`. Throws ConfigFileError; the configuration is then half read and unusable. */
export function loadConfig(
  config: Config,
  files: FileDoor,
  source: ConfigSource,
  checks: LoadChecks = {},
): void {
  new Loader(config, files, checks).load(source);
}

class Loader {
  private readonly config: Config;
  private readonly files: FileDoor;
  private readonly checks: LoadChecks;
  /** Directives that a line has set already: only then does a repeated line add instead of replacing the default. */
  private readonly seen = new Set<string>();
  private accumulating = false;
  private hasModuleDirective = false;

  constructor(config: Config, files: FileDoor, checks: LoadChecks) {
    this.config = config;
    this.files = files;
    this.checks = checks;
  }

  load({ file = null, stdin = null, options = '' }: ConfigSource): void {
    let text = '';
    if (file !== null) {
      this.config.configFile = resolve(this.config.values.dir, file);
      text += this.readFiles(this.config.configFile);
    }
    if (stdin !== null) {
      this.config.say('notice', 'Reading config from stdin');
      text += withoutZeros(stdin);
    }
    this.readText(`${text}\n${options}`, 0);
    if (this.hasModuleDirective) {
      throw new ConfigFileError(
        'log',
        'Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting',
      );
    }
    this.config.sayIneffective();
  }

  /** The text of one file, or of all that match a pattern. */
  private readFiles(path: string): string {
    const directory = this.config.values.dir;
    const paths = hasWildcards(path) ? expandPattern(this.files, directory, path) : [path];
    return paths.map((one) => this.readFile(one, directory)).join('');
  }

  private readFile(path: string, directory: string): string {
    try {
      const absolute = path === '' ? '' : resolve(directory, path);
      return withoutZeros(this.files.readFileSync(pathFromBytes(absolute), 'latin1'));
    } catch (error) {
      // Observed 7.2.4: a directory opens, and reads as an empty file.
      if (errorCode(error) === 'EISDIR') return '';
      throw new ConfigFileError('log', `Fatal error, can't open config file '${path}': ${reasonOf(error)}`);
    }
  }

  private readText(text: string, depth: number): void {
    this.accumulating = true;
    for (const [i, untrimmed] of text.split('\n').entries()) {
      const line = untrimmed.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
      if (line === '' || line.startsWith('#')) continue;
      const error = this.readLine(line, depth);
      if (error !== null) throw fatal(error, { number: i + 1, text: line });
    }
    this.checkWhole();
    // Observed 7.2.4: the end of an included file ends the adding-up of `save` lines in the including one too; from
    // there on each replaces what was said before.
    this.accumulating = false;
  }

  private readLine(line: string, depth: number): string | null {
    const words = splitArguments(line);
    if (words === null) return 'Unbalanced quotes in configuration line';
    if (words.length === 0) return null;
    words[0] = words[0]!.toLowerCase();
    const [name, ...values] = words as [string, ...string[]];
    if (this.config.has(name)) return this.readDirective(name, values);
    if (IGNORED.includes(name) && values.length === 1) return null;
    switch (name) {
      case 'include':
        if (values.length !== 1) break;
        if (depth >= MAX_INCLUDE_DEPTH) return 'Files are included too deeply';
        this.readText(this.readFiles(values[0]!), depth + 1);
        return null;
      case 'rename-command':
        return values.length === 2 ? this.renameCommand(values[0]!, values[1]!) : BAD_DIRECTIVE;
      case 'user':
        return values.length >= 1 ? this.addUser(words) : BAD_DIRECTIVE;
      case 'loadmodule':
        return values.length >= 1 ? 'Modules are not supported: loadmodule cannot be used' : BAD_DIRECTIVE;
      case 'sentinel':
        return values.length === 0
          ? 'Sentinel mode is not supported'
          : 'sentinel directive while not in sentinel mode';
    }
    if (!name.includes('.')) return BAD_DIRECTIVE;
    if (values.length === 0) return 'Module config specified without value';
    this.hasModuleDirective = true;
    return null;
  }

  private readDirective(name: string, values: readonly string[]): string | null {
    const many = this.config.takesManyWords(name) === true;
    if (!many && values.length !== 1) return 'wrong number of arguments';
    // One quoted argument may hold all words; an empty one means "none" and stays as it is.
    const packed = many && values.length === 1 && values[0] !== '';
    const words = packed ? (splitArguments(values[0]!) ?? []) : values;
    const accumulate = this.accumulating && this.seen.has(name);
    if (this.accumulating) this.seen.add(name);
    return this.config.assign(name, words, accumulate);
  }

  private renameCommand(from: string, to: string): string | null {
    const error = this.checks.renameCommand?.(from, to) ?? null;
    if (error === null) this.config.renamedCommands.push([from, to]);
    return error;
  }

  private addUser(words: readonly string[]): string | null {
    const error = this.checks.user?.(words) ?? null;
    if (error === null) this.config.userLines.push(words.slice(1));
    return error;
  }

  /** What can only be judged when all lines of a text are read. */
  private checkWhole(): void {
    const { logfile, dir, databases, replicaof, 'cluster-enabled': clusterEnabled } = this.config.values;
    if (logfile !== '') {
      try {
        this.files.closeSync(this.files.openSync(pathFromBytes(resolve(dir, logfile)), 'a'));
      } catch (error) {
        throw fatal(`Can't open the log file: ${reasonOf(error)}`);
      }
    }
    if (!clusterEnabled) return;
    if (replicaof !== null) throw fatal('replicaof directive not allowed in cluster mode');
    if (databases > 1) {
      this.config.say(
        'warning',
        `WARNING: Changing databases number from ${databases} to 1 since we are in cluster mode`,
      );
      this.config.assign('databases', ['1']);
    }
  }
}

const BAD_DIRECTIVE = 'Bad directive or wrong number of arguments';

/** Directives of older versions that are read and forgotten. */
const IGNORED: readonly string[] = [
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
];

function fatal(reason: string, line?: { readonly number: number; readonly text: string }): ConfigFileError {
  const place =
    line === undefined ? '' : `Reading the configuration file, at line ${line.number}\n>>> '${line.text}'\n`;
  return new ConfigFileError(
    'stderr',
    `\n*** FATAL CONFIG FILE ERROR (Redis ${VERSION}) ***\n${place}${reason}\n`,
  );
}

/** Files are read in pieces that end at a line's end or after 1024 bytes, and a zero byte hides the rest of its piece. */
function withoutZeros(text: string): string {
  if (!text.includes('\0')) return text;
  const pieces = text.match(/[^\n]{0,1023}\n|[^\n]{1,1024}/g) ?? [];
  return pieces.map((piece) => untilZero(piece)).join('');
}
