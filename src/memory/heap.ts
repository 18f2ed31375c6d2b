// The allocator for user data: blocks of raw memory outside the JavaScript heap, so that no value is ever marked by
// the garbage collector and `usedBytes` is exact. Small blocks come from 64 KiB pages of one size class each, pages from
// segments of up to 64 MiB; a block larger than a class has a buffer of its own. This file is the only one that knows
// addresses: everything else holds a `Ref`.

import { type EvacuationPlan, type HeapPages, PAGE_FREE } from './evacuation-plan.ts';
import { ReturnedMemory } from './returned-memory.ts';

/**
 * The address of a block. 0 is no block; a positive ref is a small block (in units of 16 bytes, 32 GiB in all); a
 * negative one is the number of a large block.
 */
export type Ref = number;

export const UNIT_BYTES = 16;
/** Blocks above this size have a buffer of their own. */
export const MAX_SMALL_BYTES = 16384;

const SEGMENT_SHIFT = 22;
const SEGMENT_UNIT_MASK = (1 << SEGMENT_SHIFT) - 1;
const MAX_SEGMENTS = 512;
const PAGE_SHIFT = 12;
const PAGE_BYTES = 65536;
const PAGES_PER_SEGMENT = 1 << (SEGMENT_SHIFT - PAGE_SHIFT);
// The first segments are small so that a server with little data stays little. Above 32 MiB malloc always maps, so a
// full-sized segment is untouched (and uncounted) memory until it is written.
const FIRST_SEGMENT_PAGES = [16, 64, 256];

const CLASS_BYTES = Uint16Array.from([
  16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536,
  1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192, 9360, 10912, 13104, 16384,
]);
const BLOCKS_PER_PAGE = Uint16Array.from(CLASS_BYTES, (bytes) => Math.floor(PAGE_BYTES / bytes));
const CLASS_OF_UNITS = Uint8Array.from({ length: MAX_SMALL_BYTES / UNIT_BYTES + 1 }, (_, units) =>
  CLASS_BYTES.findIndex((bytes) => bytes >= units * UNIT_BYTES),
);

const PAGE_CURRENT = 1;
const PAGE_PARTIAL = 2;
const PAGE_FULL = 3;
/** The blocks of the page are to be moved elsewhere; what is free in it stays free. */
const PAGE_LEAVING = 4;

/** A failure to allocate: the address range is used up or the system gave no memory. */
export class OutOfMemoryError extends Error {}

/** The bytes that a small block of `bytes` really takes; large blocks take what they ask for. */
export function blockBytes(bytes: number): number {
  return bytes > MAX_SMALL_BYTES ? bytes : CLASS_BYTES[CLASS_OF_UNITS[(bytes + 15) >> 4]!]!;
}

export class Heap {
  /** Bytes in blocks that are in use, rounded up to their classes: the exact cost of the data. */
  usedBytes = 0;
  /** Bytes of tables and indexes that point into the blocks and lie beside them; their owners keep this up to date. */
  tableBytes = 0;
  /** Of all these bytes: what a snapshot has copied or holds back, and frees when it has passed. Its owner keeps it up to date. */
  snapshotBytes = 0;
  /** What blocks and tables together should not exceed: tables put off growing beyond it. Nothing is ever refused. */
  limitBytes = Number.POSITIVE_INFINITY;
  /** Bytes of memory obtained from the system (touched or not). */
  reservedBytes = 0;

  // Views of the segments by `ref >>> 22`; all three show the same memory.
  private readonly segmentBytes: Buffer[] = [];
  private readonly segmentWords: Int32Array[] = [];
  private readonly segmentFloats: Float64Array[] = [];
  private readonly segmentPages: number[] = [];
  private readonly segmentFreshPage: number[] = [];
  private readonly segmentFreePage: number[] = [];
  private readonly segmentUsedPages: number[] = [];
  // Whether a segment is to be emptied: no page of it is handed out.
  private readonly segmentLeaves: boolean[] = [];

  private emptySegment = -1;

  private pageClass = new Uint8Array(0);
  private pageState = new Uint8Array(0);
  private pageUsed = new Uint16Array(0);
  private pageFreeBlock = new Int32Array(0);
  private pageNext = new Int32Array(0);
  private pagePrevious = new Int32Array(0);

