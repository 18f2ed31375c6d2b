// What the set commands work with, made once a keyspace: sets opened for a while, a member on its way, a pass over members.
// Nothing in it holds beyond the command that filled it.

import type { Keyspace } from './keyspace.ts';
import { SetCursor } from './set-cursor.ts';
import { SetMember } from './set-member.ts';
import { StoredSet } from './stored-set.ts';

export class SetTools {
  /** The set of a command that works on one. */
  readonly set: StoredSet;
  readonly member = new SetMember();
  readonly cursor = new SetCursor();

  private readonly keyspace: Keyspace;
  private readonly more: StoredSet[] = [];

  constructor(keyspace: Keyspace) {
    this.keyspace = keyspace;
    this.set = new StoredSet(keyspace);
  }

  /** One of as many sets as a command needs at the same time, beside `set`. */
  another(index: number): StoredSet {
    while (this.more.length <= index) this.more.push(new StoredSet(this.keyspace));
    return this.more[index]!;
  }
}
