import { chmod, mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTo, busy, denied } from '../../src/transport/access.ts';
import { adapterOf } from '../../src/transport/adapters.ts';
import { describeOpenFailure } from '../../src/transport/open-failure.ts';
import { listFromSysfs } from '../../src/transport/sysfs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the list of ports on Linux', () => {
  /** Lays out a piece of /sys: the tty class, and the devices that it points to. */
  async function sysfs(files: Readonly<Record<string, string>>, links: Record<string, string>) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    for (const [path, target] of Object.entries(links)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await mkdir(join(folder, target), { recursive: true });
      await symlink(join(folder, target), join(folder, path));
    }
    return listFromSysfs(join(folder, 'class/tty'));
  }

  it('finds the USB device some levels above the tty', async () => {
    const usb = 'devices/usb1/1-2';
    expect(
      await sysfs(
        {
          [`${usb}/idVendor`]: '10c4\n',
          [`${usb}/idProduct`]: 'ea60\n',
          [`${usb}/serial`]: '0001\n',
          [`${usb}/product`]: 'CP2102N USB to UART Bridge\n',
        },
        {
          'class/tty/ttyUSB0/device': `${usb}/1-2:1.0/ttyUSB0`,
          [`${usb}/1-2:1.0/ttyUSB0/subsystem`]: 'bus/usb-serial',
        },
      ),
    ).toEqual([
      {
        path: '/dev/ttyUSB0',
        usb: { vendorId: 0x10c4, productId: 0xea60, serialNumber: '0001' },
        description: 'CP2102N USB to UART Bridge',
      },
    ]);
  });

  it('leaves out consoles and ghosts, and keeps built-in ports that exist', async () => {
    expect(
      await sysfs(
        { 'class/tty/tty1/dev': '4:1' },
        {
          'class/tty/ttyS0/device': 'devices/platform/serial8250',
          'devices/platform/serial8250/subsystem': 'bus/platform',
          'class/tty/ttyAMA0/device': 'devices/pl011',
          'devices/pl011/subsystem': 'bus/amba',
        },
      ),
    ).toEqual([{ path: '/dev/ttyAMA0', usb: null, description: null }]);
  });
});

describe('what is on a port', () => {
  const usb = (vendorId: number, productId: number) =>
    adapterOf({ vendorId, productId, serialNumber: null });

  it('is told from its USB ids', () => {
    expect(usb(0x303a, 0x1001)).toMatchObject({ kind: 'usb-serial-jtag' });
    expect(usb(0x10c4, 0xea60)).toEqual({ name: 'CP210x', kind: 'bridge' });
    expect(usb(0x1a86, 0x1234)).toEqual({ name: 'CH34x', kind: 'bridge' });
    expect(usb(0x0403, 0x6010)).toMatchObject({ name: 'FT2232' });
    expect(usb(0x046d, 0xc52b)).toBeNull();
  });
});

describe('whether a port can be opened', () => {
  it('is known without opening it', async () => {
    const path = join(folder, 'port');
    expect(await accessTo(path)).toMatchObject({ kind: 'missing' });
    await writeFile(path, '');
    expect(await accessTo(path)).toEqual({ kind: 'ok' });
  });

  it.runIf(process.platform === 'linux')('names the program that has it open', async () => {
    const path = join(folder, 'port');
    await writeFile(path, '');
    await using handle = await open(path, 'r');
    const holder = spawn('sleep', ['600'], { stdio: ['ignore', handle.fd, 'ignore'] });
    try {
      await once(holder, 'spawn');
      expect(await accessTo(path)).toMatchObject({ kind: 'busy', holder: { pid: holder.pid } });
      expect(await describeOpenFailure(path, new Error('Cannot lock port'))).toMatchObject({
        code: 'transport/port-busy',
      });
    } finally {
      holder.kill();
      await once(holder, 'exit');
    }
  });

  it('says what to do: the group to join, the service to remove, the program to close', () => {
    expect(denied('dialout')).toMatchObject({
      hint: expect.stringContaining('usermod -aG dialout') as string,
    });
    expect(denied(null)).toMatchObject({ hint: expect.stringContaining('udev') as string });
    expect(busy({ pid: 7, name: 'brltty' })).toMatchObject({
      hint: expect.stringContaining('apt remove brltty') as string,
    });
    expect(busy({ pid: 7, name: 'screen' })).toMatchObject({
      hint: expect.stringContaining('Close screen (pid 7)') as string,
    });
  });

  it('turns the words of the operating system into a code', async () => {
    const path = join(folder, 'port');
    await writeFile(path, '');
    const code = async (message: string) =>
      (await describeOpenFailure(path, new Error(message))).code;
    expect(await code('Permission denied, cannot open')).toBe('transport/port-denied');
    expect(await code('Error Resource temporarily unavailable Cannot lock port')).toBe(
      'transport/port-busy',
    );
    expect(await code('Inappropriate ioctl for device')).toBe('transport/port-failed');
    await chmod(path, 0o600);
    await rm(path);
    expect(await code('No such file or directory')).toBe('transport/port-missing');
  });
});