  private readonly classPage = new Int32Array(CLASS_BYTES.length);
  private readonly classPartial = new Int32Array(CLASS_BYTES.length);
  private readonly classFresh = new Int32Array(CLASS_BYTES.length);
  private readonly classFreshEnd = new Int32Array(CLASS_BYTES.length);

  private readonly largeBytes: (Buffer | null)[] = [null];
  private readonly largeWords: (Int32Array | null)[] = [null];
  private readonly largeFloats: (Float64Array | null)[] = [null];
  private readonly largeFree: number[] = [];

  /** Takes note of memory that is given back. */
  returned: ReturnedMemory;
  private leavingPages: readonly number[] = NO_PAGES;

  constructor(returned = new ReturnedMemory()) {
    this.returned = returned;
    this.growPageTables(1);
  }

  /** Bytes of pages that are in no use, but were, and are kept. */
  get idleBytes(): number {
    let pages = 0;
    for (let i = 0; i < this.segmentPages.length; i++) {
      pages += this.segmentFreshPage[i]! - this.segmentUsedPages[i]!;
    }
    return pages * PAGE_BYTES;
  }

  /** Bytes of the pages that blocks are in, and of large blocks: `usedBytes` and what lies fallow between the blocks. */
  get activeBytes(): number {
    let pages = 0;
    let segments = 0;
    for (let i = 0; i < this.segmentBytes.length; i++) {
      pages += this.segmentUsedPages[i]!;
      segments += this.segmentBytes[i]!.length;
    }
    return pages * PAGE_BYTES + this.reservedBytes - segments;
  }

  /** Whether so many bytes more stay within `limitBytes`. */
  hasRoomFor(bytes: number): boolean {
    return this.usedBytes + this.tableBytes + bytes <= this.limitBytes;
  }

  /** A new block of at least `bytes`, its content undefined. Throws OutOfMemoryError. O(1). */
  alloc(bytes: number): Ref {
    if (bytes > MAX_SMALL_BYTES) return this.allocLarge(bytes);
    const sizeClass = CLASS_OF_UNITS[(bytes + 15) >> 4]!;
    const size = CLASS_BYTES[sizeClass]!;
    const page = this.classPage[sizeClass]!;
    let ref = this.pageFreeBlock[page]!;
    if (ref !== 0) {
      this.pageFreeBlock[page] = this.segmentWords[ref >>> SEGMENT_SHIFT]![(ref & SEGMENT_UNIT_MASK) << 2]!;
    } else {
      ref = this.classFresh[sizeClass]!;
      if (ref >= this.classFreshEnd[sizeClass]!) return this.allocFromNextPage(bytes, sizeClass);
      this.classFresh[sizeClass] = ref + (size >> 4);
    }
    this.pageUsed[page]!++;
    this.usedBytes += size;
    return ref;
  }

  /** Another small block with the same bytes. */
  copyOf(ref: Ref): Ref {
    const bytes = this.capacity(ref);
    const copy = this.alloc(bytes);
    const from = this.words(ref);
    const to = this.words(copy);
    const at = this.offset(ref) >> 2;
    const target = this.offset(copy) >> 2;
    for (let i = (bytes >> 2) - 1; i >= 0; i--) to[target + i] = from[at + i]!;
    return copy;
  }

  /** Shows all memory that blocks may lie in, piece by piece: for a test of the memory itself. */
  eachRegion(visit: (words: Int32Array) => void): void {
    for (const words of this.segmentWords) visit(words);
    for (const words of this.largeWords) if (words !== null) visit(words);
  }

  /** Gives a block back. The ref must not be used again. O(1). */
  free(ref: Ref): void {
    if (ref < 0) {
      this.freeLarge(-ref);
      return;
    }
    const page = ref >>> PAGE_SHIFT;
    const sizeClass = this.pageClass[page]!;
    this.segmentWords[ref >>> SEGMENT_SHIFT]![(ref & SEGMENT_UNIT_MASK) << 2] = this.pageFreeBlock[page]!;
    this.pageFreeBlock[page] = ref;
    const used = this.pageUsed[page]! - 1;
    this.pageUsed[page] = used;
    this.usedBytes -= CLASS_BYTES[sizeClass]!;
    const state = this.pageState[page]!;
    if (state === PAGE_CURRENT) return;
    if (state === PAGE_FULL) {
      this.pageState[page] = PAGE_PARTIAL;
      this.linkPartial(sizeClass, page);
    }
    if (used === 0) {
      if (state !== PAGE_LEAVING) this.unlinkPartial(sizeClass, page);
      this.releasePage(page);
    }
  }

