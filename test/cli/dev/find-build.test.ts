import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findBuild } from '../../../src/cli/dev/find-build.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

/** A folder with files in it, each newer than the one before. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  let time = Date.UTC(2026, 0, 1) / 1000;
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    time += 60;
    await utimes(path, time, time);
  }
  return folder;
}

const FLASHER_ARGS = JSON.stringify({
  flash_files: { '0x8000': 'partition_table/partition-table.bin', '0x10000': 'hello.bin' },
  app: { offset: '0x10000', file: 'hello.bin' },
  'partition-table': { offset: '0x8000', file: 'partition_table/partition-table.bin' },
});

describe('findBuild', () => {
  it.each([
    [
      'esp-idf',
      {
        'build/flasher_args.json': FLASHER_ARGS,
        'build/partition_table/partition-table.bin': 't',
        'build/hello.bin': 'app',
        'build/merged-binary.bin': 'm',
      },
      'build/hello.bin',
      'build/partition_table/partition-table.bin',
    ],
    [
      'platformio',
      {
        '.pio/build/esp32dev/bootloader.bin': 'b',
        '.pio/build/esp32dev/partitions.bin': 't',
        '.pio/build/esp32dev/firmware.bin': 'app',
      },
      '.pio/build/esp32dev/firmware.bin',
      '.pio/build/esp32dev/partitions.bin',
    ],
    [
      'arduino',
      {
        'build/esp32.esp32.esp32/blink.ino.bin': 'app',
        'build/esp32.esp32.esp32/blink.ino.partitions.bin': 't',
        'build/esp32.esp32.esp32/blink.ino.merged.bin': 'm',
        'build/esp32.esp32.esp32/blink.ino.bootloader.bin': 'b',
      },
      'build/esp32.esp32.esp32/blink.ino.bin',
      'build/esp32.esp32.esp32/blink.ino.partitions.bin',
    ],
    [
      'cargo',
      {
        'target/xtensa-esp32-espidf/release/my-robot-ota.bin': 'app',
        'target/xtensa-esp32-espidf/release/my-robot.bin': 'm',
        'target/xtensa-esp32-espidf/release/partition-table.bin': 't',
      },
      'target/xtensa-esp32-espidf/release/my-robot-ota.bin',
      'target/xtensa-esp32-espidf/release/partition-table.bin',
    ],
  ])('finds what %s built, and its table', async (kind, files, image, partitions) => {
    const folder = await project(files);
    expect(await findBuild(folder)).toMatchObject({
      kind,
      image: join(folder, image),
      partitions: join(folder, partitions),
    });
  });

  it('takes the newest where there are several', async () => {
    const folder = await project({
      '.pio/build/a/firmware.bin': 'old',
      '.pio/build/b/firmware.bin': 'new',
    });
    expect((await findBuild(folder)).image).toBe(join(folder, '.pio/build/b/firmware.bin'));
  });

  it('takes the build folder itself', async () => {
    const folder = await project({
      'build/flasher_args.json': FLASHER_ARGS,
      'build/hello.bin': 'a',
    });
    expect(await findBuild(join(folder, 'build'))).toMatchObject({
      image: join(folder, 'build/hello.bin'),
      partitions: null,
    });
  });

  it('takes a file as it is, with the table beside it', async () => {
    const folder = await project({ 'any.bin': 'app', 'partitions.csv': 'table' });
    expect(await findBuild(join(folder, 'any.bin'))).toEqual({
      kind: 'file',
      image: join(folder, 'any.bin'),
      partitions: join(folder, 'partitions.csv'),
    });
  });

  it('says where it looked', async () => {
    const folder = await project({ 'build/flasher_args.json': 'half wri', 'README.md': '' });
    await expect(findBuild(folder)).rejects.toMatchObject({
      code: 'cli/no-build',
      details: { places: expect.arrayContaining(['.pio/build/*/firmware.bin']) },
    });
  });
});
