import { Incoming, type Link, type OpenLink, TransportError } from '../../transport/index.ts';
import type { VirtualChip } from './chip.ts';
import { garbled } from './wire.ts';

/**
 * A link straight to a virtual chip, with modem lines and a rate, as a board on USB has them.
 *
 * @param open makes the chip for a target such as `sim://esp32c3`, or finds the one that is plugged in
 */
export function simLinks(open: (target: string) => VirtualChip): OpenLink {
  return async (target, { baudRate, signal }) => {
    signal?.throwIfAborted();
    return linkToChip(target, open(target), baudRate);
  };
}

/** Plugs a cable into a virtual chip. */
export function linkToChip(target: string, chip: VirtualChip, initialBaudRate: number): Link {
  const incoming = new Incoming();
  let baudRate = initialBaudRate;
  let open = true;
  let isLost = false;
  chip.onOutput((bytes, chipBaudRate) => {
    if (!open) return;
    const sameRate = Math.abs(baudRate / chipBaudRate - 1) < 0.04;
    incoming.push(sameRate ? bytes.slice() : garbled(bytes));
  });
  const lost = () =>
    new TransportError('transport/port-lost', `${target} went away`, {
      hint: 'Plug the board in again, then run the same command again.',
      details: { target },
    });
  const stopWatching = chip.onCut(() => {
    isLost = true;
    incoming.end(lost());
  });
  return {
    target,
    usb: chip.usb,
    hasSignals: true,
    hasBaudRate: true,
    write: async (bytes) => {
      if (!open || isLost || chip.isUnplugged) throw lost();
      await chip.receive(bytes.slice(), baudRate);
      if (isLost || chip.isUnplugged) throw lost();
    },
    read: (signal) => incoming.read(signal),
    setBaudRate: async (rate) => {
      await chip.settled();
      baudRate = rate;
    },
    setSignals: async (signals) => {
      if (isLost) throw lost();
      chip.setSignals(signals);
    },
    discardInput: () => incoming.discard(),
    [Symbol.asyncDispose]: async () => {
      open = false;
      stopWatching();
      incoming.end();
    },
  };
}
