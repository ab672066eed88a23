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

  /** @param baudLimit bits per second that the line can do; `null` delivers at once */
  constructor(clock: Clock, baudLimit: number | null) {
    this.#clock = clock;
    this.#baudLimit = baudLimit;
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
    const before = this.#tail ?? Promise.resolve();
    this.#tail = Promise.all([before, this.#clock.sleep(arrivesInMs)]).then(() => deliver(bytes));
    return this.#tail;
  }
}
