/** So many requests at once, and so many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Buckets that are looked after at most; the one that was asked longest ago is forgotten first. */
const MOST_BUCKETS = 200_000;

/** A token bucket for each device, access token or address. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #most: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, most = MOST_BUCKETS) {
    this.#rate = rate;
    this.#most = most;
  }

  /** Takes one: 0 when there was one, or how many milliseconds to wait for the next. */
  take(key: string, nowMs: number): number {
    const { burst, perSecond } = this.#rate;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#most) this.#forgetOldest();
      bucket = { tokens: burst, atMs: nowMs };
      this.#buckets.set(key, bucket);
    } else {
      const grown = bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond;
      bucket.tokens = Math.min(burst, grown);
      bucket.atMs = nowMs;
    }
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) / perSecond) * 1000);
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next();
    if (!oldest.done) this.#buckets.delete(oldest.value);
  }
}
