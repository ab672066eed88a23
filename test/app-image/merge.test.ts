import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from '../support/property.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkMerge,
  expandFlashFile,
  memorySource,
  type MergePart,
  mergeRaw,
  parseIntelHex,
  parseUf2,
  rangesSource,
  serializeIntelHex,
  serializeUf2,
} from '../../src/app-image/index.ts';
import { type Chip, chipByName } from '../../src/chips/index.ts';
import { type PartitionTable, parsePartitionTable } from '../../src/partition-table/index.ts';
import { buildTestApp, buildTestBootloader } from '../support/build-image.ts';
import { runEsptool } from '../support/esptool.ts';
import { describeWithPeers } from '../support/peer.ts';

const ESP32 = chipByName('esp32');

/** Parts in sectors of their own, as esptool wants them. */
const partsArbitrary = fc
  .array(
    fc.record({
      gapSectors: fc.nat({ max: 40 }),
      within: fc.nat({ max: 200 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((plan) => {
    let sector = 0;
    return plan.map(({ gapSectors, within, bytes }, index): MergePart => {
      const flashOffset = (sector + gapSectors) * 4096 + within;
      sector = Math.ceil((flashOffset + bytes.length) / 4096);
      // What begins like an image would have to be one.
      bytes[0] = 0;
      return { flashOffset, bytes, name: `part-${index}` };
    });
  });

describe('Intel HEX and UF2', () => {
  it('give back what was put in', () => {
    fc.assert(
      fc.property(partsArbitrary, fc.boolean(), (parts, md5) => {
        const image = mergeRaw(parts);
        const fromHex = parseIntelHex(serializeIntelHex(parts));
        expect(mergeRaw(fromHex)).toEqual(image);
        const fromUf2 = parseUf2(serializeUf2(parts, { chip: ESP32, md5 }));
        expect(mergeRaw(fromUf2.ranges)).toEqual(image);
        expect(fromUf2.chip?.name).toBe('esp32');
      }),
      { numRuns: 50 },
    );
  });

  it('name the line or block that is damaged', () => {
    const hex = serializeIntelHex([{ flashOffset: 0, bytes: new Uint8Array(64) }]);
    const uf2 = serializeUf2([{ flashOffset: 0, bytes: new Uint8Array(64) }], { chip: ESP32 });
    const badHex = (text: string) =>
      expect(() => parseIntelHex(text)).toThrow(
        expect.objectContaining({ code: 'app-image/bad-intel-hex' }),
      );
    badHex(hex.replace(':00000001FF\n', ''));
    badHex(hex.replace('00', '01'));
    badHex(':zz\n');
    badHex(':00000009F7\n');
    const badUf2 = (change: (bytes: Uint8Array) => void) => {
      const bytes = uf2.slice();
      change(bytes);
      expect(() => parseUf2(bytes)).toThrow(expect.objectContaining({ code: 'app-image/bad-uf2' }));
    };
    badUf2((bytes) => bytes.fill(0, 0, 4));
    badUf2((bytes) => bytes.fill(0, 508));
    badUf2((bytes) => bytes.fill(0xff, 16, 20));
    badUf2((bytes) => bytes.fill(7, 40, 41));
    expect(() => parseUf2(uf2.subarray(0, 100))).toThrow(/multiple of 512/);
  });

  it('read as one flash with FF between', async () => {
    const source = rangesSource([
      { flashOffset: 4, bytes: Uint8Array.of(1, 2) },
      { flashOffset: 8, bytes: Uint8Array.of(3) },
    ]);
    expect(source.sizeBytes).toBe(9);
    expect([...(await source.read(3, 6))]).toEqual([255, 1, 2, 255, 255, 3]);
    await expect(source.read(8, 2)).rejects.toMatchObject({ code: 'bytes/read-past-end' });
  });
});

describe('a merge', () => {
  const table = parsePartitionTable(
    new TextEncoder().encode(
      'nvs, data, nvs, 0x9000, 0x4000\notadata, data, ota, 0xd000, 0x2000\nota_0, app, ota_0, 0x10000, 64K\n',
    ),
  );
  const codes = async (
    parts: readonly MergePart[],
    options: { chip?: Chip; table?: PartitionTable; fillsGaps?: boolean } = {},
  ) => {
    const { issues } = await checkMerge(parts, {
      chip: options.chip ?? null,
      table: options.table ?? null,
      fillsGaps: options.fillsGaps ?? false,
    });
    return issues.map((issue) => issue.code);
  };
  const at = (flashOffset: number, bytes: Uint8Array, name = 'part'): MergePart => ({
    flashOffset,
    bytes,
    name,
  });

  it('may not overlap, not even in one sector', async () => {
    const bytes = new Uint8Array(100);
    expect(await codes([at(0, bytes), at(99, bytes)])).toEqual(['app-image/merge-overlap']);
    expect(await codes([at(4096, bytes), at(0, bytes), at(200, bytes)])).toEqual([
      'app-image/merge-overlap',
    ]);
    expect(await codes([at(0, bytes), at(4096, bytes)])).toEqual([]);
  });

  it('is for one chip, with its bootloader where that starts it', async () => {
    const [bootloader, app] = [await buildTestBootloader('esp32'), await buildTestApp()];
    expect(await codes([at(0x1000, bootloader), at(0x10000, app)])).toEqual([]);
    expect(await codes([at(0x0, bootloader)])).toEqual(['app-image/merge-bootloader-offset']);
    expect(await codes([at(0x10000, app)], { chip: chipByName('esp32c3') })).toEqual([
      'app-image/chip-mismatch',
    ]);
    const damaged = app.slice();
    damaged[100] = 0xff;
    expect(await codes([at(0x10000, damaged)])).toEqual(['app-image/checksum-mismatch']);
  });

  it('stays inside partitions, and says what its gaps would wipe', async () => {
    const app = await buildTestApp();
    expect(await codes([at(0x10000, app)], { table })).toEqual([
      'app-image/merge-outside-partition',
    ]);
    const small = new Uint8Array(10);
    const parts = [at(0x1000, small), at(0x10000, small)];
    expect(await codes(parts, { table, fillsGaps: true })).toEqual(['app-image/merge-wipes-data']);
    expect(
      await codes([...parts, at(0x9000, small), at(0xd000, small)], { table, fillsGaps: true }),
    ).toEqual([]);
    expect(await codes(parts, { table })).toEqual([]);
  });

  it('has a start and an end', () => {
    const parts = [at(0x1000, new Uint8Array(10))];
    expect(mergeRaw(parts, { startFlashOffset: 0x1000 })).toHaveLength(10);
    expect(mergeRaw(parts, { padToFlashOffset: 0x2000 })).toHaveLength(0x2000);
    for (const options of [{ startFlashOffset: 0x1001 }, { padToFlashOffset: 0x1000 }]) {
      expect(() => mergeRaw(parts, options)).toThrow(
        expect.objectContaining({ code: 'app-image/merge-range' }),
      );
    }
  });

  it('refuses a file larger than any flash, which a slip in an offset would make', () => {
    const part = { flashOffset: 0xfff0_0000, bytes: new Uint8Array(4), name: 'far' };
    expect(() => mergeRaw([part])).toThrow(
      expect.objectContaining({ code: 'app-image/merge-range' }) as Error,
    );
  });
});

describeWithPeers(['esptool'], 'the bytes of esptool merge-bin', ([esptool = '']) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are ours, raw, hex and UF2, for generated parts', async () => {
    const samples = fc.sample(partsArbitrary, { numRuns: 40, seed: 1 });
    const commands: string[][] = [];
    for (const [index, parts] of samples.entries()) {
      const args: string[] = [];
      for (const [number, { flashOffset, bytes }] of parts.entries()) {
        const path = join(folder, `${index}-${number}`);
        await writeFile(path, bytes);
        args.push(`0x${flashOffset.toString(16)}`, path);
      }
      const target = index % 2 === 0 ? '0x0' : `0x${(parts[0]?.flashOffset ?? 0).toString(16)}`;
      const out = (name: string) => join(folder, `${index}.${name}`);
      const base = ['--chip', 'esp32c3', 'merge-bin'];
      commands.push(
        [...base, '-o', out('raw'), '-t', target, ...args],
        [...base, '-o', out('padded'), '--pad-to-size', '1MB', ...args],
        [...base, '-o', out('hex'), '-f', 'hex', ...args],
        [...base, '-o', out('uf2'), '-f', 'uf2', ...args],
        [...base, '-o', out('plain.uf2'), '-f', 'uf2', '--md5-disable', ...args],
        [...base, '-o', out('cut.uf2'), '-f', 'uf2', '--chunk-size', '256', ...args],
      );
    }
    const results = runEsptool(esptool, commands);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    const chip = chipByName('esp32c3');
    for (const [index, parts] of samples.entries()) {
      const theirs = async (name: string) =>
        new Uint8Array(await readFile(join(folder, `${index}.${name}`)));
      const startFlashOffset = index % 2 === 0 ? 0 : (parts[0]?.flashOffset ?? 0);
      expect(mergeRaw(parts, { startFlashOffset })).toEqual(await theirs('raw'));
      expect(mergeRaw(parts, { padToFlashOffset: 0x100000 })).toEqual(await theirs('padded'));
      expect(new TextEncoder().encode(serializeIntelHex(parts))).toEqual(await theirs('hex'));
      expect(serializeUf2(parts, { chip })).toEqual(await theirs('uf2'));
      expect(serializeUf2(parts, { chip, md5: false })).toEqual(await theirs('plain.uf2'));
      expect(serializeUf2(parts, { chip, chunkBytes: 256 })).toEqual(await theirs('cut.uf2'));
    }
  });
});

describe('Intel HEX and UF2 files with data far apart', () => {
  const ranges = [
    { flashOffset: 0, bytes: new Uint8Array(256).fill(0xe9) },
    { flashOffset: 0xffff_fe00, bytes: new Uint8Array(256).fill(1) },
  ];

  it('are refused before the gap would be filled', async () => {
    const hex = new TextEncoder().encode(serializeIntelHex(ranges));
    await expect(expandFlashFile(memorySource(hex), 'intel-hex')).rejects.toMatchObject({
      code: 'app-image/bad-intel-hex',
      details: { endFlashOffset: 0xffff_ff00 },
    });
    const uf2 = serializeUf2(ranges, { chip: ESP32 });
    await expect(expandFlashFile(memorySource(uf2), 'uf2')).rejects.toMatchObject({
      code: 'app-image/bad-uf2',
    });
  });
});
