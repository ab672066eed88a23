import type { Clock } from '../../shared/index.ts';
import { DeviceLog, type DeviceStep, type DeviceVerdict } from './device-log.ts';

/** How a device is followed. */
export interface FollowOptions {
  readonly clock: Clock;
  /** Gives up after this long without a line in the log. */
  readonly silenceMs: number;
  readonly signal: AbortSignal;
  /** Where the device is to download from, if known; what goes wrong with other URLs does not count. */
  readonly url?: string;
  /** A text that only the new build logs, which then proves that it runs. */
  readonly expect?: string;
  readonly onStep?: (step: DeviceStep) => void;
  /** When the device was last heard of elsewhere, which breaks the silence too; `null` for never. */
  readonly heardMs?: () => number | null;
}

/** A device tries again after ten seconds; a failure with nothing after it for longer is its answer. */
const FAILURE_GRACE_MS = 30_000;
/** From the boot on: a micro-RDK connects and configures itself before it uploads its log. */
const CONFIRM_MS = 60_000;

/** A device's log with the time that passes between its lines, which is an answer too. */
export class DeviceWatch {
  readonly #log: DeviceLog;
  readonly #options: FollowOptions;
  #heardMs: number;
  #bootedMs: number | null = null;

  /** @param earlierOffset the slot of the update before, where it is known */
  constructor(tag: string, options: FollowOptions, earlierOffset: number | null = null) {
    this.#log = new DeviceLog(tag, { ...options, earlierOffset });
    this.#options = options;
    this.#heardMs = options.clock.now();
  }

  /** Takes the next line of the log. */
  read(line: string): void {
    this.#heardMs = this.#options.clock.now();
    const step = this.#log.read(line);
    if (this.#log.missing !== null) this.#bootedMs ??= this.#heardMs;
    if (step !== null) this.#options.onStep?.(step);
  }

  /** What the device did, once that is clear. */
  verdict(): DeviceVerdict | null {
    const { verdict, failure, missing } = this.#log;
    if (verdict !== null) return verdict;
    if (this.waitMs() > 0) return null;
    if (missing !== null) return { outcome: 'unconfirmed', expected: missing };
    if (failure !== null) return { outcome: 'refused', message: failure };
    return { outcome: 'silent', forMs: this.#options.clock.now() - this.#lastHeardMs() };
  }

  /** How long until the verdict is clear if nothing more comes. */
  waitMs(): number {
    const { clock, silenceMs } = this.#options;
    const silentMs = this.#lastHeardMs() + silenceMs;
    const dueMs =
      this.#bootedMs !== null
        ? this.#bootedMs + Math.min(CONFIRM_MS, silenceMs)
        : this.#log.failure !== null
          ? Math.min(silentMs, this.#lastHeardMs() + FAILURE_GRACE_MS)
          : silentMs;
    return Math.max(0, dueMs - clock.now());
  }

  #lastHeardMs(): number {
    return Math.max(this.#heardMs, this.#options.heardMs?.() ?? this.#heardMs);
  }
}
