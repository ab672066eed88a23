import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { UsbIdentity } from './link.ts';

/** A port as the system lists it. */
export interface FoundPort {
  readonly path: string;
  readonly usb: UsbIdentity | null;
  readonly description: string | null;
}

/**
 * Linux: straight from `/sys/class/tty`. serialport's own list needs `udevadm`, which containers and
 * small systems do not have.
 */
export async function listFromSysfs(root = '/sys/class/tty'): Promise<readonly FoundPort[]> {
  const names = await readdir(root).catch(() => []);
  const found = await Promise.all(names.map((name) => fromSysfs(join(root, name))));
  return found.filter((port) => port !== null);
}

async function fromSysfs(folder: string): Promise<FoundPort | null> {
  const device = await realpath(join(folder, 'device')).catch(() => null);
  if (device === null) return null;
  const subsystem = basename(await readlink(join(device, 'subsystem')).catch(() => ''));
  const path = join('/dev', basename(folder));
  // A USB tty hangs some levels below its USB device; that one has the ids.
  for (let up = device, depth = 0; depth < 5; up = join(up, '..'), depth += 1) {
    const vendorId = await readText(join(up, 'idVendor'));
    if (vendorId === null) continue;
    return {
      path,
      usb: {
        vendorId: Number.parseInt(vendorId, 16),
        productId: Number.parseInt((await readText(join(up, 'idProduct'))) ?? '0', 16),
        serialNumber: await readText(join(up, 'serial')),
      },
      description: await readText(join(up, 'product')),
    };
  }
  // `platform` and `serial-base` are the ghosts: ports that a driver offers whether or not they exist.
  if (subsystem === 'platform' || subsystem === 'serial-base') return null;
  return { path, usb: null, description: null };
}

async function readText(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text?.trim() || null;
}
