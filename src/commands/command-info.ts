// What COMMAND and COMMAND INFO answer of a command: what a client or a proxy must know to route it. All of it is
// derived from the spec; nothing is kept for this reply.

import { aclCategories } from '../engine/acl-categories.ts';
import { COMMAND_FLAG, type Command, type CommandFlag, type KeySpec } from '../engine/command-spec.ts';
import { keyRange } from '../engine/key-extraction.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

/** Flags that the server needs and clients are not told of. */
const HIDDEN_FLAGS: ReadonlySet<CommandFlag> = new Set([
  'may_replicate',
  'protected',
  'touches_arbitrary_keys',
]);

const SHOWN_FLAGS = (Object.keys(COMMAND_FLAG) as CommandFlag[]).filter((flag) => !HIDDEN_FLAGS.has(flag));

const KEY_FLAG_ORDER = [
  'RO',
  'RW',
  'OW',
  'RM',
  'access',
  'update',
  'insert',
  'delete',
  'not_key',
  'incomplete',
  'variable_flags',
] as const;

/** Writes the ten fields of COMMAND INFO of a command and, within, of its subcommands; null without a command. */
export function writeCommandInfo(reply: ReplyWriter, command: Command | null): void {
  if (command === null) {
    reply.null();
    return;
  }
  const range = keyRange(command);
  const { spec } = command;
  reply.array(10);
  reply.bulkText(command.fullName);
  reply.integer(command.arity);
  writeWords(reply, flagNames(command, range.isMovable));
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  writeWords(
    reply,
    aclCategories(command).map((category) => `@${category}`),
  );
  const tips = spec.tips ?? [];
  reply.set(tips.length);
  for (const tip of tips) reply.bulkText(tip);
  const keys = spec.keys ?? [];
  reply.set(keys.length);
  for (const key of keys) writeKeySpec(reply, key);
  writeSubcommands(reply, command);
}

/** The flags of a key as a set of words, in Redis's order. */
export function writeKeyFlags(reply: ReplyWriter, flags: KeySpec['flags']): void {
  writeWords(
    reply,
    KEY_FLAG_ORDER.filter((flag) => flags.includes(flag)),
  );
}

/** A set of simple strings. */
export function writeWords(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

// `movablekeys` is no flag of a spec but follows from it; it is listed before the flag that came later.
function flagNames(command: Command, hasMovableKeys: boolean): string[] {
  return SHOWN_FLAGS.flatMap((flag) => [
    ...(flag === 'allow_busy' && hasMovableKeys ? ['movablekeys'] : []),
    ...(command.has(COMMAND_FLAG[flag]) ? [flag] : []),
  ]);
}

function writeSubcommands(reply: ReplyWriter, command: Command): void {
  if (!command.isContainer) {
    reply.set(0);
    return;
  }
  reply.array(command.subcommands.size);
  for (const subcommand of command.subcommands.values()) writeCommandInfo(reply, subcommand);
}

function writeKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  reply.map(spec.notes === undefined ? 3 : 4);
  if (spec.notes !== undefined) {
    reply.bulkText('notes');
    reply.bulkText(spec.notes);
  }
  reply.bulkText('flags');
  writeKeyFlags(reply, spec.flags);
  reply.bulkText('begin_search');
  writeSearch(reply, ...beginFields(spec));
  reply.bulkText('find_keys');
  writeSearch(reply, ...findFields(spec));
}

type SearchFields = [type: string, fields: readonly (readonly [name: string, value: number | string])[]];

function beginFields({ begin }: KeySpec): SearchFields {
  if (begin === 'unknown') return ['unknown', []];
  if ('index' in begin) return ['index', [['index', begin.index]]];
  return [
    'keyword',
    [
      ['keyword', begin.keyword],
      ['startfrom', begin.startFrom],
    ],
  ];
}

function findFields({ find }: KeySpec): SearchFields {
  if (find === 'unknown') return ['unknown', []];
  if ('lastKey' in find) {
    return [
      'range',
      [
        ['lastkey', find.lastKey],
        ['keystep', find.step],
        ['limit', find.limit],
      ],
    ];
  }
  return [
    'keynum',
    [
      ['keynumidx', find.countIndex],
      ['firstkey', find.firstKey],
      ['keystep', find.step],
    ],
  ];
}

function writeSearch(reply: ReplyWriter, type: string, fields: SearchFields[1]): void {
  reply.map(2);
  reply.bulkText('type');
  reply.bulkText(type);
  reply.bulkText('spec');
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulkText(name);
    if (typeof value === 'number') reply.integer(value);
    else reply.bulkText(value);
  }
}
