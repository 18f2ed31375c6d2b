// Memory that was given up and that the system does not have back yet: a buffer goes when JavaScript's collector has found
// that nobody holds it, and a process that makes no garbage has no reason to collect. What it takes as a reason are buffers
// that are asked for: untouched, they cost nothing, and they go together with the one that is waited for.

/** Less than this is left to the collector's own time. */
const WORTH_BYTES = 32 * 1024 * 1024;
const NUDGE_BYTES = 32 * 1024 * 1024;
// When the collector does not stir after so many, it has its reasons.
const MAX_NUDGES = 64;

export class ReturnedMemory {
  private bytes = 0;
  private waitedFor: WeakRef<ArrayBufferLike> | null = null;
  private nudges = 0;

  /** Notes that nobody needs this memory any more. O(1). */
  note(memory: Uint8Array | Int32Array): void {
    this.bytes += memory.byteLength;
    if (this.waitedFor !== null || this.bytes < WORTH_BYTES) return;
    this.waitedFor = new WeakRef(memory.buffer);
    this.bytes = 0;
    this.nudges = 0;
  }

  /** Whether memory that is worth it waits for the collector. */
  get isPending(): boolean {
    return this.waitedFor !== null;
  }

  /**
   * Gives the collector a reason to work; to be called now and then, in a turn of its own, while `isPending`. It collects in
   * steps of its own.
   */
  nudge(): void {
    if (this.waitedFor === null) return;
    if (this.waitedFor.deref() === undefined || this.nudges++ >= MAX_NUDGES) {
      this.waitedFor = null;
      return;
    }
    new ArrayBuffer(NUDGE_BYTES);
  }
}
