import type { Clock } from '../../src/shared/index.ts';

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/**
 * Time that passes by turns of the event loop, each of them a millisecond, and only while somebody waits.
 * On a machine that is busy with something else, whatever is ready has its turn before anybody gives it up.
 */
export class TurnClock implements Clock {
  readonly #sleepers = new Set<Sleeper>();
  #elapsedMs = 0;
  #isTurning = false;

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const sleeper = { dueMs: this.#elapsedMs + durationMs, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener(
        'abort',
        () => {
          this.#sleepers.delete(sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isTurning) return;
    this.#isTurning = true;
    setTimeout(() => {
      this.#isTurning = false;
      this.#elapsedMs += 1;
      for (const sleeper of this.#sleepers) {
        if (sleeper.dueMs > this.#elapsedMs) continue;
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
      if (this.#sleepers.size > 0) this.#turn();
    }, 1);
  }
}
