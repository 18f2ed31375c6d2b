// One set of a user's rules: which commands it may run, with which keys and which channels. A user has a first one, which
// the rules outside of parentheses fill, and any number of further ones; what one of them allows as a whole is allowed.
// Commands are known by their objects, so rules hold whatever rename-command has made of the names.

import { BytePattern } from '../base/byte-pattern.ts';
import { lowerCaseLatin1, untilZero, upperCaseLatin1 } from '../base/bytes.ts';
import { globMatch } from '../base/glob.ts';
import type { Arguments } from '../resp/arguments.ts';
import { COMMAND_FLAG, type Command, KEY_ACCESS, type KeyPlaces, keyAccess } from './command-spec.ts';
import { hasKeys, keysOf } from './key-extraction.ts';

/** What rules have to know of the server that they are for. */
export interface RuleWorld {
  /** Whether new users may use all channels (`acl-pubsub-default`). */
  readonly allowsChannels: boolean;
  /** A command by its original name, `get` or `client|list`, in any case. */
  command(name: string): Command | null;
  /** All commands of a category (in any case), their subcommands among them; null when there is no such category. */
  category(name: string): readonly Command[] | null;
  warn(text: string): void;
}

/** Why a rule cannot be applied; the texts are Redis's. */
export const RULE_ERROR = {
  UNKNOWN: 'Unknown command or category name in ACL',
  SYNTAX: 'Syntax error',
  KEY_AFTER_ALL:
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns",
  CHANNEL_AFTER_ALL:
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels",
  NO_SUCH_PASSWORD: 'The password you are trying to remove from the user does not exist',
  BAD_HASH:
    'The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters',
  DUPLICATE_USER: 'Duplicate user found. A user can only be defined once in config files',
  FIRST_ARGUMENT_OF_SUBCOMMAND: 'Allowing first-arg of a subcommand is not supported',
} as const;
export type RuleError = (typeof RULE_ERROR)[keyof typeof RULE_ERROR];

/** Why a request is refused. Of several selectors' reasons the greatest one counts. */
export const DENIED = { NOT: 0, COMMAND: 1, KEY: 2, AUTH: 3, CHANNEL: 4 } as const;
export type Denied = (typeof DENIED)[keyof typeof DENIED];

class KeyPattern {
  readonly matcher: BytePattern;
  /** Bits of KEY_ACCESS. */
  access: number;

  constructor(pattern: string, access: number) {
    this.matcher = new BytePattern(pattern);
    this.access = access;
  }

  get pattern(): string {
    return this.matcher.pattern;
  }

  describe(): string {
    const { access } = this;
    if (access === KEY_ACCESS.BOTH) return `~${this.pattern}`;
    return `${access === KEY_ACCESS.READ ? '%R' : '%W'}~${this.pattern}`;
  }
}

export class AclSelector {
  allowsAllCommands = false;
  allowsAllKeys = false;
  allowsAllChannels: boolean;
  /** The argument that the last `check` has refused; 0 where it was the command. */
  deniedAt = 0;

  private readonly world: RuleWorld;
  private readonly commands = new Set<Command>();
  /** It began with all commands, and took some away. */
  private startsFull = false;
  /** What was said of commands since all or none were allowed, as rules, in order. */
  private rules: string[] = [];
  // The first arguments (in lower case) with which a command is allowed that is not allowed as such.
  private readonly firstArguments = new Map<Command, string[]>();
  private keys: KeyPattern[] = [];
  private channels: string[] = [];

  constructor(world: RuleWorld) {
    this.world = world;
    this.allowsAllChannels = world.allowsChannels;
  }

  copy(): AclSelector {
    const copy = new AclSelector(this.world);
    copy.allowsAllCommands = this.allowsAllCommands;
    copy.allowsAllKeys = this.allowsAllKeys;
    copy.allowsAllChannels = this.allowsAllChannels;
    copy.startsFull = this.startsFull;
    copy.rules = [...this.rules];
    for (const command of this.commands) copy.commands.add(command);
    for (const [command, words] of this.firstArguments) copy.firstArguments.set(command, [...words]);
    copy.keys = this.keys.map(({ pattern, access }) => new KeyPattern(pattern, access));
    copy.channels = [...this.channels];
    return copy;
  }

  get allowsEverything(): boolean {
    return this.allowsAllCommands && this.allowsAllKeys && this.allowsAllChannels;
  }

  /** The patterns of channels; they say nothing where all channels are allowed. */
  get channelPatterns(): readonly string[] {
    return this.channels;
  }

