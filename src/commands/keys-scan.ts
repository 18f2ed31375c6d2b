// Enumeration of a database: all at once (KEYS) or in steps (SCAN).

import { BytePattern } from '../base/byte-pattern.ts';
import { typeName } from '../datatypes/kind.ts';
import { arg, command } from '../engine/command-spec.ts';
import type { CommandContext } from '../engine/context.ts';
import type { Database } from '../keyspace/database.ts';
import type { Ref } from '../memory/heap.ts';
import type { ReplyWriter } from '../resp/reply-writer.ts';
import { scanCursor, scanOptions, scanTable } from './scan-options.ts';

export const keys = command({
  name: 'keys',
  since: '1.0.0',
  group: 'generic',
  complexity: 'O(N) for N keys in the database, as long as keys and pattern are not long.',
  summary: 'Returns all keys that match a pattern.',
  arity: 2,
  flags: ['readonly'],
  acl: ['keyspace', 'dangerous'],
  tips: ['request_policy:all_shards', 'nondeterministic_output_order'],
  args: [arg.pattern('pattern')],
  run({ args, db, reply }) {
    const pattern = new BytePattern(args.string(1));
    if (pattern.matchesAll && db.volatile.size === 0) {
      reply.array(db.size);
      db.forEach((ref) => {
        writeKey(reply, db, ref);
      });
      return;
    }
    const found: Ref[] = [];
    if (pattern.isLiteral) {
      const ref = db.peekText(pattern.pattern);
      // Observed 7.2.4: KEYS passes over what has expired without removing it.
      if (ref !== 0 && !db.isExpired(ref)) found.push(ref);
    } else {
      db.forEach((ref) => {
        if (pattern.matches(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref))) found.push(ref);
      });
    }
    writeKeys(reply, db, found);
  },
});

export const scan = command({
  name: 'scan',
  since: '2.8.0',
  group: 'generic',
  complexity: 'O(1) for a call, O(N) for all calls until the cursor is 0 again, with N keys in the database.',
  summary: 'Returns some of the keys and a cursor to go on with.',
  arity: -2,
  flags: ['readonly', 'touches_arbitrary_keys'],
  acl: ['keyspace'],
  tips: ['nondeterministic_output', 'request_policy:special', 'response_policy:special'],
  history: [['6.0.0', 'The option TYPE is accepted.']],
  args: [
    arg.integer('cursor'),
    arg.pattern('pattern', { token: 'MATCH', optional: true }),
    arg.integer('count', { token: 'COUNT', optional: true }),
    arg.string('type', { token: 'TYPE', optional: true, since: '6.0.0' }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const cursor = scanCursor(args, 1);
    const { count, pattern, type } = scanOptions(args, 2, true);
    const found: Ref[] = [];
    const next = scanTable(db.dict, cursor, count, (ref) => {
      if (pattern === null || pattern.matches(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref))) {
        found.push(ref);
      }
    });
    let wanted = found;
    if (type !== null || db.volatile.size > 0)
      wanted = found.filter((ref) => isLive(ctx, ref, type !== null));
    if (type !== null) wanted = wanted.filter((ref) => typeName(db.kind(ref)) === type);
    reply.array(2);
    reply.bulkInteger(next);
    writeKeys(reply, db, wanted);
  },
});

// Observed 7.2.4: expired keys that match are removed; those that do not match stay. With TYPE every match counts as a
// read of the key.
function isLive({ db, keyspace }: CommandContext, ref: Ref, countsReads: boolean): boolean {
  const expired = db.isExpired(ref);
  if (expired && keyspace.removesExpired) keyspace.expire(db, ref);
  if (countsReads) {
    if (expired) keyspace.stats.misses++;
    else keyspace.stats.hits++;
  }
  return !expired;
}

function writeKeys(reply: ReplyWriter, db: Database, refs: readonly Ref[]): void {
  reply.array(refs.length);
  for (const ref of refs) writeKey(reply, db, ref);
}

function writeKey(reply: ReplyWriter, db: Database, ref: Ref): void {
  reply.bulk(db.keyMemory(ref), db.keyOffset(ref), db.keyLength(ref));
}
