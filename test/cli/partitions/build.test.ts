import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const PRIMER = join(REPOSITORY, 'partitions', 'ota-primer-4mb.csv');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('partitions build and csv', () => {
  it('writes the binary table and prints it as CSV again', async () => {
    const output = join(folder, 'table.bin');
    const built = await otakit(['partitions', 'build', PRIMER, '-o', output]);
    expect(built).toMatchObject({ exitCode: 0, stdout: '' });
    expect(built.stderr).toContain(`${output}: 6 entries written\n`);
    expect(await readFile(output)).toHaveLength(0xc00);
    expect(await otakit(['partitions', 'csv', output])).toMatchObject({
      exitCode: 0,
      stderr: '',
      stdout:
        '# ESP-IDF Partition Table\n' +
        '# Name, Type, SubType, Offset, Size, Flags\n' +
        'nvs,data,nvs,0x9000,16K,\n' +
        'otadata,data,ota,0xd000,8K,\n' +
        'phy_init,data,phy,0xf000,4K,\n' +
        'factory,app,factory,0x10000,1M,\n' +
        'ota_0,app,ota_0,0x110000,1M,\n' +
        'ota_1,app,ota_1,0x210000,1M,\n',
    });
  });

  it('refuses what ESP-IDF refuses, and overwrites nothing unasked', async () => {
    const output = await file('table.bin', 'mine');
    const bad = await file('bad.csv', 'a,app,factory,0x18000,1M\n');
    const refused = await otakit(['partitions', 'build', bad, '-o', output, '--force']);
    expect(refused.exitCode).toBe(3);
    expect(refused.stderr).toContain(`${bad}:1:15: error partition-table/offset-unaligned: `);
    const occupied = await otakit(['partitions', 'build', PRIMER, '-o', output]);
    expect(occupied).toMatchObject({ exitCode: 2 });
    expect(await readFile(output, 'utf8')).toBe('mine');
    const forced = await otakit(['partitions', 'build', bad, '-o', output, '--no-verify', '-f']);
    expect(forced.exitCode).toBe(0);
    expect(await readFile(output)).toHaveLength(0xc00);
  });

  it('builds what only a device fails on, with a warning', async () => {
    const csv = await file('gap.csv', 'ota_0,app,ota_0,,1M\nota_2,app,ota_2,,1M\n');
    const output = join(folder, 'table.bin');
    const built = await otakit(['partitions', 'build', csv, '-o', output]);
    expect(built.exitCode).toBe(0);
    expect(built.stderr).toContain('warning partition-table/ota-gap: ');
    const quiet = await otakit(['partitions', 'build', csv, '-o', output, '-f', '--quiet']);
    expect(quiet).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('leaves out the MD5 row when told to', async () => {
    const output = join(folder, 'table.bin');
    await otakit(['partitions', 'build', PRIMER, '-o', output, '--no-md5', '--json']);
    expect((await readFile(output)).includes(0xeb)).toBe(false);
  });

  it.each([
    ['--secure', 'v3'],
    ['--offset', 'here'],
  ])('refuses %s %s', async (...option) => {
    const output = join(folder, 'table.bin');
    const { exitCode, stderr } = await otakit([
      'partitions',
      'build',
      PRIMER,
      '-o',
      output,
      ...option,
    ]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(option.join(' '));
  });

  it('says which exact slot secure boot does not suit', async () => {
    const csv = await file('s.csv', 'o,app,ota_0,,0x101000\np,app,ota_1,,0x100800\n');
    const output = join(folder, 'table.bin');
    const secure = (...args: readonly string[]) =>
      otakit(['partitions', 'build', csv, '-o', output, ...args]).then(({ stderr }) =>
        stderr.split('\n').filter((line) => line.includes(' error ')),
      );
    expect(await secure()).toEqual([
      `${csv}:2:14: error partition-table/size-unaligned: p is 0x100800 bytes long, which is not a multiple of 0x1000`,
    ]);
    expect(await secure('--secure')).toHaveLength(2);
    expect((await secure('--secure', 'v1'))[0]).toContain(
      'o is 0x101000 bytes long, which is not a multiple of 0x10000',
    );
    expect(await secure('--secure', 'v2')).toHaveLength(1);
  });
});

describe('partitions check', () => {
  it('is content with a preset', async () => {
    const { exitCode, stdout } = await otakit([
      'partitions',
      'check',
      PRIMER,
      '--flash-size',
      '4MB',
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${PRIMER}: ok\n` });
  });

  it('exits 3 on what a device would fail on, with all that is wrong', async () => {
    const csv = await file(
      'gap.csv',
      'nvs,data,nvs,,16K\nota_0,app,ota_0,,1M\nota_2,app,ota_2,,64K\n',
    );
    const { exitCode, stdout } = await otakit(['partitions', 'check', csv]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(`${csv}:3:11: error partition-table/ota-gap: `);
    expect(stdout).toContain('error partition-table/otadata-missing: ');
    expect(stdout).toContain('warning partition-table/unequal-slots: ');
    expect(stdout).toMatch(/gap\.csv: refused, 2 errors, 1 warning, 2 info\n$/);
  });

  it('says so in JSON', async () => {
    const csv = await file(
      'many.csv',
      Array.from({ length: 95 }, (_, i) => `n${i},data,fat,,4K\n`).join(''),
    );
    const { exitCode, stdout } = await otakit(['partitions', 'check', csv, '--json']);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      entries: 95,
      issues: [
        { code: 'partition-table/too-many-entries' },
        { code: 'partition-table/no-app' },
        {},
        {},
      ],
    });
  });

  it('knows chips', async () => {
    const check = (...args: readonly string[]) =>
      otakit(['partitions', 'check', join(REPOSITORY, 'partitions', 'ota-32mb.csv'), ...args]);
    expect((await check()).stdout).toContain('partition-table/beyond-addressing');
    expect((await check('--chip', 'ESP32-S3')).stdout).not.toContain('beyond-addressing');
    expect(await check('--chip', 'esp99')).toMatchObject({ exitCode: 2 });
  });
});

describe('partitions draw', () => {
  it('draws in the terminal and as SVG', async () => {
    const text = await otakit(['partitions', 'draw', PRIMER]);
    expect(text.stdout).toMatch(/^0x000000 ┌─+┐\n/);
    const output = join(folder, 'map.svg');
    expect(await otakit(['partitions', 'draw', PRIMER, '-o', output])).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    const svg = await readFile(output, 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg.match(/<rect /g)).toHaveLength(9);
    expect(svg).toContain('>ota_1</text>');
  });

  it('escapes what names bring into an SVG', async () => {
    const csv = await file('evil.csv', '<script>&"\u001b,data,fat,,16K\n');
    const { stdout } = await otakit(['partitions', 'draw', csv, '--format', 'svg']);
    expect(stdout).not.toContain('<script');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('&lt;script&gt;&amp;&quot;\\x1b');
  });
});
