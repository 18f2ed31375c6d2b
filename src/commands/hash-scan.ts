// HSCAN: a hash in steps.

import type { BytePattern } from '../base/byte-pattern.ts';
import { arg, command, keyAt } from '../engine/command-spec.ts';
import type { Database } from '../keyspace/database.ts';
import {
  forEachPlace,
  hashDict,
  type Place,
  readField,
  replyField,
  replyValue,
} from '../keyspace/hash-value.ts';
import type { Ref } from '../memory/heap.ts';
import { lookupToRead } from './hash.ts';
import { scanCursor, scanOptions, scanTable } from './scan-options.ts';

export const hscan = command({
  name: 'hscan',
  since: '2.8.0',
  group: 'hash',
  complexity: 'O(1) for a call, O(N) for all calls until the cursor is 0 again, with N fields in the hash.',
  summary: 'Returns some of the fields of a hash with their values and a cursor to go on with.',
  arity: -3,
  flags: ['readonly'],
  keys: [keyAt(1, 'RO', 'access')],
  tips: ['nondeterministic_output'],
  args: [
    arg.key('key'),
    arg.integer('cursor'),
    arg.pattern('pattern', { token: 'MATCH', optional: true }),
    arg.integer('count', { token: 'COUNT', optional: true }),
  ],
  run(ctx) {
    const { args, db, reply } = ctx;
    const cursor = scanCursor(args, 2);
    const ref = lookupToRead(ctx);
    if (ref === 0) {
      reply.array(2);
      reply.bulkInteger(0);
      reply.array(0);
      return;
    }
    const { count, pattern } = scanOptions(args, 3, false);
    const found: Place[] = [];
    const visit = (place: Place) => {
      if (pattern === null || matchesField(pattern, db, ref, place)) found.push(place);
    };
    const dict = hashDict(db, ref);
    if (dict === null) forEachPlace(db, ref, visit);
    const next = dict === null ? 0 : scanTable(dict, cursor, count, visit);
    reply.array(2);
    reply.bulkInteger(next);
    reply.array(2 * found.length);
    for (const place of found) {
      replyField(reply, db, ref, place);
      replyValue(reply, db, ref, place);
    }
  },
});

function matchesField(pattern: BytePattern, db: Database, ref: Ref, place: Place): boolean {
  const field = db.keyspace.scratch.first.setEntry(readField(db, ref, place));
  return pattern.matches(field.source, field.start, field.length);
}
