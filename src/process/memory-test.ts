// --test-memory: fills memory with patterns and looks whether they stay. It shows as a screen full of dots how far it is, in
// the words and with the exit codes of redis-server, and keeps on long enough to find a cell that fails now and then.

import { leadingInt32 } from '../base/numbers.ts';

const MEGABYTE = 1024 * 1024;
const PASSES = 50;
const COMPARISONS = 4;
// Words are counted as they were on paper: of 64 bits, here two of an Int32Array each.
const WORD_BYTES = 8;
// Memory is taken in parts, and the halves of each part are compared.
const PART_BYTES = 64 * MEGABYTE;
// A fill goes through memory in steps as long as a page of the system.
const STRIDE_WORDS = 4096 / WORD_BYTES;
const PROGRESS_MASK = 0xffff;
const CLEAR = '\x1b[H\x1b[2J';
const CLEAR_LINE = '\x1b[H\x1b[2K';
const CHECKERBOARD = 0x55555555;

const USAGE =
  'Please specify the amount of memory to test in megabytes.\nExample: ./redis-server --test-memory 4096\n\n';
const TOOLS = 'http://www.memtest86.com/ and http://pyropus.ca/software/memtester/';
const PASSED =
  '\nYour memory passed this test.\n' +
  'Please if you are still in doubt use the following two tools:\n' +
  '1) memtest86: http://www.memtest86.com/\n' +
  '2) memtester: http://pyropus.ca/software/memtester/\n';

export interface MemoryTestParts {
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** Memory that the system can be asked for. */
  readonly totalBytes: number;
  /** The size of the terminal; without one 80 by 20. */
  readonly columns?: number;
  readonly rows?: number;
}

/** A cell has lost what it was given. */
class MemoryError extends Error {}

/** Runs the test with what stands behind `--test-memory`, and returns the exit code. Takes minutes per gigabyte. */
export function testMemory(words: readonly string[], parts: MemoryTestParts, passes = PASSES): number {
  if (words.length !== 1) {
    parts.printError(USAGE);
    return 1;
  }
  const megabytes = leadingInt32(words[0]!);
  let memory: Int32Array[];
  try {
    if (megabytes < 0 || megabytes * MEGABYTE > parts.totalBytes) throw new RangeError();
    memory = allocate(megabytes * MEGABYTE);
  } catch {
    parts.printError(
      `Unable to allocate ${BigInt.asUintN(64, BigInt(megabytes))} megabytes: Cannot allocate memory`,
    );
    return 1;
  }
  try {
    const test = new MemoryTest(memory, parts);
    for (let pass = 1; pass <= passes; pass++) test.runPass(pass);
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error;
    parts.print(error.message);
    return 1;
  }
  parts.print(PASSED);
  return 0;
}

function allocate(bytes: number): Int32Array[] {
  const memory: Int32Array[] = [];
  for (let left = bytes; left > 0; left -= PART_BYTES) {
    memory.push(new Int32Array(Buffer.allocUnsafeSlow(Math.min(left, PART_BYTES)).buffer));
  }
  return memory;
}

class MemoryTest {
  private readonly memory: readonly Int32Array[];
  private readonly words: number;
  private readonly print: (text: string) => void;
  private readonly columns: number;
  private readonly rows: number;
  private printed = 0;
  private randomState = 0x9e3779b9;

  constructor(memory: readonly Int32Array[], { print, columns = 80, rows = 20 }: MemoryTestParts) {
    this.memory = memory;
    this.words = memory.reduce((sum, part) => sum + part.length / 2, 0);
    this.print = print;
    this.columns = columns;
    this.rows = rows;
  }

  runPass(pass: number): void {
    this.show('Addressing test', pass, () => this.testAddresses());
    this.show('Random fill', pass, () => this.fill('R', () => this.random()));
    this.compareHalves(pass);
    this.show('Solid fill', pass, () => this.fill('S', (isOdd) => (isOdd ? -1 : 0)));
    this.compareHalves(pass);
    this.show('Checkerboard fill', pass, () => {
      this.fill('C', (isOdd) => (isOdd ? CHECKERBOARD : ~CHECKERBOARD));
    });
    this.compareHalves(pass);
  }

