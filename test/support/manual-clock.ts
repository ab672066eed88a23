import type { Clock } from '../../src/shared/index.ts';

interface Sleeper {
  readonly durationMs: number;
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it, so that nothing waits in a test. */
export class ManualClock implements Clock {
  readonly #skips: (durationMs: number) => boolean;
  #nowMs = 1_700_000_000_000;
  #sleepers: Sleeper[] = [];
  #watchers: { readonly durationMs: number; readonly resolve: () => void }[] = [];
  /** The durations of all sleeps so far that nobody cancelled. */
  readonly slept: number[] = [];

  /** @param skips which sleeps end at once, with the clock moved on by as much */
  constructor(skips: (durationMs: number) => boolean = () => false) {
    this.#skips = skips;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#skips(durationMs)) {
      this.slept.push(durationMs);
      this.#nowMs += durationMs;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper: Sleeper = {
      durationMs,
      untilMs: this.#nowMs + durationMs,
      wake: () => {
        this.slept.push(durationMs);
        resolve();
      },
    };
    this.#sleepers.push(sleeper);
    signal?.addEventListener(
      'abort',
      () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason as Error);
      },
      { once: true },
    );
    this.#watchers = this.#watchers.filter((watcher) => {
      if (watcher.durationMs === durationMs) watcher.resolve();
      return watcher.durationMs !== durationMs;
    });
    return promise;
  }

  /** Resolves as soon as somebody sleeps for exactly this long. */
  sleeperFor(durationMs: number): Promise<void> {
    if (this.#sleepers.some((sleeper) => sleeper.durationMs === durationMs)) {
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.push({ durationMs, resolve });
    return promise;
  }

  advance(durationMs: number): void {
    this.#nowMs += durationMs;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > this.#nowMs);
    for (const { wake } of due) wake();
  }
}
