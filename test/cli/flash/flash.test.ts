import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { switchOtadata } from '../../../src/flash-data/index.ts';
import {
  parsePartitionTable,
  serializePartitionBinary,
} from '../../../src/partition-table/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const TABLE = [
  'nvs, data, nvs, 0x9000, 0x4000',
  'otadata, data, ota, 0xd000, 0x2000',
  'ota_0, app, ota_0, 0x10000, 0x20000',
  'second, app, ota_1, 0x30000, 0x20000',
].join('\n');

describe('otakit flash', () => {
  let chip: VirtualChip;
  let port: readonly string[];
  let folder: string;
  const table = parsePartitionTable(new TextEncoder().encode(TABLE));
  const blank = new Uint8Array(0x2000).fill(0xff);

  beforeEach(async () => {
    folder = await temporaryFolder();
    chip = new VirtualChip({ chip: 'esp32c3', clock: systemClock });
    const listener = await listenTcp(chip, '127.0.0.1', 0);
    onTestFinished(() => listener[Symbol.asyncDispose]());
    port = ['--port', listener.target];
  });

  async function provision(): Promise<Uint8Array> {
    const app = await buildTestApp({ chip: 'esp32c3', descriptor: { version: '2.0.0' } });
    chip.flash.load(0x8000, serializePartitionBinary(table));
    chip.flash.load(0x3_0000, app);
    chip.flash.load(0xd000, switchOtadata(blank, table, 'ota_1'));
    return app;
  }

  it('says what board it is and what it boots', async () => {
    await provision();
    const { exitCode, stdout } = await otakit(['flash', 'info', ...port]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('ESP32-C3 v0.3, 02:4f:54:41:00:01');
    expect(stdout).toContain('flash 4 MB');
    expect(stdout).toMatch(/ota_0 +0x10000 +128 KB +\(empty\)\n/);
    expect(stdout).toMatch(/second +0x30000 +128 KB +test-app 2\.0\.0 +← boots\n/);
    const { stdout: json } = await otakit(['flash', 'info', '--json', ...port]);
    expect(JSON.parse(json)).toMatchObject({
      chip: 'esp32c3',
      mac: '02:4f:54:41:00:01',
      loader: 'stub',
      boots: 'ota_1',
      slots: [{ state: 'empty' }, { slot: 'ota_1', version: '2.0.0', chip: 'esp32c3' }],
    });
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('says that there is no table, and that one is damaged', async () => {
    const none = await otakit(['flash', 'info', '--no-reset', ...port]);
    expect(none.stdout).toContain('partition table: there is none');
    expect(chip.inLoader).toBe(true);
    await provision();
    chip.flash.load(0x8010, Uint8Array.of(0x5a));
    const damaged = await otakit(['flash', 'info', ...port]);
    expect(damaged.stdout).toContain('partition table: it is damaged');
  });

  it('reads by name, by slot and by offset, the same with and without stub', async () => {
    const app = await provision();
    for (const where of [['second'], ['ota_1', '--no-stub'], ['0x30000', '128K']]) {
      const file = join(folder, `${where.join('')}.bin`);
      const { exitCode, stdout } = await otakit(['flash', 'read', ...where, '-o', file, ...port]);
      expect(exitCode).toBe(0);
      expect(stdout).toBe(`${file}: 131,072 bytes from 0x30000\n`);
      expect(new Uint8Array(await readFile(file)).subarray(0, app.length)).toEqual(app);
    }
  });

  it('compares a file that ends within a sector', async () => {
    const app = await provision();
    const file = join(folder, 'app.bin');
    await writeFile(file, app);
    const args = ['flash', 'verify', file, '--at', 'second', ...port];
    expect(await otakit(args)).toMatchObject({ exitCode: 0 });
    chip.flash.load(0x3_0000 + app.length - 1, Uint8Array.of(0x77));
    const { exitCode, stdout } = await otakit([...args, '--json']);
    expect(exitCode).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({
      matches: false,
      differingSectors: [0x3_0000 + Math.floor((app.length - 1) / 0x1000) * 0x1000],
    });
    expect((await otakit(args)).stdout).toMatch(/: 1 of \d+ sectors differ/);
  });

  it('erases a partition, a range, everything', async () => {
    await provision();
    const held = (at: number) => chip.flash.read(at, 0x1000).some((byte) => byte !== 0xff);
    expect((await otakit(['flash', 'erase', 'otadata', ...port])).exitCode).toBe(0);
    expect([held(0xd000), held(0x3_0000)]).toEqual([false, true]);
    await otakit(['flash', 'erase', '0x30000', '0x1000', ...port]);
    expect([held(0x3_0000), held(0x3_1000)]).toEqual([false, true]);
    const all = await otakit(['flash', 'erase', '--all', '--json', ...port]);
    expect(JSON.parse(all.stdout)).toEqual({ flashOffset: 0, sizeBytes: 0x40_0000 });
    expect(held(0x3_1000)).toBe(false);
  });

  it('starts the application', async () => {
    const { stdout } = await otakit(['flash', 'reset', ...port]);
    expect(stdout).toContain(': reset\n');
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('refuses what makes no sense', async () => {
    const run = (...args: string[]) => otakit(['flash', ...args, ...port]);
    expect((await run('erase')).exitCode).toBe(2);
    expect((await run('erase', 'nvs', '--all')).exitCode).toBe(2);
    expect((await run('read', '0x1000', '-o', 'x')).stderr).toContain('a size is needed');
    expect((await run('info', '--baud', 'fast')).stderr).toContain('cli/usage');
    const table = join(folder, 'partitions.csv');
    await writeFile(table, TABLE);
    const mixedUp = await otakit(['flash', 'info', '-p', table]);
    expect(mixedUp).toMatchObject({ exitCode: 2 });
    expect(mixedUp.stderr).toContain('with --partitions');
    const noTable = await run('read', 'nvs', '-o', 'x');
    expect(noTable).toMatchObject({ exitCode: 3 });
    expect(noTable.stderr).toContain('flash/no-table:');
    await provision();
    const noEntry = await run('read', 'ota_7', '-o', 'x');
    expect(noEntry).toMatchObject({ exitCode: 2 });
    expect(noEntry.stderr).toContain('flash/no-such-partition:');
    expect((await run('read', 'nvs', '64K', '-o', 'x')).stderr).toContain('has 16384 bytes');
    await expect.poll(() => chip.inLoader).toBe(false);
  });

  it('takes a virtual board for a port', async () => {
    const { stdout } = await otakit(['flash', 'info', '--port', 'sim://ESP32-S3']);
    expect(stdout).toContain('sim://ESP32-S3: ESP32-S3');
    const { exitCode, stderr } = await otakit(['flash', 'info', '--port', 'sim://z80']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('sim://esp32c3');
  });
});
