import type { DeviceVerdict } from '../../machine-config/index.ts';
import type { CompleteEvent, DownloadEvent } from '../../serve/index.ts';
import type { Clock } from '../../shared/index.ts';
import { describeEvent } from '../serve/describe-event.ts';

/** A device has every byte; whether it runs them does not show on a server. */
export interface DownloadedVerdict {
  readonly outcome: 'downloaded';
  readonly device: string;
  readonly sizeBytes: number;
}

/** How a download is waited for. */
export interface UntilCompleteOptions {
  readonly clock: Clock;
  readonly silenceMs: number;
  readonly signal: AbortSignal;
}

/** What an otakit server tells about the downloads of one image, for all who wait for one. */
export class DownloadWatch {
  readonly #clock: Clock;
  readonly #onEvent: (event: DownloadEvent) => void;
  /** Requests that began while we watched; what is told of others is about something earlier. */
  readonly #known = new Set<number>();
  readonly #complete = Promise.withResolvers<CompleteEvent>();
  #heardMs: number | null = null;
  #failure: string | null = null;

  /** @param onEvent told of everything that a device does from now on */
  constructor(clock: Clock, onEvent: (event: DownloadEvent) => void) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  /** When a device was heard of last; `null` until then. */
  get heardMs(): number | null {
    return this.#heardMs;
  }

  /** Takes events until they end. */
  async run(events: AsyncIterable<DownloadEvent>): Promise<void> {
    for await (const event of events) this.#take(event);
  }

  /** Resolves when a device has the whole image, or nothing was heard for too long. */
  async untilComplete({
    clock,
    silenceMs,
    signal,
  }: UntilCompleteOptions): Promise<DownloadedVerdict | DeviceVerdict> {
    const beganMs = clock.now();
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const silence = async (): Promise<DeviceVerdict> => {
      for (;;) {
        const quietMs = clock.now() - Math.max(beganMs, this.#heardMs ?? beganMs);
        if (quietMs >= silenceMs) {
          const message = this.#failure;
          return message === null
            ? { outcome: 'silent', forMs: quietMs }
            : { outcome: 'refused', message };
        }
        await clock.sleep(silenceMs - quietMs, either);
      }
    };
    const complete = async (): Promise<DownloadedVerdict> => {
      const { device, sentBytes } = await this.#complete.promise;
      return { outcome: 'downloaded', device, sizeBytes: sentBytes };
    };
    const silent = silence();
    // Cancelled where the download came first.
    silent.catch(() => {});
    try {
      return await Promise.race([complete(), silent]);
    } finally {
      over.abort();
    }
  }

  #take(event: DownloadEvent): void {
    if (event.event === 'request') this.#known.add(event.id);
    else if (event.event !== 'rejected' && !this.#known.has(event.id)) return;
    this.#heardMs = this.#clock.now();
    if (event.event === 'aborted') this.#failure = describeEvent(event).text;
    if (event.event === 'complete') {
      this.#failure = null;
      this.#complete.resolve(event);
    }
    if (event.event === 'complete' || event.event === 'aborted') this.#known.delete(event.id);
    this.#onEvent(event);
  }
}
