import { formatDuration } from '../../shared/index.ts';
import { SimulatorError } from '../../simulator/index.ts';

/** How a simulation ends: by what it was waiting for, by failing, by the clock, or by Ctrl-C. */
export class Ending implements Disposable {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal;
  readonly #timer: NodeJS.Timeout | null;
  readonly #interrupt = () => this.#controller.abort(this.#outer.reason);
  #isDone = false;
  /** The last thing that went wrong, for whoever gave up waiting. */
  lastFailure: string | null = null;

  /** @param timeoutMs `null` waits for ever */
  constructor(outer: AbortSignal, timeoutMs: number | null) {
    this.#outer = outer;
    outer.addEventListener('abort', this.#interrupt, { once: true });
    if (outer.aborted) this.#interrupt();
    this.#timer =
      timeoutMs === null ? null : setTimeout(() => this.fail(this.#timedOut(timeoutMs)), timeoutMs);
  }

  /** Aborted when it is over, for whatever reason. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  done(): void {
    this.#isDone = true;
    this.#controller.abort();
  }

  fail(error: SimulatorError): void {
    this.#controller.abort(error);
  }

  /** Waits for work that only ends when it is aborted; throws unless it ended well. */
  async of(work: Promise<never>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (this.#isDone) return;
      throw this.signal.aborted ? this.signal.reason : error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#interrupt);
  }

  #timedOut(timeoutMs: number): SimulatorError {
    const last = this.lastFailure === null ? '' : `; last: ${this.lastFailure}`;
    return new SimulatorError(
      'simulator/timed-out',
      `the device took no update within ${formatDuration(timeoutMs)}${last}`,
      {
        hint:
          this.lastFailure === null
            ? 'It updates when "version" of its OTA service differs from the tag that it has stored.'
            : 'Mend what it complains about: it tries the same again with every poll.',
        details: { timeoutMs, lastFailure: this.lastFailure },
      },
    );
  }
}