  /** The bytes that the block holds (its class size, or the large buffer's length). */
  capacity(ref: Ref): number {
    return ref < 0 ? this.largeBytes[-ref]!.length : CLASS_BYTES[this.pageClass[ref >>> PAGE_SHIFT]!]!;
  }

  /** The memory that a block is in; it begins at `offset(ref)`. The view stays valid until the block is freed. */
  bytes(ref: Ref): Buffer {
    return ref > 0 ? this.segmentBytes[ref >>> SEGMENT_SHIFT]! : this.largeBytes[-ref]!;
  }

  /** The same memory as 32-bit words; the block begins at `offset(ref) >> 2`. */
  words(ref: Ref): Int32Array {
    return ref > 0 ? this.segmentWords[ref >>> SEGMENT_SHIFT]! : this.largeWords[-ref]!;
  }

  /** The same memory as 64-bit floats; the block begins at `offset(ref) >> 3`. */
  floats(ref: Ref): Float64Array {
    return ref > 0 ? this.segmentFloats[ref >>> SEGMENT_SHIFT]! : this.largeFloats[-ref]!;
  }

  /** The byte offset of a block within its memory: a multiple of 16. */
  offset(ref: Ref): number {
    return ref > 0 ? (ref & SEGMENT_UNIT_MASK) << 4 : 0;
  }

  /** What the pages look like, for a plan. */
  get pages(): HeapPages {
    return {
      segmentPages: this.segmentPages,
      segmentFreshPage: this.segmentFreshPage,
      pagesPerSegment: PAGES_PER_SEGMENT,
      keptSegments: FIRST_SEGMENT_PAGES.length,
      pageClass: this.pageClass,
      pageState: this.pageState,
      pageUsed: this.pageUsed,
      blocksPerPage: BLOCKS_PER_PAGE,
      classPage: this.classPage,
    };
  }

  /** Whether pages are being emptied. */
  get isEvacuating(): boolean {
    return this.leavingPages !== NO_PAGES;
  }

  /**
   * Hands out no block any more from the pages of a plan, so that they are empty, and given back, when the blocks that
   * `leaves` tells are moved. Until `endEvacuation`. What has changed since the plan was made does no harm. O(pages of it).
   */
  evacuate({ segments, pages, partial }: EvacuationPlan): void {
    this.endEvacuation();
    this.leavingPages = pages;
    for (const page of pages) {
      const state = this.pageState[page]!;
      if (state === PAGE_FREE) continue;
      if (state === PAGE_PARTIAL) this.unlinkPartial(this.pageClass[page]!, page);
      else if (state === PAGE_CURRENT) this.retire(this.pageClass[page]!);
      this.pageState[page] = PAGE_LEAVING;
    }
    // The last one that is put into its list is the first to be filled.
    for (let i = partial.length - 1; i >= 0; i--) {
      const page = partial[i]!;
      if (this.pageState[page] !== PAGE_PARTIAL) continue;
      const sizeClass = this.pageClass[page]!;
      this.unlinkPartial(sizeClass, page);
      this.linkPartial(sizeClass, page);
    }
    for (const segment of segments) {
      if (this.segmentPages[segment] === 0) continue;
      this.segmentLeaves[segment] = true;
      if (this.segmentUsedPages[segment] === 0) this.dropSegment(segment);
    }
  }

  /** What is left in pages that were to be emptied stays there. O(pages of the plan). */
  endEvacuation(): void {
    const pages = this.leavingPages;
    this.leavingPages = NO_PAGES;
    this.segmentLeaves.fill(false);
    for (const page of pages) {
      if (this.pageState[page] !== PAGE_LEAVING) continue;
      const sizeClass = this.pageClass[page]!;
      const isFull = this.pageUsed[page] === BLOCKS_PER_PAGE[sizeClass];
      this.pageState[page] = isFull ? PAGE_FULL : PAGE_PARTIAL;
      if (!isFull) this.linkPartial(sizeClass, page);
    }
  }

