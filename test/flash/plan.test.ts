import { describe, expect, it } from 'vitest';
import { serializeIntelHex } from '../../src/app-image/index.ts';
import { switchOtadata } from '../../src/flash-data/index.ts';
import {
  checkPlanOnBoard,
  executePlan,
  type FlashInput,
  planFlash,
  type PlanOptions,
} from '../../src/flash/index.ts';
import { parsePartitionTable, serializePartitionBinary } from '../../src/partition-table/index.ts';
import type { VirtualChipOptions } from '../../src/simulator/index.ts';
import { buildTestApp, buildTestBootloader, mergeAt } from '../support/build-image.ts';
import { board, connectTo } from './board.ts';

const table = parsePartitionTable(
  new TextEncoder().encode(
    [
      'nvs, data, nvs, 0x9000, 0x4000',
      'otadata, data, ota, 0xd000, 0x2000',
      'ota_0, app, ota_0, 0x10000, 0x20000',
      'ota_1, app, ota_1, 0x30000, 0x20000',
    ].join('\n'),
  ),
);
const tableBytes = serializePartitionBinary(table);
const blankOtadata = new Uint8Array(0x2000).fill(0xff);
const app = await buildTestApp({ chip: 'esp32c3' });
const bootloader = await buildTestBootloader('esp32c3');
const otherBootloader = await buildTestBootloader('esp32');
const merged = mergeAt({ 0: bootloader, 0x8000: tableBytes, 0x1_0000: app });

const input = (bytes: Uint8Array, at: FlashInput['at'] = null, fileName = 'file.bin') => ({
  fileName,
  bytes,
  at,
});
const plan = (inputs: readonly FlashInput[], options: PlanOptions = {}) =>
  planFlash(inputs, { table, ...options });
const codes = (issues: readonly { readonly code: string }[]) => issues.map(({ code }) => code);

