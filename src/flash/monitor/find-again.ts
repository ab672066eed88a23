import type { PortInfo, UsbIdentity } from '../../transport/index.ts';

/**
 * Under which path a board is back after it left: systems give a board that re-enumerates another
 * number (`/dev/ttyACM0`, then `1`) when the old one is still held. Its serial number stays; its
 * product id may change, when the application brings a USB device of its own.
 *
 * @param target where it was, and where it is still expected without better knowledge
 */
export function findAgain(
  target: string,
  usb: UsbIdentity | null,
  ports: readonly Pick<PortInfo, 'path' | 'usb'>[],
): string {
  if (usb?.serialNumber === null || usb === null) return target;
  const same = ports.filter(
    (port) => port.usb?.serialNumber === usb.serialNumber && port.usb.vendorId === usb.vendorId,
  );
  const exact = same.find((port) => port.path === target);
  return exact?.path ?? same[0]?.path ?? target;
}
