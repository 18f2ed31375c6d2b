// A user: its passwords, whether it may log in, and what its selectors allow. Clients hold their user's object, which is
// changed in place, so a change of rules counts for everyone who is logged in at once. Rules come one by one, in the words
// of ACL SETUSER; `describe` gives them back.

import { createHash, timingSafeEqual } from 'node:crypto';
import { lowerCaseLatin1, toBytes, untilZero } from '../base/bytes.ts';
import { splitArguments } from '../base/quote.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  AclSelector,
  DENIED,
  type Denied,
  RULE_ERROR,
  type RuleError,
  type RuleWorld,
} from './acl-selector.ts';
import type { Command } from './command-spec.ts';

const THROTTLE = 'throttle=';
const MAX_RATE = Number.MAX_SAFE_INTEGER;

export class AclUser {
  readonly name: string;
  isEnabled = false;
  /** Any password is right. */
  needsNoPassword = false;
  /** What it restores is believed to be sound. */
  skipsSanitizing = false;
  /** How fast its clients may be, each; 0: as fast as they like. */
  commandsPerSecond = 0;
  bytesPerSecond = 0;
  /** It may do everything, so that nothing of its requests need be looked at. */
  allowsAll = false;
  /** The argument that the last `check` has refused; 0 where it was the command. */
  deniedAt = 0;

  private readonly world: RuleWorld;
  // SHA-256, 64 hexadecimal digits each.
  private hashes: string[] = [];
  private all: AclSelector[];

  /** A user who may neither log in nor do anything. */
  constructor(name: string, world: RuleWorld) {
    this.name = name;
    this.world = world;
    this.all = [new AclSelector(world)];
  }

  /** The hashes of its passwords. */
  get passwords(): readonly string[] {
    return this.hashes;
  }

  /** Its selectors, the one of the rules outside of parentheses first. */
  get selectors(): readonly AclSelector[] {
    return this.all;
  }

  /** Words that say what kind of user it is, as ACL GETUSER lists them. */
  get flags(): string[] {
    const flags = [this.isEnabled ? 'on' : 'off'];
    if (this.needsNoPassword) flags.push('nopass');
    flags.push(this.skipsSanitizing ? 'skip-sanitize-payload' : 'sanitize-payload');
    return flags;
  }

  /** `commands:bytes` a second, or null without a limit. */
  get throttle(): string | null {
    const { commandsPerSecond, bytesPerSecond } = this;
    return commandsPerSecond === 0 && bytesPerSecond === 0 ? null : `${commandsPerSecond}:${bytesPerSecond}`;
  }

  /** Takes all but the name from another user. */
  takeRulesOf(other: AclUser): void {
    this.isEnabled = other.isEnabled;
    this.needsNoPassword = other.needsNoPassword;
    this.skipsSanitizing = other.skipsSanitizing;
    this.commandsPerSecond = other.commandsPerSecond;
    this.bytesPerSecond = other.bytesPerSecond;
    this.hashes = [...other.hashes];
    this.all = other.all.map((selector) => selector.copy());
    this.allowsAll = other.allowsAll;
  }

  /** Applies one rule; returns null or what is wrong with it, upon which it has changed nothing. */
  apply(rule: string): RuleError | null {
    const error = this.change(rule);
    this.allowsAll = this.all.some((selector) => selector.allowsEverything);
    return error;
  }

  /** Whether a password (latin1) is right. The time that it takes says nothing of the passwords. */
  accepts(password: string): boolean {
    if (!this.isEnabled) return false;
    if (this.needsNoPassword) return true;
    const given = toBytes(hashOf(password));
    let isRight = false;
    for (const hash of this.hashes) if (timingSafeEqual(given, toBytes(hash))) isRight = true;
    return isRight;
  }

  /** Whether a request is allowed, or why not; `deniedAt` then says by which argument. */
  check(command: Command, args: Arguments): Denied {
    let reason: Denied = DENIED.COMMAND;
    this.deniedAt = 0;
    for (let i = 0; i < this.all.length; i++) {
      const selector = this.all[i]!;
      const denied = selector.check(command, args);
      if (denied === DENIED.NOT) return denied;
      if (denied > reason || (denied === reason && selector.deniedAt > this.deniedAt)) {
        reason = denied;
        this.deniedAt = selector.deniedAt;
      }
    }
    return reason;
  }

