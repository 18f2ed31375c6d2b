// redis.call and redis.pcall: from Lua values to a command that runs, and from its reply to a Lua value. This is what
// scripts do all day, so a call makes no garbage but its result: the arguments go into one buffer that is used again, the
// command is looked up by the string that the script has given, and the reply is read where it was written.

import { lowerCaseLatin1, toText, writeText } from '../base/bytes.ts';
import { DENIED } from '../engine/acl-selector.ts';
import { Client } from '../engine/client.ts';
import { COMMAND_FLAG, type Command } from '../engine/command-spec.ts';
import { NO_CONNECTION } from '../engine/no-connection.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import type { LuaTable } from '../lua/table.ts';
import type { LuaValue } from '../lua/value.ts';
import { Arguments } from '../resp/arguments.ts';
import {
  CALL_ARGUMENT_TYPES,
  CALL_ARITY,
  CALL_NOT_ALLOWED,
  CALL_NOT_UNDONE,
  CALL_UNKNOWN,
  CALL_WITHOUT_ARGUMENTS,
  CALL_WRITES,
  deniedInScript,
  OUT_OF_MEMORY,
  READ_ONLY_REPLICA,
  STALE_REPLICA_IN_SCRIPT,
} from '../resp/errors.ts';
import { NUMBER_BYTES, writeNumberArgument } from './number-arguments.ts';
import { ERROR_FIELD, errorTable, ReplyToLua, single } from './reply-to-lua.ts';
import type { UndoLog } from './undo-log.ts';

const NO_ID = 0;
const INITIAL_BYTES = 4096;
/** A buffer larger than this is not kept. */
const KEPT_BYTES = 1024 * 1024;
// The commands called lately, by a few characters of the name as the script has written it: comparing costs less than
// looking it up.
const RECENT = 128;
const WRITES = COMMAND_FLAG.write;
const MAY_WRITE = COMMAND_FLAG.write | COMMAND_FLAG.may_replicate;
const ERROR_REPLY = 0x2d;

/** Is told of commands and their replies. */
export interface CallFollower {
  readonly showsCommands: boolean;
  called(args: readonly string[]): void;
  /** `reply` as it was written, latin1. */
  replied(reply: string): void;
  failed(line: string): void;
}

/** What a running script may do. */
export interface Permissions {
  readonly isReadOnly: boolean;
  /** It may take memory even where that is short. */
  readonly allowsOutOfMemory: boolean;
}

export class CommandCaller {
  /** The client that scripts' commands are run for: it has their database and their protocol. */
  readonly client: Client;
  /** The last call was answered with an error. */
  hasFailed = false;
  /** A command that writes has run since `begin`: the script must not be stopped in the middle any more. */
  hasWritten = false;

  /** Follows the script's commands, and takes back what they do; null but in the debugger. */
  session: CallFollower | null = null;
  undo: UndoLog | null = null;

  private wasRefused = false;
  private server: ServerParts;
  // Who has called the script.
  private caller: Client;
  private permissions: Permissions = { isReadOnly: true, allowsOutOfMemory: false };
  private bytes: Buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private readonly args = new Arguments();
  // The values that `args` were made of.
  private encoded: LuaValue[] = [];
  private encodedCount = 0;
  private readonly reader = new ReplyToLua();
  private readonly recentNames = new Array<string>(RECENT).fill('');
  private readonly recentCommands = new Array<Command | null>(RECENT).fill(null);

  constructor(server: ServerParts) {
    this.server = server;
    this.client = new Client(NO_ID, NO_CONNECTION, server.runtime.clock.nowMs(), server.acl.defaultUser);
    this.caller = this.client;
    this.client.authenticated = true;
    this.client.isScript = true;
    this.useBytes(this.bytes);
  }

  /** A script begins: its commands run on `server`, for `caller`. */
  begin(server: ServerParts, caller: Client, permissions: Permissions): void {
    const { client } = this;
    this.server = server;
    this.caller = caller;
    this.permissions = permissions;
    this.hasWritten = false;
    client.dbId = caller.dbId;
    client.user = caller.user;
    client.noTouch = caller.noTouch;
    // What it reads is remembered for its caller, who is told of changes as for its own.
    client.tracking = caller.tracking;
    client.protocol = 2;
  }

