// Streams as values of keys. There is one form only, so this is thin: what a stream can do is in datatypes/stream.ts.

import { KIND } from '../datatypes/kind.ts';
import { Stream } from '../datatypes/stream.ts';
import { StreamId } from '../datatypes/stream-id.ts';
import type { Ref } from '../memory/heap.ts';
import type { Arguments } from '../resp/arguments.ts';
import { WRONG_TYPE } from '../resp/errors.ts';
import type { Database } from './database.ts';
import type { Keyspace } from './keyspace.ts';

/** The stream of an entry; throws WRONG_TYPE for any other value. */
export function streamOf(db: Database, ref: Ref): Stream {
  if (db.kind(ref) !== KIND.STREAM) throw WRONG_TYPE;
  return db.large(ref) as Stream;
}

/** An empty stream that no key holds yet. */
export function newStream(keyspace: Keyspace): Stream {
  return new Stream(keyspace.heap, keyspace.streamScratch);
}

/** Makes the key of argument `i` hold a stream; `ref` is what a lookup of the key gave. Any deadline goes. */
export function storeStream(db: Database, args: Arguments, i: number, ref: Ref, stream: Stream): Ref {
  return db.writeLarge(args, i, ref, KIND.STREAM, stream);
}

/** Calls `visit` for every entry in order, with latin1 texts: the ID, then fields and values in turn. O(n). */
export function forEachStreamEntry(
  db: Database,
  ref: Ref,
  visit: (id: string, fields: string[]) => void,
): void {
  const stream = streamOf(db, ref);
  const { entry, reader } = db.keyspace.streamScratch;
  reader.open(stream, new StreamId(), new StreamId().setMax());
  while (reader.next()) visit(reader.id.text(), reader.texts(entry));
}
