import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from '../support/property.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkAppImage,
  type FromElfOptions,
  imageFromElf,
  inspectImage,
  parseElf,
  serializeAppDescriptor,
} from '../../src/app-image/index.ts';
import { type Chip, chipByName, CHIPS, type ChipName } from '../../src/chips/index.ts';
import { memorySource } from '../../src/shared/index.ts';
import { buildElf, type ElfPlan } from '../support/build-elf.ts';
import { runEsptool } from '../support/esptool.ts';
import { describeWithPeers } from '../support/peer.ts';
import { REPOSITORY } from '../support/source-files.ts';

const sample = (name: string) =>
  new Uint8Array(readFileSync(join(REPOSITORY, 'firmware-samples/images', name)));

const XTENSA = new Set<ChipName>(['esp32', 'esp32s2', 'esp32s3']);

/** A program with a descriptor, mapped code in a page of its own, and code and data for RAM. */
function plan(chip: Chip, sizes: readonly number[], pageBytes: number): ElfPlan {
  const start = (kinds: readonly string[]) =>
    chip.memory.find(({ kind }) => kinds.includes(kind))?.start ?? 0;
  const [rodata = 4, text = 4, iram = 4, dram = 4] = sizes;
  const fill = (length: number, seed: number) =>
    new Uint8Array(length).map((_, index) => (index * seed + 1) & 0xff);
  const constants = start(['DROM', 'FLASH']) + 0x20;
  const shared = start(['DROM']) === 0;
  const codeStart = shared
    ? constants + Math.ceil((256 + rodata + pageBytes) / pageBytes) * pageBytes
    : start(['IROM']) + 0x20;
  const ram = start(['IRAM', 'RAM']) + 0x400;
  const mmuPageSizeBytes = chip.mmuPageSizesBytes.length > 1 ? pageBytes : 0x10000;
  return {
    machine: XTENSA.has(chip.name) ? 'xtensa' : 'riscv',
    entryPoint: ram,
    sections: [
      {
        name: '.flash.appdesc',
        address: constants,
        data: serializeAppDescriptor({
          version: '1.0',
          projectName: 'generated',
          mmuPageSizeBytes,
        }),
      },
      { name: '.flash.rodata', address: constants + 256, data: fill(rodata, 3) },
      { name: '.iram0.text', address: ram, data: fill(iram, 5) },
      { name: '.dram0.data', address: start(['DRAM', 'RAM']) + 0x8000, data: fill(dram, 7) },
      { name: '.flash.text', address: codeStart, data: fill(text, 11) },
    ],
  };
}

