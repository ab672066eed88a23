import type { Link } from '../../src/transport/index.ts';

/** What of a link is to be different. */
export interface LinkChanges {
  readonly usb?: Link['usb'];
  /** What the host reads instead of what the chip sent. */
  readonly read?: (bytes: Uint8Array) => Uint8Array;
  /** What the chip gets instead of what the host wrote; `null` for nothing. */
  readonly write?: (bytes: Uint8Array, baudRate: number) => Uint8Array | null;
  readonly setSignals?: Link['setSignals'];
}

/** The same link with a fault in it. */
export function faulty(link: Link, changes: LinkChanges): Link {
  let rate = 115_200;
  return {
    target: link.target,
    usb: changes.usb ?? link.usb,
    hasSignals: link.hasSignals,
    hasBaudRate: link.hasBaudRate,
    write: async (bytes) => {
      const arriving = changes.write === undefined ? bytes : changes.write(bytes, rate);
      if (arriving !== null) await link.write(arriving);
    },
    read: async (signal) => {
      const bytes = await link.read(signal);
      return bytes === null || changes.read === undefined ? bytes : changes.read(bytes);
    },
    setBaudRate: async (baudRate) => {
      await link.setBaudRate(baudRate);
      rate = baudRate;
    },
    setSignals: changes.setSignals ?? ((signals) => link.setSignals(signals)),
    discardInput: () => link.discardInput(),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

/** The command number of a request frame. */
export function commandIn(frame: Uint8Array): number | undefined {
  return frame[0] === 0xc0 && frame[1] === 0 ? frame[2] : undefined;
}
