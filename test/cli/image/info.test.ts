import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildNvs, parseNvsCsv, switchOtadata } from '../../../src/flash-data/index.ts';
import { parsePartitionBinary } from '../../../src/partition-table/index.ts';
import { buildTestApp, buildTestBootloader, mergeAt } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { table } from '../../support/raw-table.ts';
import { REPOSITORY } from '../../support/source-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otakit-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'some.bin');
  await writeFile(path, bytes);
  return path;
}

async function merged(): Promise<Uint8Array> {
  return mergeAt({
    0x1000: await buildTestBootloader(),
    0x8000: table([{ name: 'ota_0', type: 0, subtype: 0x10, at: 0x10000, size: 0x40000 }]),
    0x10000: await buildTestApp(),
  });
}

describe('otakit image info', () => {
  it('shows an app image', async () => {
    const { exitCode, stdout, stderr } = await otakit([
      'image',
      'info',
      await file(await buildTestApp()),
    ]);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('chip            ESP32');
    expect(stdout).toContain('flash           4MB, 40m, dio');
    expect(stdout).toContain('version         1.0.0');
    expect(stdout).toMatch(/checksum +0x[0-9a-f]{2} \(valid\)/);
    expect(stdout).toMatch(/SHA-256 +[0-9a-f]{64} \(valid\)/);
    expect(stdout).toMatch(/^ +0 +280 +0x3f400020 +0x000020 +DROM$/m);
  });

  it('answers in JSON of the documented shape', async () => {
    const bytes = await buildTestApp();
    const { stdout } = await otakit(['image', 'info', await file(bytes), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'app-image',
      chip: 'esp32',
      entryPoint: expect.any(Number),
      segments: Array.from({ length: 4 }, () => ({
        loadAddress: expect.any(Number),
        lengthBytes: expect.any(Number),
        fileOffset: expect.any(Number),
      })),
      checksum: { stored: expect.any(Number), computed: expect.any(Number), valid: true },
      hash: {
        appended: true,
        stored: expect.stringMatching(/^[0-9a-f]{64}$/),
        computed: expect.stringMatching(/^[0-9a-f]{64}$/),
        valid: true,
      },
      imageLengthBytes: bytes.length,
      appDescriptor: {
        version: '1.0.0',
        projectName: 'test-app',
        idfVersion: 'v5.4.3',
        date: 'Nov 20 2026',
        time: '12:34:56',
        appElfSha256: '0'.repeat(64),
        secureVersion: 0,
      },
      issues: [],
    });
  });

  it('says what is wrong, and still exits 0', async () => {
    const bytes = await buildTestApp();
    bytes[100] = 0xff;
    const { exitCode, stdout, stderr } = await otakit(['image', 'info', await file(bytes)]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('INVALID');
    expect(stderr).toContain('error app-image/hash-mismatch: ');
  });

  it('shows a bootloader, a merged image and a page that is none', async () => {
    const bootloader = await otakit(['image', 'info', await file(await buildTestBootloader())]);
    expect(bootloader.stdout).toContain('second-stage bootloader');
    const whole = await otakit(['image', 'info', await file(await merged())]);
    expect(whole.stdout).toContain('merged image');
    expect(whole.stdout).toContain('app image at 0x10000');
    const page = await otakit(['image', 'info', await file(new TextEncoder().encode('<html>'))]);
    expect(page).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('web page') });
  });
});

describe('otakit image info of a whole flash', () => {
  const sample = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.0.0-merged.bin');

  it('shows what lies in every partition', async () => {
    const flash = new Uint8Array(0x310000).fill(0xff);
    flash.set(await readFile(sample));
    const app = await buildTestApp({ descriptor: { version: '2.0.0', projectName: 'newer' } });
    const damaged = app.slice();
    damaged[0x10030] = 0xaa;
    flash.set(app, 0x110000);
    flash.set(damaged, 0x210000);
    const nvs = buildNvs(
      parseNvsCsv('key,type,encoding,value\nstore,namespace,,\nssid,data,string,home\n'),
      { sizeBytes: 0x4000 },
    );
    flash.set(nvs.bytes, 0x9000);
    const path = await file(flash);
    const partitionTable = parsePartitionBinary(flash.subarray(0x8000, 0x8c00));
    const blank = flash.subarray(0xd000, 0xf000);
    flash.set(switchOtadata(blank, partitionTable, 'ota_0'), 0xd000);
    await writeFile(path, flash);
    const { exitCode, stdout } = await otakit(['image', 'info', path, '--json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'merged-image',
      partitions: [
        { name: 'nvs', contents: 'nvs', sound: true },
        { name: 'otadata', contents: 'otadata', summary: expect.stringContaining('boots ota_0') },
        { name: 'phy_init', contents: 'erased' },
        { name: 'factory', contents: 'app-image', sound: true },
        { name: 'ota_0', contents: 'app-image', summary: 'newer 2.0.0, 65,680 bytes', sound: true },
        { name: 'ota_1', contents: 'app-image', sound: false },
      ],
    });
    const text = await otakit(['image', 'info', path]);
    expect(text.stdout).toMatch(/^ota_1 .*DAMAGED: the checksum is/m);
  });

  it('looks into Intel HEX, and says which partitions a short file leaves out', async () => {
    const path = join(folder, 'all.hex');
    await otakit(['image', 'merge', '-o', path, '--chip', 'esp32', '0x0', sample]);
    const { stdout } = await otakit(['image', 'info', path]);
    expect(stdout).toContain('(contents of the intel-hex file)');
    expect(stdout).toMatch(/^ota_1 .*the file ends before it$/m);
    const json = await otakit(['image', 'info', path, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'intel-hex',
      contents: { kind: 'merged-image' },
    });
  });
});

describe('otakit image split', () => {
  it('takes a merged image apart, and does not overwrite unasked', async () => {
    const path = await file(await merged());
    const parts = join(folder, 'parts');
    const { exitCode, stdout } = await otakit(['image', 'split', path, '-o', parts, '--json']);
    expect(exitCode).toBe(0);
    const report = JSON.parse(stdout) as { parts: { kind: string; path: string }[] };
    expect(report.parts.map(({ kind }) => kind)).toEqual([
      'bootloader',
      'partition-table',
      'app-image',
    ]);
    const app = report.parts[2]?.path ?? '';
    const info = await otakit(['image', 'info', app, '--json']);
    expect(JSON.parse(info.stdout)).toMatchObject({ kind: 'app-image', issues: [] });
    const again = await otakit(['image', 'split', path, '-o', parts]);
    expect(again).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('cli/file-exists'),
    });
    expect((await otakit(['image', 'split', path, '-o', parts, '--force'])).exitCode).toBe(0);
  });

  it('cuts an app image out of what follows it', async () => {
    const app = await buildTestApp();
    const path = await file(mergeAt({ 0: app, [app.length]: new Uint8Array(7) }));
    const { stdout } = await otakit(['image', 'split', path, '-o', folder, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      parts: [{ kind: 'app-image', sizeBytes: app.length }],
    });
  });

  it('refuses what has no parts', async () => {
    const path = await file(new TextEncoder().encode('<html>'));
    expect(await otakit(['image', 'split', path, '-o', folder])).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('error app-image/html: '),
    });
  });
});
