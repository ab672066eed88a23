import type { Clock } from '../../src/shared/index.ts';

interface Sleeper {
  readonly durationMs: number;
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it, so that a test of an hour takes no time. */
export class ManualClock implements Clock {
  readonly #skips: (durationMs: number) => boolean;
  #elapsedMs = 0;
  #offsetMs = Date.UTC(2026, 0, 1);
  readonly #sleepers = new Set<Sleeper>();
  #watchers: { readonly wants: (sleeper: Sleeper) => boolean; readonly resolve: () => void }[] = [];
  /** The durations of all sleeps so far that nobody cancelled. */
  readonly slept: number[] = [];

  /** @param skips which sleeps end at once, with the clock moved on by as much */
  constructor(skips: (durationMs: number) => boolean = () => false) {
    this.#skips = skips;
  }

  now(): number {
    return this.#offsetMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** As when somebody corrects the machine's time: no time passes. */
  setBack(byMs: number): void {
    this.#offsetMs -= byMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.#skips(durationMs)) {
      this.slept.push(durationMs);
      this.#elapsedMs += durationMs;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => {
      this.#sleepers.delete(sleeper);
      reject(signal?.reason as Error);
    };
    const sleeper: Sleeper = {
      durationMs,
      dueMs: this.#elapsedMs + durationMs,
      wake: () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
        this.slept.push(durationMs);
        resolve();
      },
    };
    signal?.addEventListener('abort', abort, { once: true });
    this.#sleepers.add(sleeper);
    const watchers = this.#watchers.filter(({ wants }) => wants(sleeper));
    this.#watchers = this.#watchers.filter((watcher) => !watchers.includes(watcher));
    for (const watcher of watchers) watcher.resolve();
    return promise;
  }

  /** Resolves as soon as somebody sleeps for exactly this long. */
  sleeperFor(durationMs: number): Promise<void> {
    return this.#untilAsleep((sleeper) => sleeper.durationMs === durationMs);
  }

  /** Resolves once something sleeps: what runs between two sleeps takes real time. */
  untilSomethingSleeps(): Promise<void> {
    return this.#untilAsleep(() => true);
  }

  /** Moves time on, waking every sleeper in its turn and letting what it does run before the next. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#elapsedMs + durationMs;
    for (;;) {
      const due = [...this.#sleepers]
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#elapsedMs = Math.max(this.#elapsedMs, due.dueMs);
      due.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, endMs);
  }

  #untilAsleep(wants: (sleeper: Sleeper) => boolean): Promise<void> {
    if ([...this.#sleepers].some(wants)) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.push({ wants, resolve });
    return promise;
  }
}
