import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  parseNvs,
  parseOtadata,
  readViamSettings,
  seedViamSettings,
} from '../../../src/flash-data/index.ts';
import { parsePartitionTable } from '../../../src/partition-table/index.ts';
import {
  createDial,
  createVirtualDevice,
  MicroRdk,
  openVirtualDevice,
  readMachineConfig,
  type VirtualDevice,
} from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { machineConfig, ota, preset, SMALL_TABLE } from '../../support/micro-rdk.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const table = parsePartitionTable(new TextEncoder().encode(SMALL_TABLE));
const image = await buildTestApp({ descriptor: { version: '2.0.0' } });
const forNew = async () => ({ chip: 'esp32', table }) as const;

/** Switches a device on and lets it poll a config once. */
async function update(device: VirtualDevice, url: string, tag: string): Promise<string | null> {
  const text = JSON.stringify(machineConfig(ota(url, tag)));
  const microRdk = new MicroRdk({
    flash: device.flash,
    chip: device.chip,
    values: device.values,
    config: { fetch: async () => readMachineConfig(text) },
    logs: { write: () => {} },
    dial: createDial(),
    clock: new ManualClock(),
  });
  await microRdk.powerOn();
  await microRdk.poll(new AbortController().signal);
  return microRdk.runningSlot;
}