  /** A script has ended: memory that few need is let go. */
  end(): void {
    this.client.tracking = null;
    if (this.bytes.length <= KEPT_BYTES) return;
    this.useBytes(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  /**
   * Runs the command that `values` are; the writer of the server's replies must be set aside. An error comes as its table,
   * with `hasFailed` set.
   */
  call(values: readonly LuaValue[]): LuaValue {
    this.hasFailed = false;
    const problem = this.encode(values);
    if (problem !== null) return this.failed(single(ERROR_FIELD, problem));
    if (this.session !== null) return this.callFollowed(values, this.session);
    return this.run(values);
  }

  private callFollowed(values: readonly LuaValue[], session: CallFollower): LuaValue {
    const { showsCommands } = session;
    if (showsCommands) session.called(this.args.strings(0));
    const value = this.run(values);
    if (!showsCommands) return value;
    const { reply } = this.server.executor.context;
    if (!this.wasRefused) session.replied(toText(reply.bytes, 0, reply.at));
    else session.failed(String((value as LuaTable).getString(ERROR_FIELD)));
    return value;
  }

  private run(values: readonly LuaValue[]): LuaValue {
    const { args, client, server } = this;
    const command = this.find(values[0] as string | number);
    const refusal = this.refusalOf(command);
    this.wasRefused = refusal !== null;
    if (refusal !== null) return this.refused(command, refusal);
    if (command!.has(WRITES)) this.hasWritten = true;
    const { executor } = server;
    const { reply } = executor.context;
    reply.at = 0;
    client.lastCommand = command;
    executor.call(client, command!, args);
    const { bytes } = reply;
    const value = this.reader.read(bytes);
    if (bytes[0] === ERROR_REPLY) this.hasFailed = true;
    return value;
  }

  /** The command of some arguments, or null; throws nothing. For acl_check_cmd. */
  lookUp(values: readonly LuaValue[]): { readonly command: Command | null; readonly problem: string | null } {
    const problem = this.encode(values);
    return { problem, command: problem === null ? this.find(values[0] as string | number) : null };
  }

  /** Whether rules let the command that `lookUp` has found run, for whoever has called the script. Nothing is noted. */
  isAllowed(command: Command): boolean {
    return this.client.user.check(command, this.args) === DENIED.NOT;
  }

  private encode(values: readonly LuaValue[]): string | null {
    const { args, encoded } = this;
    const { length } = values;
    if (length === 0) return CALL_WITHOUT_ARGUMENTS.line;
    // Scripts repeat themselves: what the last call began with, mostly the name and often the key, stands there already.
    let i = 0;
    while (i < length && i < this.encodedCount && values[i] === encoded[i] && typeof values[i] === 'string')
      i++;
    args.keep(i);
    this.encodedCount = i;
    let { bytes } = this;
    let at = i === 0 ? 0 : args.start(i - 1) + args.length(i - 1);
    for (; i < length; i++) {
      const value = values[i];
      if (typeof value === 'string') {
        const end = at + value.length;
        if (end > bytes.length) bytes = this.grow(at, end);
        writeText(bytes, at, value);
        args.add(at, value.length);
        at = end;
      } else if (typeof value === 'number') {
        if (at + NUMBER_BYTES > bytes.length) bytes = this.grow(at, at + NUMBER_BYTES);
        const end = writeNumberArgument(bytes, at, value);
        args.add(at, end - at);
        at = end;
      } else {
        return CALL_ARGUMENT_TYPES.line;
      }
      encoded[i] = value;
      this.encodedCount = i + 1;
    }
    return null;
  }

  private useBytes(bytes: Buffer): void {
    this.bytes = bytes;
    this.args.begin(bytes);
    this.encoded = [];
    this.encodedCount = 0;
  }

  private grow(used: number, needed: number): Buffer {
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.bytes.copy(larger, 0, 0, used);
    this.bytes = larger;
    this.args.moved(larger, 0);
    return larger;
  }

  private find(name: string | number): Command | null {
    if (typeof name !== 'string') return null;
    const slot = slotOf(name);
    let command = this.recentCommands[slot] as Command | null;
    if (name !== this.recentNames[slot]) {
      command = this.server.table.commands.get(lowerCaseLatin1(name)) ?? null;
      if (command === null) return null;
      this.recentNames[slot] = name;
      this.recentCommands[slot] = command;
    }
    if (command === null || !command.isContainer || this.args.count === 1) return command;
    return command.subcommands.get(lowerCaseLatin1(this.args.string(1))) ?? null;
  }

  // Why the script may not run the command of `args`, in Redis's order; null: it may.
  private refusalOf(command: Command | null): string | null {
    if (command === null) return CALL_UNKNOWN.line;
    if (!command.acceptsCount(this.args.count)) {
      return CALL_ARITY.line;
    }
    const { flags } = command;
    if ((flags & COMMAND_FLAG.noscript) !== 0 && !this.server.debug.scriptsMayRunDenied) {
      return CALL_NOT_ALLOWED.line;
    }
    const { masterLink } = this.server;
    if (masterLink.isStale && (flags & COMMAND_FLAG.stale) === 0) return STALE_REPLICA_IN_SCRIPT.line;
    const { client } = this;
    if (!client.user.allowsAll) {
      const refusal = this.denialOf(command);
      if (refusal !== null) return refusal;
    }
    if ((flags & MAY_WRITE) === 0) return null;
    if (this.permissions.isReadOnly) return CALL_WRITES.line;
    if (this.undo !== null && !this.undo.note(command, this.args, this.client.dbId))
      return CALL_NOT_UNDONE.line;
    // A script that has begun to write is not stopped by what may have changed meanwhile.
    if ((flags & WRITES) === 0 || this.hasWritten) return null;
    const { memoryLimit, persistence, replication } = this.server;
    if (masterLink.isReadOnly && !this.caller.isMaster) return READ_ONLY_REPLICA.line;
    if (persistence.writeRefusal !== null) return persistence.writeRefusal.line;
    if (replication.writeRefusal !== null) return replication.writeRefusal.line;
    if (!memoryLimit.isShort || (flags & COMMAND_FLAG.denyoom) === 0) return null;
    return this.permissions.allowsOutOfMemory || this.caller.isMaster ? null : OUT_OF_MEMORY.line;
  }

  // Why the rules of whoever has called the script do not let the command run; null: they do.
  private denialOf(command: Command): string | null {
    const { acl } = this.server;
    const { client } = this;
    const denied = acl.check(client, command, this.args, 'lua', this.caller);
    if (denied === DENIED.NOT) return null;
    return deniedInScript(acl.error(denied, client.user, command)).line;
  }

  private refused(command: Command | null, line: string): LuaTable {
    const { stats } = this.server;
    stats.noteError(line.slice(0, line.indexOf(' ')));
    if (command !== null) stats.of(command).rejected++;
    return this.failed(errorTable(line));
  }

  private failed(table: LuaTable): LuaTable {
    this.hasFailed = true;
    return table;
  }
}

function slotOf(name: string): number {
  const { length } = name;
  if (length === 0) return 0;
  return (
    (length + name.charCodeAt(0) * 3 + name.charCodeAt(length >> 1) * 7 + name.charCodeAt(length - 1) * 13) %
    RECENT
  );
}
