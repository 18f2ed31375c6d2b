// ACL: the users, what they may do, and what they were refused. Rules are engine/acl-user's and engine/acl-selector's; here
// are the requests and their replies.

import { hexOf } from '../base/bytes.ts';
import { DEFAULT_USER } from '../engine/acl.ts';
import { ACL_CATEGORIES } from '../engine/acl-categories.ts';
import { userLine } from '../engine/acl-lines.ts';
import { reasonWord } from '../engine/acl-log.ts';
import { type AclSelector, DENIED, type Denied, hasSpace } from '../engine/acl-selector.ts';
import type { AclUser } from '../engine/acl-user.ts';
import { arg, type Command, command } from '../engine/command-spec.ts';
import { helpSubcommand } from '../engine/container-help.ts';
import type { CommandContext } from '../engine/context.ts';
import { Arguments } from '../resp/arguments.ts';
import {
  ACL_SAVE_FAILED,
  commandNotFound,
  DEFAULT_USER_STAYS,
  failure,
  GENPASS_BITS,
  NO_ACL_FILE,
  syntaxOfSubcommand,
  USER_NAME_CHARACTERS,
  unknownCategory,
  userNotFound,
  wrongArity,
} from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

const GROUP = 'server';
const FOR_ALL = ['noscript', 'loading', 'stale'] as const;
const FOR_ADMINS = ['admin', ...FOR_ALL] as const;
const TO_ALL_NODES = ['request_policy:all_nodes', 'response_policy:all_succeeded'];
const STANDARD_ENTRIES = 10;
const STANDARD_BITS = 256;
const MAX_BITS = 4096;
const BITS_PER_DIGIT = 4;
const FIELDS_OF_ENTRY = 10;
const FIELDS_OF_USER = 6;

