/** So many requests at once, and so many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets that are looked after at most; beyond, those that were asked longest ago are forgotten. */
const MOST_BUCKETS = 200_000;

/** A token bucket for each device, access token or address; only for those that asked of late. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #most: number;
  /** After this a bucket is full, and as good as none. */
  readonly #fullAfterMs: number;
  #recent = new Map<string, Bucket>();
  /** Those of the time before; what nobody asks for until it is over is full. */
  #older = new Map<string, Bucket>();
  #turnedMs = -Infinity;

  constructor(rate: Rate, most = MOST_BUCKETS) {
    this.#rate = rate;
    this.#most = most;
    this.#fullAfterMs = (rate.burst / rate.perSecond) * 1000;
  }

  /** Takes one: 0 when there was one, or how many milliseconds to wait for the next. */
  take(key: string, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    const bucket = this.#bucketOf(key, nowMs);
    const grown = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond;
    bucket.tokens = Math.min(burst, grown);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
  }

  #bucketOf(key: string, nowMs: number): Bucket {
    const recent = this.#recent.get(key);
    const isOver = nowMs - this.#turnedMs >= this.#fullAfterMs;
    if (recent !== undefined && !isOver) return recent;
    const bucket = recent ?? this.#older.get(key) ?? { tokens: this.#rate.burst, atMs: nowMs };
    if (isOver || this.#recent.size >= this.#most / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#turnedMs = nowMs;
    }
    this.#recent.set(key, bucket);
    return bucket;
  }
}
