// MIGRATE: sends keys to another server and deletes them here. The command runs twice: first it sends and lets its client
// wait, then, when the answers are there, it does what they say.

import { toBytes } from '../base/bytes.ts';
import { TYPE } from '../datatypes/kind.ts';
import { arg, command, type FoundKey, keyAt, keysAfter } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { MigrationRequest, MigrationResult } from '../engine/migrations.ts';
import type { Arguments } from '../resp/arguments.ts';
import {
  MIGRATE_CHANGED,
  MIGRATE_IN_MULTI,
  MIGRATE_KEYS_AND_KEY,
  migrateFailed,
  SYNTAX,
  targetError,
} from '../resp/errors.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';

export const migrate = command({
  name: 'migrate',
  since: '2.6.0',
  group: 'generic',
  complexity: 'As DUMP and DEL here and RESTORE there, and O(N) for the N bytes on the way.',
  summary: 'Moves keys to another server.',
  arity: -6,
  flags: ['write'],
  acl: ['keyspace', 'dangerous'],
  tips: ['nondeterministic_output'],
  history: [
    ['3.0.0', 'Takes `COPY` and `REPLACE`.'],
    ['3.0.6', 'Takes `KEYS`.'],
    ['4.0.7', 'Takes `AUTH`.'],
    ['6.0.0', 'Takes `AUTH2`.'],
  ],
  keys: [
    keyAt(3, 'RW', 'access', 'delete'),
    keysAfter('KEYS', -2, 0, 'RW', 'access', 'delete', 'incomplete'),
  ],
  findKeys: keysOfMigrate,
  args: [
    arg.string('host'),
    arg.integer('port'),
    arg.oneOf('key-selector', [arg.key('key'), arg.token('empty-string', '""')]),
    arg.integer('destination-db'),
    arg.integer('timeout'),
    arg.token('copy', 'COPY', { optional: true, since: '3.0.0' }),
    arg.token('replace', 'REPLACE', { optional: true, since: '3.0.0' }),
    arg.oneOf(
      'authentication',
      [
        arg.string('auth', { token: 'AUTH', displayText: 'password', since: '4.0.7' }),
        arg.block('auth2', [arg.string('username'), arg.string('password')], {
          token: 'AUTH2',
          since: '6.0.0',
        }),
      ],
      { optional: true },
    ),
    arg.key('keys', {
      keySpec: 1,
      token: 'KEYS',
      displayText: 'key',
      optional: true,
      multiple: true,
      since: '3.0.6',
    }),
  ],
  secrets: secretArguments,
  run(ctx) {
    const options = readOptions(ctx.args);
    const result = ctx.server.migrations.takeResult(ctx.client);
    if (result === null) send(ctx, options);
    else finish(ctx, options, result);
  },
});

interface MigrateOptions {
  copies: boolean;
  replaces: boolean;
  /** What AUTH is sent with; empty: nothing is sent. */
  auth: string[];
  firstKey: number;
  lastKey: number;
}

function readOptions(args: Arguments): MigrateOptions {
  const options: MigrateOptions = { copies: false, replaces: false, auth: [], firstKey: 3, lastKey: 3 };
  for (let i = 6; i < args.count; i++) {
    const left = args.count - 1 - i;
    if (args.is(i, 'copy')) {
      options.copies = true;
    } else if (args.is(i, 'replace')) {
      options.replaces = true;
    } else if (args.is(i, 'auth')) {
      if (left < 1) throw SYNTAX;
      // After AUTH2 the password of a later AUTH counts, for the same user.
      options.auth = [...options.auth.slice(0, -1), args.string(++i)];
    } else if (args.is(i, 'auth2')) {
      if (left < 2) throw SYNTAX;
      options.auth = [args.string(++i), args.string(++i)];
    } else if (args.is(i, 'keys')) {
      if (args.length(3) !== 0) throw MIGRATE_KEYS_AND_KEY;
      options.firstKey = i + 1;
      options.lastKey = args.count - 1;
      break;
    } else {
      throw SYNTAX;
    }
  }
  return options;
}

