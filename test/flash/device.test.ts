import { describe, expect, it } from 'vitest';
import { writeParts } from '../../src/flash/index.ts';
import { openDevice } from '../../src/flash/index.ts';
import { listenRfc2217, listenTcp, VIRTUAL_CHIPS } from '../../src/simulator/index.ts';
import { openLink } from '../../src/transport/index.ts';
import { board, connectTo, firmware, quickClock } from './board.ts';
import { type Clock, systemClock } from '../../src/shared/index.ts';

describe.each(VIRTUAL_CHIPS)('an %s', (chip) => {
  const identity = {
    mac: [0x84, 0xf7, 0x03, 0xc0, 0xdb, 3],
    revision: { major: 1, minor: 1 },
    secureBoot: true,
    flashEncryption: true,
  } as const;

  it('is recognised, with revision, address, flash and eFuses', async () => {
    await using device = await connectTo(board({ chip, identity, flashSizeBytes: 0x80_0000 }));
    expect(device.info).toMatchObject({
      chip,
      mac: '84:f7:03:c0:db:03',
      revision: 101,
      secureBoot: true,
      flashEncryption: true,
      flashSizeBytes: 0x80_0000,
    });
    // The ROM of the ESP32-C3 runs no stub any more once secure boot is on.
    expect(device.loader).toBe(chip === 'esp32c3' ? 'rom' : 'stub');
    expect(device.baudRate).toBe(921_600);
  });

  it('says no where eFuses are not burnt', async () => {
    await using device = await connectTo(board({ chip }));
    expect(device.info).toMatchObject({ secureBoot: false, flashEncryption: false });
  });

  it.each([true, false])('is written, read, compared and erased (stub: %s)', async (stub) => {
    const virtual = board({ chip });
    await using device = await connectTo(virtual, { stub });
    expect(device.loader).toBe(stub ? 'stub' : 'rom');
    const data = firmware(5);
    const [report] = await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
    expect(report).toMatchObject({ writtenBytes: data.length, verified: true });
    expect(virtual.flash.read(0x1_0000, data.length)).toEqual(data);
    expect(await device.read(0x1_0000, data.length)).toEqual(data);
    if (stub) {
      await device.erase(0x1_1000, 0x1000);
      expect(virtual.flash.read(0x1_1000, 0x1000).every((byte) => byte === 0xff)).toBe(true);
      expect(virtual.flash.read(0x1_2000, 0x1000)).toEqual(data.subarray(0x2000, 0x3000));
      await device.eraseAll();
      expect(virtual.flash.read(0x1_2000, 0x1000).every((byte) => byte === 0xff)).toBe(true);
    }
    await device.reset();
    expect(virtual.inLoader).toBe(false);
  });
});

describe('over a network', () => {
  it('works through tcp://, without modem lines', async () => {
    const chip = board();
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const device = await openDevice(openLink, listener.target, { clock: quickClock });
    await using _device = device;
    const data = firmware(3);
    await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
    expect(device.baudRate).toBeNull();
    await device.reset();
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('starts the application even where a read was given up, without modem lines', async () => {
    const chip = board();
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const stop = new AbortController();
    const clock: Clock = {
      now: () => quickClock.now(),
      monotonicMs: () => quickClock.monotonicMs(),
      sleep: (durationMs, signal) => quickClock.sleep(Math.min(durationMs, 400), signal),
    };
    await using device = await openDevice(openLink, listener.target, {
      clock,
      signal: stop.signal,
    });
    const reading = device.read(0, 0x10_0000, () => stop.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
    expect(chip.inLoader).toBe(true);
    await device.reset();
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('works through rfc2217://, with reset and rates', async () => {
    const chip = board({ chip: 'esp32' });
    await using listener = await listenRfc2217(chip, '127.0.0.1', 0, systemClock);
    const device = await openDevice(openLink, listener.target, { clock: systemClock });
    await using _device = device;
    const data = firmware(3);
    await writeParts(device, [{ name: 'app', flashOffset: 0x1_0000, data }]);
    expect(chip.flash.read(0x1_0000, data.length)).toEqual(data);
    expect(device.baudRate).toBe(921_600);
    await device.reset();
    await expect.poll(() => chip.inLoader).toBe(false);
  });
});
