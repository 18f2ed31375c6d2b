// All commands by name. A request's name is looked up as bytes, in any case, without making a string of it.

import { bytesAreWord, lowerCaseLatin1 } from '../base/bytes.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { Command } from './command-spec.ts';

const MULTIPLIER = 0x9e3779b1;

export class CommandTable {
  /** By lower-case name, in the order of registration. */
  readonly commands: ReadonlyMap<string, Command>;

  private readonly slots: (Command | null)[];
  private readonly shift: number;

  /** `renames`: `rename-command` pairs; a new name of '' removes the command. Throws a text when a name is unknown or taken. */
  constructor(commands: Iterable<Command>, renames: readonly (readonly [from: string, to: string])[] = []) {
    const byName = new Map<string, Command>();
    for (const command of commands) byName.set(command.name, command);
    for (const [from, to] of renames) {
      const old = lowerCaseLatin1(from);
      const renamed = byName.get(old);
      if (renamed === undefined) throw new Error('No such command in rename-command');
      byName.delete(old);
      if (to === '') continue;
      const name = lowerCaseLatin1(to);
      if (byName.has(name)) throw new Error('Target command name already exists');
      byName.set(name, renamed);
    }
    this.commands = byName;
    // A quarter full: nearly every name has a slot to itself.
    const bits = Math.max(4, Math.ceil(Math.log2(byName.size * 4 + 1)));
    this.shift = 32 - bits;
    this.slots = new Array<Command | null>(1 << bits).fill(null);
    this.names = new Array<string>(1 << bits).fill('');
    for (const [name, command] of byName) this.file(name, command);
  }

  private readonly names: string[];

  /** The command that argument 0 names (a container itself, not its subcommand), or null. O(length of the name). */
  find(args: Arguments): Command | null {
    const { bytes } = args;
    const start = args.start(0);
    const length = args.length(0);
    let slot = this.slotOf(bytes, start, length);
    for (;;) {
      const command = this.slots[slot]!;
      if (command === null) return null;
      if (bytesAreWord(bytes, start, length, this.names[slot]!)) return command;
      slot = (slot + 1) & (this.slots.length - 1);
    }
  }

  /** A command by `name` or `container|subcommand`, in any case; null when there is none. */
  get(name: string): Command | null {
    const [first, second, ...rest] = lowerCaseLatin1(name).split('|');
    const command = this.commands.get(first!) ?? null;
    if (second === undefined || command === null) return command;
    return rest.length > 0 ? null : (command.subcommands.get(second) ?? null);
  }

  private file(name: string, command: Command): void {
    const bytes = Buffer.from(name, 'latin1');
    let slot = this.slotOf(bytes, 0, bytes.length);
    while (this.slots[slot] !== null) slot = (slot + 1) & (this.slots.length - 1);
    this.slots[slot] = command;
    this.names[slot] = name;
  }

  // First, middle and last letters, folded to lower case, tell Redis's names apart well enough.
  private slotOf(bytes: Uint8Array, start: number, length: number): number {
    if (length === 0) return 0;
    const first = bytes[start]! | 0x20;
    const second = bytes[start + (length > 1 ? 1 : 0)]! | 0x20;
    const middle = bytes[start + (length >> 1)]! | 0x20;
    const last = bytes[start + length - 1]! | 0x20;
    const mixed = (first | (second << 8) | (middle << 16) | (last << 24)) ^ Math.imul(length, 0x01000193);
    return Math.imul(mixed, MULTIPLIER) >>> this.shift;
  }
}