describe('a virtual device in a folder', () => {
  it('keeps flash, otadata and tag on disk, and goes on with them', async () => {
    const folder = join(await temporaryFolder(), 'deeper', 'device');
    await using server = await serveHttp2(respondWith(image));
    {
      await using device = await openVirtualDevice(folder, {}, forNew);
      expect(device.isNew).toBe(true);
      expect(await update(device, server.origin, 'v2')).toBe('ota_1');
    }
    const flash = await readFile(join(folder, 'flash.bin'));
    expect(flash.length).toBe(0x100000);
    expect(Buffer.compare(flash.subarray(0x30000, 0x30000 + image.length), image)).toBe(0);
    expect(parseOtadata(flash.subarray(0xd000, 0xf000)).records.map((one) => one.sequence)).toEqual(
      [1, 2],
    );
    expect(readViamSettings(parseNvs(flash.subarray(0x9000, 0xd000))).OTA_VERSION).toBe('v2');
    {
      await using device = await openVirtualDevice(folder, {}, forNew);
      expect(device.isNew).toBe(false);
      expect(device.values.get('OTA_VERSION')).toBe('v2');
      expect(await update(device, server.origin, 'v2')).toBe('ota_1');
      expect(await update(device, server.origin, 'v3')).toBe('ota_0');
    }
    expect(server.requests).toHaveLength(2);
  });

  it('starts over when it is told to', async () => {
    const folder = await temporaryFolder();
    await using server = await serveHttp2(respondWith(image));
    {
      await using device = await openVirtualDevice(folder, {}, forNew);
      await update(device, server.origin, 'v2');
    }
    await using device = await openVirtualDevice(folder, { fresh: true }, forNew);
    expect(device.isNew).toBe(true);
    expect(device.values.get('OTA_VERSION')).toBeNull();
    expect(device.flash.read(0x30000, 1)[0]).toBe(0xff);
  });

  it('starts over, too, where the making of a device was cut short', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'flash.bin'), 'half');
    await using device = await openVirtualDevice(folder, {}, forNew);
    expect(device.isNew).toBe(true);
    expect(device.flash.sizeBytes).toBe(0x100000);
  });

  it('is not what it is not: another chip, another table', async () => {
    const folder = await temporaryFolder();
    await using first = await openVirtualDevice(folder, {}, forNew);
    await first[Symbol.asyncDispose]();
    await using same = await openVirtualDevice(folder, { chip: 'esp32', table }, forNew);
    await same[Symbol.asyncDispose]();
    const code = 'simulator/state-differs';
    await expect(openVirtualDevice(folder, { chip: 'esp32c6' }, forNew)).rejects.toMatchObject({
      code,
      message: `the device in ${folder} is an ESP32, not an ESP32-C6`,
    });
    const other = parsePartitionTable(new TextEncoder().encode(preset('micro-rdk-8mb')));
    await expect(openVirtualDevice(folder, { table: other }, forNew)).rejects.toMatchObject({
      code,
    });
  });

  it('is switched on once at a time, but a process that died holds nothing', async () => {
    const folder = await temporaryFolder();
    {
      await using _device = await openVirtualDevice(folder, {}, forNew);
      await expect(openVirtualDevice(folder, {}, forNew)).rejects.toMatchObject({
        code: 'simulator/state-unusable',
        details: { processId: process.pid },
      });
    }
    // Larger than any process id.
    await writeFile(join(folder, 'lock'), '4194305000\n');
    await using device = await openVirtualDevice(folder, {}, forNew);
    expect(device.isNew).toBe(false);
  });

  it.each([
    ['device.json', '{'],
    ['device.json', '{"chip": "z80"}'],
    ['flash.bin', 'short'],
    ['flash.bin', null],
  ])('says so when %s is damaged (%j)', async (name, text) => {
    const folder = await temporaryFolder();
    {
      await using _device = await openVirtualDevice(folder, {}, forNew);
    }
    if (text === null) await rm(join(folder, name));
    else await writeFile(join(folder, name), text);
    const refusal = { code: 'simulator/state-unusable' };
    await expect(openVirtualDevice(folder, {}, forNew)).rejects.toMatchObject(refusal);
    // Nothing stays locked or open behind a refusal.
    await using device = await openVirtualDevice(folder, { fresh: true }, forNew);
    expect(device.isNew).toBe(true);
  });

  it('goes by what other tools write into its NVS while it is off', async () => {
    const folder = await temporaryFolder();
    {
      await using _device = await openVirtualDevice(folder, {}, forNew);
    }
    const path = join(folder, 'flash.bin');
    const flash = await readFile(path);
    const nvs = parseNvs(flash.subarray(0x9000, 0xd000));
    flash.set(seedViamSettings(nvs, { OTA_VERSION: 'by cable', ROBOT_ID: 'part-1' }), 0x9000);
    await writeFile(path, flash);
    await using device = await openVirtualDevice(folder, {}, forNew);
    expect(device.values.get('OTA_VERSION')).toBe('by cable');
  });

  it('keeps its tag through more updates than its NVS has room for at once', async () => {
    await using device = await createVirtualDevice({ chip: 'esp32', table });
    const longTag = (index: number) => `${index}`.padStart(128, 'x');
    for (let index = 0; index < 200; index += 1) {
      await device.values.set('OTA_VERSION', longTag(index));
    }
    expect(device.values.get('OTA_VERSION')).toBe(longTag(199));
    const nvs = parseNvs(device.flash.read(0x9000, 0x4000));
    expect(nvs.issues.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('says so when the folder cannot be one', async () => {
    const folder = join(await temporaryFolder(), 'file');
    await writeFile(folder, '');
    await expect(openVirtualDevice(folder, {}, forNew)).rejects.toMatchObject({
      code: 'simulator/state-unusable',
    });
    const locked = await temporaryFolder();
    await mkdir(join(locked, 'lock'));
    await expect(openVirtualDevice(locked, {}, forNew)).rejects.toMatchObject({
      code: 'simulator/state-unusable',
    });
  });

  it('needs a table with NVS', async () => {
    const without = parsePartitionTable(
      new TextEncoder().encode('ota_0, app, ota_0, 0x10000, 1M\nota_1, app, ota_1, , 1M'),
    );
    await expect(createVirtualDevice({ chip: 'esp32', table: without })).rejects.toMatchObject({
      code: 'simulator/no-nvs',
    });
  });

  it('needs a table that some flash holds', async () => {
    const huge = parsePartitionTable(
      new TextEncoder().encode('ota_0, app, ota_0, 0x10000, 64M\nota_1, app, ota_1, , 128M'),
    );
    await expect(createVirtualDevice({ chip: 'esp32', table: huge })).rejects.toMatchObject({
      code: 'simulator/table-too-large',
    });
  });
});
