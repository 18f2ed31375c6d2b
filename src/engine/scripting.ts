// What the engine and the handlers need of scripts and functions: that they run, and what others may do while one of them
// takes long. Declared here, implemented in scripting/ and wired by server.ts.

import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import type { Client } from './client.ts';
import type { Command } from './command-spec.ts';
import type { CommandContext } from './context.ts';

/** What is running and takes long. */
export interface RunningScript {
  /** The digest of a script, the name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  /** The request that runs it. */
  readonly request: readonly string[];
  readonly durationMs: number;
}

/** What scripts take, for INFO. All in bytes, but for `cachedScripts`. */
export interface ScriptingFigures {
  readonly cachedScripts: number;
  /** What values of scripts and of functions take, as far as it is counted. */
  readonly scriptValues: number;
  readonly functionValues: number;
  /** The texts. */
  readonly scripts: number;
  readonly functions: number;
}

export type DebugMode = 'no' | 'yes' | 'sync';

export interface Scripting {
  readonly figures: ScriptingFigures;
  /** The script or function that others do not wait for any more, or null. */
  readonly running: RunningScript | null;
  /** What they are answered meanwhile; only while there is one. */
  readonly busyError: ReplyError;

  /** EVAL and its relatives: argument 1 is the script, or its digest. */
  evaluate(ctx: CommandContext, options: { readonly byDigest: boolean; readonly readOnly: boolean }): void;
  /** FCALL and FCALL_RO. */
  callFunction(ctx: CommandContext, options: { readonly readOnly: boolean }): void;
  /** The flags of an EVAL or EVALSHA: those that the script declares, where it does, instead of the command's. */
  flagsOfScript(command: Command, args: Arguments, byDigest: boolean): number;
  flagsOfFunction(command: Command, args: Arguments): number;
  /** Compiles a script (latin1) and keeps it; returns its digest in hexadecimal. Throws a ReplyError. */
  load(text: string): string;
  /** Whether there is a script with this digest, in any case. */
  exists(digest: string): boolean;
  /** Forgets all scripts, and what they have left in the globals. */
  flush(): void;
  /** Ends the running script (or function), or throws a ReplyError that says why it cannot. */
  kill(what: 'script' | 'function'): void;
  /** Takes the request of a client whose script stands in the debugger, as a command for that; false for all others. */
  takeCommand(client: Client, args: Arguments): boolean;
  /** SCRIPT DEBUG: whether the client's scripts run in the debugger. */
  setDebugMode(client: Client, mode: DebugMode): void;
}
