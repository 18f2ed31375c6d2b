// Who may do what: the users of a server, their logins, and the answer to whether a client may run a request. The rules of
// one user are in acl-user and acl-selector; here is what concerns all of them and the clients that are logged in.

import { dirname, resolve } from 'node:path';
import { untilZero } from '../base/bytes.ts';
import type { Logger } from '../base/logger.ts';
import type { FileDoor } from '../base/runtime.ts';
import type { Config } from '../config/config.ts';
import { pathFromBytes, reasonOf } from '../config/file-text.ts';
import type { Arguments } from '../resp/arguments.ts';
import type { ReplyError } from '../resp/errors.ts';
import { NO_CHANNEL_PERMISSION, NO_KEY_PERMISSION, noCommandPermission } from '../resp/errors.ts';
import { AclCatalog } from './acl-catalog.ts';
import { joinSelectors, readUserFile, userLine } from './acl-lines.ts';
import { type AclContext, AclLog } from './acl-log.ts';
import { channelIsIn, DENIED, type Denied, hasSpace } from './acl-selector.ts';
import { AclUser } from './acl-user.ts';
import type { Client } from './client.ts';
import { describeClient } from './client-info.ts';
import type { Command } from './command-spec.ts';
import type { ServerParts } from './server-parts.ts';

export const DEFAULT_USER = 'default';
/** What CLIENT LIST calls who obeys no rules: a master, the server itself. */
const SUPERUSER = '(superuser)';
const NEW_DEFAULT_RULES = ['+@all', '~*', '&*', 'on', 'nopass'];
const FILE_MODE = 0o644;

export interface AclParts {
  readonly config: Config;
  readonly log: Logger;
  readonly files: FileDoor;
  readonly pid: number;
  readonly commands: readonly Command[];
}

export class Acl {
  /** The user of every client that has not logged in as another. The same object for ever. */
  readonly defaultUser: AclUser;
  /** The user of clients that no rules hold for. */
  readonly superuser: AclUser;
  readonly catalog: AclCatalog;
  readonly refusals = new AclLog();
  /** A client that has not logged in may do nothing. */
  asksForPassword = false;
  /** Called when `asksForPassword` may have changed. */
  onLoginChange: () => void = () => {};
  /** Users have come, gone or changed. */
  onUsersChange: () => void = () => {};

  private readonly config: Config;
  private readonly log: Logger;
  private readonly files: FileDoor;
  private readonly pid: number;
  private server!: ServerParts;
  private users = new Map<string, AclUser>();

  constructor({ config, log, files, pid, commands }: AclParts) {
    this.config = config;
    this.log = log;
    this.files = files;
    this.pid = pid;
    this.catalog = new AclCatalog({
      commands,
      allowsChannels: () => config.values['acl-pubsub-default'] === 'allchannels',
      warn: (text) => log.warning(text),
    });
    this.defaultUser = this.newDefaultUser(DEFAULT_USER);
    this.superuser = this.newDefaultUser(SUPERUSER);
    this.users.set(DEFAULT_USER, this.defaultUser);
    this.applyPassword();
    config.onChange('requirepass', () => {
      this.applyPassword();
      return null;
    });
  }

  /** Closes the circle: what is noted of refusals and whom a change cuts off are the server's clients, which have users. */
  attach(server: ServerParts): void {
    this.server = server;
  }

