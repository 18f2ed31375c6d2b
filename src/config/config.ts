// The configuration of one server: the value of every directive, CONFIG GET, CONFIG SET and CONFIG REWRITE. Code
// reads `config.values[name]`, a plain property; whoever must act on a change registers with `onChange`, and may
// refuse it, upon which everything that was set with it is set back. Reading a file is in parser.ts.

import { dirname, resolve } from 'node:path';
import { untilZero } from '../base/bytes.ts';
import { globMatch } from '../base/glob.ts';
import type { Runtime } from '../base/runtime.ts';
import * as errors from '../resp/errors.ts';
import type { AnyDirective, ParseContext, ParseResult } from './directive.ts';
import { type ConfigValues, DIRECTIVE_NAMES, DIRECTIVES, type DirectiveName } from './directives.ts';
import { bytesFromText, errorCode, pathFromBytes, reasonOf } from './file-text.ts';
import { type RewriteSources, rewriteText } from './rewrite.ts';

export type ConfigLog = (level: 'notice' | 'warning', text: string) => void;

export interface SetOptions {
  /** A data set is being loaded: some directives cannot change now. */
  readonly loading: boolean;
  /** The client is on this machine, which `enable-protected-configs local` asks for. */
  readonly local: boolean;
}

/** A name as clients write it: a directive's own or its alias. */
interface Entry {
  readonly name: string;
  readonly primary: DirectiveName;
  readonly directive: AnyDirective;
}

interface Listener {
  readonly names: ReadonlySet<DirectiveName>;
  /** `before` holds the exposed values from before the change. */
  apply(before: ReadonlyMap<DirectiveName, unknown>): string | null;
}

export class Config {
  /** The present value of every directive. The object lives as long as the configuration; its fields change. */
  readonly values: ConfigValues;
  /** The absolute path of the file that was loaded, as a byte string; null without one. */
  configFile: string | null = null;
  /** `rename-command` lines, in order: old name and new name ("" takes the command away). */
  readonly renamedCommands: [string, string][] = [];
  /** `user` lines, in order, as words without the leading `user`. */
  readonly userLines: string[][] = [];

  private readonly runtime: Runtime;
  private readonly current: Record<string, unknown>;
  private readonly raw = new Map<DirectiveName, unknown>();
  private readonly entries = new Map<string, Entry>();
  private readonly listeners: Listener[] = [];
  private readonly saidIneffective = new Set<DirectiveName>();
  private log: ConfigLog | null = null;
  private readonly unsaid: Parameters<ConfigLog>[] = [];

  /** All directives at their defaults; `workingDirectory` is an absolute path, the default of `dir`. */
  constructor(runtime: Runtime, workingDirectory: string) {
    this.runtime = runtime;
    for (const name of DIRECTIVE_NAMES) {
      const directive: AnyDirective = DIRECTIVES[name];
      this.raw.set(name, directive.default);
      this.entries.set(name, { name, primary: name, directive });
      if (directive.alias !== undefined) {
        this.entries.set(directive.alias, { name: directive.alias, primary: name, directive });
      }
    }
    this.raw.set('dir', bytesFromText(workingDirectory));
    // Object.fromEntries, and no loop of assignments: the engine keeps such an object in its fast form however many
    // properties it has, and values are read on the hot path.
    this.current = Object.fromEntries(
      DIRECTIVE_NAMES.map((name) => [name, (DIRECTIVES[name] as AnyDirective).expose(this.raw.get(name))]),
    );
    this.values = this.current as ConfigValues;
  }

  /** Sends what the configuration has to say to the log, from what was said before the log existed on. */
  attachLog(log: ConfigLog): void {
    this.log = log;
    for (const [level, text] of this.unsaid.splice(0)) log(level, text);
  }

  /** Whether a name (in any case) is a directive or an alias. */
  has(name: string): boolean {
    return this.entries.has(name.toLowerCase());
  }

  /** Whether the value of this directive must be kept out of logs, MONITOR and the slow log. */
  isSensitive(name: string): boolean {
    return this.entries.get(name.toLowerCase())?.directive.sensitive === true;
  }

  /** Whether the words behind this directive may be many. Null for a name that is no directive. */
  takesManyWords(name: string): boolean | null {
    return this.entries.get(name.toLowerCase())?.directive.multiple ?? null;
  }

  /** The directive that an alias stands for, or the name itself; null for a name that is no directive. */
  primaryName(name: string): DirectiveName | null {
    return this.entries.get(name.toLowerCase())?.primary ?? null;
  }

  /** The text that CONFIG GET shows for a directive. */
  text(name: DirectiveName): string {
    return (DIRECTIVES[name] as AnyDirective).format(this.raw.get(name));
  }

