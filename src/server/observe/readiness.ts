import type { FleetStore } from '../../fleet/index.ts';
import { type Clock, formatSize } from '../../shared/index.ts';
import { ServerError } from '../codes.ts';

/** Whoever asks every second does not have the disk written every second. */
const READY_FOR_MS = 10_000;
/** Shorter, so that it is soon known when there is room again. */
const UNREADY_FOR_MS = 1000;

/** What is looked at. */
export interface ReadinessOptions {
  readonly store: Pick<FleetStore, 'transaction'>;
  readonly clock: Clock;
  /** Of the disk that everything is kept on; `null` where there is none. */
  readonly freeBytes: (() => Promise<number>) | null;
  /** With less room than this the server is not ready. */
  readonly leastFreeBytes: number;
}

/** Whether the server can do its work: store something, with room for what comes next. */
export class Readiness {
  readonly #options: ReadinessOptions;
  #known: { readonly untilMs: number; readonly fault: ServerError | null } | null = null;
  #looking: Promise<ServerError | null> | null = null;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** @throws ServerError `server/not-ready` */
  async check(): Promise<void> {
    const { clock } = this.#options;
    if (this.#known === null || clock.monotonicMs() >= this.#known.untilMs) {
      this.#looking ??= this.#look();
      const fault = await this.#looking;
      const keptMs = fault === null ? READY_FOR_MS : UNREADY_FOR_MS;
      this.#known = { untilMs: clock.monotonicMs() + keptMs, fault };
      this.#looking = null;
    }
    if (this.#known.fault !== null) throw this.#known.fault;
  }

  async #look(): Promise<ServerError | null> {
    const { store, clock, freeBytes, leastFreeBytes } = this.#options;
    try {
      const free = await freeBytes?.();
      if (free !== undefined && free < leastFreeBytes) {
        return new ServerError(
          'server/not-ready',
          `${formatSize(free)} are free on the disk, ${formatSize(leastFreeBytes)} are wanted`,
          {
            hint: 'Make room on the disk of the data folder, or start with another --min-free.',
            details: { freeBytes: free, leastFreeBytes },
          },
        );
      }
      // A disk that is full or read-only is one that can still be read.
      await store.transaction(({ settings }) =>
        settings.set('readiness', String(Math.floor(clock.now() / 1000))),
      );
      return null;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      return new ServerError('server/not-ready', `the store cannot be written: ${why}`, {
        hint: 'Look at the disk of the data folder, and at the log of the server.',
        cause,
      });
    }
  }
}
