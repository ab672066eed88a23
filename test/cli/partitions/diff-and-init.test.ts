import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildAppImage } from '../../../src/app-image/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const preset = (name: string) => join(REPOSITORY, 'partitions', `${name}.csv`);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('partitions diff', () => {
  it('answers over the air, lost, by cable', async () => {
    const { exitCode, stdout } = await otakit([
      'partitions',
      'diff',
      preset('micro-rdk-8mb'),
      preset('ota-8mb'),
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('  ~ nvs  0xc000 → 0x9000, 80 KB → 16 KB\n');
    expect(stdout).toContain('  + storage  data/littlefs 0x610000, 1920 KB\n');
    expect(stdout).toContain('Over the air: no. ');
    expect(stdout).toContain('  nvs  data/nvs 0xc000, 80 KB: it lies elsewhere in the new table\n');
    expect(stdout).toContain('  write partition table  0x8000, 4,096 bytes\n');
    expect(stdout).toContain('  write ota_0  0x10000, 3,145,728 bytes, the app that boots\n');
  });

  it('says when there is nothing to do, and when the old table may stay', async () => {
    const same = await otakit(['partitions', 'diff', preset('ota-4mb'), preset('ota-4mb')]);
    expect(same.stdout).toBe('The tables are the same in flash; there is nothing to do.\n');
    const without = join(folder, 'without.csv');
    const text = await readFile(preset('ota-4mb'), 'utf8');
    await writeFile(without, text.replace(/^coredump.*\n/m, ''));
    const { stdout } = await otakit(['partitions', 'diff', preset('ota-4mb'), without]);
    expect(stdout).toContain('  - coredump  data/coredump 0x3f0000, 64 KB\n');
    expect(stdout).toContain(
      'Over the air: the new app runs on devices that keep the old table, if\n',
    );
    expect(stdout).toContain('Data lost: none.\n');
  });

  it('has JSON and an exit code for scripts', async () => {
    const { exitCode, stdout } = await otakit([
      'partitions',
      'diff',
      preset('micro-rdk-8mb'),
      preset('ota-8mb'),
      '--json',
      '--exit-code',
    ]);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      identical: false,
      overTheAir: { verdict: 'no', largestImageBytes: 0x300000 },
      dataLost: [{ entry: { name: 'nvs' }, reason: 'moved' }],
      byCable: [{ what: 'table', action: 'write', flashOffset: 0x8000 }, {}, {}, {}, {}, {}, {}],
    });
  });
});

describe('partitions init', () => {
  const init = (...args: readonly string[]) => otakit(['partitions', 'init', ...args, '-o', '-']);

  it('lists the presets', async () => {
    const { stdout } = await otakit(['partitions', 'init', '--list']);
    expect(stdout).toMatch(/^ota-4mb +4 MB flash, two OTA slots of 1984 KB\.$/m);
    expect(stdout.split('\n')).toHaveLength(13);
  });

  it('chooses one by the size of the flash', async () => {
    expect((await init('--flash-size', '4MB')).stdout).toBe(
      await readFile(preset('ota-4mb'), 'utf8'),
    );
    expect((await init('--flash-size', '8MB', '--factory')).stdout).toBe(
      await readFile(preset('ota-factory-8mb'), 'utf8'),
    );
    expect((await init('micro-rdk-8mb')).stdout).toBe(
      await readFile(preset('micro-rdk-8mb'), 'utf8'),
    );
    expect((await init('--flash-size', '64MB')).stdout).toContain('0x3ff0000');
  });

  it('writes a file, and not over another one', async () => {
    const output = join(folder, 'partitions.csv');
    const args = ['partitions', 'init', '--flash-size', '2MB', '-o', output];
    expect(await otakit(args)).toMatchObject({ exitCode: 0, stdout: '' });
    expect(await readFile(output, 'utf8')).toContain('# 2 MB flash');
    expect(await otakit(args)).toMatchObject({ exitCode: 2 });
    expect(await otakit([...args, '--force'])).toMatchObject({ exitCode: 0 });
  });

  it('fits the slots to an image', async () => {
    const image = join(folder, 'app.bin');
    const bytes = await buildAppImage({
      chip: 'esp32',
      entryPoint: 0x400d0020,
      segments: [{ loadAddress: 0x3f400020, data: new Uint8Array(3_300_000) }],
    });
    await writeFile(image, bytes);
    const { stdout, stderr } = await init('--flash-size', '8MB', '--image', image);
    expect(stdout).toContain('# 8 MB flash, 2 app slots of 3584 KB');
    expect(stderr).toContain('ota-8mb, fitted, app slots of 3584 KB; the image fills 9');
    const small = await init('--flash-size', '4MB', '--image', image);
    expect(small).toMatchObject({ exitCode: 3, stdout: '' });
    expect(small.stderr).toContain('partition-table/image-too-large');
  });

  it('refuses what makes no sense', async () => {
    expect(await init()).toMatchObject({ exitCode: 2 });
    expect(await init('--flash-size', '1MB')).toMatchObject({ exitCode: 2 });
    expect((await init('ota-5mb')).stderr).toContain('hint: Choose one of micro-rdk-8mb, ota-2mb');
    const table = await init('--flash-size', '4MB', '--image', preset('ota-4mb'));
    expect(table).toMatchObject({ exitCode: 3 });
  });
});
