// What a handler is given: the request, the client, its database, the reply, and the calls that stand for the duties
// of a write. One context a server, reused for every command; nothing of it may be kept after the handler returns.

import type { Database } from '../keyspace/database.ts';
import type { Keyspace } from '../keyspace/keyspace.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import type { Client } from './client.ts';
import type { CommandPart } from './command-buffer.ts';
import type { Command } from './command-spec.ts';
import type { ServerParts } from './server-parts.ts';

export class CommandContext {
  readonly server: ServerParts;
  readonly keyspace: Keyspace;
  readonly reply: ReplyWriter;
  args!: Arguments;
  client!: Client;
  db!: Database;
  command!: Command;
  /** Changes since the last save: `rdb_changes_since_last_save`. */
  dirty = 0;

  constructor(server: ServerParts, keyspace: Keyspace, reply: ReplyWriter) {
    this.server = server;
    this.keyspace = keyspace;
    this.reply = reply;
  }

  /** The command's time in ms since the epoch; it stands still while a command runs. */
  get nowMs(): number {
    return this.keyspace.nowMs;
  }

  /**
   * Whether the client has been cut off (its output limit) while it is being answered: what could go on for very long looks
   * here now and then.
   */
  get isCutOff(): boolean {
    return this.client.closing;
  }

  /** Whether anyone (AOF, replicas) takes effects: a handler may skip making the arguments of `propagateAs` else. */
  get propagates(): boolean {
    return this.server.propagation.isActive;
  }

  /**
   * The key of argument `keyIndex` was changed: counts the change, breaks WATCHes, reports `event` (Redis's event name).
   * The one call that every write owes; `count` is how many changes it is for the save points.
   */
  changed(event: string, keyIndex: number, count = 1): void {
    this.dirty += count;
    const { observer } = this.keyspace;
    if (observer === null || observer.ignoresKeys === true) return;
    const key = this.args.string(keyIndex);
    observer.keyChanged(this.db, key);
    observer.keyEvent(this.db, event, key);
  }

  /** As `changed`, for a key that is no argument of the request or lies in another database. */
  changedKey(event: string, key: string, db: Database = this.db, count = 1): void {
    this.dirty += count;
    const { observer } = this.keyspace;
    if (observer === null || observer.ignoresKeys === true) return;
    observer.keyChanged(db, key);
    observer.keyEvent(db, event, key);
  }

  /** A further event of a change that `changed` has counted already (SET with EX: `set`, then `expire`). */
  event(event: string, keyIndex: number): void {
    const { observer } = this.keyspace;
    if (observer !== null && observer.ignoresKeys !== true)
      observer.keyEvent(this.db, event, this.args.string(keyIndex));
  }

  /**
   * Replaces the request by its effect for AOF and replicas; several calls add up. Texts are latin1; a number stands for
   * the request's argument with that index, whatever its length.
   */
  propagateAs(...effect: CommandPart[]): void {
    this.server.propagation.replaceBy(this.db.id, effect);
  }

  /** The request is a message, which changes no data: replicas pass it on, the AOF leaves it out. */
  propagateMessage(): void {
    this.server.propagation.repeatOnReplicas();
  }

  /** The request changes nothing elsewhere, whatever it has counted. */
  propagateNothing(): void {
    this.server.propagation.replaceByNothing();
  }

  /** Selects another database for this client. */
  select(dbId: number): void {
    this.client.dbId = dbId;
    this.db = this.keyspace.database(dbId);
  }
}