  private compareHalves(pass: number): void {
    for (let i = 0; i < COMPARISONS; i++) this.show('Compare', pass, () => this.compare());
  }

  // Every word takes its own number: a line of the bus that does not work maps two addresses to one cell.
  private testAddresses(): void {
    this.eachWord((part, at, number) => {
      part[at] = number;
      part[at + 1] = Math.floor(number / 2 ** 32);
      this.progress(number, this.words * 2, 'A');
    });
    this.eachWord((part, at, number) => {
      if (part[at] !== (number | 0) || part[at + 1] !== Math.floor(number / 2 ** 32)) {
        throw new MemoryError(
          `\n*** MEMORY ADDRESSING ERROR: ${addressOf(number)} contains ${valueAt(part, at)}\n`,
        );
      }
      this.progress(number + this.words, this.words * 2, 'A');
    });
  }

  private eachWord(visit: (part: Int32Array, at: number, number: number) => void): void {
    let number = 0;
    for (const part of this.memory) {
      for (let at = 0; at < part.length; at += 2) visit(part, at, number++);
    }
  }

  // Both halves of each part get the same; `value` is asked for every half of a word.
  private fill(letter: string, value: (isOdd: boolean) => number): void {
    let done = 0;
    for (const part of this.memory) {
      const half = part.length >> 2;
      const steps = half / STRIDE_WORDS;
      for (let offset = 0; offset < STRIDE_WORDS; offset++) {
        const isOdd = (offset & 1) !== 0;
        for (let step = 0; step < steps; step++) {
          const at = 2 * (offset + step * STRIDE_WORDS);
          part[at] = part[at + 2 * half] = value(isOdd);
          part[at + 1] = part[at + 1 + 2 * half] = value(isOdd);
          if ((step & PROGRESS_MASK) === 0)
            this.advance(done + step + steps * offset, this.words / 2, letter);
        }
      }
      done += half;
    }
  }

  private compare(): void {
    let number = 0;
    let first = 0;
    for (const part of this.memory) {
      const half = part.length >> 2;
      for (let i = 0; i < half; i++, number++) {
        const at = 2 * i;
        const other = at + 2 * half;
        if (part[at] !== part[other] || part[at + 1] !== part[other + 1]) {
          throw new MemoryError(
            `\n*** MEMORY ERROR DETECTED: ${addressOf(first + i)} != ${addressOf(first + half + i)} ` +
              `(${valueAt(part, at)} vs ${valueAt(part, other)})\n`,
          );
        }
        this.progress(number, this.words / 2, '=');
      }
      first += 2 * half;
    }
  }

  private show(title: string, pass: number, run: () => void): void {
    const { columns, rows, print } = this;
    const dots = '.'.repeat(columns * Math.max(0, rows - 2));
    print(
      `${CLEAR}${dots}Please keep the test running several minutes per GB of memory.\nAlso check ${TOOLS}${CLEAR_LINE}${title} [${pass}]\n`,
    );
    this.printed = 0;
    run();
    print(CLEAR);
  }

  private progress(done: number, total: number, letter: string): void {
    if ((done & PROGRESS_MASK) === 0) this.advance(done, total, letter);
  }

  private advance(done: number, total: number, letter: string): void {
    const due = Math.floor((done * this.columns * Math.max(0, this.rows - 3)) / total);
    if (due > this.printed) this.print(letter.repeat(due - this.printed));
    this.printed = due;
  }

  private random(): number {
    let x = this.randomState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.randomState = x;
    return x;
  }
}

// JavaScript has no addresses: the place in the memory that is tested.
function addressOf(word: number): string {
  return `0x${(word * WORD_BYTES).toString(16)}`;
}

function valueAt(part: Int32Array, at: number): bigint {
  return (BigInt(part[at + 1]! >>> 0) << 32n) | BigInt(part[at]! >>> 0);
}
