import { describe, expect, it } from 'vitest';
import {
  buildAppImage,
  type BuildImageOptions,
  checkAppImage,
  type DeviceFacts,
  serializeAppDescriptor,
} from '../../src/app-image/index.ts';
import { memorySource } from '../../src/shared/index.ts';
import { buildTestApp } from '../support/build-image.ts';

async function codes(bytes: Uint8Array, device: DeviceFacts = {}): Promise<string[]> {
  const check = await checkAppImage(memorySource(bytes), { audience: 'esp-idf', device });
  return check.issues.map((issue) => issue.code);
}

describe('what the bootloader checks of the layout', () => {
  const descriptor = serializeAppDescriptor({ version: '1.0' });
  const constants = { loadAddress: 0x3f400020, data: descriptor };
  const build = (segments: BuildImageOptions['segments'], entryPoint = 0x400d0128) =>
    buildAppImage({ chip: 'esp32', entryPoint, segments });
  const code = { loadAddress: 0x400d0128, data: new Uint8Array(16) };

  it('is that mapped segments are congruent with their page', async () => {
    expect(await codes(await build([constants, code]))).toEqual([]);
    const shifted = { ...code, loadAddress: 0x400d0130 };
    expect(await codes(await build([constants, shifted], 0x400d0130))).toEqual([
      'app-image/segment-misaligned',
    ]);
  });

  it('is that by the page size of the image, where the chip has several', async () => {
    const app = (mmuPageSizeBytes: number, loadAddress: number) =>
      buildAppImage({
        chip: 'esp32c6',
        entryPoint: loadAddress,
        segments: [
          {
            loadAddress: 0x42000020,
            data: serializeAppDescriptor({ version: '1.0', mmuPageSizeBytes }),
          },
          { loadAddress, data: new Uint8Array(16) },
        ],
      });
    expect(await codes(await app(0x8000, 0x42008128))).toEqual([]);
    expect(await codes(await app(0x10000, 0x42008128))).toEqual(['app-image/segment-misaligned']);
    expect(await codes(await app(0x20000, 0x42020128))).toEqual(['app-image/mmu-page-size']);
  });

  it('is that there is mapped code, memory at every address, and an entry point', async () => {
    const ram = { loadAddress: 0x40080000, data: new Uint8Array(16) };
    expect(await codes(await build([constants, ram], 0x40080000))).toEqual([
      'app-image/no-mapped-code',
    ]);
    const nowhere = { loadAddress: 0x60000000, data: new Uint8Array(16) };
    expect(await codes(await build([constants, code, nowhere]))).toEqual([
      'app-image/segment-outside-memory',
    ]);
    expect(await codes(await build([constants, code], 0x400d0000))).toEqual([
      'app-image/entry-point-outside',
    ]);
  });

  it('is that some chip revision is allowed', async () => {
    const extended = { minChipRevision: 300, maxChipRevision: 199 };
    const bytes = await buildTestApp({ image: { extended } });
    expect(await codes(bytes)).toEqual(['app-image/revision-range']);
  });
});

describe('an image against one device', () => {
  it('allows a range of chip revisions', async () => {
    const limits = (minChipRevision: number, maxChipRevision: number) =>
      buildTestApp({ image: { extended: { minChipRevision, maxChipRevision } } });
    const bytes = await limits(100, 399);
    expect(await codes(bytes, { chipRevision: 301 })).toEqual([]);
    expect(await codes(bytes, { chipRevision: 99 })).toEqual(['app-image/chip-revision']);
    expect(await codes(bytes, { chipRevision: 400 })).toEqual(['app-image/chip-revision']);
    expect(await codes(await limits(100, 0), { chipRevision: 9999 })).toEqual([]);
  });

  it('allows a range of eFuse block revisions, except on the ESP32', async () => {
    const descriptor = { minEfuseBlockRevision: 1, maxEfuseBlockRevision: 199 };
    const bytes = await buildTestApp({ chip: 'esp32c3', descriptor });
    expect(await codes(bytes, { efuseBlockRevision: 100 })).toEqual([]);
    expect(await codes(bytes, { efuseBlockRevision: 0 })).toEqual([
      'app-image/efuse-block-revision',
    ]);
    expect(await codes(bytes, { efuseBlockRevision: 200 })).toEqual([
      'app-image/efuse-block-revision',
    ]);
    const esp32 = await buildTestApp({ descriptor });
    expect(await codes(esp32, { efuseBlockRevision: 0 })).toEqual([]);
  });

  it('must not fall behind the secure version, nor change the flash mode', async () => {
    const bytes = await buildTestApp({ descriptor: { secureVersion: 2, spiFlashMode: 3 } });
    expect(await codes(bytes, { secureVersion: 2, spiFlashMode: 'dio' })).toEqual([]);
    expect(await codes(bytes, { secureVersion: 3 })).toEqual(['app-image/secure-version-too-low']);
    expect(await codes(bytes, { spiFlashMode: 'qio' })).toEqual(['app-image/spi-mode-mismatch']);
  });
});
