// Durations of one command, counted in buckets that widen with the duration: two significant digits at any size, in
// 128 steps per doubling, from 1 microsecond to 1 second. Percentiles and LATENCY HISTOGRAM are read off it.

const STEPS_SHIFT = 7;
const STEPS = 1 << STEPS_SHIFT;
const MAX_NANOSECONDS = 1_000_000_000;
const BUCKETS = (32 - STEPS_SHIFT) * STEPS;

export class LatencyHistogram {
  count = 0;
  private readonly buckets = new Uint32Array(BUCKETS);

  record(microseconds: number): void {
    // Redis records whole microseconds, of which none is 0 nanoseconds: it lands in the lowest bucket.
    const nanoseconds = Math.floor(microseconds) * 1000;
    this.buckets[bucketOf(Math.min(nanoseconds, MAX_NANOSECONDS))]!++;
    this.count++;
  }

  /** The duration in nanoseconds below which `percent` of all records lie, as the upper end of its bucket. */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.floor((percent / 100) * this.count + 0.5));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.buckets[bucket]!;
      if (seen >= wanted) return upperEnd(bucket);
    }
    return 0;
  }

  /** Cumulative counts at microsecond limits that double: `[limit, records up to it]`, without equal neighbours. */
  cumulative(): [limitMicroseconds: number, count: number][] {
    const out: [number, number][] = [];
    let seen = 0;
    let bucket = 0;
    for (let limit = 1024; seen < this.count; limit *= 2) {
      const before = seen;
      while (bucket < BUCKETS && upperEnd(bucket) <= limit) seen += this.buckets[bucket++]!;
      if (seen > before) out.push([Math.max(1, Math.floor(limit / 1000)), seen]);
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

function upperEnd(bucket: number): number {
  if (bucket < 2 * STEPS) return bucket;
  const exponent = (bucket >>> STEPS_SHIFT) - 1;
  const step = (bucket & (STEPS - 1)) | STEPS;
  return (step + 1) * 2 ** exponent - 1;
}
