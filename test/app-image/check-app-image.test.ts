import { describe, expect, it } from 'vitest';
import {
  type AppImageCheck,
  checkAppImage,
  type CheckOptions,
  describeNotAppImage,
  inspectImage,
} from '../../src/app-image/index.ts';
import { parsePartitionTable } from '../../src/partition-table/index.ts';
import { concatBytes, memorySource } from '../../src/shared/index.ts';
import {
  buildTestApp,
  buildTestBootloader,
  buildTinyApp,
  mergeAt,
} from '../support/build-image.ts';
import { table as rawTable } from '../support/raw-table.ts';

function csvTable(...rows: readonly string[]) {
  return parsePartitionTable(new TextEncoder().encode(`${rows.join('\n')}\n`));
}

const TWO_OTA = csvTable(
  'nvs, data, nvs, 0x9000, 0x4000',
  'otadata, data, ota, 0xd000, 0x2000',
  'ota_0, app, ota_0, 0x10000, 1M',
  'ota_1, app, ota_1, 0x110000, 1M',
);

async function check(
  bytes: Uint8Array,
  options: Partial<CheckOptions> = {},
): Promise<AppImageCheck & { errors: string[]; warnings: string[] }> {
  const result = await checkAppImage(memorySource(bytes), { audience: 'esp-idf', ...options });
  const of = (severity: string) =>
    result.issues.filter((issue) => issue.severity === severity).map((issue) => issue.code);
  return { ...result, errors: of('error'), warnings: of('warning') };
}

describe('an image that a device could take', () => {
  it('is accepted with and without a table, for both audiences', async () => {
    const app = await buildTestApp();
    expect((await check(app)).issues).toEqual([]);
    const result = await check(app, { table: TWO_OTA, chip: 'esp32', audience: 'micro-rdk' });
    expect(result).toMatchObject({
      acceptable: true,
      issues: [],
      fits: { slot: { name: 'ota_0' }, slotSizeBytes: 0x100000, fits: true },
    });
    expect(result.slots).toHaveLength(2);
    expect(result.fits?.usedRatio).toBeCloseTo(app.length / 0x100000);
  });
});

describe('an image that a device could not take', () => {
  it('is for another chip', async () => {
    const result = await check(await buildTestApp({ chip: 'esp32c3' }), { chip: 'esp32' });
    expect(result.errors).toEqual(['app-image/chip-mismatch']);
    expect(result.issues[0]?.message).toBe('the image is for the ESP32-C3, the device is an ESP32');
  });

  it('has no app descriptor', async () => {
    const result = await check(await buildTestApp({ descriptor: null }));
    expect(result.errors).toEqual(['app-image/no-app-descriptor']);
  });

  it('is larger than the smallest OTA slot, with both numbers and the percentage', async () => {
    const table = csvTable(
      'otadata, data, ota, 0xd000, 0x2000',
      'ota_0, app, ota_0, 0x10000, 1M',
      'ota_1, app, ota_1, 0x110000, 64K',
    );
    const app = await buildTestApp();
    const result = await check(app, { table });
    expect(result.errors).toEqual(['app-image/too-large']);
    expect(result.warnings).toEqual(['app-image/unequal-slots']);
    expect(result.issues.at(-1)?.message).toBe(
      'the image has 65,680 bytes and the smallest OTA slot, ota_1, 65,536: 100.2 % of it, 144 bytes too many',
    );
    expect(result.fits).toMatchObject({ slot: { name: 'ota_1' }, fits: false });
  });

  it('fits to the byte', async () => {
    const app = await buildTestApp({ codeBytes: 1024 * 1024 - 0x10020 - 33 - 15 });
    expect(app.length).toBe(1024 * 1024);
    expect((await check(app, { table: TWO_OTA })).errors).toEqual([]);
    const larger = await buildTestApp({ codeBytes: 1024 * 1024 - 0x10020 - 33 - 15 + 16 });
    expect((await check(larger, { table: TWO_OTA })).errors).toEqual(['app-image/too-large']);
  });

  it('comes for a table without otadata, and without a second slot', async () => {
    const table = csvTable('factory, app, factory, 0x10000, 1M');
    const app = await buildTestApp();
    expect((await check(app, { table })).errors).toEqual([
      'app-image/no-otadata',
      'app-image/too-few-slots',
    ]);
    const withFactory = csvTable(
      'otadata, data, ota, 0xd000, 0x2000',
      'factory, app, factory, 0x10000, 1M',
      'ota_0, app, ota_0, 0x110000, 1M',
    );
    expect((await check(app, { table: withFactory })).errors).toEqual([]);
  });

  it('has a version that is not UTF-8, too long, or a build time too long for micro-RDK', async () => {
    const app = await buildTinyApp({ version: 'v0.3.0-146-gd33fb261-dirty' });
    expect(await check(app, { audience: 'micro-rdk' })).toMatchObject({
      acceptable: false,
      errors: ['app-image/version-too-long'],
      warnings: ['app-image/version-dirty'],
    });
    expect(await check(app)).toMatchObject({
      acceptable: true,
      warnings: ['app-image/version-too-long', 'app-image/version-dirty'],
    });
    const fits = await buildTinyApp({ version: 'v0.3.0-146-gd33fb2612345' });
    expect((await check(fits, { audience: 'micro-rdk' })).issues).toEqual([]);

    const slow = await buildTinyApp({ date: 'Wed Nov 20 2026', time: '12:34:56 UTC' });
    expect((await check(slow, { audience: 'micro-rdk' })).errors).toEqual([
      'app-image/build-time-too-long',
    ]);
    expect((await check(slow)).warnings).toEqual(['app-image/build-time-too-long']);

    const bytes = await buildTinyApp();
    bytes[48] = 0xff;
    bytes[80] = 0xc0;
    const { errors, warnings } = await check(bytes);
    expect(errors).toContain('app-image/version-not-utf8');
    expect(warnings).toEqual(['app-image/text-not-utf8']);
    bytes[112] = 0xff;
    expect((await check(bytes, { audience: 'micro-rdk' })).errors).toContain(
      'app-image/text-not-utf8',
    );
  });

  it('is told all the reasons at once', async () => {
    const bytes = await buildTestApp({ chip: 'esp32c3', descriptor: null });
    bytes[100] = 1;
    const result = await check(concatBytes([bytes, new Uint8Array(3)]), {
      chip: 'esp32',
      table: csvTable('ota_0, app, ota_0, 0x10000, 64K'),
    });
    expect(result.errors).toEqual([
      'app-image/checksum-mismatch',
      'app-image/hash-mismatch',
      'app-image/trailing-bytes',
      'app-image/chip-mismatch',
      'app-image/no-app-descriptor',
      'app-image/no-otadata',
      'app-image/too-few-slots',
      'app-image/too-large',
    ]);
  });
});