describe('a plan', () => {
  it('takes a merged image apart, without its gaps', async () => {
    const { parts, chip, boots, issues } = await planFlash([input(merged)]);
    expect(issues).toEqual([]);
    expect(chip).toBe('esp32c3');
    expect(boots?.name).toBe('ota_0');
    expect(parts.map(({ name, flashOffset }) => [name, flashOffset])).toEqual([
      ['ota_0', 0x1_0000],
      ['partition table', 0x8000],
      ['bootloader', 0],
    ]);
    expect(parts.every(({ data }) => data.length % 0x1000 === 0)).toBe(true);
  });

  it('keeps data of a merged image in its partitions, and leaves out what is to be kept', async () => {
    const nvs = new Uint8Array(0x4000).fill(0x11);
    const otadata = switchOtadata(blankOtadata, table, 'ota_1');
    const whole = mergeAt({ 0: merged, 0x9000: nvs, 0xd000: otadata });
    whole.set(app, 0x1_0000);
    const all = await planFlash([input(whole)]);
    expect(all.parts.map(({ name }) => name)).toEqual([
      'nvs',
      'ota_0',
      'partition table',
      'bootloader',
      'otadata',
    ]);
    expect(all.parts[0]?.data).toEqual(nvs);
    const without = await planFlash([input(whole)], { keep: ['nvs', 'otadata'] });
    expect(without.parts.map(({ name }) => name)).toEqual([
      'ota_0',
      'partition table',
      'bootloader',
    ]);
  });

  it('puts hex files where they say', async () => {
    const hex = serializeIntelHex([
      { flashOffset: 0, bytes: bootloader },
      { flashOffset: 0x8000, bytes: tableBytes },
      { flashOffset: 0x1_0000, bytes: app },
    ]);
    const { parts, issues } = await planFlash([input(new TextEncoder().encode(hex))]);
    expect(issues).toEqual([]);
    expect(parts.map(({ kind, flashOffset }) => [kind, flashOffset])).toEqual([
      ['app-image', 0x1_0000],
      ['partition-table', 0x8000],
      ['bootloader', 0],
    ]);
  });

  it('takes a table from a CSV', async () => {
    const csv = new TextEncoder().encode('nvs, data, nvs, , 0x4000\nfactory, app, factory, , 1M');
    const { parts, boots } = await planFlash([input(csv, null, 'p.csv'), input(app)]);
    expect(boots?.name).toBe('factory');
    expect(parts.map(({ flashOffset }) => flashOffset)).toEqual([0x1_0000, 0x8000]);
  });

  it('finds partitions and slots by name', async () => {
    const { parts } = await plan([input(app, 'ota_1'), input(new Uint8Array(10), 'nvs')]);
    expect(parts.map(({ flashOffset }) => flashOffset)).toEqual([0x9000, 0x3_0000]);
    await expect(plan([input(app, 'ota_9')])).rejects.toMatchObject({
      code: 'flash/no-such-partition',
    });
    await expect(planFlash([input(app)])).rejects.toMatchObject({ code: 'flash/no-table' });
  });

  it('refuses files without a place, and what is no flash content', async () => {
    const data = Uint8Array.of(1, 2, 3);
    await expect(plan([input(data)])).rejects.toMatchObject({ code: 'flash/no-place' });
    const elf = new Uint8Array(100);
    elf.set([0x7f, 0x45, 0x4c, 0x46]);
    await expect(plan([input(elf)])).rejects.toMatchObject({ code: 'flash/not-flashable' });
    const html = new TextEncoder().encode('<!doctype html><html>Log in</html>');
    await expect(plan([input(html, 0x1000)])).rejects.toMatchObject({
      code: 'flash/not-flashable',
    });
  });

  it.each([
    ['flash/overlap', [input(app, 'ota_0'), input(new Uint8Array(0x1000), 0x1_1000)]],
    ['flash/not-a-slot', [input(app, 0x1_8000)]],
    ['flash/wrong-place', [input(bootloader, 'ota_0')]],
    ['flash/wrong-place', [input(bootloader, 0x1000)]],
    ['flash/wrong-place', [input(tableBytes, 'nvs')]],
    ['flash/wrong-place', [input(tableBytes, 0x1_0000)]],
    ['flash/wrong-place', [input(new Uint8Array(100), 'ota_1')]],
    ['flash/wrong-place', [input(new Uint8Array(100), 0x1_0000)]],
    ['flash/does-not-fit', [input(new Uint8Array(0x4001), 'nvs')]],
    ['flash/outside-flash', [input(new Uint8Array(16), 0x9010)]],
    ['flash/chip-mismatch', [input(app), input(otherBootloader, 0x5_0000)]],
    ['app-image/hash-mismatch', [input(app.with(app.length - 40, 0x12))]],
    ['app-image/truncated', [input(app.subarray(0, 40_000))]],
  ] as const)('is refused with %s', async (code, inputs) => {
    const { issues } = await plan(inputs);
    expect(codes(issues)).toContain(code);
    expect(issues.every(({ hint }) => hint !== '')).toBe(true);
  });

  it.each(['ota_0', 0x3_0000, 'nvs'])('does not take a merged image to %s', async (at) => {
    await expect(plan([input(merged, at)])).rejects.toMatchObject({
      code: 'flash/wrong-place',
      message: expect.stringMatching(/is a merged image: it goes into flash from 0x0 on/) as string,
    });
    const hex = serializeIntelHex([{ flashOffset: 0x1_0000, bytes: app }]);
    await expect(plan([input(new TextEncoder().encode(hex), at)])).rejects.toMatchObject({
      code: 'flash/wrong-place',
    });
    expect(codes((await plan([input(merged, 0)])).issues)).toEqual([]);
  });

  it('is refused where the bootloader is built for less flash than the table needs', async () => {
    const large = parsePartitionTable(
      new TextEncoder().encode('a, app, factory, 0x10000, 6M\nnvs, data, nvs, , 0x4000'),
    );
    const { issues } = await planFlash([input(bootloader), input(app)], { table: large });
    expect(codes(issues)).toEqual(['flash/header-flash-size']);
  });

  it('is refused with a table that no device could use', async () => {
    const bad = new TextEncoder().encode(
      'nvs, data, nvs, 0x9000, 0x4000\nnvs, data, phy, , 0x1000',
    );
    const { issues } = await planFlash([input(bad, null, 'p.csv')]);
    expect(codes(issues)).toContain('partition-table/duplicate-name');
  });
});

