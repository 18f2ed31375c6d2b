// What COMMAND DOCS answers of a command: what people and generators of client libraries want to know of it. All of it
// stands in the spec.

import type { ArgumentSpec, Command } from '../engine/command-spec.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { writeWords } from './command-info.ts';

/** Writes the map of COMMAND DOCS of a command. */
export function writeCommandDocs(reply: ReplyWriter, command: Command): void {
  const fields = docFields(command);
  reply.map(fields.length);
  for (const [name, write] of fields) {
    reply.bulkText(name);
    write(reply);
  }
}

/** Writes the fields of commands by their names: the map of COMMAND DOCS itself and of `subcommands` in it. */
export function writeDocsByName(reply: ReplyWriter, commands: readonly Command[]): void {
  reply.map(commands.length);
  for (const command of commands) {
    reply.bulkText(command.fullName);
    writeCommandDocs(reply, command);
  }
}

// A reply says how many fields a map has before the first of them: what is absent must be known at the start.
type Field = readonly [name: string, write: (reply: ReplyWriter) => void];

const text = (name: string, value: string | undefined): Field[] =>
  value === undefined || value === '' ? [] : [[name, (reply) => reply.bulkText(value)]];

function docFields(command: Command): Field[] {
  const { spec } = command;
  const { docFlags = [], history = [], args = [] } = spec;
  const fields = [
    ...text('summary', spec.summary),
    ...text('since', spec.since),
    ...text('group', spec.group),
    ...text('complexity', spec.complexity),
  ];
  if (docFlags.length > 0) fields.push(['doc_flags', (reply) => writeWords(reply, docFlags)]);
  fields.push(...text('deprecated_since', spec.deprecatedSince), ...text('replaced_by', spec.replacedBy));
  if (history.length > 0) fields.push(['history', (reply) => writeHistory(reply, history)]);
  if (args.length > 0) fields.push(['arguments', (reply) => writeArguments(reply, args)]);
  if (command.isContainer) {
    fields.push(['subcommands', (reply) => writeDocsByName(reply, [...command.subcommands.values()])]);
  }
  return fields;
}

function writeHistory(
  reply: ReplyWriter,
  history: readonly (readonly [version: string, change: string])[],
): void {
  reply.set(history.length);
  for (const [version, change] of history) {
    reply.array(2);
    reply.bulkText(version);
    reply.bulkText(change);
  }
}

function writeArguments(reply: ReplyWriter, args: readonly ArgumentSpec[]): void {
  reply.array(args.length);
  for (const argument of args) {
    const fields = argumentFields(argument);
    reply.map(fields.length);
    for (const [name, write] of fields) {
      reply.bulkText(name);
      write(reply);
    }
  }
}

function argumentFields(argument: ArgumentSpec): Field[] {
  const { args, keySpec } = argument;
  const flags = [
    ...(argument.optional ? ['optional'] : []),
    ...(argument.multiple ? ['multiple'] : []),
    ...(argument.multipleToken ? ['multiple_token'] : []),
  ];
  const fields = [...text('name', argument.name), ...text('type', argument.type)];
  // A block or a choice has no text of its own: that of its parts is shown.
  if (args === undefined) fields.push(...text('display_text', argument.displayText ?? argument.name));
  if (keySpec !== undefined) fields.push(['key_spec_index', (reply) => reply.integer(keySpec)]);
  fields.push(
    ...text('token', argument.token),
    ...text('summary', argument.summary),
    ...text('since', argument.since),
    ...text('deprecated_since', argument.deprecatedSince),
  );
  if (flags.length > 0) fields.push(['flags', (reply) => writeWords(reply, flags)]);
  if (args !== undefined) fields.push(['arguments', (reply) => writeArguments(reply, args)]);
  return fields;
}
