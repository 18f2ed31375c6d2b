// Copies what comes as neighbours, like the requests of a pipeline, in one go.

import { copyBytes } from './bytes.ts';

const NO_BYTES = new Uint8Array(0);

export class RunCopy {
  private from: Uint8Array = NO_BYTES;
  private start = 0;
  private end = 0;
  private to: Uint8Array = NO_BYTES;
  private at = 0;

  /** Copies `from[start, end)` to `to[at, …)`, at the latest when `settle` is called: until then the source stays as it is. */
  add(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
    if (start === this.end && from === this.from && at === this.at + start - this.start && to === this.to) {
      this.end = end;
      return;
    }
    this.settle();
    this.from = from;
    this.start = start;
    this.end = end;
    this.to = to;
    this.at = at;
  }

  /** All that was added is where it belongs. */
  settle(): void {
    const { from, start, end } = this;
    if (end === start) return;
    copyBytes(from, start, this.to, this.at, end - start);
    this.from = this.to = NO_BYTES;
    this.start = this.end = 0;
  }
}