describe('a plan on a board', () => {
  async function check(
    inputs: readonly FlashInput[],
    options: PlanOptions = {},
    chipOptions: Partial<VirtualChipOptions> & { readonly withTable?: Uint8Array | null } = {},
  ) {
    const { withTable = tableBytes, ...virtual } = chipOptions;
    const chip = board(virtual);
    if (withTable !== null) chip.flash.load(0x8000, withTable);
    await using device = await connectTo(chip);
    const checked = await checkPlanOnBoard(await plan(inputs, options), device);
    return { checked, chip, codes: codes(checked.issues) };
  }

  it('is refused on another chip', async () => {
    const { codes: found } = await check([input(app)], {}, { chip: 'esp32s3' });
    expect(found).toEqual(['flash/chip-mismatch']);
  });

  it('is refused on a revision that the image does not run on', async () => {
    const demanding = await buildTestApp({
      chip: 'esp32c3',
      image: { extended: { minChipRevision: 4, maxChipRevision: 199 } },
    });
    const { checked } = await check([input(demanding)]);
    expect(checked.issues[0]).toMatchObject({
      code: 'flash/chip-revision',
      message: 'file.bin needs chip revision v0.4 to v1.99, the board has v0.3',
    });
  });

  it('is refused where data would take the place of the bootloader', async () => {
    const { checked } = await check([input(new Uint8Array(0x100), 0)]);
    expect(checked.issues).toMatchObject([{ code: 'flash/wrong-place', severity: 'error' }]);
  });

  it('is refused where the flash is too small', async () => {
    const small = { flashSizeBytes: 0x4_0000, withTable: null };
    const { codes: found } = await check([input(merged)], {}, small);
    expect(found).toEqual(['flash/does-not-fit']);
  });

  it('is refused where the loader cannot address the flash that there is', async () => {
    const { checked } = await check(
      [input(new Uint8Array(0x1000), 0xff_f000), input(new Uint8Array(0x1000), 0x100_0000)],
      {},
      { flashSizeBytes: 0x200_0000 },
    );
    expect(checked.issues).toMatchObject([{ code: 'flash/does-not-fit', severity: 'error' }]);
    expect(checked.issues[0]?.message).toContain('can address no more than 16 MB');
  });

  it('is refused on a board with flash encryption, or with secure boot and no signature', async () => {
    const identity = { flashEncryption: true, secureBoot: true };
    const { codes: found } = await check([input(merged)], {}, { identity });
    expect(found).toEqual(['flash/encrypted-board', 'flash/unsigned', 'flash/unsigned']);
  });

  it('is refused where the table on the board is another one, or none', async () => {
    const none = await check([input(app)], {}, { withTable: null });
    expect(none.checked.issues[0]).toMatchObject({
      code: 'flash/table-mismatch',
      message: expect.stringContaining('there is none') as string,
    });
    const other = serializePartitionBinary(
      parsePartitionTable(
        new TextEncoder().encode('nvs, data, nvs, 0x9000, 0x4000\nota_0, app, ota_0, 0x20000, 1M'),
      ),
    );
    const moved = await check([input(app)], {}, { withTable: other });
    expect(moved.checked.issues[0]?.message).toContain('it has no otadata');
  });

  it('warns where a new table leaves data behind', async () => {
    const tableOf = (text: string) =>
      serializePartitionBinary(parsePartitionTable(new TextEncoder().encode(text)));
    const old = tableOf(
      'nvs, data, nvs, 0x9000, 0x3000\nfctry, data, nvs, 0xc000, 0x3000\nota_0, app, ota_0, 0x20000, 1M',
    );
    const { checked } = await check([input(merged)], {}, { withTable: old });
    // NVS stays where it is, and only grows.
    expect(checked.issues).toMatchObject([
      {
        code: 'flash/table-replaced',
        severity: 'warning',
        message: expect.stringMatching(/what it keeps in fctry does not/) as string,
      },
    ]);
    expect((await check([input(merged)])).checked.issues).toEqual([]);
  });

  it('changes otadata so that what was written boots, and only then', async () => {
    const already = await check([input(app, 'ota_0')]);
    expect(already.checked.bootFix).toBeNull();
    const other = await check([input(app, 'ota_1')]);
    expect(other.checked.bootFix?.data).toEqual(switchOtadata(blankOtadata, table, 'ota_1'));
  });

  it('warns where otadata is kept and names another slot', async () => {
    const { checked } = await check([input(app, 'ota_1')], { keep: ['otadata'] });
    expect(checked.bootFix).toBeNull();
    expect(checked.issues).toMatchObject([{ code: 'flash/would-not-boot', severity: 'warning' }]);
  });

  it('is refused where nothing could make the app boot', async () => {
    const two = parsePartitionTable(
      new TextEncoder().encode('f, app, factory, 0x10000, 128K\no, app, ota_0, 0x30000, 128K'),
    );
    const bytes = serializePartitionBinary(two);
    const { checked } = await check([input(app, 'ota_0')], { table: two }, { withTable: bytes });
    expect(checked.issues).toMatchObject([{ code: 'flash/would-not-boot', severity: 'error' }]);
  });

  it('leaves NVS and otadata alone, and everything but what is kept with eraseAll', async () => {
    const chip = board();
    const nvs = new Uint8Array(0x4000).fill(0x22);
    chip.flash.load(0x8000, tableBytes);
    chip.flash.load(0x9000, nvs);
    chip.flash.load(0x6_0000, nvs);
    await using device = await connectTo(chip);
    const first = await checkPlanOnBoard(await planFlash([input(merged)]), device);
    await executePlan(first, device);
    expect(chip.flash.read(0x9000, nvs.length)).toEqual(nvs);
    expect(chip.flash.read(0x1_0000, app.length)).toEqual(app);
    expect(chip.flash.read(0x6_0000, 1)[0]).toBe(0x22);
    const wiping = await planFlash([input(merged)], { eraseAll: true, keep: ['nvs'] });
    await executePlan(await checkPlanOnBoard(wiping, device), device);
    expect(chip.flash.read(0x9000, nvs.length)).toEqual(nvs);
    expect(chip.flash.read(0x1_0000, app.length)).toEqual(app);
    expect(chip.flash.read(0x6_0000, 1)[0]).toBe(0xff);
    await executePlan(
      await checkPlanOnBoard(await planFlash([input(merged)], { eraseAll: true }), device),
      device,
    );
    expect(chip.flash.read(0x9000, 1)[0]).toBe(0xff);
  });
});
