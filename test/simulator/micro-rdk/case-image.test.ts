import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildAppImage } from '../../../src/app-image/index.ts';
import { serializePartitionBinary, parsePartitionCsv } from '../../../src/partition-table/index.ts';
import { sha256 } from '../../../src/shared/index.ts';
import { buildTestApp, buildTestBootloader, mergeAt } from '../../support/build-image.ts';
import { respondWith, serveHttp2 } from '../../support/http2-server.ts';
import {
  createTestDevice,
  ota,
  preset,
  SMALL_TABLE,
  type TestDevice,
  type TestDeviceOptions,
} from '../../support/micro-rdk.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const image = await buildTestApp({ descriptor: { version: '2.0.0' } });
const UPDATE = 'failed to complete ota update: ';
const HEADER_INFO = `${UPDATE}failed to retrieve firmware header info from binary, firmware may not be valid for this system: ESP_ERR_INVALID_SIZE`;
const VALIDATE = `${UPDATE}ESP_ERR_OTA_VALIDATE_FAILED`;

/** Serves the image and lets a device poll once. */
async function offer(served: Uint8Array, options: TestDeviceOptions = {}): Promise<TestDevice> {
  await using server = await serveHttp2(respondWith(served));
  const test = await createTestDevice(options);
  await test.poll(ota(`${server.origin}/app.bin`));
  return test;
}

/** A changed copy. */
function patched(bytes: Uint8Array, offset: number, values: Iterable<number>): Uint8Array {
  const copy = bytes.slice();
  copy.set([...values], offset);
  return copy;
}

/** A changed copy whose appended hash is right again. */
async function rehashed(bytes: Uint8Array): Promise<Uint8Array> {
  const copy = bytes.slice();
  copy.set(await sha256(copy.slice(0, -32)), copy.length - 32);
  return copy;
}

const VERSION_OFFSET = 48;

