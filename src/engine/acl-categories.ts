// The ACL categories of a command, derived from its spec: those that its flags and its group imply and those that it
// names itself. COMMAND INFO and COMMAND LIST show them; rules of users are made of them.

import { COMMAND_FLAG, type Command, type CommandGroup } from './command-spec.ts';

/** All categories, in the order in which replies list them. */
export const ACL_CATEGORIES = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;
export type AclCategory = (typeof ACL_CATEGORIES)[number];

// Groups of the documentation that are a category too; the others (generic, server, cluster …) are not.
const CATEGORY_OF_GROUP: Readonly<Partial<Record<CommandGroup, AclCategory>>> = {
  string: 'string',
  list: 'list',
  set: 'set',
  'sorted-set': 'sortedset',
  hash: 'hash',
  stream: 'stream',
  bitmap: 'bitmap',
  hyperloglog: 'hyperloglog',
  geo: 'geo',
  scripting: 'scripting',
  transactions: 'transaction',
  connection: 'connection',
};

/** The categories of a command in the order of ACL_CATEGORIES, without the `@`. */
export function aclCategories(command: Command): AclCategory[] {
  const { spec } = command;
  const found = new Set<string>(spec.acl);
  const ofGroup = CATEGORY_OF_GROUP[spec.group];
  // A container that does nothing itself is in no group's category; its subcommands are.
  const isMereContainer = command.isContainer && spec.run === undefined;
  if (ofGroup !== undefined && !isMereContainer) found.add(ofGroup);
  if (command.has(COMMAND_FLAG.write)) found.add('write');
  if (command.has(COMMAND_FLAG.readonly) && !found.has('scripting')) found.add('read');
  if (command.has(COMMAND_FLAG.admin)) found.add('admin').add('dangerous');
  if (command.has(COMMAND_FLAG.pubsub)) found.add('pubsub');
  if (command.has(COMMAND_FLAG.blocking)) found.add('blocking');
  found.add(command.has(COMMAND_FLAG.fast) ? 'fast' : 'slow');
  return ACL_CATEGORIES.filter((category) => found.has(category));
}