describe('an image from an ELF file', () => {
  it('is the one that firmware-samples has', async () => {
    for (const [chip, name, flashFrequency] of [
      ['esp32', 'hello-esp32-1.0.0', 0],
      ['esp32', 'hello-esp32-1.1.0', 0],
      ['esp32c3', 'hello-esp32c3-1.0.0', 0xf],
      ['esp32c3', 'hello-esp32c3-1.1.0', 0xf],
    ] as const) {
      const options = { chip, flashFrequency, spiMode: 2, flashSize: 2 };
      const { image, used } = await imageFromElf(sample(`${name}.elf`), options);
      expect(image).toEqual(sample(`${name}.bin`));
      expect(used).toBe('sections');
    }
  });

  it('is one that a device could take, for every chip', async () => {
    for (const chip of CHIPS.filter(({ imageChipId }) => imageChipId !== null)) {
      const elf = buildElf(
        plan(chip, [1000, 70_000, 3000, 600], chip.mmuPageSizesBytes.at(-1) ?? 0),
      );
      const { image } = await imageFromElf(elf, { chip: chip.name });
      const check = await checkAppImage(memorySource(image), { audience: 'micro-rdk' });
      expect({ chip: chip.name, issues: check.issues }).toEqual({ chip: chip.name, issues: [] });
    }
  });

  it('falls back to program segments where sections share a page, as in esp-hal programs', async () => {
    const chip = chipByName('esp32c3');
    const descriptor = serializeAppDescriptor({ version: '0.1' });
    const rodata = new Uint8Array(300).fill(7);
    const data = new Uint8Array(0x200 + 300);
    data.set(descriptor);
    data.set(rodata, 0x200);
    const code = { name: '.text', address: 0x42010020, data: new Uint8Array(64).fill(1) };
    const elf = buildElf({
      machine: 'riscv',
      entryPoint: 0x42010020,
      sections: [
        { name: '.rodata_desc', address: 0x3c000020, data: descriptor },
        { name: '.rodata', address: 0x3c000220, data: rodata },
        code,
      ],
      segments: [{ address: 0x3c000020, data }, code],
    });
    const { image, used } = await imageFromElf(elf, { chip: chip.name });
    expect(used).toBe('segments');
    expect((await checkAppImage(memorySource(image), { audience: 'esp-idf' })).issues).toEqual([]);
    await expect(imageFromElf(elf, { chip: chip.name, use: 'sections' })).rejects.toMatchObject({
      code: 'app-image/elf-same-page',
    });
  });

  it('says what is wrong with the ELF', async () => {
    const elf = sample('hello-esp32-1.0.0.elf');
    const rejects = (bytes: Uint8Array, options: FromElfOptions, code: string) =>
      expect(imageFromElf(bytes, options)).rejects.toMatchObject({ code });
    await rejects(elf, { chip: 'esp32c3' }, 'app-image/elf-chip');
    await rejects(elf, { chip: 'esp8266' }, 'app-image/elf-chip');
    await rejects(elf.subarray(0, 5000), { chip: 'esp32' }, 'app-image/bad-elf');
    await rejects(elf.subarray(0, 20), { chip: 'esp32' }, 'app-image/bad-elf');
    await rejects(sample('hello-esp32-1.0.0.bin'), { chip: 'esp32' }, 'app-image/bad-elf');
    const taken = { chip: 'esp32', elfSha256FileOffset: 0x20 } as const;
    await rejects(elf, taken, 'app-image/elf-sha256-taken');
    const nothing = buildElf({ machine: 'xtensa', entryPoint: 0, sections: [] });
    await rejects(nothing, { chip: 'esp32' }, 'app-image/bad-elf');
  });

  it('is never made of bytes that are no ELF, and never a crash', () => {
    const elf = sample('hello-esp32-1.0.0.elf');
    fc.assert(
      fc.property(fc.nat({ max: 400 }), fc.nat({ max: 255 }), (at, value) => {
        const changed = elf.slice();
        changed[at] = value;
        try {
          parseElf(changed);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'app-image/bad-elf' });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the symbols of its ELF', () => {
    const { symbols } = parseElf(sample('hello-esp32-1.0.0.elf'));
    expect(symbols.length).toBeGreaterThan(3);
    expect(symbols.find(({ name }) => name === 'app_desc' || name.includes('desc'))).toMatchObject({
      sizeBytes: 256,
    });
  });
});

describeWithPeers(['esptool'], 'esptool elf2image and image-info', ([esptool = '']) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const chips = CHIPS.filter(({ imageChipId }) => imageChipId !== null);
  // Around page boundaries, where padding begins and ends.
  const nearPages = fc
    .tuple(fc.constantFrom(0x1000, 0x8000, 0x10000), fc.nat({ max: 400 }))
    .map(([page, less]) => page - less);
  const cases = fc.sample(
    fc.record({
      chip: fc.constantFrom(...chips),
      page: fc.nat(),
      sizes: fc.array(
        fc.oneof(fc.nat({ max: 80_000 }), nearPages).map((size) => size + 1),
        { minLength: 4, maxLength: 4 },
      ),
      segments: fc.boolean(),
      appendHash: fc.boolean(),
    }),
    { numRuns: 210, seed: 42 },
  );

  it(`make and read ${cases.length} generated images as we do`, async () => {
    const ours: Uint8Array[] = [];
    const commands: string[][] = [];
    for (const [index, { chip, page, sizes, segments, appendHash }] of cases.entries()) {
      // esptool's option takes pages up to 64 KB, although it knows a chip with larger ones.
      const pages = chip.mmuPageSizesBytes.filter((bytes) => !segments || bytes <= 0x10000);
      const elf = buildElf(plan(chip, sizes, pages[page % pages.length] ?? 0x10000));
      const path = join(folder, `${index}.elf`);
      await writeFile(path, elf);
      const use = segments ? 'segments' : 'sections';
      // With program segments esptool looks for no descriptor, and has to be told of it.
      const pageBytes = pages[page % pages.length] ?? 0x10000;
      const told = segments
        ? [
            '--use-segments',
            '--elf-sha256-offset',
            '0xb0',
            '--flash-mmu-page-size',
            `${pageBytes / 1024}KB`,
          ]
        : [];
      const hash = appendHash ? [] : ['--dont-append-digest'];
      const { image } = await imageFromElf(elf, {
        chip: chip.name,
        use,
        appendHash,
        spiMode: 2,
        flashSize: 2,
      });
      ours.push(image);
      commands.push(
        [
          '--chip',
          chip.name,
          'elf2image',
          ...told,
          ...hash,
          '-fm',
          'dio',
          '-fs',
          '4MB',
          '-o',
          join(folder, `${index}.bin`),
          path,
        ],
        ['image-info', join(folder, `${index}.bin`)],
      );
    }
    const results = runEsptool(esptool, commands);
    for (const [index, { chip }] of cases.entries()) {
      const [made, info] = results.slice(index * 2, index * 2 + 2);
      expect(made).toMatchObject({ ok: true });
      const image = ours[index] ?? new Uint8Array(0);
      const theirs = new Uint8Array(await readFile(join(folder, `${index}.bin`)));
      expect({ chip: chip.name, differs: Buffer.compare(image, theirs) }).toEqual({
        chip: chip.name,
        differs: 0,
      });

      const found = await inspectImage(memorySource(theirs));
      if (found.kind !== 'app-image') throw new Error(`${index} is ${found.kind}`);
      expect(found.chip).toBe(chip.name);
      const text = info?.output ?? '';
      expect(text).toContain(`Detected image type: ${chip.title}`);
      expect(text).toMatch(
        new RegExp(`Checksum: 0x0?${found.checksum.computed?.toString(16)} \\(valid\\)`),
      );
      if (found.hash.appended) expect(text).toContain(`${found.hash.computed} (valid)`);
      const rows = [...text.matchAll(/^ +\d+ +0x(\w+) +0x(\w+) +0x(\w+)/gm)].map((match) => ({
        lengthBytes: Number.parseInt(match[1] ?? '', 16),
        loadAddress: Number.parseInt(match[2] ?? '', 16),
        fileOffset: Number.parseInt(match[3] ?? '', 16) + 8,
      }));
      expect(rows).toHaveLength(found.segments.length);
      expect(found.segments).toMatchObject(rows);
    }
  });
});
