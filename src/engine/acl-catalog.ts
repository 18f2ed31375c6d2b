// The commands as rules of users name them: by their original names, whatever rename-command has made of them, and by
// category. It is all that rules know of a server, so they can be judged before there is one.

import { lowerCaseLatin1 } from '../base/bytes.ts';
import { ACL_CATEGORIES, type AclCategory, aclCategories } from './acl-categories.ts';
import type { RuleWorld } from './acl-selector.ts';
import type { Command } from './command-spec.ts';
import { CommandTable } from './command-table.ts';

export interface CatalogParts {
  readonly commands: readonly Command[];
  /** Whether new users may use all channels. */
  readonly allowsChannels: () => boolean;
  readonly warn: (text: string) => void;
}

export class AclCatalog implements RuleWorld {
  readonly warn: (text: string) => void;

  private readonly table: CommandTable;
  private readonly newUsersMayUseChannels: () => boolean;
  private members: ReadonlyMap<string, readonly Command[]> | null = null;

  constructor({ commands, allowsChannels, warn }: CatalogParts) {
    this.table = new CommandTable(commands);
    this.newUsersMayUseChannels = allowsChannels;
    this.warn = warn;
  }

  get allowsChannels(): boolean {
    return this.newUsersMayUseChannels();
  }

  command(name: string): Command | null {
    return this.table.get(name);
  }

  category(name: string): readonly Command[] | null {
    this.members ??= this.sort();
    return this.members.get(lowerCaseLatin1(name)) ?? null;
  }

  private sort(): ReadonlyMap<string, readonly Command[]> {
    const members = new Map<string, Command[]>(ACL_CATEGORIES.map((category) => [category, []]));
    const file = (command: Command, categories: readonly AclCategory[]) => {
      for (const category of categories) members.get(category)!.push(command);
    };
    for (const command of this.table.commands.values()) {
      file(command, aclCategories(command));
      for (const subcommand of command.subcommands.values()) file(subcommand, aclCategories(subcommand));
    }
    return members;
  }
}
