import { randomFillSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { openDevice, writeParts } from '../../src/flash/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { linkToChip } from '../../src/simulator/index.ts';
import type { Link } from '../../src/transport/index.ts';
import { board } from './board.ts';

const BAUD = 921_600;
/** From a command to its answer beyond what the bytes take: a USB adapter that is told not to wait. */
const LATENCY_MS = 1;
/** A reset into the loader, and one out of it. */
const RESETS_MS = 100 + 50 + 100;
const MS_PER_BYTE = (rate: number) => 10_000 / rate;

/** What a link costs at a given rate, from what goes over it: no clock is looked at. */
class Meter {
  lineMs = 0;
  trips = 0;
  #rate = 115_200;
  #asked = false;

  watch(link: Link): Link {
    return {
      target: link.target,
      usb: link.usb,
      hasSignals: link.hasSignals,
      hasBaudRate: link.hasBaudRate,
      write: async (bytes) => {
        this.lineMs += bytes.length * MS_PER_BYTE(this.#rate);
        this.#asked = true;
        await link.write(bytes);
      },
      read: async (signal) => {
        const bytes = await link.read(signal);
        this.lineMs += (bytes?.length ?? 0) * MS_PER_BYTE(this.#rate);
        if (this.#asked) this.trips += 1;
        this.#asked = false;
        return bytes;
      },
      setBaudRate: async (rate) => {
        await link.setBaudRate(rate);
        this.#rate = rate;
      },
      setSignals: (signals) => link.setSignals(signals),
      discardInput: () => link.discardInput(),
      [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
    };
  }
}

/** Bytes of which three fifths remain when they are compressed, as of machine code. */
function codeLike(lengthBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < bytes.length; at += 1000) {
    randomFillSync(bytes.subarray(at, Math.min(at + 600, bytes.length)));
  }
  return bytes;
}

it('a first flash takes hardly more than the line alone, whatever the machine', async () => {
  const chip = board();
  const meter = new Meter();
  const open = async (target: string, { baudRate }: { readonly baudRate: number }) =>
    meter.watch(linkToChip(target, chip, baudRate));
  const device = await openDevice(open, 'sim://test', { clock: systemClock, baudRate: BAUD });
  await using _device = device;
  const data = codeLike(1024 * 1024);
  const [report] = await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
  await device.reset();
  expect(report?.verified).toBe(true);
  const wireMs = (report?.sentBytes ?? 0) * MS_PER_BYTE(BAUD);
  const allMs = meter.lineMs + meter.trips * LATENCY_MS + RESETS_MS;
  expect(allMs / wireMs).toBeLessThan(1.1);
});
