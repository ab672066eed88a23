/** After a moment that devices wait for they arrive over this share of the usual interval. */
const SPREAD = 0.2;
const SHORTEST_MS = 1000;

/**
 * When a device should ask again: about every `intervalMs`, earlier where something is to be expected
 * earlier, and never all at once.
 *
 * @param moments when there may be something for it, as far as that is known
 * @param random 0 up to, not including, 1
 */
export function pollAfterMs(
  intervalMs: number,
  nowMs: number,
  moments: readonly (number | null)[],
  random: number,
): number {
  const usual = Math.round(intervalMs * (1 - SPREAD + 2 * SPREAD * random));
  // What is past came to nothing, or waits for something that has no moment.
  const known = moments.filter((moment) => moment !== null).filter((moment) => moment > nowMs);
  if (known.length === 0) return usual;
  const waitMs = Math.min(...known) - nowMs;
  // After the moment, never before: who comes a second early waits for a whole interval again.
  return Math.min(usual, Math.max(SHORTEST_MS, Math.round(waitMs + intervalMs * SPREAD * random)));
}
