// Which stream of effects this server's data are the result of, and how much of it: the replication ID and the offset. A
// replica has those of its master. After a promotion the ID before stays valid up to where it was left, so that the other
// replicas of the old master need no full synchronization.

import { hexOf } from '../base/bytes.ts';
import type { RandomSource } from '../base/runtime.ts';
import type { History } from '../engine/replication.ts';

const ID_BYTES = 20;
/** The second ID where there is none, as INFO shows it. */
export const NO_ID = '0'.repeat(ID_BYTES * 2);
/** The second offset where there is no second ID. */
export const NO_OFFSET = -1;

export class ReplicationHistory implements History {
  /** 40 hexadecimal digits. */
  id: string;
  /** How many bytes the stream has had so far. */
  offset = 0;
  /** The ID that was valid before, `NO_ID` without one. */
  secondId = NO_ID;
  /** The first byte of the stream (counted from 1) that the second ID does not know; `NO_OFFSET` without one. */
  secondOffset = NO_OFFSET;

  private readonly random: RandomSource;

  constructor(random: RandomSource) {
    this.random = random;
    this.id = this.randomId();
  }

  /** A history of its own begins here: nothing that came before can be continued. */
  newId(): void {
    this.id = this.randomId();
    this.clearSecond();
  }

  /** A new ID from the next byte on; what came before may still be continued under the old one. */
  shift(): void {
    this.rename(this.randomId());
  }

  /** As `shift`, with the ID that the master has told. */
  rename(id: string): void {
    this.secondId = this.id;
    this.secondOffset = this.offset + 1;
    this.id = id;
  }

  /** The data are now those of another server's stream at `offset`. */
  adopt(id: string, offset: number): void {
    this.id = id;
    this.offset = offset;
    this.clearSecond();
  }

  /** What was loaded is the data of another stream at `offset`, which goes on here under the present ID. */
  continueFrom(id: string, offset: number): void {
    this.secondId = id;
    this.secondOffset = offset + 1;
    this.offset += offset;
  }

  /** Whether the byte `offset` (from 1) is a continuation of what someone has who knows the stream under `id`. */
  continues(id: string, offset: number): boolean {
    const asked = id.toLowerCase();
    return asked === this.id || (asked === this.secondId && offset <= this.secondOffset);
  }

  /** Nothing may be continued under an older ID. */
  clearSecond(): void {
    this.secondId = NO_ID;
    this.secondOffset = NO_OFFSET;
  }

  private randomId(): string {
    return hexOf(this.random.bytes(ID_BYTES));
  }
}