  /** Applies one rule; returns null or what is wrong with it. Words, but not patterns, end at a zero byte. */
  apply(rule: string): RuleError | null {
    const text = untilZero(rule);
    switch (lowerCaseLatin1(text)) {
      case 'allkeys':
      case '~*':
        this.allowsAllKeys = true;
        this.keys = [];
        return null;
      case 'resetkeys':
        this.allowsAllKeys = false;
        this.keys = [];
        return null;
      case 'allchannels':
      case '&*':
        this.allowsAllChannels = true;
        this.channels = [];
        return null;
      case 'resetchannels':
        this.allowsAllChannels = false;
        this.channels = [];
        return null;
      case 'allcommands':
      case '+@all':
        this.allowsAllCommands = true;
        this.restart(true);
        return null;
      case 'nocommands':
      case '-@all':
        this.allowsAllCommands = false;
        this.restart(false);
        return null;
    }
    if (rule[0] === '~' || rule[0] === '%') return this.addKeys(rule);
    if (rule[0] === '&') return this.addChannels(rule.slice(1));
    if (rule[0] !== '+' && rule[0] !== '-') return RULE_ERROR.SYNTAX;
    if (text[1] === '@') return this.applyCategory(text);
    return rule[0] === '+' ? this.allow(text.slice(1)) : this.deny(text.slice(1));
  }

  /** Whether a request is allowed, or why not; `deniedAt` then says by which argument. */
  check(command: Command, args: Arguments): Denied {
    this.deniedAt = 0;
    if (!this.allowsAllCommands && !command.has(COMMAND_FLAG.no_auth) && !this.mayRun(command, args)) {
      return DENIED.COMMAND;
    }
    if (!this.allowsAllKeys && !this.allowsKeysOf(command, args)) return DENIED.KEY;
    const { channels } = command.spec;
    if (channels === undefined || this.allowsAllChannels) return DENIED.NOT;
    const end = channels === 'one' ? 2 : args.count;
    for (let i = 1; i < end; i++) {
      if (this.allowsChannel(args.string(i), channels === 'patterns')) continue;
      this.deniedAt = i;
      return DENIED.CHANNEL;
    }
    return DENIED.NOT;
  }

  /** Whether every key there is may be reached in the way of `access` (bits of KEY_ACCESS). */
  allowsAnyKey(access: number): boolean {
    return (
      this.allowsAllKeys || this.keys.some((key) => (key.access & access) === access && key.pattern === '*')
    );
  }

  /** A channel is matched by patterns; a pattern of channels must be one of them to the letter. */
  allowsChannel(name: string, isPattern: boolean): boolean {
    return this.allowsAllChannels || channelIsIn(this.channels, name, isPattern);
  }

  /** `~key &channel +command`, as the rules that make such a selector of a new one. */
  describe(): string {
    const keys = this.describeKeys();
    const channels = this.describeChannels();
    const parts = this.allowsAllChannels ? [] : ['resetchannels'];
    if (keys !== '') parts.unshift(keys);
    if (channels !== '') parts.push(channels);
    parts.push(this.describeCommands());
    return parts.join(' ');
  }

  describeKeys(): string {
    return this.allowsAllKeys ? '~*' : this.keys.map((key) => key.describe()).join(' ');
  }

  describeChannels(): string {
    return this.allowsAllChannels ? '&*' : this.channels.map((pattern) => `&${pattern}`).join(' ');
  }

  describeCommands(): string {
    return [this.startsFull ? '+@all' : '-@all', ...this.rules].join(' ');
  }

  private mayRun(command: Command, args: Arguments): boolean {
    if (this.allowsCommand(command)) return true;
    const words = this.firstArguments.get(command);
    return words !== undefined && args.count > 1 && words.some((word) => args.is(1, word));
  }

  // While it began with all commands, the set holds those that were taken away.
  private allowsCommand(command: Command): boolean {
    return this.commands.has(command) !== this.startsFull;
  }

  private setCommand(command: Command, isAllowed: boolean): void {
    if (isAllowed === this.startsFull) this.commands.delete(command);
    else this.commands.add(command);
    if (!isAllowed) this.allowsAllCommands = false;
  }

  private restart(startsFull: boolean): void {
    this.startsFull = startsFull;
    this.commands.clear();
    this.firstArguments.clear();
    this.rules = [];
  }

  private allowsKeysOf(command: Command, args: Arguments): boolean {
    const { keyPlaces } = command;
    if (keyPlaces !== null) {
      const last = keyPlaces.last < 0 ? args.count + keyPlaces.last : keyPlaces.last;
      if (last >= keyPlaces.first && last < args.count) {
        const isAllowed = this.allowsKeysAt(keyPlaces, last, args);
        if (isAllowed || !keyPlaces.accessVaries) return isAllowed;
      }
    } else if (!hasKeys(command)) {
      return true;
    }
    for (const { index, flags } of keysOf(command, args)) {
      if (!this.allowsKey(args, index, keyAccess(flags))) return false;
    }
    this.deniedAt = 0;
    return true;
  }

  private allowsKeysAt({ first, step, access }: KeyPlaces, last: number, args: Arguments): boolean {
    for (let i = first; i <= last; i += step) if (!this.allowsKey(args, i, access)) return false;
    return true;
  }

