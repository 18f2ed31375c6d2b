// HSCAN: a hash in steps.

import type { BytePattern } from '../base/byte-pattern.ts';
import { command, keyAt } from '../engine/command-spec.ts';
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
import { beginScanReply, SCAN_ARGUMENTS, scanCursor, scanOptions, scanTable } from './scan-options.ts';

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
  args: SCAN_ARGUMENTS,
  run(ctx) {
    const { args, db, reply } = ctx;
    const cursor = scanCursor(args, 2);
    const ref = lookupToRead(ctx);
    if (ref === 0) {
      beginScanReply(reply, 0, 0);
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
    beginScanReply(reply, next, 2 * found.length);
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
