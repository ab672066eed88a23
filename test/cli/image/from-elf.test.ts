import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const sample = (name: string) => join(REPOSITORY, 'firmware-samples/images', name);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('otakit image from-elf', () => {
  const fromElf = (chip: string, ...args: readonly string[]) => {
    const input = sample('hello-esp32-1.0.0.elf');
    const output = join(folder, 'app.bin');
    return otakit(['image', 'from-elf', input, '-o', output, '--chip', chip, ...args]);
  };

  it('makes the image that the sample has', async () => {
    const args = ['--flash-mode', 'dio', '--flash-size', '4MB', '--flash-freq', '40m', '--json'];
    const { exitCode, stdout } = await fromElf('esp32', ...args);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ chip: 'esp32', sizeBytes: 66112, used: 'sections' });
    expect(await readFile(join(folder, 'app.bin'))).toEqual(
      await readFile(sample('hello-esp32-1.0.0.bin')),
    );
  });

  it('takes revisions and page sizes, and refuses what the chip has not', async () => {
    expect((await fromElf('esp32', '--min-rev', 'v3.0', '--max-rev', 'v3.99')).exitCode).toBe(0);
    const { stdout } = await otakit(['image', 'info', join(folder, 'app.bin')]);
    expect(stdout).toContain('chip revisions  v3.0 to v3.99');
    expect((await fromElf('esp32', '--force', '--no-hash')).exitCode).toBe(0);
    expect((await fromElf('esp32', '--mmu-page-size', '8K')).exitCode).toBe(2);
    expect((await fromElf('esp32', '--flash-size', '3MB')).exitCode).toBe(2);
    expect((await fromElf('esp32', '--elf-sha256-offset', 'there')).exitCode).toBe(2);
    expect(await fromElf('esp32c3', '--force')).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('error app-image/elf-chip: '),
    });
  });
});

describe('otakit image diff', () => {
  const before = sample('hello-esp32-1.0.0.bin');
  const after = sample('hello-esp32-1.1.0.bin');
  const elfs = [sample('hello-esp32-1.0.0.elf'), sample('hello-esp32-1.1.0.elf')];

  it('compares sizes, fields, symbols and slots', async () => {
    const table = join(REPOSITORY, 'firmware-samples/bootloader/partition-table.bin');
    const args = ['image', 'diff', before, after, '--elf', ...elfs, '--partitions', table];
    const { exitCode, stdout } = await otakit(args);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^image +66,112 +66,160 +\+48$/m);
    expect(stdout).toMatch(/^version +1\.0\.0 +1\.1\.0$/m);
    expect(stdout).toMatch(/^run +\d+ +\d+ +\+\d+$/m);
    expect(stdout).toMatch(/^ota_0 +6\.3 % +6\.3 %$/m);
    const json = await otakit([...args, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      sizeBytes: { before: 66112, after: 66160 },
      fields: expect.arrayContaining([{ name: 'version', before: '1.0.0', after: '1.1.0' }]),
      symbols: expect.arrayContaining([expect.objectContaining({ name: 'run' })]),
      slots: [{ name: 'ota_0' }, { name: 'ota_1' }],
    });
  });

  it('says that nothing differs, and refuses what is no app image', async () => {
    const same = await otakit(['image', 'diff', before, before]);
    expect(same.stdout).toContain('no field differs');
    const other = await otakit(['image', 'diff', before, elfs[0] ?? '']);
    expect(other).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('app-image/elf') });
    const one = await otakit(['image', 'diff', before, after, '--elf', elfs[0] ?? '']);
    expect(one.exitCode).toBe(2);
  });
});