  /** All of it is needed no longer. It must not be used any more. */
  abandon(): void {
    for (const memory of this.segmentBytes) this.returned.note(memory);
  }

  /** Whether a block lies in a page that is to be emptied. */
  leaves(ref: Ref): boolean {
    return ref > 0 && this.pageState[ref >>> PAGE_SHIFT] === PAGE_LEAVING;
  }

  // The class gets its next block from elsewhere. What was never handed out of its page is free like the rest.
  private retire(sizeClass: number): void {
    const page = this.classPage[sizeClass]!;
    const units = CLASS_BYTES[sizeClass]! >> 4;
    for (let ref = this.classFresh[sizeClass]!; ref < this.classFreshEnd[sizeClass]!; ref += units) {
      this.segmentWords[ref >>> SEGMENT_SHIFT]![(ref & SEGMENT_UNIT_MASK) << 2] = this.pageFreeBlock[page]!;
      this.pageFreeBlock[page] = ref;
    }
    this.classPage[sizeClass] = 0;
    this.classFresh[sizeClass] = 0;
    this.classFreshEnd[sizeClass] = 0;
  }

  private allocFromNextPage(bytes: number, sizeClass: number): Ref {
    const exhausted = this.classPage[sizeClass]!;
    if (exhausted !== 0) this.pageState[exhausted] = PAGE_FULL;
    let page = this.classPartial[sizeClass]!;
    this.classFresh[sizeClass] = 0;
    this.classFreshEnd[sizeClass] = 0;
    if (page !== 0) {
      this.unlinkPartial(sizeClass, page);
    } else {
      // The class keeps no page while one is sought, so that a failure leaves the heap as it was.
      this.classPage[sizeClass] = 0;
      page = this.takePage();
      this.pageClass[page] = sizeClass;
      this.pageUsed[page] = 0;
      this.pageFreeBlock[page] = 0;
      const size = CLASS_BYTES[sizeClass]!;
      const first = page << PAGE_SHIFT;
      this.classFresh[sizeClass] = first;
      this.classFreshEnd[sizeClass] = first + Math.floor(PAGE_BYTES / size) * (size >> 4);
    }
    this.pageState[page] = PAGE_CURRENT;
    this.classPage[sizeClass] = page;
    return this.alloc(bytes);
  }

  private linkPartial(sizeClass: number, page: number): void {
    const head = this.classPartial[sizeClass]!;
    this.pageNext[page] = head;
    this.pagePrevious[page] = 0;
    if (head !== 0) this.pagePrevious[head] = page;
    this.classPartial[sizeClass] = page;
  }

  private unlinkPartial(sizeClass: number, page: number): void {
    const next = this.pageNext[page]!;
    const previous = this.pagePrevious[page]!;
    if (next !== 0) this.pagePrevious[next] = previous;
    if (previous !== 0) this.pageNext[previous] = next;
    else this.classPartial[sizeClass] = next;
  }

  private takePage(): number {
    for (let segment = 0; segment < this.segmentPages.length; segment++) {
      if (this.segmentLeaves[segment]!) continue;
      const free = this.segmentFreePage[segment]!;
      if (free !== 0) {
        this.segmentFreePage[segment] = this.pageNext[free]!;
        this.segmentUsedPages[segment]!++;
        return free;
      }
      const fresh = this.segmentFreshPage[segment]!;
      if (fresh < this.segmentPages[segment]!) {
        this.segmentFreshPage[segment] = fresh + 1;
        this.segmentUsedPages[segment]!++;
        return segment * PAGES_PER_SEGMENT + fresh;
      }
    }
    return this.takePageOfNewSegment();
  }

