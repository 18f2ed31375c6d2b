// What the handling of sorted sets needs beside them, one object a keyspace: a cursor for whoever needs one, and what an
// edit answers beside the entry. Nothing in it holds beyond the command.

import { SortedSetCursor } from './sorted-set-cursor.ts';

/** What adding a member came to; KEPT: it had that score already. */
export const OUTCOME = { NOTHING: 0, KEPT: 1, ADDED: 2, UPDATED: 3 } as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

export class SortedSetScratch {
  readonly cursor = new SortedSetCursor();
  outcome: Outcome = OUTCOME.NOTHING;
  /** The score of the member that was looked for or added. */
  score = 0;
}
