// Which pages of a heap are worth emptying. The blocks of each size class need a certain number of pages; the fullest ones
// stay, the blocks of the others go into what is free there. Memory goes back to the system by segments, so the segments
// with the least data are emptied altogether, as far as the others can take it. This file decides; the heap does it
// (`Heap.evacuate`), and whoever owns the blocks moves them.

/** What a heap looks like. The tables are the heap's own: to be read, at once. */
export interface HeapPages {
  /** By segment: how many pages it has (0: there is none), and how many from its beginning were ever handed out. */
  readonly segmentPages: readonly number[];
  readonly segmentFreshPage: readonly number[];
  readonly pagesPerSegment: number;
  /** So many segments are too small to matter. They are never given back. */
  readonly keptSegments: number;
  /** By page: its size class, whether it is in use, how many blocks are. */
  readonly pageClass: Uint8Array;
  readonly pageState: Uint8Array;
  readonly pageUsed: Uint16Array;
  /** By size class: blocks of a page, and the page that new blocks come from. */
  readonly blocksPerPage: Uint16Array;
  readonly classPage: Int32Array;
}

export interface EvacuationPlan {
  /** Segments to be emptied. */
  readonly segments: readonly number[];
  /** Pages to be emptied, those of these segments among them. */
  readonly pages: readonly number[];
  /** Other pages that are neither full nor empty, in the order in which they are to be filled. */
  readonly partial: readonly number[];
}

/** Whoever has pages. Each look at them shows them as they are then. */
export interface PageOwner {
  readonly pages: HeapPages;
}

export const PAGE_FREE = 0;

// How finely pages are told apart by what is in them.
const LEVELS = 16;
const PLACES = LEVELS + 1;

/** Makes a plan in steps; what changes between them makes it a little worse, and never wrong. */
export class EvacuationPlanner {
  private readonly owner: PageOwner;
  private readonly segmentCount: number;
  private phase = 0;
  private segment = 0;
  // Live blocks by class, pages' worth of blocks by segment, and which segments are to be emptied.
  private readonly live: Float64Array;
  private readonly segmentLoad: Float64Array;
  private readonly leaves: Uint8Array;
  private readonly segments: number[] = [];
  // By class and level, how many pages there are in the segments that stay, and then how many of them stay.
  private readonly levels: Int32Array;
  private readonly pages: number[] = [];
  private readonly partialByLevel: number[][] = Array.from({ length: PLACES }, () => []);

  constructor(owner: PageOwner) {
    const { segmentPages, blocksPerPage } = owner.pages;
    this.owner = owner;
    this.segmentCount = segmentPages.length;
    this.live = new Float64Array(blocksPerPage.length);
    this.levels = new Int32Array(blocksPerPage.length * PLACES);
    this.segmentLoad = new Float64Array(this.segmentCount);
    this.leaves = new Uint8Array(this.segmentCount);
  }

  /** A step: looks at the pages of a segment. Returns the plan when it is made, else null. O(pages of a segment). */
  step(): EvacuationPlan | null {
    if (this.segment < this.segmentCount) {
      const heap = this.owner.pages;
      if (this.phase === 0) this.countBlocks(heap, this.segment++);
      else if (this.phase === 1) this.countLevels(heap, this.segment++);
      else this.choosePages(heap, this.segment++);
      return null;
    }
    this.segment = 0;
    this.phase++;
    if (this.phase === 1) this.chooseSegments(this.owner.pages);
    else if (this.phase === 2) this.chooseLevels(this.owner.pages);
    else return { segments: this.segments, pages: this.pages, partial: this.partialByLevel.reverse().flat() };
    return null;
  }