describe('warnings', () => {
  it('name versions that tell nothing', async () => {
    const warnings = async (version: string, previousVersion?: string) =>
      (
        await check(
          await buildTinyApp({ version }),
          previousVersion === undefined ? {} : { previousVersion },
        )
      ).warnings;
    expect(await warnings('1')).toEqual(['app-image/version-missing']);
    expect(await warnings('')).toEqual(['app-image/version-missing']);
    expect(await warnings('1.0-dirty')).toEqual(['app-image/version-dirty']);
    expect(await warnings('1.0', '1.0')).toEqual(['app-image/version-repeated']);
    expect(await warnings('1.0', '0.9')).toEqual([]);
    expect(await warnings('1.0\u001b[2J')).toEqual(['app-image/unprintable-text']);
  });

  it('name slots that are nearly full', async () => {
    const table = csvTable(
      'otadata, data, ota, 0xd000, 0x2000',
      'ota_0, app, ota_0, 0x10000, 0x11000',
      'ota_1, app, ota_1, 0x30000, 0x11000',
    );
    const result = await check(await buildTestApp(), { table });
    expect(result.warnings).toEqual(['app-image/slot-nearly-full']);
    expect(result.issues[0]?.message).toContain('94.3 % of it is used');
  });
});

describe('what is no app image', () => {
  const described = async (bytes: Uint8Array) => {
    const inspection = await inspectImage(memorySource(bytes));
    if (inspection.kind === 'app-image') throw new Error('not reached');
    return describeNotAppImage(inspection, 'some.bin');
  };

  it('is named with a code of its own and a way out', async () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const random = crypto.getRandomValues(new Uint8Array(32768));
    random[0] = 0;
    const files = {
      'app-image/bootloader': await buildTestBootloader(),
      'app-image/partition-table': text('ota_0, app, ota_0, , 1M\n'),
      'app-image/elf': Uint8Array.of(0x7f, 0x45, 0x4c, 0x46),
      'app-image/uf2': Uint8Array.of(0x55, 0x46, 0x32, 0x0a),
      'app-image/intel-hex': text(':00000001FF\n'),
      'app-image/gzip': Uint8Array.of(0x1f, 0x8b),
      'app-image/html': text('<html>'),
      'app-image/empty-flash': new Uint8Array(10).fill(0xff),
      'app-image/encrypted': random,
      'app-image/unknown': text('hello'),
      'app-image/truncated': Uint8Array.of(0xe9, 1),
    };
    for (const [code, bytes] of Object.entries(files)) {
      const issue = await described(bytes);
      expect(issue).toMatchObject({ code, severity: 'error' });
      expect(issue.hint).toMatch(/\w/);
      expect((await check(bytes)).errors).toEqual([code]);
    }
  });

  it('lists the app images inside a merged image, and the command that extracts them', async () => {
    const rows = [{ name: 'ota_0', type: 0, subtype: 0x10, at: 0x10000, size: 0x40000 }];
    const merged = mergeAt({
      0x1000: await buildTestBootloader(),
      0x8000: rawTable(rows),
      0x10000: await buildTestApp(),
    });
    const issue = await described(merged);
    expect(issue.code).toBe('app-image/merged-image');
    expect(issue.message).toContain('app image at 0x10000 (ota_0): ESP32, version 1.0.0');
    expect(issue.hint).toContain('otakit image split some.bin -o DIR');
  });
});