export const acl = command({
  name: 'acl',
  since: '6.0.0',
  group: GROUP,
  complexity: 'Depends on subcommand.',
  summary: 'A container for commands about users and their rules.',
  arity: -2,
  flags: [],
  help: [
    'CAT [<category>]',
    '    Show all categories, or all commands of one of them.',
    'DELUSER <username> [<username> ...]',
    '    Remove users, and end the connections of their clients.',
    'DRYRUN <username> <command> [<arg> ...]',
    '    Tell whether a user may run a command, without running it.',
    'GETUSER <username>',
    '    Show the rules of a user, part by part.',
    'GENPASS [<bits>]',
    '    Make up a password of 256 bits, or of as many as asked for.',
    'LIST',
    '    Show all users, each in the form that files have.',
    'LOAD',
    '    Replace the users by those of the ACL file.',
    'LOG [<count> | RESET]',
    '    Show what was refused lately, or forget it.',
    'SAVE',
    '    Write the users to the ACL file.',
    'SETUSER <username> <attribute> [<attribute> ...]',
    '    Make a user, or change one.',
    'USERS',
    '    Show the names of all users.',
    'WHOAMI',
    '    Show as whom the connection is logged in.',
  ],
  subcommands: [
    command({
      name: 'cat',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(1) since the categories and commands are a fixed set.',
      summary: 'Shows the categories, or the commands of one.',
      arity: -2,
      flags: FOR_ALL,
      args: [arg.string('category', { optional: true })],
      run: replyCategories,
    }),
    command({
      name: 'deluser',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(1) amortized time considering the typical user.',
      summary: 'Removes users, and ends the connections of their clients.',
      arity: -3,
      flags: FOR_ADMINS,
      tips: TO_ALL_NODES,
      args: [arg.string('username', { multiple: true })],
      run: removeUsers,
    }),
    command({
      name: 'dryrun',
      since: '7.0.0',
      group: GROUP,
      complexity: 'O(1).',
      summary: 'Tells whether a user may run a command, without running it.',
      arity: -4,
      flags: FOR_ADMINS,
      args: [
        arg.string('username'),
        arg.string('command'),
        arg.string('arg', { optional: true, multiple: true }),
      ],
      run: dryRun,
    }),
    command({
      name: 'genpass',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Makes up a password that nobody can guess.',
      arity: -2,
      flags: FOR_ALL,
      args: [arg.integer('bits', { optional: true })],
      run: replyPassword,
    }),
    command({
      name: 'getuser',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of password, command and pattern rules that the user has.',
      summary: 'Shows the rules of a user, part by part.',
      arity: 3,
      flags: FOR_ADMINS,
      history: [
        ['6.2.0', 'Shows the patterns of channels.'],
        ['7.0.0', 'Shows selectors; keys and channels are texts instead of lists.'],
      ],
      args: [arg.string('username')],
      run: replyUser,
    }),
    helpSubcommand({ since: '6.0.0', group: GROUP }),
    command({
      name: 'list',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of configured users.',
      summary: 'Shows all users, each in the form that files have.',
      arity: 2,
      flags: FOR_ADMINS,
      run: (ctx) => replyUsers(ctx, userLine),
    }),
    command({
      name: 'load',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of configured users.',
      summary: 'Replaces the users by those of the ACL file.',
      arity: 2,
      flags: FOR_ADMINS,
      run({ client, reply, server }) {
        const { user } = client;
        requireFile(server.config.values.aclfile);
        const problem = server.acl.loadFile(client);
        if (problem !== null) throw failure(problem);
        reply.ok();
        if (client.user !== user) client.connection.closeAfterReplies();
      },
    }),
    command({
      name: 'log',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N) with N being the number of entries shown.',
      summary: 'Shows what was refused lately, or forgets it.',
      arity: -2,
      flags: FOR_ADMINS,
      history: [['7.2.0', 'Shows the number of an entry, when it was made and when it was counted last.']],
      args: [arg.oneOf('operation', [arg.integer('count'), arg.token('reset', 'RESET')], { optional: true })],
      run: replyRefusals,
    }),
    command({
      name: 'save',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of configured users.',
      summary: 'Writes the users to the ACL file.',
      arity: 2,
      flags: FOR_ADMINS,
      tips: TO_ALL_NODES,
      run({ nowMs, reply, server }) {
        requireFile(server.config.values.aclfile);
        if (!server.acl.saveFile(nowMs)) throw ACL_SAVE_FAILED;
        reply.ok();
      },
    }),
    command({
      name: 'setuser',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of rules provided.',
      summary: 'Makes a user, or changes one.',
      arity: -3,
      flags: FOR_ADMINS,
      tips: TO_ALL_NODES,
      history: [
        ['6.2.0', 'Patterns of channels.'],
        ['7.0.0', 'Selectors, and patterns of keys that may only be read or written.'],
      ],
      args: [arg.string('username'), arg.string('rule', { optional: true, multiple: true })],
      secrets: (args) => args.indexes(2),
      run({ args, reply, server }) {
        const name = args.string(2);
        if (hasSpace(name)) throw USER_NAME_CHARACTERS;
        const problem = server.acl.setUser(name, args.strings(3));
        if (problem !== null) throw failure(problem);
        reply.ok();
      },
    }),
    command({
      name: 'users',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(N). Where N is the number of configured users.',
      summary: 'Shows the names of all users.',
      arity: 2,
      flags: FOR_ADMINS,
      run: (ctx) => replyUsers(ctx, ({ name }) => name),
    }),
    command({
      name: 'whoami',
      since: '6.0.0',
      group: GROUP,
      complexity: 'O(1)',
      summary: 'Shows as whom the connection is logged in.',
      arity: 2,
      flags: FOR_ALL,
      run({ client, reply, server }) {
        if (client.user === server.acl.superuser) reply.null();
        else reply.bulkText(client.user.name);
      },
    }),
  ],
});

function requireFile(aclFile: string): void {
  if (aclFile === '') throw NO_ACL_FILE;
}

function replyUsers({ reply, server }: CommandContext, text: (user: AclUser) => string): void {
  const users = server.acl.all();
  reply.array(users.length);
  for (const user of users) reply.bulkText(text(user));
}

function removeUsers({ args, client, reply, server }: CommandContext): void {
  const { user } = client;
  const names = args.strings(2);
  if (names.includes(DEFAULT_USER)) throw DEFAULT_USER_STAYS;
  let removed = 0;
  for (const name of names) if (server.acl.removeUser(name, client)) removed++;
  reply.integer(removed);
  if (client.user !== user) client.connection.closeAfterReplies();
}

function replyCategories({ args, reply, server }: CommandContext): void {
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), args.string(0));
  if (args.count === 2) {
    reply.array(ACL_CATEGORIES.length);
    for (const category of ACL_CATEGORIES) reply.bulkText(category);
    return;
  }
  const commands = server.acl.catalog.category(args.string(2));
  if (commands === null) throw unknownCategory(args.string(2));
  reply.array(commands.length);
  for (const { fullName } of commands) reply.bulkText(fullName);
}

