import type { Clock } from '../../../shared/index.ts';

/** Why somebody who waited goes on. */
export type WakeReason = 'news' | 'time' | 'over';

/** Waits for news, for a time, or for the end; news that come while nobody waits are kept. */
export class WakeUp {
  readonly #clock: Clock;
  #hasNews = false;
  #isOver = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  readonly news = (): void => {
    this.#hasNews = true;
    this.#wake?.();
  };

  readonly end = (): void => {
    this.#isOver = true;
    this.#wake?.();
  };

  async wait(durationMs: number): Promise<WakeReason> {
    if (!this.#hasNews && !this.#isOver) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await this.#clock.sleep(durationMs, woken.signal).catch((error: unknown) => {
        if (!woken.signal.aborted) throw error;
      });
      this.#wake = null;
    }
    if (this.#isOver) return 'over';
    if (!this.#hasNews) return 'time';
    this.#hasNews = false;
    return 'news';
  }
}
