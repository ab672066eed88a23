/** The requests that are being answered, so that a stop can wait for them. */
export class Ongoing {
  readonly #requests = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  /** @returns to be called when the request is over */
  begin(breakOff: () => void): () => void {
    // A function of its own, since one may be given twice.
    const request = () => breakOff();
    this.#requests.add(request);
    return () => {
      this.#requests.delete(request);
      for (const look of this.#waiting) look();
    };
  }

  /** Resolves once no more than so many are left. */
  whenAtMost(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#requests.size > count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  breakOff(): void {
    for (const request of this.#requests) request();
  }
}

/** Work that outlives the request that it was for. */
export class Unfinished {
  readonly #work = new Set<Promise<void>>();

  /** @param work never rejects */
  add(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }

  /** Resolves once all that was added by now is done. */
  async whenDone(): Promise<void> {
    await Promise.all(this.#work);
  }
}
