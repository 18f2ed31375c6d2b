// Room for commands that work on whole strings: BITOP, PFCOUNT, PFMERGE. Made when it is needed first, since a server in
// a program of many may never need it; nothing in it holds beyond the command.

import { BitChunks } from '../datatypes/bitmap.ts';
import { HistogramLanes, REGISTERS } from '../datatypes/hyperloglog.ts';

export class StringScratch {
  private chunks: BitChunks | null = null;
  private hllRegisters: Uint8Array | null = null;
  private hllHistogram: HistogramLanes | null = null;

  get bitChunks(): BitChunks {
    this.chunks ??= new BitChunks();
    return this.chunks;
  }

  /** The registers of a HyperLogLog, one a byte, as the command before left them. */
  get registers(): Uint8Array {
    this.hllRegisters ??= new Uint8Array(REGISTERS);
    return this.hllRegisters;
  }

  get histogram(): HistogramLanes {
    this.hllHistogram ??= new HistogramLanes();
    return this.hllHistogram;
  }
}