  /** In the order of their names. */
  all(): AclUser[] {
    return [...this.users.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: string): AclUser | null {
    return this.users.get(name) ?? null;
  }

  /** Whether the default user needs no password. */
  get isOpen(): boolean {
    return this.defaultUser.needsNoPassword;
  }

  /**
   * Makes a user, or changes one, by all rules or none. Returns null or what is wrong. Clients that have subscribed to what
   * they may no longer have are cut off.
   */
  setUser(name: string, rules: readonly string[]): string | null {
    const joined = joinSelectors(rules);
    if ('unclosed' in joined) {
      const rule = untilZero(rules[joined.unclosed]!);
      return `Unmatched parenthesis in acl selector starting at '${rule}'.`;
    }
    let user = this.users.get(name);
    const draft = new AclUser(name, this.catalog);
    if (user !== undefined) draft.takeRulesOf(user);
    for (const rule of joined.rules) {
      const error = draft.apply(rule);
      if (error !== null) return `Error in ACL SETUSER modifier '${untilZero(rule)}': ${error}`;
    }
    if (user === undefined) this.users.set(name, (user = draft));
    else {
      this.cutOffSubscribers(user, draft);
      user.takeRulesOf(draft);
    }
    if (user === this.defaultUser) this.loginChanged();
    this.onUsersChange();
    return null;
  }

  /** Removes a user and cuts its clients off, but for `by`, who is to be closed after the reply. False when there is none. */
  removeUser(name: string, by: Client): boolean {
    const user = this.users.get(name);
    if (user === undefined) return false;
    this.users.delete(name);
    this.onUsersChange();
    this.cutOffClients(user, by);
    return true;
  }

  /** Logs a client in. False, which is noted, when name or password is wrong, or the user may not. */
  logIn(client: Client, name: string, password: string, command: string): boolean {
    const user = this.users.get(name);
    if (user?.accepts(password)) {
      client.user = user;
      client.authenticated = true;
      return true;
    }
    this.note(client, DENIED.AUTH, contextOf(client), command, name);
    return false;
  }

  /** Puts a client into the state in which new ones are. */
  logOut(client: Client): void {
    client.user = this.defaultUser;
    client.authenticated = !this.asksForPassword;
  }

  /** The error for a request that the client's user may not make, which is noted; null for one that it may make. */
  refusal(client: Client, command: Command, args: Arguments): ReplyError | null {
    const denied = this.check(client, command, args, contextOf(client));
    return denied === DENIED.NOT ? null : this.error(denied, client.user, command);
  }

  /** As `refusal`, for whoever has error texts of its own; `caller` is who has sent the request that it belongs to. */
  check(
    client: Client,
    command: Command,
    args: Arguments,
    context: AclContext,
    caller: Client = client,
  ): Denied {
    const { user } = client;
    if (user.allowsAll) return DENIED.NOT;
    const denied = user.check(command, args);
    if (denied === DENIED.NOT) return denied;
    const object = denied === DENIED.COMMAND ? command.fullName : args.string(user.deniedAt);
    this.note(caller, denied, context, object, user.name);
    return denied;
  }

  /** The error reply for a refused request. */
  error(denied: Denied, user: AclUser, command: Command): ReplyError {
    if (denied === DENIED.KEY) return NO_KEY_PERMISSION;
    if (denied === DENIED.CHANNEL) return NO_CHANNEL_PERMISSION;
    return noCommandPermission(user.name, command.fullName);
  }

  /** Makes the users of the configuration or of `aclfile`, at start; false when that cannot be, and the log says why. */
  loadAtStart(): boolean {
    const { userLines } = this.config;
    const { aclfile } = this.config.values;
    if (aclfile !== '' && userLines.length > 0) {
      this.log.warning(
        'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.',
      );
      return false;
    }
    for (const [name, ...rules] of userLines) {
      if (this.loadUser(name!, rules)) continue;
      this.log.warning('Critical error while loading ACLs. Exiting.');
      return false;
    }
    const problem = aclfile === '' ? null : this.loadFile(null);
    if (problem !== null) this.log.warning(`Aborting Redis startup because of ACL errors: ${problem}`);
    this.loginChanged();
    return problem === null;
  }

  /**
   * Takes all users from the file instead of those that there are; returns null, or what is wrong with it, upon which nothing
   * has changed. The clients of all but the default user are cut off, but for `by`, who is to be closed after the reply.
   */
  loadFile(by: Client | null): string | null {
    const { aclfile, dir } = this.config.values;
    const read = readUserFile(this.files, aclfile, resolve(dir, aclfile), this.catalog);
    if ('problem' in read) return read.problem;
    const before = this.users;
    this.users = new Map(read.users);
    this.defaultUser.takeRulesOf(read.users.get(DEFAULT_USER) ?? this.newDefaultUser(DEFAULT_USER));
    this.users.set(DEFAULT_USER, this.defaultUser);
    for (const user of before.values()) if (user !== this.defaultUser) this.cutOffClients(user, by);
    this.loginChanged();
    return null;
  }

  /** Writes all users to the file, in one step; false when it cannot, and the log says why. */
  saveFile(nowMs: number): boolean {
    const { files } = this;
    const { aclfile, dir } = this.config.values;
    const path = pathFromBytes(resolve(dir, aclfile));
    const temporary = `${path}.tmp-${this.pid}-${nowMs}`;
    const text = this.all()
      .map((user) => `${userLine(user)}\n`)
      .join('');
    let doing = 'Opening temp ACL file';
    let fd = -1;
    try {
      fd = files.openSync(temporary, 'w', FILE_MODE);
      doing = 'Writing ACL file';
      const bytes = Buffer.from(text, 'latin1');
      for (let at = 0; at < bytes.length; ) at += files.writeSync(fd, bytes, at);
      doing = 'Syncing ACL file';
      files.fsyncSync(fd);
      files.closeSync(fd);
      fd = -1;
      doing = 'Renaming ACL file';
      files.renameSync(temporary, path);
      doing = 'Syncing ACL directory';
      this.syncDirectory(dirname(path));
      return true;
    } catch (error) {
      this.log.warning(`${doing} for ACL SAVE: ${reasonOf(error)}`);
      if (fd >= 0) files.closeSync(fd);
      files.rmSync(temporary, { force: true });
      return false;
    }
  }

  /** The `user` lines that CONFIG REWRITE writes; none where users live in a file of their own. */
  configLines(): string[] {
    return this.config.values.aclfile === '' ? this.all().map(userLine) : [];
  }

  private newDefaultUser(name: string): AclUser {
    const user = new AclUser(name, this.catalog);
    for (const rule of NEW_DEFAULT_RULES) user.apply(rule);
    return user;
  }

  // `requirepass` is the one password of the default user.
  private applyPassword(): void {
    const { requirepass } = this.config.values;
    this.defaultUser.apply('resetpass');
    this.defaultUser.apply(requirepass === '' ? 'nopass' : `>${requirepass}`);
    this.loginChanged();
  }

  private loginChanged(): void {
    const { needsNoPassword, isEnabled } = this.defaultUser;
    this.asksForPassword = !needsNoPassword || !isEnabled;
    this.onLoginChange();
    this.onUsersChange();
  }

  private loadUser(name: string, rules: readonly string[]): boolean {
    const { log } = this;
    if (hasSpace(name)) {
      log.warning('Spaces not allowed in ACL usernames');
      return false;
    }
    let user = this.users.get(name);
    if (user === undefined) this.users.set(name, (user = new AclUser(name, this.catalog)));
    else user.apply('reset');
    const joined = joinSelectors(rules);
    for (const rule of 'rules' in joined ? joined.rules : rules) {
      const error = user.apply(rule);
      if (error === null) continue;
      log.warning(`Error loading ACL rule '${rule}' for the user named '${name}': ${error}`);
      return false;
    }
    if (!user.isEnabled) {
      log.notice(
        `The user '${name}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.`,
      );
    }
    return true;
  }

  private note(
    caller: Client,
    reason: Exclude<Denied, typeof DENIED.NOT>,
    context: AclContext,
    object: string,
    userName: string,
  ): void {
    const { stats, keyspace } = this.server;
    if (reason === DENIED.COMMAND) stats.deniedCommands++;
    else if (reason === DENIED.KEY) stats.deniedKeys++;
    else if (reason === DENIED.CHANNEL) stats.deniedChannels++;
    else stats.authFailures++;
    this.refusals.note(
      { reason, context, object, userName },
      describeClient(caller, this.server),
      keyspace.nowMs,
      this.config.values['acllog-max-len'],
    );
  }

  private cutOffClients(user: AclUser, by: Client | null): void {
    for (const client of this.server.clients) {
      if (client.user !== user) continue;
      // It shall not be able to do anything any more, whatever becomes of the connection.
      client.user = this.defaultUser;
      client.authenticated = false;
      if (client !== by) client.connection.close();
    }
  }

  // Those who have subscribed to what the user may no longer have. Observed 7.2.4: of a user that had no channels nobody is
  // looked at, of any other also those who have subscribed as somebody else.
  private cutOffSubscribers(user: AclUser, draft: AclUser): void {
    if (draft.selectors.some((selector) => selector.allowsAllChannels)) return;
    const hadNone = user.selectors.every(
      (selector) => !selector.allowsAllChannels && selector.channelPatterns.length === 0,
    );
    if (hadNone) return;
    const patterns = draft.selectors.flatMap((selector) => selector.channelPatterns);
    const isOut = (name: string) => !channelIsIn(patterns, name, false);
    for (const client of this.server.clients) {
      const { subscriptions } = client;
      if (client.user !== user || !client.isSubscriber || subscriptions === null) continue;
      const { channels, shardChannels } = subscriptions;
      const isDenied =
        [...subscriptions.patterns].some((pattern) => !channelIsIn(patterns, pattern, true)) ||
        [...channels].some(isOut) ||
        [...shardChannels].some(isOut);
      if (isDenied) client.connection.close();
    }
  }

  private syncDirectory(path: string): void {
    const fd = this.files.openSync(path, 'r');
    try {
      this.files.fsyncSync(fd);
    } finally {
      this.files.closeSync(fd);
    }
  }
}

function contextOf(client: Client): AclContext {
  return client.transaction === null ? 'toplevel' : 'multi';
}
