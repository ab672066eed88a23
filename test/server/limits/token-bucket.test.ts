import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../../src/server/limits/token-bucket.ts';

describe('token buckets', () => {
  it('give a burst, then as many as time brings', () => {
    const buckets = new TokenBuckets({ burst: 2, perSecond: 0.5 });
    expect(buckets.take('a', 0)).toBe(0);
    expect(buckets.take('a', 0)).toBe(0);
    expect(buckets.take('a', 0)).toBe(2000);
    expect(buckets.take('a', 1000)).toBe(1000);
    expect(buckets.take('a', 2000)).toBe(0);
    expect(buckets.take('b', 2000)).toBe(0);
  });

  it('never hold more than a burst, and do not mind a clock that goes back', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 });
    buckets.take('a', 10_000);
    expect(buckets.take('a', 5000)).toBe(1000);
    expect(buckets.take('a', 100_000)).toBe(0);
    expect(buckets.take('a', 100_000)).toBe(1000);
  });

  it('forget the oldest where there are too many', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 }, 2);
    for (const key of ['a', 'b', 'c']) expect(buckets.take(key, 0)).toBe(0);
    expect(buckets.take('b', 0)).toBe(1000);
    expect(buckets.take('a', 0)).toBe(0);
  });

  it('keep one that is not full for as long as it is not', () => {
    const buckets = new TokenBuckets({ burst: 10, perSecond: 1 });
    for (let count = 0; count < 10; count += 1) expect(buckets.take('a', 0)).toBe(0);
    for (let nowMs = 1000; nowMs < 60_000; nowMs += 1000) {
      expect(buckets.take(`other ${nowMs}`, nowMs)).toBe(0);
      expect(buckets.take('a', nowMs)).toBe(0);
      expect(buckets.take('a', nowMs)).toBe(1000);
    }
    for (let nowMs = 60_000; nowMs < 67_000; nowMs += 1000) buckets.take('b', nowMs);
    for (let count = 0; count < 8; count += 1) expect(buckets.take('a', 67_000)).toBe(0);
    expect(buckets.take('a', 67_000)).toBe(1000);
  });
});