  private allowsKey(args: Arguments, i: number, access: number): boolean {
    const { keys } = this;
    const start = args.start(i);
    const length = args.length(i);
    for (let k = 0; k < keys.length; k++) {
      const key = keys[k]!;
      if ((key.access & access) !== access) continue;
      // Observed 7.2.4: `*` lets no empty key through.
      if (length === 0 ? key.pattern === '' : key.matcher.matches(args.bytes, start, length)) return true;
    }
    this.deniedAt = i;
    return false;
  }

  private addKeys(rule: string): RuleError | null {
    if (this.allowsAllKeys) return RULE_ERROR.KEY_AFTER_ALL;
    let access: number = KEY_ACCESS.BOTH;
    let at = 1;
    if (rule[0] === '%') {
      access = 0;
      for (; at < rule.length && rule[at] !== '~'; at++) {
        const letter = upperCaseLatin1(rule[at]!);
        const bit = letter === 'R' ? KEY_ACCESS.READ : letter === 'W' ? KEY_ACCESS.WRITE : 0;
        if (bit === 0 || (access & bit) !== 0) return RULE_ERROR.SYNTAX;
        access |= bit;
      }
      if (access === 0) return RULE_ERROR.SYNTAX;
      at++;
    }
    const pattern = rule.slice(at);
    if (hasSpace(pattern)) return RULE_ERROR.SYNTAX;
    const known = this.keys.find((key) => key.pattern === pattern);
    if (known === undefined) this.keys.push(new KeyPattern(pattern, access));
    else known.access |= access;
    return null;
  }

  private addChannels(pattern: string): RuleError | null {
    if (this.allowsAllChannels) return RULE_ERROR.CHANNEL_AFTER_ALL;
    if (hasSpace(pattern)) return RULE_ERROR.SYNTAX;
    if (!this.channels.includes(pattern)) this.channels.push(pattern);
    return null;
  }

  private allow(name: string): RuleError | null {
    const bar = name.lastIndexOf('|');
    if (bar < 0) return this.changeCommand(name, true);
    const command = this.world.command(name.slice(0, bar));
    if (command === null) return RULE_ERROR.UNKNOWN;
    if (command.parent !== null) return RULE_ERROR.FIRST_ARGUMENT_OF_SUBCOMMAND;
    const word = lowerCaseLatin1(name.slice(bar + 1));
    // A space would make two rules of it where rules are written in one line.
    if (word === '' || hasSpace(word)) return RULE_ERROR.SYNTAX;
    if (command.isContainer) {
      const subcommand = this.world.command(name);
      if (subcommand === null) return RULE_ERROR.UNKNOWN;
      this.change(subcommand, true);
    } else {
      this.world.warn(
        `Deprecation warning: Allowing a first arg of an otherwise blocked command is a misuse of ACL and may get disabled in the future (offender: +${name})`,
      );
      const words = this.firstArguments.get(command);
      if (words === undefined) this.firstArguments.set(command, [word]);
      else if (!words.includes(word)) words.push(word);
    }
    this.remember(name, true);
    return null;
  }

  private deny(name: string): RuleError | null {
    return this.changeCommand(name, false);
  }

  private changeCommand(name: string, isAllowed: boolean): RuleError | null {
    const command = this.world.command(name);
    if (command === null) return RULE_ERROR.UNKNOWN;
    this.change(command, isAllowed);
    this.remember(command.fullName, isAllowed);
    return null;
  }

  private applyCategory(rule: string): RuleError | null {
    const isAllowed = rule[0] === '+';
    const commands = this.world.category(rule.slice(2));
    if (commands === null) return RULE_ERROR.UNKNOWN;
    this.remember(rule.slice(1), isAllowed);
    for (const command of commands) this.change(command, isAllowed);
    return null;
  }

  // What is said of a container is said of its subcommands.
  private change(command: Command, isAllowed: boolean): void {
    this.setCommand(command, isAllowed);
    this.firstArguments.delete(command);
    for (const subcommand of command.subcommands.values()) this.setCommand(subcommand, isAllowed);
  }

  // The same said before, and what was said of subcommands, does not count any more.
  private remember(name: string, isAllowed: boolean): void {
    const rule = lowerCaseLatin1(name);
    this.rules = this.rules.filter((old) => old.slice(1) !== rule && !old.startsWith(`${rule}|`, 1));
    this.rules.push(`${isAllowed ? '+' : '-'}${rule}`);
  }
}

/** Whether one of the patterns lets a channel, or a pattern of channels, through. */
export function channelIsIn(patterns: readonly string[], name: string, isPattern: boolean): boolean {
  return patterns.some((pattern) => (isPattern ? pattern === name : globMatch(pattern, name, false)));
}

/** Whether a name or pattern has what would break a line of rules: blank space or a zero byte. */
export function hasSpace(text: string): boolean {
  return /[\0\t-\r ]/.test(text);
}
