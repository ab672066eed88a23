import type { Clock } from '../../shared/index.ts';

/** Start bit, eight data bits, stop bit. */
const BITS_PER_BYTE = 10;

/**
 * One direction of a serial line. It carries bytes in order and, where it has a limit, takes the time
 * that a real line of that rate would.
 */
export class Line {
  readonly #clock: Clock;
  readonly #baudLimit: number | null;
  #tail: Promise<void> | null = null;
  #freeAtMs = 0;
  #sender = new AbortController();

  /** @param baudLimit bits per second that the line can do; `null` delivers at once */
  constructor(clock: Clock, baudLimit: number | null) {
    this.#clock = clock;
    this.#baudLimit = baudLimit;
  }

  /** Who sends is gone: what it has not sent by now is not sent any more. */
  cut(): void {
    this.#sender.abort();
    this.#sender = new AbortController();
    this.#freeAtMs = 0;
  }

  /**
   * Delivers bytes when their last bit is through.
   *
   * @param baudRate what the sender is set to; the line is no faster than either
   */
  send(bytes: Uint8Array, baudRate: number, deliver: (bytes: Uint8Array) => void): Promise<void> {
    if (this.#baudLimit === null) {
      deliver(bytes);
      return Promise.resolve();
    }
    const bitsPerMs = Math.min(this.#baudLimit, baudRate) / 1000;
    const now = this.#clock.now();
    this.#freeAtMs = Math.max(now, this.#freeAtMs) + (bytes.length * BITS_PER_BYTE) / bitsPerMs;
    const arrivesInMs = this.#freeAtMs - now;
    this.#tail = this.#deliverLater(bytes, arrivesInMs, deliver);
    return this.#tail;
  }

  async #deliverLater(
    bytes: Uint8Array,
    arrivesInMs: number,
    deliver: (bytes: Uint8Array) => void,
  ): Promise<void> {
    const before = this.#tail;
    const { signal } = this.#sender;
    await this.#clock.sleep(arrivesInMs, signal).catch(() => {});
    await before;
    if (!signal.aborted) deliver(bytes);
  }
}