  /**
   * CONFIG GET: name and text of each match, once. A name without glob characters is looked up as it is and shown as
   * it was written; a pattern runs over names and aliases, and never finds a hidden directive.
   */
  get(patterns: readonly string[]): [string, string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const key = pattern.toLowerCase();
        const entry = this.entries.get(key);
        if (entry !== undefined && !found.has(key)) found.set(key, [pattern, this.text(entry.primary)]);
        continue;
      }
      for (const { name, primary, directive } of this.entries.values()) {
        if (directive.hidden || found.has(name) || !globMatch(pattern, name, true)) continue;
        found.set(name, [name, this.text(primary)]);
      }
    }
    return [...found.values()];
  }

  /**
   * CONFIG SET: all pairs or none. Returns null, or the error reply with its code and without the leading "-".
   * Listeners are called once each, after all values are set; if one refuses, all values go back and the listeners
   * that were called are called again.
   */
  set(pairs: readonly (readonly [string, string])[], options: SetOptions): string | null {
    const targets: Entry[] = [];
    for (const [name] of pairs) {
      const entry = this.entries.get(name.toLowerCase());
      if (entry === undefined) return errors.unknownDirective(name).line;
      const refusal = this.refusal(entry.directive, options);
      if (refusal !== null) return refusal === errors.LOADING.line ? refusal : setFailed(name, refusal);
      if (targets.includes(entry)) return setFailed(name, 'duplicate parameter');
      targets.push(entry);
    }
    const before = new Map<DirectiveName, unknown>();
    const changed: Entry[] = [];
    for (const [i, entry] of targets.entries()) {
      const { primary, directive } = entry;
      const value = pairs[i]![1];
      const words = directive.multiple ? (value === '' ? [] : value.split(' ')) : [value];
      const old = this.raw.get(primary);
      if (!before.has(primary)) before.set(primary, old);
      const result = directive.parse(words, old, this.parseContext(false));
      if ('error' in result) {
        this.restore(before);
        return setFailed(entry.name, result.error);
      }
      if (directive.alwaysApply || !directive.equal(old, result.value)) changed.push(entry);
      this.assignRaw(primary, result.value);
    }
    const failure = this.applyChanges(changed, before);
    if (failure === null) this.sayIneffective();
    return failure;
  }

  private refusal(directive: AnyDirective, { loading, local }: SetOptions): string | null {
    if (directive.immutable) return "can't set immutable config";
    const allowed = this.values['enable-protected-configs'];
    if (directive.protected && allowed !== 'yes' && !(allowed === 'local' && local)) {
      return "can't set protected config";
    }
    return loading && directive.denyLoading ? errors.LOADING.line : null;
  }

  private applyChanges(
    changed: readonly Entry[],
    before: ReadonlyMap<DirectiveName, unknown>,
  ): string | null {
    const calls: { readonly listener: Listener; readonly cause: Entry }[] = [];
    for (const cause of changed) {
      for (const listener of this.listeners) {
        if (!listener.names.has(cause.primary) || calls.some((call) => call.listener === listener)) continue;
        calls.push({ listener, cause });
      }
    }
    const exposedBefore = exposeAll(before);
    for (const [i, { listener, cause }] of calls.entries()) {
      const error = listener.apply(exposedBefore);
      if (error === null) continue;
      this.say(
        'warning',
        `Failed applying new configuration. Possibly related to new ${cause.name} setting. Restoring previous settings.`,
      );
      const refused = exposeAll(new Map([...before.keys()].map((name) => [name, this.raw.get(name)])));
      this.restore(before);
      // The one that refused is called too: it may have let go of the old state before it failed to reach the new.
      for (const call of calls.slice(0, i + 1)) {
        const again = call.listener.apply(refused);
        if (again !== null) {
          this.say('warning', `Failed applying restored failed CONFIG SET command: ${again}`);
        }
      }
      return setFailed(cause.name, error);
    }
    return null;
  }

  /**
   * Calls `apply` after CONFIG SET changed the directive, with the new and the old value. A returned text refuses the
   * change; the caller of CONFIG SET is told it. Values set at start are not announced: read them when you start.
   */
  onChange<Name extends DirectiveName>(
    name: Name,
    apply: (value: ConfigValues[Name], previous: ConfigValues[Name]) => string | null,
  ): void {
    this.listeners.push({
      names: new Set([name]),
      apply: (before) => apply(this.values[name], before.get(name) as ConfigValues[Name]),
    });
  }

  /** Like `onChange` for directives that are applied together: one call, however many of them changed at once. */
  onChangeOfAny(names: readonly DirectiveName[], apply: () => string | null): void {
    this.listeners.push({ names: new Set(names), apply: () => apply() });
  }

  /**
   * Sets a directive from the words of a file line, an option or the program, without asking whether it may be changed
   * and without calling listeners. Returns null or what is wrong.
   */
  assign(name: string, words: readonly string[], accumulate = false): string | null {
    const entry = this.entries.get(name.toLowerCase());
    if (entry === undefined) return `unknown directive '${name}'`;
    const { primary, directive } = entry;
    const result = directive.parse(words, this.raw.get(primary), this.parseContext(accumulate));
    if ('error' in result) return result.error;
    this.assignRaw(primary, result.value);
    return null;
  }

  /** Writes a warning or notice to the log, or keeps it until there is a log. */
  say(level: 'notice' | 'warning', text: string): void {
    if (this.log === null) this.unsaid.push([level, text]);
    else this.log(level, text);
  }

  /** Says, once for each, which directives differ from their defaults and have no effect yet. */
  sayIneffective(): void {
    const names = DIRECTIVE_NAMES.filter((name) => {
      const directive: AnyDirective = DIRECTIVES[name];
      if (directive.effective || this.saidIneffective.has(name)) return false;
      return directive.format(this.raw.get(name)) !== directive.format(directive.default);
    });
    for (const name of names) this.saidIneffective.add(name);
    if (names.length > 0) this.say('warning', `Accepted, but without effect yet: ${names.join(', ')}`);
  }

  /**
   * CONFIG REWRITE: writes the present values into the file that was loaded, in one step (temporary file, fsync,
   * rename). Returns null or the error reply without the leading "-".
   */
  rewrite(sources: RewriteSources = {}): string | null {
    if (this.configFile === null) return errors.NO_CONFIG_FILE.line;
    try {
      const old = this.readOldFile(this.configFile);
      this.replaceFile(this.configFile, rewriteText(old, this, sources));
    } catch (error) {
      this.say('warning', `CONFIG REWRITE failed: ${reasonOf(error)}`);
      return errors.configRewriteFailed(reasonOf(error)).line;
    }
    this.say('notice', 'CONFIG REWRITE executed with success.');
    return null;
  }

  /** The lines that say the present value of a directive in a file. */
  fileLines(name: DirectiveName): ReturnType<AnyDirective['fileLines']> {
    return (DIRECTIVES[name] as AnyDirective).fileLines(name, this.raw.get(name));
  }

  private readOldFile(path: string): string {
    try {
      return this.runtime.files.readFileSync(pathFromBytes(path), 'latin1');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  }

  private replaceFile(path: string, content: string): void {
    const { files, random } = this.runtime;
    const target = pathFromBytes(path);
    const temporary = `${target}.${Buffer.from(random.bytes(6)).toString('hex')}`;
    const fd = files.openSync(temporary, 'wx', 0o644);
    let open = true;
    try {
      const bytes = Buffer.from(content, 'latin1');
      for (let at = 0; at < bytes.length; ) at += files.writeSync(fd, bytes, at);
      files.fsyncSync(fd);
      files.closeSync(fd);
      open = false;
      files.renameSync(temporary, target);
    } catch (error) {
      if (open) files.closeSync(fd);
      files.rmSync(temporary, { force: true });
      throw error;
    }
    this.syncDirectory(dirname(target));
  }

  private syncDirectory(path: string): void {
    const { files } = this.runtime;
    let fd: number;
    try {
      fd = files.openSync(path, 'r');
    } catch {
      return; // Not every system lets a directory be opened; there the rename is all there is.
    }
    try {
      files.fsyncSync(fd);
    } finally {
      files.closeSync(fd);
    }
  }

  private assignRaw(name: DirectiveName, value: unknown): void {
    this.raw.set(name, value);
    this.current[name] = (DIRECTIVES[name] as AnyDirective).expose(value);
  }

  private restore(before: ReadonlyMap<DirectiveName, unknown>): void {
    for (const [name, value] of before) this.assignRaw(name, value);
  }

  private parseContext(accumulate: boolean): ParseContext {
    return {
      accumulate,
      enterDirectory: (path) => this.enterDirectory(path),
      warn: (text) => this.say('warning', text),
    };
  }

  private enterDirectory(path: string): ParseResult<string> {
    const name = untilZero(path);
    if (name === '') return { error: 'No such file or directory' };
    const absolute = resolve(this.values.dir, name);
    try {
      const isDirectory = this.runtime.files.statSync(pathFromBytes(absolute)).isDirectory();
      return isDirectory ? { value: absolute } : { error: 'Not a directory' };
    } catch (error) {
      return { error: reasonOf(error) };
    }
  }
}

const setFailed = (name: string, reason: string): string => errors.configSetFailed(name, reason).line;

function exposeAll(raw: ReadonlyMap<DirectiveName, unknown>): Map<DirectiveName, unknown> {
  return new Map(
    [...raw].map(([name, value]) => [name, (DIRECTIVES[name] as AnyDirective).expose(value)] as const),
  );
}
