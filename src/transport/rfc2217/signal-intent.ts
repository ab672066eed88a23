import type { Clock } from '../../shared/index.ts';
import type { Link, Signals } from '../link.ts';

/** How long EN is held low, and IO0 after it, for a reset into the loader. */
const HOLD_RESET_MS = 100;
const HOLD_BOOT_MS = 50;

/**
 * Understands what a client wants that can only change one modem line per round trip.
 *
 * The usual reset circuit pulls EN low while RTS is asserted and DTR is not, and IO0 low while DTR is
 * asserted and RTS is not; with both or none asserted the board runs. A client on this machine goes
 * from "EN low" to "IO0 low" in microseconds. Over a network the step between (both asserted) lasts a
 * round trip, EN rises, and the board starts its application instead of the loader. So when DTR comes
 * on by itself while the board is held in reset, the whole sequence is played here, in one go, and
 * the RTS that follows is already done.
 */
export class SignalIntent {
  readonly #link: Link;
  readonly #clock: Clock;
  #signals: Signals = { dtr: false, rts: false };
  #playedLoader = false;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** The lines as the client believes them to be. */
  get signals(): Signals {
    return this.#signals;
  }

  /** Applies what the client asked for in one packet. */
  async request(change: Partial<Signals>): Promise<void> {
    const before = this.#signals;
    this.#signals = { ...before, ...change };
    if (this.#playedLoader) {
      // The client is still on its way through a sequence that is over for the board.
      if (!this.#signals.dtr && !this.#signals.rts) this.#playedLoader = false;
      if (this.#signals.rts && change.rts === true && !this.#signals.dtr)
        this.#playedLoader = false;
      if (this.#playedLoader) return;
    }
    const inReset = before.rts && !before.dtr;
    if (inReset && change.dtr === true && change.rts === undefined) {
      this.#playedLoader = true;
      await this.#enterLoader();
      return;
    }
    await this.#link.setSignals(this.#signals);
  }

  async #enterLoader(): Promise<void> {
    await this.#link.setSignals({ dtr: false, rts: true });
    await this.#clock.sleep(HOLD_RESET_MS);
    await this.#link.setSignals({ dtr: true, rts: false });
    await this.#clock.sleep(HOLD_BOOT_MS);
    await this.#link.setSignals({ dtr: false, rts: false });
  }
}
