// The facts of commands in a form that can be kept and compared: read from the RESP3 replies of COMMAND INFO and COMMAND
// DOCS, of this server or of a real one. Prose (summaries, what changed in which version, how complexity grows) is left
// out: it is worded differently here. A grammar is one line, because that is how a difference is seen best.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reply } from './resp.ts';

export interface CommandFacts {
  readonly group: string;
  readonly since: string;
  readonly arity: number;
  readonly flags?: string;
  /** First key, last key and step, where there are any. */
  readonly range?: string;
  readonly acl: string;
  readonly tips?: string;
  /** Each key spec: flags, search, where its keys are; with `;` between two. */
  readonly keys?: string;
  /** `name:type=TOKEN#keySpec"display"@since` and `?` optional, `*` multiple, `+` multiple token; parts in brackets. */
  readonly args?: string;
  /** The versions that changed the command. */
  readonly history?: string;
  readonly docs?: string;
  readonly deprecatedSince?: string;
  /** Whether there are notes on complexity and on what to use instead. */
  readonly hasComplexity: boolean;
  readonly hasReplacement?: boolean;
}

const GOLDEN_FOLDER = join(import.meta.dirname, '../golden');
const GOLDEN_PREFIX = 'commands-7.2.4-';

/** The facts of Redis 7.2.4's commands by full name, from the golden files. */
export function goldenFacts(): Map<string, CommandFacts> {
  const facts = new Map<string, CommandFacts>();
  for (const file of readdirSync(GOLDEN_FOLDER)) {
    if (!file.startsWith(GOLDEN_PREFIX)) continue;
    const group = file.slice(GOLDEN_PREFIX.length, -'.json'.length);
    const commands = JSON.parse(readFileSync(join(GOLDEN_FOLDER, file), 'utf8')) as Record<string, object>;
    for (const [name, rest] of Object.entries(commands)) {
      facts.set(name, { group, ...rest } as CommandFacts);
    }
  }
  return facts;
}

/** The golden files by path, for facts that were read from a real server. */
export function goldenFiles(facts: ReadonlyMap<string, CommandFacts>): Map<string, string> {
  const byGroup = new Map<string, Record<string, object>>();
  for (const [name, { group, ...rest }] of [...facts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const commands = byGroup.get(group) ?? {};
    commands[name] = rest;
    byGroup.set(group, commands);
  }
  return new Map(
    [...byGroup].map(([group, commands]) => [
      join(GOLDEN_FOLDER, `${GOLDEN_PREFIX}${group}.json`),
      `${JSON.stringify(commands, null, 2)}\n`,
    ]),
  );
}

/** The facts of every command and subcommand in the replies of COMMAND INFO and COMMAND DOCS. */
export function factsOf(info: Reply, docs: Reply): Map<string, CommandFacts> {
  const facts = new Map<string, CommandFacts>();
  collect(itemsOf(info), fieldsOf(docs), facts);
  return facts;
}

function collect(
  infos: readonly Reply[],
  docs: ReadonlyMap<string, Reply>,
  into: Map<string, CommandFacts>,
): void {
  for (const info of infos) {
    const [name, ...rest] = itemsOf(info);
    const fullName = textOf(name!);
    const doc = docs.get(fullName);
    if (doc === undefined) throw new Error(`COMMAND DOCS says nothing of ${fullName}`);
    into.set(fullName, factsOfOne(rest, fieldsOf(doc)));
    const subcommands = fieldsOf(doc).get('subcommands');
    collect(itemsOf(rest[8]!), subcommands === undefined ? new Map() : fieldsOf(subcommands), into);
  }
}

function factsOfOne(info: readonly Reply[], doc: ReadonlyMap<string, Reply>): CommandFacts {
  const [arity, flags, first, last, step, acl, tips, keys] = info;
  const text = (name: string) => (doc.has(name) ? textOf(doc.get(name)!) : '');
  const range = [first, last, step].map((part) => numberOf(part!));
  const history = doc.has('history')
    ? itemsOf(doc.get('history')!).map((change) => textOf(itemsOf(change)[0]!))
    : [];
  return {
    group: text('group'),
    since: text('since'),
    arity: numberOf(arity!),
    ...present('flags', words(flags!)),
    ...present('range', range.some((part) => part !== 0) ? range.join(' ') : ''),
    acl: words(acl!),
    ...present('tips', words(tips!)),
    ...present('keys', itemsOf(keys!).map(keySpecLine).join('; ')),
    ...present('args', doc.has('arguments') ? grammar(doc.get('arguments')!) : ''),
    ...present('history', history.join(' ')),
    ...present('docs', doc.has('doc_flags') ? words(doc.get('doc_flags')!) : ''),
    ...present('deprecatedSince', text('deprecated_since')),
    hasComplexity: doc.has('complexity'),
    ...(doc.has('replaced_by') ? { hasReplacement: true } : {}),
  };
}

function present(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value };
}

function keySpecLine(spec: Reply): string {
  const fields = fieldsOf(spec);
  const parts = [
    words(fields.get('flags')!),
    search(fields.get('begin_search')!),
    search(fields.get('find_keys')!),
  ];
  if (fields.has('notes')) parts.push('notes');
  return parts.join(', ');
}

function search(reply: Reply): string {
  const fields = fieldsOf(reply);
  const values = [...fieldsOf(fields.get('spec')!)].map(([name, value]) => `${name}=${textOf(value)}`);
  return [textOf(fields.get('type')!), ...values].join(' ');
}

function grammar(args: Reply): string {
  return itemsOf(args).map(argumentText).join(' ');
}

function argumentText(argument: Reply): string {
  const fields = fieldsOf(argument);
  const text = (name: string) => (fields.has(name) ? textOf(fields.get(name)!) : '');
  const name = text('name');
  const display = text('display_text');
  const flags = fields.has('flags') ? words(fields.get('flags')!) : '';
  return [
    `${name}:${text('type')}`,
    fields.has('token') ? `=${text('token') === '' ? '""' : text('token')}` : '',
    fields.has('key_spec_index') ? `#${text('key_spec_index')}` : '',
    display === '' || display === name ? '' : `"${display}"`,
    fields.has('since') ? `@${text('since')}` : '',
    fields.has('deprecated_since') ? `~${text('deprecated_since')}` : '',
    flags
      .replace('optional', '?')
      .replace('multiple_token', '+')
      .replace('multiple', '*')
      .replaceAll(' ', ''),
    fields.has('arguments') ? `(${grammar(fields.get('arguments')!)})` : '',
  ].join('');
}

function words(reply: Reply): string {
  return itemsOf(reply).map(textOf).join(' ');
}

function itemsOf(reply: Reply): readonly Reply[] {
  if (reply.type === 'array' || reply.type === 'set') return reply.items;
  throw new Error(`an array was expected, not ${reply.type}`);
}

function fieldsOf(reply: Reply): Map<string, Reply> {
  if (reply.type !== 'map') throw new Error(`a map was expected, not ${reply.type}`);
  return new Map(reply.pairs.map(([name, value]) => [textOf(name), value]));
}

function textOf(reply: Reply): string {
  if (reply.type === 'bulk' || reply.type === 'simple') return reply.text;
  if (reply.type === 'integer') return String(reply.value);
  throw new Error(`a text was expected, not ${reply.type}`);
}

function numberOf(reply: Reply): number {
  return Number(textOf(reply));
}
