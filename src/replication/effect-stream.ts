// Effects as the bytes that replicas read: requests in RESP, with a SELECT before the first and wherever the database
// changes. One stream serves all replicas. It keeps the bytes of a turn, until its owner has handed them on.

import { writeText } from '../base/bytes.ts';

const INITIAL_BYTES = 16 * 1024;
/** A buffer larger than this is not kept for the next turn. */
const KEPT_BYTES = 1024 * 1024;
// `*<count>\r\n`, or `$<length>\r\n` and the end of an argument.
const FRAME_BYTES = 20;
const NO_DATABASE = -1;

export class EffectStream {
  /** How many bytes have been added since the start. */
  offset = 0;

  /** What was added and not taken yet is `bytes[0, at)`. */
  private bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private at = 0;
  private dbId = NO_DATABASE;

  get isEmpty(): boolean {
    return this.at === 0;
  }

  /** Adds an effect: latin1 texts. `dbId` is -1 for one that belongs to no database. */
  add(dbId: number, args: readonly string[]): void {
    if (dbId !== NO_DATABASE && dbId !== this.dbId) {
      this.dbId = dbId;
      this.write(['SELECT', String(dbId)]);
    }
    this.write(args);
  }

  /** Someone reads from here on who has not seen which database is selected: the next effect says it again. */
  forgetDatabase(): void {
    this.dbId = NO_DATABASE;
  }

  /** Gives away what was added; the memory is good until the next `add`. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.at);
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES) this.bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
    return taken;
  }

  private write(args: readonly string[]): void {
    let needed = FRAME_BYTES;
    for (const arg of args) needed += FRAME_BYTES + arg.length;
    this.ensure(needed);
    const { bytes } = this;
    let at = writeText(bytes, this.at, `*${args.length}\r\n`);
    for (const arg of args) {
      at = writeText(bytes, at, `$${arg.length}\r\n`);
      at = writeText(bytes, at, arg);
      at = writeText(bytes, at, '\r\n');
    }
    this.offset += at - this.at;
    this.at = at;
  }

  private ensure(needed: number): void {
    if (this.at + needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.at + needed));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