function secretArguments(args: Arguments): number[] {
  const secrets: number[] = [];
  for (let i = 6; i < args.count && !args.is(i, 'keys'); i++) {
    if (args.is(i, 'auth') && i + 1 < args.count) secrets.push(++i);
    else if (args.is(i, 'auth2') && i + 2 < args.count) secrets.push(++i, ++i);
  }
  return secrets;
}

function send(ctx: CommandContext, options: MigrateOptions): void {
  const { args, client, db, reply, server } = ctx;
  const timeoutMs = Number(args.int64(5));
  const targetDb = args.int64(4);
  const keys: string[] = [];
  const restores: Uint8Array[] = [];
  for (let i = options.firstKey; i <= options.lastKey; i++) {
    const ref = db.lookupRead(args, i);
    if (ref === 0) continue;
    const deadline = db.exactDeadline(ref);
    const ttl = deadline === 0 ? 0n : BigInt(deadline) - BigInt(ctx.nowMs);
    const payload = server.persistence.dump(db, ref);
    const words = ['RESTORE', args.string(i), String(deadline !== 0 && ttl < 1n ? 1 : ttl)];
    restores.push(request([...words, payload, ...(options.replaces ? ['REPLACE'] : [])]));
    keys.push(args.string(i));
  }
  if (keys.length === 0) {
    reply.simple('NOKEY');
    return;
  }
  if (server.executor.depth > 1) throw MIGRATE_IN_MULTI;
  server.blocking.wait(ctx, { keys: [], type: TYPE.STRING, timeoutMs: 0, nothing: replyTimeout });
  const { wait } = client;
  const order: MigrationRequest = {
    host: args.string(1),
    port: args.string(2),
    timeoutMs: timeoutMs <= 0 ? DEFAULT_TIMEOUT_MS : Math.min(timeoutMs, MAX_TIMEOUT_MS),
    targetDb,
    auth: options.auth.length === 0 ? null : request(['AUTH', ...options.auth]),
    select: request(['SELECT', targetDb.toString()]),
    restores,
    sourceDb: db.id,
    keys,
  };
  server.migrations.begin(client, order, () => {
    if (wait === null || !server.blocking.resume(wait)) server.migrations.left(client);
  });
}

const DEFAULT_TIMEOUT_MS = 1000;
const MAX_TIMEOUT_MS = 0x7fffffff;

function replyTimeout(reply: ReplyWriter): void {
  reply.error(migrateFailed('reading').line);
}

/** Deletes what has arrived, unless it was changed meanwhile, and answers. */
function finish(ctx: CommandContext, options: MigrateOptions, result: MigrationResult): void {
  const { db, reply } = ctx;
  const { changed, error, failure, taken } = result;
  const deleted: string[] = [];
  if (!options.copies) {
    for (const key of taken) {
      const ref = changed.has(key) ? 0 : db.peekText(key);
      if (ref === 0) continue;
      db.removeAs(ref, db.keyspace.whenReplaced);
      ctx.changedKey('del', key);
      deleted.push(key);
    }
    if (deleted.length > 0) ctx.propagateAs('DEL', ...deleted);
  }
  if (error !== null) throw targetError(error);
  if (failure !== null) throw migrateFailed(failure);
  if (taken.some((key) => changed.has(key)) && !options.copies) throw MIGRATE_CHANGED;
  reply.ok();
}

/** A request in RESP; texts are latin1. */
function request(words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts = words.flatMap((word) => {
    const bytes = typeof word === 'string' ? toBytes(word) : word;
    return [toBytes(`$${bytes.length}\r\n`), bytes, toBytes('\r\n')];
  });
  return Buffer.concat([toBytes(`*${words.length}\r\n`), ...parts]);
}

// With KEYS, the key in front must be empty; where it is not, the command itself will say so.
function keysOfMigrate(args: Arguments): readonly FoundKey[] {
  const flags = ['RW', 'access', 'delete'] as const;
  for (let i = 6; i < args.count; i++) {
    if (args.is(i, 'auth')) i++;
    else if (args.is(i, 'auth2')) i += 2;
    else if (args.is(i, 'keys')) {
      return args.length(3) > 0 ? [] : args.indexes(i + 1).map((index) => ({ index, flags }));
    }
  }
  return [{ index: 3, flags }];
}
