// The LZF format, in which RDB files and DUMP payloads keep compressed strings:
//   000LLLLL                     L + 1 literal bytes follow
//   LLLooooo oooooooo            copy L + 2 bytes (L = 1..6) from o + 1 bytes back
//   111ooooo LLLLLLLL oooooooo   copy L + 9 bytes from o + 1 bytes back
// Any compressor may write it. This one makes the choices of Redis's (greedy, the latest place with the same hash), so
// that DUMP payloads of equal values are equal in both.

const HASH_BITS = 16;
const MAX_LITERALS = 32;
const MAX_DISTANCE = 8192;
const MAX_COPY = 264;
// From so many bytes on the native copy is worth its call.
const NATIVE_COPY = 48;

/** Compresses; holds the table that finds repetitions, so keep one and use it again. */
export class LzfCompressor {
  private readonly places = new Int32Array(1 << HASH_BITS);
  // Places are stored with this added, and it grows from call to call: what earlier inputs left behind is too low to
  // count, and the table need not be cleared.
  private origin = 0;

  /**
   * Writes the compressed form of `source[start, start + length)` at `at` and returns its size, or 0 when it would take
   * more than `room` bytes (or the last few of them).
   */
  compress(
    source: Uint8Array,
    start: number,
    length: number,
    target: Uint8Array,
    at: number,
    room: number,
  ): number {
    if (length === 0 || room <= 0) return 0;
    if (this.origin + length > 0x7fffffff) {
      this.places.fill(0);
      this.origin = 0;
    }
    const { places } = this;
    const end = start + length;
    const lastTriple = end - 2;
    const outEnd = at + room;
    // What a stored place must have subtracted to be an offset within `source`.
    const bias = this.origin - start;
    this.origin += length;
    let out = at;
    // Literals are written when a match ends their run: what cannot be compressed is only looked through.
    let run = start;
    let from = start;
    let triple = length > 2 ? (source[from]! << 8) | source[from + 1]! : 0;
    while (from < lastTriple) {
      triple = ((triple << 8) | source[from + 2]!) & 0xffffff;
      const hash = hashOf(triple);
      const place = places[hash]! - bias;
      places[hash] = from + bias;
      // The very first byte is never copied from.
      if (
        place <= start ||
        from - place > MAX_DISTANCE ||
        source[place + 2] !== (triple & 0xff) ||
        source[place + 1] !== ((triple >>> 8) & 0xff) ||
        source[place] !== triple >>> 16
      ) {
        from++;
        continue;
      }
      const literals = from - run;
      if (out + literalBytes(literals) + 4 >= outEnd) return 0;
      out = writeLiterals(source, run, from, target, out);
      const copied = matchLength(source, place, from, end);
      out = writeCopy(target, out, from - place - 1, copied);
      from += copied;
      run = from;
      if (from >= lastTriple) break;
      const before = (source[from - 2]! << 16) | (source[from - 1]! << 8) | source[from]!;
      places[hashOf(before)] = from - 2 + bias;
      triple = ((before << 8) | source[from + 1]!) & 0xffffff;
      places[hashOf(triple)] = from - 1 + bias;
    }
    // Redis asks for room for three bytes and a count, whether or not so many are left.
    const literals = from - run;
    if (out + 1 + literals + Math.floor(literals / MAX_LITERALS) + 3 > outEnd) return 0;
    return writeLiterals(source, run, end, target, out) - at;
  }
}

/** Whether `length` bytes may decompress to `outLength`: what no input can reach needs no memory. */
export function lzfMayHold(length: number, outLength: number): boolean {
  return outLength <= length * (MAX_COPY / 3);
}

/**
 * Decompresses `source[start, start + length)` to the first `outLength` bytes of `target`, which has room for them. Returns
 * whether it came to exactly so many; when not, the input is damaged. Never reads or writes out of bounds.
 */
export function lzfDecompress(
  source: Uint8Array,
  start: number,
  length: number,
  target: Uint8Array,
  outLength: number,
): boolean {
  const end = start + length;
  let from = start;
  let out = 0;
  while (from < end) {
    const control = source[from++]!;
    if (control < 0x20) {
      let count = control + 1;
      if (out + count > outLength || from + count > end) return false;
      do target[out++] = source[from++]!;
      while (--count > 0);
      continue;
    }
    let count = control >> 5;
    if (count === 7) {
      if (from >= end) return false;
      count += source[from++]!;
    }
    count += 2;
    if (from >= end) return false;
    const distance = ((control & 0x1f) << 8) + source[from++]! + 1;
    if (distance > out || out + count > outLength) return false;
    if (count < NATIVE_COPY) {
      // Byte by byte, since the copy may overlap what it writes.
      let place = out - distance;
      do target[out++] = target[place++]!;
      while (--count > 0);
    } else {
      copyWithin(target, out, distance, count);
      out += count;
    }
  }
  return out === outLength;
}

/** Copies `count` bytes from `distance` back to `out`, where what is written is copied again when the two overlap. */
function copyWithin(target: Uint8Array, out: number, distance: number, count: number): void {
  if (distance === 1) {
    target.fill(target[out - 1]!, out, out + count);
    return;
  }
  // What has been written doubles from step to step, and so does what can be copied at once.
  const from = out - distance;
  for (let done = 0; done < count; ) {
    const piece = Math.min(distance + done, count - done);
    target.copyWithin(out + done, from, from + piece);
    done += piece;
  }
}

function hashOf(triple: number): number {
  return ((triple >>> (24 - HASH_BITS)) - triple * 5) & ((1 << HASH_BITS) - 1);
}

/** What `count` literals take with the counts before every 32 of them. */
function literalBytes(count: number): number {
  return count + Math.ceil(count / MAX_LITERALS);
}

function writeLiterals(
  source: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  out: number,
): number {
  while (from < to) {
    const count = Math.min(MAX_LITERALS, to - from);
    target[out++] = count - 1;
    for (let i = 0; i < count; i++) target[out++] = source[from++]!;
  }
  return out;
}

/** How many bytes to copy, at least three; a match stops two bytes short of the end unless it is short itself. */
function matchLength(source: Uint8Array, place: number, from: number, end: number): number {
  const most = Math.min(end - from - 2, MAX_COPY);
  const limit = most > 16 ? Math.max(most, 19) : most;
  let length = 3;
  while (length < limit && source[place + length] === source[from + length]) length++;
  return length;
}

function writeCopy(target: Uint8Array, out: number, distance: number, length: number): number {
  const code = length - 2;
  if (code < 7) {
    target[out++] = (code << 5) | (distance >> 8);
  } else {
    target[out++] = 0xe0 | (distance >> 8);
    target[out++] = code - 7;
  }
  target[out++] = distance;
  return out;
}
