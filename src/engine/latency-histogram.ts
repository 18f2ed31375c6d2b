// Durations of one command, counted in buckets that widen with the duration: two significant digits at any size, in
// 128 steps per doubling, from 1 microsecond to 1 second. Percentiles and LATENCY HISTOGRAM are read off it. Buckets and
// limits are those of the histogram that Redis uses, so that equal durations make equal figures.

const STEPS_SHIFT = 7;
const STEPS = 1 << STEPS_SHIFT;
const MAX_NANOSECONDS = 1_000_000_000;
const LAST_BUCKET = bucketOf(2 ** 30 - 1);
const FIRST_LIMIT_NANOSECONDS = 1024;

export class LatencyHistogram {
  count = 0;
  private readonly buckets = new Uint32Array(LAST_BUCKET + 1);

  record(microseconds: number): void {
    // Redis counts whole microseconds, as nanoseconds, and at least one of these.
    const nanoseconds = Math.max(1, Math.floor(microseconds) * 1000);
    this.buckets[bucketOf(Math.min(nanoseconds, MAX_NANOSECONDS))]!++;
    this.count++;
  }

  /** The duration in nanoseconds up to which `percent` of all records lie, as the end of its bucket. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.floor((percent / 100) * this.count + 0.5));
    let seen = 0;
    for (let bucket = 0; bucket <= LAST_BUCKET; bucket++) {
      seen += this.buckets[bucket]!;
      if (seen >= wanted) return percent === 0 ? lowerEnd(bucket) : upperEnd(bucket);
    }
    return 0;
  }

  /** Cumulative counts at limits that double: `[limit, records up to it]`, without equal neighbours. */
  cumulative(): [limitMicroseconds: number, count: number][] {
    const out: [number, number][] = [];
    let seen = 0;
    let bucket = 0;
    for (let limit = FIRST_LIMIT_NANOSECONDS; seen < this.count; limit *= 2) {
      const before = seen;
      const last = Math.min(bucketOf(limit), LAST_BUCKET);
      while (bucket <= last) seen += this.buckets[bucket++]!;
      if (seen > before) out.push([Math.floor(upperEnd(last) / 1000), seen]);
    }
    return out;
  }
}

// Values below 2 * STEPS have a bucket each; above, the leading eight bits choose it.
function bucketOf(value: number): number {
  if (value < STEPS) return value;
  const exponent = 31 - Math.clz32(value) - STEPS_SHIFT;
  return (exponent << STEPS_SHIFT) + (value >>> exponent);
}

function lowerEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  return stepOf(bucket) * 2 ** exponentOf(bucket);
}

function upperEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  return (stepOf(bucket) + 1) * 2 ** exponentOf(bucket) - 1;
}

function exponentOf(bucket: number): number {
  return (bucket >>> STEPS_SHIFT) - 1;
}

function stepOf(bucket: number): number {
  return (bucket & (STEPS - 1)) | STEPS;
}