  private countBlocks(heap: HeapPages, segment: number): void {
    const { segmentFreshPage, pagesPerSegment, pageClass, pageState, pageUsed, blocksPerPage } = heap;
    const first = segment * pagesPerSegment;
    const end = first + segmentFreshPage[segment]!;
    let load = 0;
    for (let page = first; page < end; page++) {
      if (pageState[page] === PAGE_FREE) continue;
      const sizeClass = pageClass[page]!;
      const used = pageUsed[page]!;
      this.live[sizeClass]! += used;
      load += used / blocksPerPage[sizeClass]!;
    }
    this.segmentLoad[segment] = load;
  }

  // Those that are given back in no case first, then the fullest, as long as more pages are needed.
  private chooseSegments({ segmentPages, keptSegments, blocksPerPage }: HeapPages): void {
    const { live, segmentLoad } = this;
    let needed = 0;
    for (let i = 0; i < live.length; i++) {
      // One page more for each class: the one that it is filling just now.
      if (live[i]! > 0) needed += Math.ceil(live[i]! / blocksPerPage[i]!) + 1;
    }
    const order = Array.from({ length: this.segmentCount }, (_, segment) => segment)
      .filter((segment) => segmentPages[segment]! > 0)
      .sort(
        (a, b) => Number(b < keptSegments) - Number(a < keptSegments) || segmentLoad[b]! - segmentLoad[a]!,
      );
    for (const segment of order) {
      if (needed <= 0 && segment >= keptSegments) {
        this.leaves[segment] = 1;
        this.segments.push(segment);
      }
      needed -= segmentPages[segment]!;
    }
  }

  private countLevels(heap: HeapPages, segment: number): void {
    if (this.leaves[segment] !== 0) return;
    const { segmentFreshPage, pagesPerSegment, pageClass, pageState } = heap;
    const first = segment * pagesPerSegment;
    const end = first + segmentFreshPage[segment]!;
    for (let page = first; page < end; page++) {
      if (pageState[page] !== PAGE_FREE) this.levels[pageClass[page]! * PLACES + levelOf(heap, page)]!++;
    }
  }

  // Of each class the fullest pages stay, as many as its blocks need.
  private chooseLevels({ blocksPerPage }: HeapPages): void {
    const { levels, live } = this;
    for (let sizeClass = 0; sizeClass < live.length; sizeClass++) {
      let wanted = Math.ceil(live[sizeClass]! / blocksPerPage[sizeClass]!);
      for (let level = LEVELS; level >= 0; level--) {
        const at = sizeClass * PLACES + level;
        if (level < LEVELS) levels[at] = Math.min(levels[at]!, Math.max(0, wanted));
        wanted -= levels[at]!;
      }
    }
  }

  private choosePages(heap: HeapPages, segment: number): void {
    const { segmentFreshPage, pagesPerSegment, pageClass, pageState, pageUsed, blocksPerPage } = heap;
    const leaves = this.leaves[segment] !== 0;
    const first = segment * pagesPerSegment;
    const end = first + segmentFreshPage[segment]!;
    for (let page = first; page < end; page++) {
      if (pageState[page] === PAGE_FREE) continue;
      const sizeClass = pageClass[page]!;
      const level = levelOf(heap, page);
      if (leaves || --this.levels[sizeClass * PLACES + level]! < 0) this.pages.push(page);
      else if (pageUsed[page]! < blocksPerPage[sizeClass]!) this.partialByLevel[level]!.push(page);
    }
  }
}

// What new blocks come from stays, wherever it stands.
function levelOf({ classPage, pageClass, pageUsed, blocksPerPage }: HeapPages, page: number): number {
  const sizeClass = pageClass[page]!;
  if (classPage[sizeClass] === page) return LEVELS;
  return Math.floor((pageUsed[page]! * LEVELS) / blocksPerPage[sizeClass]!);
}

/** The plan that leaves as little fallow as can be, at once. O(pages). */
export function planEvacuation(owner: PageOwner): EvacuationPlan {
  const planner = new EvacuationPlanner(owner);
  for (;;) {
    const plan = planner.step();
    if (plan !== null) return plan;
  }
}
