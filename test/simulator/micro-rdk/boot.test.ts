import { describe, expect, it } from 'vitest';
import { buildTestApp } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import {
  buildAppWithoutMappedCode,
  createTestDevice,
  ota,
  preset,
} from '../../support/micro-rdk.ts';

const image = await buildTestApp({ descriptor: { version: '2.0.0' } });
const OTADATA = 0xd000;

/** A device that has taken one update and runs ota_1. */
async function updated(): Promise<Awaited<ReturnType<typeof createTestDevice>>> {
  await using server = await serveHttp2(respondWith(image));
  const test = await createTestDevice();
  await test.poll(ota(`${server.origin}/app.bin`));
  expect(test.device.runningSlot).toBe('ota_1');
  test.log.length = 0;
  return test;
}

describe('what the virtual device boots', () => {
  it('boots the factory app where there is one, with blank otadata', async () => {
    const test = await createTestDevice({ table: preset('ota-primer-4mb') });
    expect(test.device.runningSlot).toBe('factory');
    expect(test.log).toContain('Defaulting to factory image');
    expect(test.flash.read(OTADATA, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));
  });

  it('updates from the factory app to ota_0, and then back and forth', async () => {
    await using server = await serveHttp2(respondWith(image));
    const { poll, events } = await createTestDevice({ table: preset('ota-primer-4mb') });
    for (const tag of ['a', 'b', 'c']) await poll(ota(`${server.origin}/app.bin`, tag));
    const slots = events.flatMap((event) => (event.kind === 'rebooted' ? [event.slot] : []));
    expect(slots).toEqual(['ota_0', 'ota_1', 'ota_0']);
  });

  it('writes otadata when it has to guess, so that the slot is settled', async () => {
    const test = await createTestDevice();
    expect(test.log).toContain('Set actual ota_seq=1 in otadata[0]');
    expect([...test.flash.read(OTADATA, 4)]).toEqual([1, 0, 0, 0]);
    // The CRC that real devices write for sequence number 1.
    expect([...test.flash.read(OTADATA + 28, 4)]).toEqual([0x9a, 0x98, 0x43, 0x47]);
  });

  it('goes back to the old slot when the new image is damaged, and still has the new tag', async () => {
    const test = await updated();
    await test.flash.program(0x30000 + 0x50, new Uint8Array(8));
    await test.device.powerOn();
    expect(test.device.runningSlot).toBe('ota_0');
    expect(test.log).toContain('OTA app partition slot 1 is not bootable');
    expect(test.log).toContain('OTA firmware version: v2');
    expect(test.log.some((line) => line.startsWith('Checksum failed. Calculated 0x'))).toBe(true);
  });

  it('treats a blank slot as a damaged one', async () => {
    const test = await updated();
    await test.flash.erase(0x30000, 0x20000);
    await test.device.powerOn();
    expect(test.log[0]).toBe('image at 0x30000 has invalid magic byte (nothing flashed here?)');
    expect(test.device.runningSlot).toBe('ota_0');
  });

  it('is stuck when no slot boots', async () => {
    const test = await updated();
    await test.flash.erase(0x10000, 0x40000);
    await test.device.powerOn();
    expect(test.device.runningSlot).toBeNull();
    expect(test.events.at(-1)).toEqual({
      kind: 'stuck',
      message: 'No bootable app partitions in the partition table',
    });
    // A chip that resets for ever asks nobody for a config.
    await test.poll();
    expect(test.events.at(-1)?.kind).toBe('stuck');
  });

  it('is stuck when the partition table is damaged', async () => {
    const test = await updated();
    await test.flash.program(0x8000 + 37, Uint8Array.of(0));
    await test.device.powerOn();
    expect(test.log).toContain('Failed to verify partition table');
    expect(test.events.at(-1)).toEqual({ kind: 'stuck', message: 'load partition table error!' });
  });

  it('is stuck after an update to an image without code in flash, as a real chip is', async () => {
    await using server = await serveHttp2(respondWith(await buildAppWithoutMappedCode()));
    const test = await createTestDevice();
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toEqual([]);
    expect(test.events.at(-1)?.kind).toBe('stuck');
  });

  it('refuses to update without a second slot, or without otadata, in its own words', async () => {
    await using server = await serveHttp2(respondWith(image));
    const noSlot = await createTestDevice({ table: 'factory, app, factory, 0x10000, 1M' });
    await noSlot.poll(ota(`${server.origin}/app.bin`));
    expect(noSlot.failures()).toEqual([
      'failed to create ota service from config:failed to obtain a handle to the next OTA update partition, device may not be partitioned properly for OTA',
    ]);
    const oneSlot = await createTestDevice({
      table: 'otadata, data, ota, 0xd000, 0x2000\nota_0, app, ota_0, 0x10000, 1M',
    });
    await oneSlot.poll(ota(`${server.origin}/app.bin`));
    expect(oneSlot.failures()).toEqual([
      'failed to complete ota update: failed to initialize ota process',
    ]);
    const noOtadata = await createTestDevice({
      table: 'ota_0, app, ota_0, 0x10000, 128K\nota_1, app, ota_1, , 128K',
    });
    await noOtadata.poll(ota(`${server.origin}/app.bin`));
    expect(noOtadata.failures()).toEqual(['failed to complete ota update: ESP_ERR_NOT_FOUND']);
    expect(noOtadata.values.get('OTA_VERSION')).toBeNull();
  });
});
