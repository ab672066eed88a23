import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  parsePartitionTable,
  serializePartitionBinary,
} from '../../../src/partition-table/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { firmware, listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const sample = (name: string) => join(REPOSITORY, 'firmware-samples', 'images', name);
const MERGED = sample('hello-esp32c3-1.0.0-merged.bin');
const NEXT = sample('hello-esp32c3-1.1.0.bin');

interface Board {
  readonly chip: VirtualChip;
  readonly target: string;
  /** All that it printed since it was made. */
  readonly log: () => string;
}

async function plugIn(options: { readonly badSectors?: readonly number[] } = {}): Promise<Board> {
  let log = '';
  const chip = new VirtualChip({
    chip: 'esp32c3',
    clock: systemClock,
    boot: firmware(systemClock),
    faults: options,
  });
  chip.onPrint((text) => (log += text));
  const listener = await listenTcp(chip, '127.0.0.1', 0);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  return { chip, target: listener.target, log: () => log };
}

describe('otakit flash write', () => {
  let board: Board;
  let folder: string;
  const write = (...args: string[]) => otakit(['flash', 'write', ...args, '--port', board.target]);

  beforeEach(async () => {
    folder = await temporaryFolder();
    board = await plugIn();
  });

  it('flashes a merged image, and the sample boots', async () => {
    const { exitCode, stdout, stderr } = await write(MERGED);
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/0x10000 +64\.4 KB +factory +app otakit-hello 1\.0\.0/);
    expect(stdout).toMatch(
      /ESP32-C3 v0\.3 02:4f:54:41:00:01: wrote .*, verified; boots factory\n$/,
    );
    await expect.poll(board.log).toContain('otakit-hello 1.0.0');
    const again = await write(MERGED);
    expect(again.stdout).toContain('the flash held all');
  });

  it('puts the next version into its slot, which then boots', async () => {
    await write(MERGED);
    const { exitCode, stdout } = await write(NEXT, '--at', 'ota_1');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('boots ota_1 (otadata was changed)');
    await expect.poll(board.log).toContain('otakit-hello 1.1.0');
    expect((await write(sample('hello-esp32c3-1.0.0.bin'))).stdout).toContain('boots factory');
  });

  it('takes the slot that an update would take', async () => {
    await write(MERGED);
    const app = async () => {
      const args = ['flash', 'app', NEXT, '--port', board.target, '--json'];
      const { stdout } = await otakit(args);
      return (JSON.parse(stdout) as { boards: { plan: { boots: string } }[] }).boards[0]?.plan
        .boots;
    };
    expect([await app(), await app(), await app()]).toEqual(['ota_0', 'ota_1', 'ota_0']);
  });

  it('shows the plan and opens no port with --dry-run', async () => {
    const { exitCode, stdout } = await otakit([
      'flash',
      'write',
      MERGED,
      '--dry-run',
      '--json',
      '--port',
      'tcp://127.0.0.1:1',
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      chip: 'esp32c3',
      boots: 'factory',
      parts: [{ partition: 'factory', version: '1.0.0' }, { kind: 'partition-table' }, {}],
    });
    const unknown = await write(NEXT, '--dry-run');
    expect(unknown).toMatchObject({ exitCode: 3 });
    expect(unknown.stderr).toContain('--partitions');
  });

  it('judges what has an offset alone by the table of the board', async () => {
    const nvs = join(folder, 'nvs.bin');
    await writeFile(nvs, new Uint8Array(0x1000).fill(1));
    expect((await write(`0x9000=${nvs}`)).stdout, 'a board without a table').toContain(
      'wrote 4 KB',
    );
    await write(MERGED);
    const moved = await write(`0x110000=${NEXT}`);
    expect(moved.stdout).toContain('boots ota_0 (otadata was changed)');
    expect(moved.stderr.match(/^Plan/gm), 'shown again, as it has changed').toHaveLength(2);
    await expect.poll(board.log).toContain('otakit-hello 1.1.0');
    const before = board.chip.flash.read(0, board.chip.flash.sizeBytes).slice();
    for (const [where, file, code] of [
      ['0x120000', NEXT, 'flash/not-a-slot'],
      ['0x10000', nvs, 'flash/wrong-place'],
      ['0x0', nvs, 'flash/wrong-place'],
      ['ota_0', MERGED, 'flash/wrong-place'],
    ] as const) {
      const refused = await write(`${where}=${file}`);
      expect(refused).toMatchObject({ exitCode: 3, stdout: '' });
      expect(refused.stderr).toContain(`${code}:`);
    }
    const app = await otakit(['flash', 'app', MERGED, '--port', board.target]);
    expect(app).toMatchObject({ exitCode: 3 });
    expect(board.chip.flash.read(0, before.length)).toEqual(before);
  });

  it('says that nothing is left to write, and takes no port twice', async () => {
    await write(MERGED);
    const nothing = await write(NEXT, '--keep', 'factory');
    expect(nothing.stdout).toMatch(/: there was nothing to write in \d/);
    const twice = await otakit([
      'flash',
      'write',
      NEXT,
      '--port',
      `${board.target},${board.target}`,
    ]);
    expect(twice).toMatchObject({ exitCode: 2 });
    expect(twice.stderr).toContain('twice');
    const gap = await otakit(['flash', 'write', NEXT, '--port', `${board.target},`]);
    expect(gap).toMatchObject({ exitCode: 2 });
  });

  it('never writes a byte of what is wrong for the board', async () => {
    await write(MERGED);
    const before = board.chip.flash.read(0, board.chip.flash.sizeBytes).slice();
    const wrongChip = await write(sample('hello-esp32-1.1.0.bin'));
    expect(wrongChip).toMatchObject({ exitCode: 3 });
    expect(wrongChip.stderr).toContain('flash/plan-refused:');
    expect(wrongChip.stderr).toContain('flash/chip-mismatch:');
    const csv = join(folder, 'other.csv');
    await writeFile(csv, 'nvs, data, nvs, 0x9000, 0x6000\nfactory, app, factory, 0x20000, 1M\n');
    const wrongTable = await write(NEXT, '--partitions', csv, '--json');
    expect(wrongTable.exitCode).toBe(3);
    expect(JSON.parse(wrongTable.stderr)).toMatchObject({
      error: {
        code: 'flash/plan-refused',
        details: { issues: [{ code: 'flash/table-mismatch' }] },
      },
    });
    const broken = join(folder, 'broken.bin');
    await writeFile(broken, (await readFile(NEXT)).subarray(0, 50_000));
    expect((await write(broken)).exitCode).toBe(3);
    expect(board.chip.flash.read(0, board.chip.flash.sizeBytes)).toEqual(before);
  });

  it('takes the files of an ESP-IDF build', async () => {
    const merged = new Uint8Array(await readFile(MERGED));
    await writeFile(join(folder, 'bootloader.bin'), merged.subarray(0, 0x5060));
    await writeFile(join(folder, 'table.bin'), merged.subarray(0x8000, 0x8c00));
    await writeFile(join(folder, 'otadata.bin'), new Uint8Array(0x2000).fill(0xff));
    await writeFile(join(folder, 'app.bin'), await readFile(NEXT));
    const flasherArgs = join(folder, 'flasher_args.json');
    const flash_files = {
      '0x0': 'bootloader.bin',
      '0x8000': 'table.bin',
      '0xd000': 'otadata.bin',
      '0x10000': 'app.bin',
    };
    await writeFile(flasherArgs, JSON.stringify({ flash_files }));
    const { exitCode, stderr } = await write('--flasher-args', flasherArgs);
    expect(stderr).not.toContain('error');
    expect(exitCode).toBe(0);
    await expect.poll(board.log).toContain('otakit-hello 1.1.0');
    await writeFile(flasherArgs, '{}');
    expect((await write('--flasher-args', flasherArgs)).stderr).toContain('has no flash_files');
  });

  it('writes several files by name, and keeps what must be kept', async () => {
    const csv = join(folder, 'p.csv');
    const text = 'nvs, data, nvs, 0x9000, 0x4000\nfactory, app, factory, 0x10000, 1M\n';
    await writeFile(csv, text);
    board.chip.flash.load(
      0x8000,
      serializePartitionBinary(parsePartitionTable(new TextEncoder().encode(text))),
    );
    const nvs = join(folder, 'nvs.bin');
    await writeFile(nvs, new Uint8Array(0x4000).fill(7));
    await write(`factory=${NEXT}`, `nvs=${nvs}`, '--partitions', csv);
    expect(board.chip.flash.read(0x9000, 1)[0]).toBe(7);
    const kept = await write(NEXT, '--erase-all', '--keep', 'nvs', '--partitions', csv, '--full');
    expect(kept.stderr).toContain('not touched: nvs');
    expect(board.chip.flash.read(0x9000, 1)[0]).toBe(7);
  });

  it('flashes several boards at once, and one that fails leaves the others alone', async () => {
    const good = await plugIn();
    const bad = await plugIn({ badSectors: [0x11] });
    const targets = [board.target, bad.target, good.target, 'tcp://127.0.0.1:1'].join(',');
    const { exitCode, stdout, stderr } = await otakit([
      'flash',
      'write',
      MERGED,
      '--port',
      targets,
    ]);
    expect(exitCode).toBe(6);
    expect(stdout).toContain('2 of 4 boards done');
    expect(stdout).toContain(`${bad.target}: failed`);
    expect(stderr).toContain('flash/verify-failed');
    expect(stderr).toContain('transport/unreachable');
    const content = new Uint8Array(await readFile(MERGED));
    for (const { chip } of [board, good]) {
      expect(chip.flash.read(0x1_0000, 0x1000)).toEqual(content.subarray(0x1_0000, 0x1_1000));
    }
  });

  it('needs something to write', async () => {
    expect((await write()).stderr).toContain('what is to be flashed?');
    expect((await write(MERGED, NEXT, '--at', 'ota_0')).exitCode).toBe(2);
  });
});