function replyUser({ args, reply, server }: CommandContext): void {
  const user = server.acl.get(args.string(2));
  if (user === null) {
    reply.null();
    return;
  }
  const [root, ...others] = user.selectors as [AclSelector, ...AclSelector[]];
  const { throttle } = user;
  reply.map(throttle === null ? FIELDS_OF_USER : FIELDS_OF_USER + 1);
  reply.bulkText('flags');
  reply.set(user.flags.length);
  for (const flag of user.flags) reply.bulkText(flag);
  reply.bulkText('passwords');
  reply.array(user.passwords.length);
  for (const hash of user.passwords) reply.bulkText(hash);
  replySelector(reply, root);
  reply.bulkText('selectors');
  reply.array(others.length);
  for (const selector of others) {
    reply.map(3);
    replySelector(reply, selector);
  }
  if (throttle === null) return;
  reply.bulkText('throttle');
  reply.bulkText(throttle);
}

function replySelector(reply: ReplyWriter, selector: AclSelector): void {
  reply.bulkText('commands');
  reply.bulkText(selector.describeCommands());
  reply.bulkText('keys');
  reply.bulkText(selector.describeKeys());
  reply.bulkText('channels');
  reply.bulkText(selector.describeChannels());
}

function replyPassword({ args, reply, server }: CommandContext): void {
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), args.string(0));
  const bits = args.count === 2 ? STANDARD_BITS : Number(args.int64(2));
  if (bits <= 0 || bits > MAX_BITS) throw GENPASS_BITS;
  const digits = Math.ceil(bits / BITS_PER_DIGIT);
  reply.bulkText(hexOf(server.runtime.random.bytes(Math.ceil(digits / 2))).slice(0, digits));
}

function replyRefusals({ args, nowMs, reply, server }: CommandContext): void {
  if (args.count > 3) throw syntaxOfSubcommand(args.string(1), args.string(0));
  const { refusals } = server.acl;
  if (args.count === 3 && args.is(2, 'reset')) {
    refusals.clear();
    reply.ok();
    return;
  }
  const count = args.count === 2 ? STANDARD_ENTRIES : Math.max(0, Number(args.int64(2)));
  const entries = refusals.entries.slice(0, count);
  reply.array(entries.length);
  for (const entry of entries) {
    reply.map(FIELDS_OF_ENTRY);
    reply.bulkText('count');
    reply.integer(entry.count);
    reply.bulkText('reason');
    reply.bulkText(reasonWord(entry.reason));
    reply.bulkText('context');
    reply.bulkText(entry.context);
    reply.bulkText('object');
    reply.bulkText(entry.object);
    reply.bulkText('username');
    reply.bulkText(entry.userName);
    reply.bulkText('age-seconds');
    reply.double((nowMs - entry.updatedMs) / 1000);
    reply.bulkText('client-info');
    reply.bulkText(entry.client);
    reply.bulkText('entry-id');
    reply.integer(entry.id);
    reply.bulkText('timestamp-created');
    reply.integer(entry.createdMs);
    reply.bulkText('timestamp-last-updated');
    reply.integer(entry.updatedMs);
  }
}

function dryRun({ args, reply, server }: CommandContext): void {
  const user = server.acl.get(args.string(2));
  if (user === null) throw userNotFound(args.string(2));
  const request = Arguments.from(args.strings(3));
  const named = server.table.find(request);
  const wanted =
    named?.isContainer && request.count > 1
      ? server.table.get(`${request.string(0)}|${request.string(1)}`)
      : named;
  if (wanted === null) throw commandNotFound(request.string(0));
  if (!wanted.acceptsCount(request.count)) throw wrongArity(wanted.fullName);
  const denied = user.allowsAll ? DENIED.NOT : user.check(wanted, request);
  if (denied === DENIED.NOT) reply.ok();
  else reply.bulkText(refusalOf(denied, user, wanted, request));
}

// A log of its own is not kept of it, and the reply names what a real request is not told.
function refusalOf(denied: Denied, user: AclUser, wanted: Command, request: Arguments): string {
  if (denied === DENIED.COMMAND)
    return `User ${user.name} has no permissions to run the '${wanted.fullName}' command`;
  const kind = denied === DENIED.KEY ? 'key' : 'channel';
  return `User ${user.name} has no permissions to access the '${request.string(user.deniedAt)}' ${kind}`;
}
