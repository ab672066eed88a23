/** Registers of the RTC's watchdog; on newer chips it is the one of the low-power system. */
export interface WatchdogLayout {
  readonly config: number;
  /** How long the first stage lasts, in ticks of the slow clock. */
  readonly timeout: number;
  readonly writeProtect: number;
}

const KEY = 0x50d8_3aa1;
const ENABLED = 0x8000_0000;
/** From this action of a stage on, the whole chip starts anew, and looks at its straps again. */
const RESET_RTC = 4;

/**
 * The watchdog by which a host can restart a chip without modem lines. Its registers take nothing while
 * they are not unlocked.
 */
export class Watchdog {
  readonly #layout: WatchdogLayout;
  readonly #read: (address: number) => number;
  /** Told how long until the chip restarts, or `null` where it will not. */
  readonly #arm: (ticks: number | null) => void;

  constructor(
    layout: WatchdogLayout,
    read: (address: number) => number,
    arm: (ticks: number | null) => void,
  ) {
    this.#layout = layout;
    this.#read = read;
    this.#arm = arm;
  }

  /** Whether a write to an address is lost. */
  isLocked(address: number): boolean {
    const { config, timeout, writeProtect } = this.#layout;
    return (address === config || address === timeout) && this.#read(writeProtect) !== KEY;
  }

  /** To be told of a write that was made. */
  written(address: number): void {
    const { config, timeout } = this.#layout;
    if (address !== config && address !== timeout) return;
    const value = this.#read(config);
    const resets = (value & ENABLED) !== 0 && ((value >>> 28) & 7) >= RESET_RTC;
    this.#arm(resets ? this.#read(timeout) : null);
  }
}
