import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectImage } from '../../../src/app-image/index.ts';
import { memorySource } from '../../../src/shared/index.ts';
import { buildTestApp, buildTestBootloader } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { runEsptool } from '../../support/esptool.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { REPOSITORY } from '../../support/source-files.ts';

const CSV = `
nvs,     data, nvs,   0x9000,  0x4000
otadata, data, ota,   0xd000,  0x2000
ota_0,   app,  ota_0, 0x10000, 1M
ota_1,   app,  ota_1,        , 1M
`;

let folder: string;
const file = (name: string) => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  await writeFile(file('partitions.csv'), CSV);
  await writeFile(file('bootloader.bin'), await buildTestBootloader());
  await writeFile(file('app.bin'), await buildTestApp());
});
afterEach(() => rm(folder, { recursive: true }));

const merge = (output: string, ...args: readonly string[]) =>
  otakit(['image', 'merge', '-o', file(output), ...args]);

describe('otakit image merge', () => {
  it('takes names of partitions, and puts the table in by itself', async () => {
    const args = ['-p', file('partitions.csv'), `bootloader=${file('bootloader.bin')}`];
    const { exitCode, stdout, stderr } = await merge(
      'all.hex',
      ...args,
      `ota_0=${file('app.bin')}`,
    );
    expect(stderr).toBe('');
    expect(stdout).toContain('0x8000  partition table, 3,072 bytes');
    expect(stdout).toContain('all.hex: hex');
    expect(exitCode).toBe(0);
    const split = await otakit(['image', 'split', file('all.hex'), '-o', file('out'), '--json']);
    expect(JSON.parse(split.stdout)).toMatchObject({
      parts: [
        { kind: 'bootloader', flashOffset: 0x1000 },
        { kind: 'partition-table', flashOffset: 0x8000 },
        { kind: 'app-image', path: file('out/app-ota_0.bin'), flashOffset: 0x10000 },
      ],
    });
    expect(await readFile(file('out/app-ota_0.bin'))).toEqual(await readFile(file('app.bin')));
  });

  it('warns of what a raw file would wipe, and suggests hex', async () => {
    const parts = ['0x1000', file('bootloader.bin'), '0x10000', file('app.bin')];
    const gaps = await merge('all.bin', ...parts);
    expect(gaps).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('--format hex') });
    expect(gaps.stderr).toContain('app-image/merge-has-gaps');
    const wipes = await merge('again.bin', ...parts, '-p', file('partitions.csv'), '--json');
    expect(JSON.parse(wipes.stdout)).toMatchObject({
      format: 'raw',
      chip: 'esp32',
      issues: [{ code: 'app-image/merge-wipes-data', message: expect.stringContaining('nvs') }],
    });
  });

  it('refuses parts that cannot be', async () => {
    const overlap = await merge('x.bin', '0x0', file('app.bin'), '0x10', file('app.bin'));
    expect(overlap).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('app-image/merge-overlap'),
    });
    await expect(readFile(file('x.bin'))).rejects.toThrow('ENOENT');
    const usage = async (...args: string[]) => (await merge('x.bin', ...args)).exitCode;
    expect(await usage()).toBe(2);
    expect(await usage('0x0')).toBe(2);
    expect(await usage('here', file('app.bin'))).toBe(2);
    expect(await usage(`ota_0=${file('app.bin')}`)).toBe(2);
    expect(await usage('-p', file('partitions.csv'), `ota_9=${file('app.bin')}`)).toBe(2);
    expect(await usage('0x0', file('partitions.csv'), '--format', 'uf2')).toBe(2);
    expect(
      await usage('0x0', file('app.bin'), '--format', 'uf2', '--chunk-size', '477', '--no-md5'),
    ).toBe(2);
  });

  it('takes the flasher_args.json of a build', async () => {
    await mkdir(file('build'));
    await cp(file('app.bin'), file('build/app.bin'));
    await cp(file('bootloader.bin'), file('build/bootloader.bin'));
    const json = {
      flash_files: { '0x10000': 'app.bin', '0x1000': 'bootloader.bin' },
      flash_settings: { flash_mode: 'dio', flash_size: '8MB', flash_freq: '80m' },
      extra_esptool_args: { chip: 'esp32' },
    };
    await writeFile(file('build/flasher_args.json'), JSON.stringify(json));
    const args = ['--flasher-args', file('build/flasher_args.json')];
    expect((await merge('all.uf2', ...args)).exitCode).toBe(0);
    await otakit(['image', 'split', file('all.uf2'), '-o', file('out')]);
    const bootloader = memorySource(await readFile(file('out/bootloader.bin')));
    expect(await inspectImage(bootloader)).toMatchObject({
      header: { spiMode: 2, flashSize: 3, flashFrequency: 0xf },
      hash: { valid: true },
      issues: [],
    });
    for (const broken of ['{', '{}', '{"flash_files":{}}', '{"flash_files":{"x":1}}']) {
      await writeFile(file('build/flasher_args.json'), broken);
      expect(await merge('y.bin', ...args)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining('error app-image/bad-flasher-args: '),
      });
    }
  });
});

describe('otakit image patch-header', () => {
  const patch = (input: string, ...args: readonly string[]) =>
    otakit(['image', 'patch-header', file(input), '-o', file('out.bin'), ...args]);

  it('changes the header and redoes the hash', async () => {
    const { exitCode } = await patch(
      'bootloader.bin',
      '--flash-mode',
      'dout',
      '--flash-size',
      '16MB',
    );
    expect(exitCode).toBe(0);
    expect(await inspectImage(memorySource(await readFile(file('out.bin'))))).toMatchObject({
      kind: 'bootloader',
      header: { spiMode: 3, flashSize: 4, flashFrequency: 0 },
      hash: { valid: true },
    });
  });

  it('refuses settings that the chip has not, and files that are damaged or none', async () => {
    const stderr = async (...args: Parameters<typeof patch>) => (await patch(...args)).stderr;
    expect(await stderr('app.bin', '--flash-mode', 'fast')).toContain(
      'app-image/bad-flash-setting',
    );
    expect(await stderr('app.bin', '--flash-freq', '60m')).toContain('80m, 40m, 26m, 20m');
    expect(await stderr('partitions.csv', '--flash-freq', '80m')).toContain(
      'app-image/partition-table',
    );
    const damaged = await readFile(file('app.bin'));
    damaged[100] = 1;
    await writeFile(file('damaged.bin'), damaged);
    expect(await stderr('damaged.bin', '--flash-freq', '80m')).toContain('app-image/patch-damaged');
  });
});

describeWithPeers(['esptool'], 'a bootloader header that esptool patches', ([esptool = '']) => {
  it.each(['esp32', 'esp32c3'])('is the same for the %s', async (chip) => {
    const input = join(REPOSITORY, `firmware-samples/bootloader/bootloader-${chip}.bin`);
    const at = chip === 'esp32' ? '0x1000' : '0x0';
    const settings = ['--flash-mode', 'dout', '--flash-freq', '20m', '--flash-size', '16MB'];
    const [result] = runEsptool(esptool, [
      ['--chip', chip, 'merge-bin', '-o', file('theirs'), ...settings, at, input],
    ]);
    expect(result).toMatchObject({ ok: true });
    expect((await merge('ours', ...settings, at, input)).exitCode).toBe(0);
    expect(await readFile(file('ours'))).toEqual(await readFile(file('theirs')));
  });
});
