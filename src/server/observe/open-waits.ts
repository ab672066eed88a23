/** How a request can wait for something to happen. */
export const WAIT_KINDS = ['long-poll', 'stream'] as const;

/** Counts the requests of devices that are kept open. */
export class OpenWaits {
  readonly #open = new Map<(typeof WAIT_KINDS)[number], number>();

  /** One more, until it is disposed of. */
  enter(kind: (typeof WAIT_KINDS)[number]): Disposable {
    this.#open.set(kind, this.count(kind) + 1);
    return { [Symbol.dispose]: () => void this.#open.set(kind, this.count(kind) - 1) };
  }

  count(kind: (typeof WAIT_KINDS)[number]): number {
    return this.#open.get(kind) ?? 0;
  }
}
