// What the keys were that a debugged script has written to, so that they can be put back: outside of its sync mode, the
// debugger leaves no trace. Redis has a process of its own for that, which it throws away.

import type { Command } from '../engine/command-spec.ts';
import { keysOf } from '../engine/key-extraction.ts';
import type { ServerParts } from '../engine/server-parts.ts';
import { Arguments } from '../resp/arguments.ts';

interface OldEntry {
  readonly dbId: number;
  readonly key: string;
  /** The payload of the value that it had, null when it was not there. */
  readonly payload: Buffer | null;
  /** 0: none. */
  readonly deadline: number;
}

export class UndoLog {
  private readonly server: ServerParts;
  private readonly old = new Map<string, OldEntry>();
  private readonly dirtyBefore: number;

  constructor(server: ServerParts) {
    this.server = server;
    this.dirtyBefore = server.executor.context.dirty;
  }

  /** Remembers the keys that a command may write. Returns false when it does not name them (FLUSHALL). O(values). */
  note(command: Command, args: Arguments, dbId: number): boolean {
    const { keyspace, persistence } = this.server;
    const keys = keysOf(command, args);
    const db = keyspace.database(dbId);
    for (const { index } of keys) {
      const key = args.string(index);
      const name = `${dbId}:${key}`;
      if (this.old.has(name)) continue;
      const ref = db.peekText(key);
      const payload = ref === 0 ? null : Buffer.from(persistence.dump(db, ref));
      this.old.set(name, { dbId, key, payload, deadline: ref === 0 ? 0 : db.deadline(ref) });
    }
    return keys.length > 0;
  }

  /** Makes all keys what they were. O(values). */
  restore(): void {
    const { executor, keyspace, persistence } = this.server;
    for (const { dbId, key, payload, deadline } of this.old.values()) {
      const db = keyspace.database(dbId);
      const ref = db.peekText(key);
      if (ref !== 0) db.remove(ref);
      if (payload === null) continue;
      const added = persistence.undump(payload, 0, payload.length, true)!.addTo(db, Arguments.from([key]), 0);
      if (deadline !== 0) db.setDeadline(added, deadline);
    }
    executor.context.dirty = this.dirtyBefore;
  }
}
