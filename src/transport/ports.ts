import { realpath } from 'node:fs/promises';
import { type Access, accessTo } from './access.ts';
import { type Adapter, adapterOf } from './adapters.ts';
import type { UsbIdentity } from './link.ts';
import { type FoundPort, listFromSysfs } from './sysfs.ts';

/** One serial port of this machine. */
export interface PortInfo {
  readonly path: string;
  readonly usb: UsbIdentity | null;
  /** What the device calls itself, where it does. */
  readonly description: string | null;
  /** What it probably is, from its USB ids. */
  readonly adapter: Adapter | null;
  /** Whether it could be opened right now, and why not. Found without opening it, which could reset the board. */
  readonly access: Access;
}

/**
 * The serial ports of this machine that a board could be on, USB ones first. Built-in ports without
 * any hardware behind them, of which Linux lists dozens, are left out.
 */
export async function listPorts(): Promise<readonly PortInfo[]> {
  const found = process.platform === 'linux' ? await listFromSysfs() : await listFromSystem();
  const ports = await Promise.all(
    found.map(async ({ path, usb, description }) => ({
      path,
      usb,
      description,
      adapter: usb === null ? null : adapterOf(usb),
      access: await accessTo(path),
    })),
  );
  return ports.toSorted(
    (a, b) => Number(a.usb === null) - Number(b.usb === null) || (a.path < b.path ? -1 : 1),
  );
}

/** The USB identity behind a device path, or `null` where it is no USB port. */
export async function usbIdentityOf(path: string): Promise<UsbIdentity | null> {
  const real = await realpath(path).catch(() => path);
  const found = process.platform === 'linux' ? await listFromSysfs() : await listFromSystem();
  return found.find((port) => port.path === real)?.usb ?? null;
}

/** macOS and Windows: what serialport's own list says. */
async function listFromSystem(): Promise<readonly FoundPort[]> {
  const { SerialPort } = await import('serialport');
  const ports = await SerialPort.list();
  return ports
    .filter(({ path }) => !/Bluetooth|debug-console|wlan-debug/.test(path))
    .map(({ path, vendorId, productId, serialNumber, manufacturer }) => ({
      // On macOS opening tty.* waits for a carrier; cu.* is its twin that does not.
      path: path.replace(/^\/dev\/tty\./, '/dev/cu.'),
      usb:
        vendorId === undefined
          ? null
          : {
              vendorId: Number.parseInt(vendorId, 16),
              productId: Number.parseInt(productId ?? '0', 16),
              serialNumber: serialNumber ?? null,
            },
      description: manufacturer ?? null,
    }));
}
