import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildTestApp, mergeAt } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';

const CSV = `
otadata, data, ota,   0xd000,  0x2000
ota_0,   app,  ota_0, 0x10000, 1M
ota_1,   app,  ota_1,        , 1M
`;

let folder: string;
let table: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  table = await file('partitions.csv', new TextEncoder().encode(CSV));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe('otakit image check', () => {
  it('exits 0 when a device could take the image', async () => {
    const path = await file('app.bin', await buildTestApp());
    const args = ['image', 'check', path, '--partitions', table, '--chip', 'ESP32'];
    const { exitCode, stdout, stderr } = await otakit([...args, '--for', 'micro-rdk']);
    expect(stderr).toBe('');
    expect(stdout).toContain(
      'a device could take this (ESP32, version 1.0.0, 65,680 bytes, 6.3 % of ota_0)',
    );
    expect(exitCode).toBe(0);
  });

  it('exits 3 with all the reasons when it could not', async () => {
    const bytes = await buildTestApp({ chip: 'esp32c3' });
    const path = await file('app.bin', bytes.subarray(0, 1000));
    const args = ['image', 'check', path, '-p', table, '-c', 'esp32'];
    const { exitCode, stdout, stderr } = await otakit(args);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('a device could not take this (2 reasons)');
    expect(stderr).toContain('error app-image/truncated: ');
    expect(stderr).toContain('error app-image/chip-mismatch: ');
    const json = await otakit([...args, '--json']);
    expect(json).toMatchObject({ exitCode: 3, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({
      file: path,
      acceptable: false,
      kind: 'app-image',
      chip: 'esp32c3',
      version: '1.0.0',
      sizeBytes: 1000,
      smallestSlot: { name: 'ota_0', sizeBytes: 1048576, fits: true },
      slots: [{ name: 'ota_0' }, { name: 'ota_1' }],
      issues: [
        { code: 'app-image/truncated', severity: 'error' },
        { code: 'app-image/chip-mismatch', severity: 'error' },
      ],
    });
  });

  it('offers the way out of a merged image', async () => {
    const app = await buildTestApp();
    const path = await file('merged.bin', mergeAt({ 0x10000: app }));
    const { exitCode, stderr } = await otakit(['image', 'check', path]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('app image at 0x10000');
    expect(stderr).toContain(`otakit image split ${path} -o DIR`);
  });

  it('takes what is known of the device', async () => {
    const extended = { minChipRevision: 301 };
    const path = await file('app.bin', await buildTestApp({ image: { extended } }));
    const check = (...options: string[]) => otakit(['image', 'check', path, ...options]);
    expect((await check('--chip-rev', 'v3.1')).exitCode).toBe(0);
    expect((await check('--chip-rev', '301', '--efuse-block-rev', '0')).exitCode).toBe(0);
    const refused = await check(
      '--chip-rev',
      '3.0',
      '--secure-version',
      '1',
      '--secure-boot',
      'v2',
    );
    expect(refused.exitCode).toBe(3);
    expect(refused.stdout).toContain('3 reasons');
    expect((await check('--chip-rev', 'new')).exitCode).toBe(2);
    const key = await file('key.pem', new TextEncoder().encode('no key'));
    expect(await check('--public-key', key)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('app-image/bad-public-key'),
    });
  });

  it('knows its chips and audiences', async () => {
    const path = await file('app.bin', await buildTestApp());
    expect(await otakit(['image', 'check', path, '--chip', 'z80'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('esp32c6'),
    });
    expect((await otakit(['image', 'check', path, '--for', 'everyone'])).exitCode).toBe(2);
    expect((await otakit(['image', 'check', join(folder, 'none')])).exitCode).toBe(3);
  });
});
