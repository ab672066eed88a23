import type { Clock } from '../shared/index.ts';

/** Something with a deadline: a connection, a download. */
export interface Watched {
  /** Called about once a second; ends whatever it watches when its time is over. */
  check(nowMs: number): void;
}

const PERIOD_MS = 1000;

/**
 * One timer for all deadlines of a server, however many connections there are. Watching costs a set
 * entry, and nothing per byte.
 */
export class Watchdog implements Disposable {
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  readonly #stop = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
    void this.#run();
  }

  /** Watches until the returned function is called. */
  watch(watched: Watched): () => void {
    this.#watched.add(watched);
    return () => this.#watched.delete(watched);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(PERIOD_MS, signal);
      } catch {
        return;
      }
      const now = this.#clock.monotonicMs();
      for (const watched of this.#watched) watched.check(now);
    }
  }
}
