// Keys whatever they hold: their removal, their type, whether they are there, how many there are.

import { typeName } from '../datatypes/kind.ts';
import { arg, command, keyAt, keysFrom } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';

export const del = command({
  name: 'del',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) for N keys; a key that holds M elements costs O(M).',
  summary: 'Removes keys and says how many there were.',
  arity: -2,
  flags: ['write'],
  acl: ['keyspace'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: [keysFrom(1, -1, 1, 'RM', 'delete')],
  args: [arg.key('key', { multiple: true })],
  run(ctx) {
    removeKeys(ctx, ctx.server.config.values['lazyfree-lazy-user-del']);
  },
});

export const unlink = command({
  name: 'unlink',
  since: '4.0.0',
  group: 'generic',
  complexity: 'O(1) for each key; large values are freed afterwards, in slices.',
  summary: 'Removes keys and frees what they held in the background.',
  arity: -2,
  flags: ['write', 'fast'],
  acl: ['keyspace'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: [keysFrom(1, -1, 1, 'RM', 'delete')],
  args: [arg.key('key', { multiple: true })],
  run(ctx) {
    removeKeys(ctx, true);
  },
});

export const exists = command({
  name: 'exists',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) for N keys.',
  summary: 'Counts how many of the keys exist; a key named twice counts twice.',
  arity: -2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  history: [['3.0.3', 'More than one key is accepted.']],
  keys: [keysFrom(1, -1, 1, 'RO')],
  args: [arg.key('key', { multiple: true })],
  run({ args, db, reply }) {
    let found = 0;
    for (let i = 1; i < args.count; i++) if (db.lookupReadUntouched(args, i) !== 0) found++;
    reply.integer(found);
  },
});

export const touch = command({
  name: 'touch',
  since: '3.2.1',
  group: 'generic',
  complexity: 'O(N) for N keys.',
  summary: 'Counts how many of the keys exist and notes an access to each.',
  arity: -2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  tips: ['request_policy:multi_shard', 'response_policy:agg_sum'],
  keys: [keysFrom(1, -1, 1, 'RO')],
  args: [arg.key('key', { multiple: true })],
  run({ args, db, keyspace, reply }) {
    // To touch is what the client asks for, be it in NO-TOUCH mode or not.
    keyspace.notesAccess = true;
    let found = 0;
    for (let i = 1; i < args.count; i++) if (db.lookupRead(args, i) !== 0) found++;
    reply.integer(found);
  },
});

export const type = command({
  name: 'type',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Names the type of the value that a key holds.',
  arity: 2,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  keys: [keyAt(1, 'RO')],
  args: [arg.key('key')],
  run({ args, db, reply }) {
    const ref = db.lookupReadUntouched(args, 1);
    reply.simple(ref === 0 ? 'none' : typeName(db.kind(ref)));
  },
});

export const randomkey = command({
  name: 'randomkey',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(1)',
  summary: 'Draws a key of the database at random.',
  arity: 1,
  flags: ['readonly', 'touches_arbitrary_keys'],
  acl: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:special', 'nondeterministic_output'],
  run({ db, reply }) {
    const ref = db.random();
    if (ref === 0) reply.null();
    else reply.bulk(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref));
  },
});

export const dbsize = command({
  name: 'dbsize',
  since: '1.0.0',
  group: 'server',
  complexity: 'O(1)',
  summary: 'Counts the keys of the database.',
  arity: 1,
  flags: ['readonly', 'fast'],
  acl: ['keyspace'],
  tips: ['request_policy:all_shards', 'response_policy:agg_sum'],
  run({ db, reply }) {
    reply.integer(db.size);
  },
});

function removeKeys(ctx: CommandContext, lazily: boolean): void {
  const { args, db } = ctx;
  let removed = 0;
  for (let i = 1; i < args.count; i++) {
    const ref = db.peekToRemove(args, i);
    if (ref === 0) continue;
    db.remove(ref, lazily);
    ctx.changed('del', i);
    removed++;
  }
  ctx.reply.integer(removed);
}