describe('what the device sees in an image', () => {
  it.each([
    [24, []],
    [25, [HEADER_INFO]],
  ])('case 26: a version of %i bytes', async (length, failures) => {
    const version = 'v'.repeat(length);
    const test = await offer(await buildTestApp({ descriptor: { version } }));
    expect(test.failures()).toEqual(failures);
    expect(test.values.get('OTA_VERSION')).toBe(failures.length === 0 ? 'v2' : null);
  });

  it('case 26: a version that is not UTF-8 makes the device panic and reboot, every time', async () => {
    const test = await offer(patched(image, VERSION_OFFSET, [0xff, 0xfe]));
    expect(test.failures()).toHaveLength(1);
    expect(test.failures()[0]).toMatch(/^panic: /);
    expect(test.events.at(-1)).toMatchObject({
      kind: 'rebooted',
      reason: 'panic',
      slot: 'ota_0',
      fellBack: false,
      tag: null,
    });
    // The slot was erased before the panic.
    expect(test.flash.read(0x30000, 4)).toEqual(Uint8Array.of(255, 255, 255, 255));
    await using server = await serveHttp2(
      respondWith(patched(image, VERSION_OFFSET, [0xff, 0xfe])),
    );
    await test.poll(ota(`${server.origin}/app.bin`));
    expect(test.failures()).toHaveLength(2);
  });

  it('case 26: date and time of more than 24 bytes together are refused', async () => {
    const date = 'November 20 2026';
    const test = await offer(await buildTestApp({ descriptor: { date, time: '12:34:56' } }));
    expect(test.failures()).toEqual([HEADER_INFO]);
  });

  it('case 27: a wrong first byte is refused by the first write', async () => {
    const test = await offer(patched(image, 0, [0x7f]));
    expect(test.failures()).toEqual([
      `${UPDATE}error writing firmware to update partition: ESP_ERR_OTA_VALIDATE_FAILED`,
    ]);
    expect(test.log).toContain('OTA image has invalid magic byte (expected 0xE9, saw 0x7f)');
  });

  it('case 27: a wrong magic word alone passes; the verification of the image decides', async () => {
    const noMagic = patched(image, 32, [0, 0, 0, 0]);
    const damaged = await offer(noMagic);
    expect(damaged.failures()).toEqual([VALIDATE]);
    const built = await buildTestApp({ descriptor: null });
    const whole = await offer(built);
    expect(whole.failures()).toEqual([]);
    expect(whole.device.runningSlot).toBe('ota_1');
  });

  it.each<[string, () => Promise<Uint8Array>, string]>([
    [
      'another chip',
      () => buildTestApp({ chip: 'esp32c3' }),
      'mismatch chip ID, expected 0, found 5',
    ],
    [
      'a bad checksum',
      async () => rehashed(patched(image, 0x130, [~(image[0x130] ?? 0)])),
      'Checksum failed. Calculated',
    ],
    [
      'a bad hash',
      async () => patched(image, image.length - 1, [(image.at(-1) ?? 0) ^ 1]),
      'Image hash failed - image is corrupt',
    ],
    [
      'its end missing, at a consistent length',
      async () => image.subarray(0, image.length - 64),
      'Checksum failed. Calculated',
    ],
    [
      'a segment of odd length',
      async () => patched(image, 28, [0x01]),
      'invalid segment length 0x101',
    ],
    [
      'a later chip revision',
      () => buildTestApp({ image: { extended: { minChipRevision: 400, hashAppended: 1 } } }),
      'Image requires chip rev >= v4.0, but chip is v3.1',
    ],
    [
      'code that does not fit its page',
      async () => patched(image, 24, [0x24]),
      "Segment 0 load address 0x3f400024, doesn't match data 0x00030020",
    ],
  ])(
    'case 28: an image with %s is refused at the end, its tag not stored',
    async (_, make, reason) => {
      const test = await offer(await make());
      expect(test.failures()).toEqual([VALIDATE]);
      expect(test.log.some((line) => line.startsWith(reason))).toBe(true);
      expect(test.values.get('OTA_VERSION')).toBeNull();
      await test.device.powerOn();
      expect(test.device.runningSlot).toBe('ota_0');
    },
  );

  describe('case 29: a merged image', () => {
    const table = serializePartitionBinary(parsePartitionCsv(SMALL_TABLE));

    it('case 29: padded to the size of the flash is too large', async () => {
      const app = await buildTestApp();
      const padded = new Uint8Array(0x50000).fill(0xff);
      padded.set(mergeAt({ 0x1000: await buildTestBootloader(), 0x8000: table, 0x10000: app }));
      const test = await offer(padded);
      expect(test.failures()).toEqual([
        `${UPDATE}new image of 327680 bytes is larger than target partition of 131072 bytes`,
      ]);
    });

    it('case 29: cut short on the ESP32 makes the device panic at every poll', async () => {
      const merged = mergeAt({ 0x1000: await buildTestBootloader(), 0x8000: table });
      const test = await offer(merged);
      expect(test.failures()[0]).toMatch(/^panic: /);
    });

    it('case 29: cut short on the ESP32-C3 it may be taken: the tag says new, the old slot boots', async () => {
      const bootloader = await buildAppImage({
        chip: 'esp32c3',
        entryPoint: 0x403ce710,
        segments: [
          // A bootloader descriptor, in which the device reads a version and a date that are texts.
          { loadAddress: 0x3fcd5830, data: Uint8Array.of(0x50, ...new Uint8Array(299)) },
          { loadAddress: 0x403ce710, data: new Uint8Array(64) },
        ],
      });
      const test = await offer(mergeAt({ 0: bootloader, 0x8000: table }), { chip: 'esp32c3' });
      expect(test.failures()).toEqual([]);
      expect(test.log).toContain('Segment 0 0x3fcd5830-0x3fcd595c invalid: overlaps bootloader');
      expect(test.log).toContain('OTA app partition slot 1 is not bootable');
      expect(test.events.at(-1)).toEqual({
        kind: 'rebooted',
        reason: 'update',
        slot: 'ota_0',
        version: '1.0.0',
        tag: 'v2',
        fellBack: true,
      });
      // It believes that it is up to date.
      await test.poll();
      expect(test.events.at(-1)).toMatchObject({ kind: 'polled', updates: false });
    });

    it.each(['esp32', 'esp32c3'] as const)(
      'case 29: the %s sample makes it panic',
      async (chip) => {
        const file = `firmware-samples/images/hello-${chip}-1.0.0-merged.bin`;
        const merged = new Uint8Array(readFileSync(join(REPOSITORY, file)));
        const test = await offer(merged, { chip, table: preset('micro-rdk-8mb') });
        expect(test.failures()[0]).toMatch(/^panic: /);
      },
    );
  });

  it('case 30: firmware with a version over 24 bytes never updates again', async () => {
    const firmware = await buildTestApp({ descriptor: { version: 'v0.5.1-57-ge85ab4c4-dirty' } });
    const test = await offer(image, { firmware });
    expect(test.failures()).toEqual([
      `${UPDATE}failed to get handle to running ota partition: ESP_ERR_INVALID_SIZE`,
    ]);
    expect(test.values.get('OTA_VERSION')).toBeNull();
  });

  it('case 31: of two slots of different size, the limit is that of the next one', async () => {
    const table = [
      'otadata, data, ota, 0xd000, 0x2000',
      'ota_0, app, ota_0, 0x10000, 0x40000',
      'ota_1, app, ota_1, 0x50000, 0x20000',
    ].join('\n');
    const large = await buildTestApp({ codeBytes: 0x10000 + 64 });
    await using server = await serveHttp2((request) =>
      respondWith(request.headers[':path'] === '/large' ? large : image)(request),
    );
    const { poll, failures, device } = await createTestDevice({ table });
    await poll(ota(`${server.origin}/large`, 'v2'));
    expect(failures()).toEqual([
      `${UPDATE}new image of ${large.length} bytes is larger than target partition of 131072 bytes`,
    ]);
    await poll(ota(`${server.origin}/small`, 'v3'));
    await poll(ota(`${server.origin}/large`, 'v4'));
    expect(failures()).toHaveLength(1);
    expect(device.runningSlot).toBe('ota_0');
  });
});
