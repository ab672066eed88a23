import type { Clock } from '../../shared/index.ts';
import type { Link, Signals } from '../../transport/index.ts';

/** One state of the modem lines and how long it lasts. */
export interface ResetStep extends Signals {
  readonly holdMs: number;
}

const step = (dtr: 0 | 1, rts: 0 | 1, holdMs = 0): ResetStep => ({
  dtr: dtr === 1,
  rts: rts === 1,
  holdMs,
});

export const ESPRESSIF_VENDOR_ID = 0x303a;
const USB_SERIAL_JTAG_PRODUCT_ID = 0x1001;
/** The ROM's own USB device has the id of the chip there, which is below this. */
const FIRST_OTHER_PRODUCT_ID = 0x1000;

/** How long IO0 stays low after EN rose: some boards have a large capacitor on EN. */
const BOOT_HOLDS_MS = [50, 550];

/** Whether a link is the chip's own USB-Serial-JTAG controller, whose lines are no lines at all. */
export function isUsbSerialJtag({ usb }: Link): boolean {
  return usb?.vendorId === ESPRESSIF_VENDOR_ID && usb.productId === USB_SERIAL_JTAG_PRODUCT_ID;
}

/** Whether a link is the USB device that the ROM itself brings (USB-OTG). */
export function isUsbOtgRom({ usb }: Link): boolean {
  return usb?.vendorId === ESPRESSIF_VENDOR_ID && usb.productId < FIRST_OTHER_PRODUCT_ID;
}

/** The CP2102C couples DTR to RTS while data comes in, which would pull EN low. */
function couplesLines({ usb }: Link): boolean {
  return usb?.vendorId === 0x10c4 && usb.productId === 0xea64;
}

/**
 * The ways to reset a board into its loader, to be tried in turn. On boards with the usual circuit EN
 * is low while RTS is asserted and DTR is not, and IO0 is low while DTR is asserted and RTS is not;
 * both lines change at once, but for drivers that cannot the steps are tried one by one too.
 */
export function loaderSequences(link: Link): readonly (readonly ResetStep[])[] {
  if (!link.hasSignals) return [[]];
  if (isUsbSerialJtag(link)) {
    // The controller looks for edges: going through (1,1) keeps RTS from falling before DTR.
    return [[step(0, 0, 100), step(1, 0, 100), step(1, 1), step(0, 1, 100), step(0, 0)]];
  }
  const atRest = couplesLines(link) ? [] : [step(0, 0)];
  return BOOT_HOLDS_MS.flatMap((holdMs) => [
    [step(0, 0), step(1, 1), step(0, 1, 100), step(1, 0, holdMs), ...atRest],
    [step(0, 1, 100), step(1, 0, holdMs), ...atRest],
  ]);
}

/** EN low and up again, with IO0 high: the application starts. */
export function applicationSequence(link: Link): readonly ResetStep[] {
  if (couplesLines(link)) return [step(0, 1, 100), step(1, 1, 100), step(1, 0)];
  const isUsb = isUsbSerialJtag(link) || isUsbOtgRom(link);
  return [step(0, 1, isUsb ? 200 : 100), step(0, 0, isUsb ? 200 : 0)];
}

/** Plays a sequence; an aborted one still leaves the lines at rest. */
export async function playSequence(
  link: Link,
  sequence: readonly ResetStep[],
  clock: Clock,
  signal?: AbortSignal,
): Promise<void> {
  try {
    for (const { dtr, rts, holdMs } of sequence) {
      await link.setSignals({ dtr, rts });
      if (holdMs > 0) await clock.sleep(holdMs, signal);
    }
  } catch (error) {
    if (signal?.aborted) await link.setSignals({ dtr: false, rts: false });
    throw error;
  }
}
