import { describe, expect, it } from 'vitest';
import { pollAfterMs } from '../../src/fleet/devices/poll-interval.ts';

const INTERVAL_MS = 300_000;
const NOW_MS = 1_000_000;
const after = (...moments: (number | null)[]) => pollAfterMs(INTERVAL_MS, NOW_MS, moments, 0.5);

describe('when a device asks again', () => {
  it('is about an interval later where nothing is known to come', () => {
    expect(after()).toBe(INTERVAL_MS);
    expect(after(null, null)).toBe(INTERVAL_MS);
    expect(pollAfterMs(INTERVAL_MS, NOW_MS, [], 0)).toBe(240_000);
    expect(pollAfterMs(INTERVAL_MS, NOW_MS, [], 1)).toBe(360_000);
  });

  it('is soon after the first moment that is yet to come', () => {
    expect(after(NOW_MS + 10_000, NOW_MS + 5000)).toBe(5000 + 30_000);
    expect(after(NOW_MS + 10 * INTERVAL_MS)).toBe(INTERVAL_MS);
  });

  it('does not become a rush where a moment is past and what it was for still waits', () => {
    expect(after(NOW_MS - 1)).toBe(INTERVAL_MS);
    expect(after(NOW_MS - 10 * INTERVAL_MS, NOW_MS + 5000)).toBe(5000 + 30_000);
  });
});