  private takePageOfNewSegment(): number {
    let segment = this.segmentPages.indexOf(0);
    if (segment < 0) segment = this.segmentPages.length;
    if (segment >= MAX_SEGMENTS) throw new OutOfMemoryError('the address range of small blocks is used up');
    const pages = FIRST_SEGMENT_PAGES[segment] ?? PAGES_PER_SEGMENT;
    const memory = Buffer.allocUnsafeSlow(pages * PAGE_BYTES);
    this.segmentBytes[segment] = memory;
    this.segmentWords[segment] = new Int32Array(memory.buffer);
    this.segmentFloats[segment] = new Float64Array(memory.buffer);
    this.segmentPages[segment] = pages;
    this.segmentFreePage[segment] = 0;
    this.segmentLeaves[segment] = false;
    // Page 0 is never handed out: ref 0 means no block.
    const first = segment === 0 ? 1 : 0;
    this.segmentFreshPage[segment] = first + 1;
    this.segmentUsedPages[segment] = 1;
    this.reservedBytes += memory.length;
    this.growPageTables(segment + 1);
    return segment * PAGES_PER_SEGMENT + first;
  }

  private releasePage(page: number): void {
    const segment = page >>> (SEGMENT_SHIFT - PAGE_SHIFT);
    this.pageState[page] = PAGE_FREE;
    this.pageNext[page] = this.segmentFreePage[segment]!;
    this.segmentFreePage[segment] = page;
    if (--this.segmentUsedPages[segment]! > 0 || segment < FIRST_SEGMENT_PAGES.length) return;
    // One empty segment is kept: at a size around a boundary it would be dropped and obtained again and again.
    const spare = this.emptySegment;
    if (this.segmentLeaves[segment]!) this.dropSegment(segment);
    else if (spare >= 0 && spare !== segment && this.segmentUsedPages[spare] === 0) this.dropSegment(segment);
    else this.emptySegment = segment;
  }

  /** Gives back the empty segment that is kept. */
  purge(): void {
    const spare = this.emptySegment;
    if (spare >= 0 && this.segmentUsedPages[spare] === 0) this.dropSegment(spare);
  }

  // Memory goes back to the system by whole segments only: JavaScript cannot give back a part of a buffer.
  private dropSegment(segment: number): void {
    if (segment === this.emptySegment) this.emptySegment = -1;
    this.reservedBytes -= this.segmentBytes[segment]!.length;
    this.returned.note(this.segmentBytes[segment]!);
    this.segmentBytes[segment] = EMPTY_BYTES;
    this.segmentWords[segment] = EMPTY_WORDS;
    this.segmentFloats[segment] = EMPTY_FLOATS;
    this.segmentPages[segment] = 0;
    this.segmentFreshPage[segment] = 0;
    this.segmentFreePage[segment] = 0;
  }

  private growPageTables(segments: number): void {
    const needed = segments * PAGES_PER_SEGMENT;
    if (needed <= this.pageClass.length) return;
    const length = Math.max(needed, this.pageClass.length * 2);
    this.pageClass = grown(this.pageClass, new Uint8Array(length));
    this.pageState = grown(this.pageState, new Uint8Array(length));
    this.pageUsed = grown(this.pageUsed, new Uint16Array(length));
    this.pageFreeBlock = grown(this.pageFreeBlock, new Int32Array(length));
    this.pageNext = grown(this.pageNext, new Int32Array(length));
    this.pagePrevious = grown(this.pagePrevious, new Int32Array(length));
  }

  private allocLarge(bytes: number): Ref {
    // Whole 64-bit words, so that the float view covers the buffer.
    const size = Math.ceil(bytes / 8) * 8;
    const memory = Buffer.allocUnsafeSlow(size);
    const id = this.largeFree.pop() ?? this.largeBytes.length;
    this.largeBytes[id] = memory;
    this.largeWords[id] = new Int32Array(memory.buffer);
    this.largeFloats[id] = new Float64Array(memory.buffer);
    this.usedBytes += size;
    this.reservedBytes += size;
    return -id;
  }

  private freeLarge(id: number): void {
    const size = this.largeBytes[id]!.length;
    this.returned.note(this.largeBytes[id]!);
    this.largeBytes[id] = null;
    this.largeWords[id] = null;
    this.largeFloats[id] = null;
    this.largeFree.push(id);
    this.usedBytes -= size;
    this.reservedBytes -= size;
  }
}

const NO_PAGES: readonly number[] = [];
const EMPTY_BYTES = Buffer.alloc(0);
const EMPTY_WORDS = new Int32Array(0);
const EMPTY_FLOATS = new Float64Array(0);

function grown<T extends Uint8Array | Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