  /** Whether a request is allowed by rules that open every key, too, in the way of `access` (bits of KEY_ACCESS). */
  allowsOnAnyKey(command: Command, args: Arguments, access: number): boolean {
    if (this.allowsAll) return true;
    return this.all.some(
      (selector) => selector.check(command, args) === DENIED.NOT && selector.allowsAnyKey(access),
    );
  }

  /** All rules in one line, as ACL LIST and the files have them. */
  describe(): string {
    const words = this.flags;
    if (this.throttle !== null) words.push(`${THROTTLE}${this.throttle}`);
    for (const hash of this.hashes) words.push(`#${hash}`);
    const [root, ...others] = this.all as [AclSelector, ...AclSelector[]];
    words.push(root.describe());
    for (const selector of others) words.push(`(${selector.describe()})`);
    return words.join(' ');
  }

  private change(rule: string): RuleError | null {
    if (rule === '') return null;
    switch (lowerCaseLatin1(untilZero(rule))) {
      case 'on':
        this.isEnabled = true;
        return null;
      case 'off':
        this.isEnabled = false;
        return null;
      case 'skip-sanitize-payload':
        this.skipsSanitizing = true;
        return null;
      case 'sanitize-payload':
        this.skipsSanitizing = false;
        return null;
      case 'nopass':
        this.needsNoPassword = true;
        this.hashes = [];
        return null;
      case 'resetpass':
        this.needsNoPassword = false;
        this.hashes = [];
        return null;
      case 'clearselectors':
        this.all.length = 1;
        return null;
      case 'reset':
        this.reset();
        return null;
    }
    switch (rule[0]) {
      case '>':
        return this.addHash(hashOf(rule.slice(1)));
      case '#':
        return isHash(rule.slice(1)) ? this.addHash(rule.slice(1)) : RULE_ERROR.BAD_HASH;
      case '<':
        return this.removeHash(hashOf(rule.slice(1)));
      case '!':
        return isHash(rule.slice(1)) ? this.removeHash(rule.slice(1)) : RULE_ERROR.BAD_HASH;
    }
    if (rule.startsWith('(') && rule.endsWith(')')) return this.addSelector(rule.slice(1, -1));
    if (lowerCaseLatin1(rule).startsWith(THROTTLE)) return this.setThrottle(rule.slice(THROTTLE.length));
    return this.all[0]!.apply(rule);
  }

  private reset(): void {
    this.takeRulesOf(new AclUser(this.name, this.world));
  }

  private addHash(hash: string): null {
    if (!this.hashes.includes(hash)) this.hashes.push(hash);
    this.needsNoPassword = false;
    return null;
  }

  private removeHash(hash: string): RuleError | null {
    const at = this.hashes.indexOf(hash);
    if (at < 0) return RULE_ERROR.NO_SUCH_PASSWORD;
    this.hashes.splice(at, 1);
    return null;
  }

  private addSelector(rules: string): RuleError | null {
    const selector = new AclSelector(this.world);
    // Observed 7.2.4: rules whose quotes are unbalanced make an empty selector.
    for (const rule of splitArguments(rules) ?? []) {
      const error = selector.apply(rule);
      if (error !== null) return error;
    }
    this.all.push(selector);
    return null;
  }

  private setThrottle(rates: string): RuleError | null {
    const found = /^([0-9]{1,16}):([0-9]{1,16})$/.exec(rates);
    if (found === null) return RULE_ERROR.SYNTAX;
    const [commands, bytes] = [Number(found[1]), Number(found[2])];
    if (commands > MAX_RATE || bytes > MAX_RATE) return RULE_ERROR.SYNTAX;
    this.commandsPerSecond = commands;
    this.bytesPerSecond = bytes;
    return null;
  }
}

function hashOf(password: string): string {
  return createHash('sha256').update(password, 'latin1').digest('hex');
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
