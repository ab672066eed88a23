import type { Clock } from '../../shared/index.ts';

/** A clock that goes faster, so that a day of a fleet can be watched in a minute. */
export function scaledClock(clock: Clock, speed: number): Clock {
  const startMs = clock.now();
  const startMonotonicMs = clock.monotonicMs();
  return {
    now: () => startMs + (clock.now() - startMs) * speed,
    monotonicMs: () => startMonotonicMs + (clock.monotonicMs() - startMonotonicMs) * speed,
    sleep: (durationMs, signal) => clock.sleep(durationMs / speed, signal),
  };
}
