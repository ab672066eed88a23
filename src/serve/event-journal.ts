import type { DownloadEvent } from './events.ts';

/** An event with its number, which rises by one from event to event. */
export interface JournalEntry {
  readonly number: number;
  readonly event: DownloadEvent;
}

/** What a reader that was away for a while may catch up with. */
const MOST_ENTRIES = 512;

/**
 * The latest events about one image, for however many readers. Readers hold only a number, so that a
 * slow one costs no memory: what the journal has lost by then is a gap in the numbers.
 */
export class EventJournal {
  readonly #entries = new Map<number, DownloadEvent>();
  /** By request: an older progress of the same download says nothing any more. */
  readonly #progress = new Map<number, number>();
  readonly #waiting = new Set<() => void>();
  #last = 0;

  /** The number of the latest event, 0 before the first one. */
  get last(): number {
    return this.#last;
  }

  add(event: DownloadEvent): void {
    this.#last += 1;
    if ('id' in event) {
      const older = this.#progress.get(event.id);
      if (older !== undefined) this.#entries.delete(older);
      if (event.event === 'progress') this.#progress.set(event.id, this.#last);
      else this.#progress.delete(event.id);
    }
    this.#entries.set(this.#last, event);
    this.#forgetOldest();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** All that is kept of what came after an event, oldest first. */
  after(number: number): readonly JournalEntry[] {
    if (number >= this.#last) return [];
    return [...this.#entries]
      .filter(([one]) => one > number)
      .map(([one, event]) => ({ number: one, event }));
  }

  /** Calls once when there is something new; answers with what takes that back. */
  onNext(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }

  #forgetOldest(): void {
    if (this.#entries.size <= MOST_ENTRIES) return;
    for (const [number, event] of this.#entries) {
      this.#entries.delete(number);
      if (event.event === 'progress') this.#progress.delete(event.id);
      return;
    }
  }
}
