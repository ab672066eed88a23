import type { Signals } from '../../transport/index.ts';

/** What a change of the modem lines does to the chip. */
export type ResetAction = 'none' | 'held' | 'run-app' | 'run-loader';

/**
 * The circuit on nearly every board: EN is low while RTS is asserted and DTR is not, IO0 is low while
 * DTR is asserted and RTS is not. The chip samples IO0 when EN rises; the capacitor on EN lets it rise
 * a little after, so that the lines of the next change still count.
 */
export class ResetCircuit {
  #held = false;

  /** Follows one change of both lines. */
  change({ dtr, rts }: Signals): ResetAction {
    const enLow = rts && !dtr;
    const io0Low = dtr && !rts;
    if (enLow) {
      this.#held = true;
      return 'held';
    }
    if (!this.#held) return 'none';
    this.#held = false;
    return io0Low ? 'run-loader' : 'run-app';
  }
}
