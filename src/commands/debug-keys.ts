// The subcommands of DEBUG that look into keys and tables, or make keys.

import { hexOf, writeText } from '../base/bytes.ts';
import { encodingName, isLarge, KIND } from '../datatypes/kind.ts';
import { plainStringKind } from '../datatypes/string.ts';
import type { CommandContext } from '../engine/context.ts';
import { valueDigest } from '../keyspace/digest.ts';
import { growToTable } from '../keyspace/hash-value.ts';
import type { TableStats } from '../memory/chained-table.ts';
import { Arguments } from '../resp/arguments.ts';
import {
  DB_NUMBER_OUT_OF_RANGE,
  NO_SUCH_KEY,
  NOT_A_HASH_TABLE,
  NOT_POSITIVE,
  TABLE_TOO_LARGE,
} from '../resp/errors.ts';
import { quicklistFields } from './debug-lists.ts';
import { isSharedInteger, SHARED_REFERENCES } from './object.ts';

/** DEBUG OBJECT: works on keys that have expired, too. */
export function showObject(ctx: CommandContext): void {
  const { args, db, keyspace, reply, server } = ctx;
  const ref = db.peekText(args.string(2));
  if (ref === 0) throw NO_SUCH_KEY;
  const bits = db.accessBits(ref);
  const fields = [
    `Value at:0x${(ref >>> 0).toString(16)}`,
    `refcount:${isSharedInteger(ctx, ref) ? SHARED_REFERENCES : 1}`,
    `encoding:${encodingName(db.kind(ref))}`,
    `serializedlength:${server.persistence.savedBytes(db, ref)}`,
    `lru:${bits}`,
    `lru_seconds_idle:${keyspace.access.idleSeconds(bits)}`,
    ...quicklistFields(db, ref),
  ];
  reply.simple(fields.join(' '));
}

/** DEBUG DIGEST-VALUE: works on keys that have expired, too. */
export function digestValues({ args, db, reply }: CommandContext): void {
  reply.array(args.count - 2);
  for (let i = 2; i < args.count; i++) {
    const ref = db.peekText(args.string(i));
    reply.simple(ref === 0 ? '0'.repeat(40) : hexOf(valueDigest(db, ref)));
  }
}

const MAX_KEY_BYTES = 127;
const MAX_KEYS = 2 ** 31;

/** DEBUG POPULATE: keys that exist stay as they are. Nothing is propagated or counted as a change. */
export function populate({ args, db, keyspace, reply }: CommandContext): void {
  const keys = positive(args, 2);
  const bytes = args.count === 5 ? positive(args, 4) : 0;
  if (keys >= MAX_KEYS) throw TABLE_TOO_LARGE;
  const prefix = args.count > 3 ? args.string(3) : 'key';
  db.dict.reserve(db.size + keys);
  const key = Buffer.alloc(MAX_KEY_BYTES);
  const keyArgs = new Arguments();
  for (let i = 0; i < keys; i++) {
    const name = `${prefix}:${i}`.slice(0, MAX_KEY_BYTES);
    writeText(key, 0, name);
    keyArgs.begin(key);
    keyArgs.add(0, name.length);
    // While a pause keeps expired keys, one that a lookup does not see may still be there.
    if (db.lookupWrite(keyArgs, 0) !== 0 || (!keyspace.removesExpired && db.has(name))) continue;
    const text = `value:${i}`;
    const length = bytes === 0 ? text.length : bytes;
    const ref = db.write(keyArgs, 0, 0, plainStringKind(length), length, false);
    const memory = db.valueMemory(ref);
    const start = db.valueOffset(ref);
    memory.fill(0, start, start + length);
    writeText(memory, start, text.slice(0, length));
    keyspace.observer?.keyChanged(db, name);
  }
  reply.ok();
}

function positive(args: Arguments, i: number): number {
  const value = args.int(i, NOT_POSITIVE);
  if (value < 0) throw NOT_POSITIVE;
  return value;
}

/** DEBUG HTSTATS. */
export function showDatabaseTables({ args, keyspace, reply }: CommandContext): void {
  const id = args.int(2);
  if (id < 0 || id >= keyspace.databases.length) throw DB_NUMBER_OUT_OF_RANGE;
  const isFull = args.count > 3 && args.is(3, 'full');
  const db = keyspace.database(id);
  const tables = db.dict.stats().map((stats, i) => describeTable(stats, i, isFull));
  const { size } = db.volatile;
  // Deadlines are not in a table here: what Redis shows of its table would mean nothing.
  const expires = size === 0 ? `${tableTitle(0)}${EMPTY_TABLE}` : ` number of elements: ${size}\n`;
  reply.verbatim(`[Dictionary HT]\n${tables.join('')}[Expires HT]\n${expires}`, 'txt');
}

/** DEBUG HTSTATS-KEY. */
export function showKeyTable({ args, db, reply }: CommandContext): void {
  let ref = db.peek(args, 2);
  if (ref === 0) throw NO_SUCH_KEY;
  if (db.kind(ref) === KIND.HASH_LONG) {
    // By its name it has one.
    growToTable(db, ref);
    ref = db.peek(args, 2);
  }
  const tables = isLarge(db.kind(ref)) ? db.large(ref).tables?.() : undefined;
  if (tables === undefined) throw NOT_A_HASH_TABLE;
  const isFull = args.count > 3 && args.is(3, 'full');
  reply.verbatim(tables.map((stats, i) => describeTable(stats, i, isFull)).join(''), 'txt');
}

const EMPTY_TABLE = 'No stats available for empty dictionaries\n';

function tableTitle(i: number): string {
  return `Hash table ${i} stats (${i === 0 ? 'main hash table' : 'rehashing target'}):\n`;
}

function describeTable(stats: TableStats, i: number, isFull: boolean): string {
  const { slots, entries, usedSlots, longestChain, chains } = stats;
  if (entries === 0) return tableTitle(i) + EMPTY_TABLE;
  const lines = [` table size: ${slots}`, ` number of elements: ${entries}`];
  if (isFull) {
    const average = (entries / usedSlots).toFixed(2);
    lines.push(
      ` different slots: ${usedSlots}`,
      ` max chain length: ${longestChain}`,
      ` avg chain length (counted): ${average}`,
      ` avg chain length (computed): ${average}`,
      ' Chain length distribution:',
    );
    for (const [length, count] of chains.slice(0, -1).entries()) {
      if (count > 0) lines.push(`   ${length}: ${count} (${((count / slots) * 100).toFixed(2)}%)`);
    }
  }
  return `${tableTitle(i)}${lines.join('\n')}\n`;
}
