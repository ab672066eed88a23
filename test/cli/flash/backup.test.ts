import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/shared/index.ts';
import { listenTcp, VirtualChip, type VirtualChipOptions } from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

async function plugIn(options: Partial<VirtualChipOptions> = {}) {
  const chip = new VirtualChip({
    chip: 'esp32c3',
    clock: systemClock,
    flashSizeBytes: 0x8_0000,
    ...options,
  });
  const listener = await listenTcp(chip, '127.0.0.1', 0);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  return { chip, port: ['--port', listener.target] };
}

it('saves a board, and puts it back as it was', async () => {
  const file = join(await temporaryFolder(), 'board.otabackup');
  const { chip, port } = await plugIn();
  chip.flash.load(0x9000, new Uint8Array(0x2000).fill(0x31));
  const before = chip.flash.read(0, chip.flash.sizeBytes).slice();
  const saved = await otakit(['flash', 'backup', '-o', file, ...port]);
  expect(saved.stdout).toContain('ESP32-C3 v0.3 02:4f:54:41:00:01, 512 KB of flash in ');

  chip.flash.load(0x9000, new Uint8Array(16));
  chip.flash.load(0x4_0000, new Uint8Array(0x3000));
  const restored = await otakit(['flash', 'restore', file, ...port]);
  expect(restored.stdout).toContain('restored and verified; wrote 4 KB, erased 12 KB');
  expect(chip.flash.read(0, chip.flash.sizeBytes)).toEqual(before);
  expect((await otakit(['flash', 'restore', file, ...port])).stdout).toContain('already');

  const other = await plugIn({ identity: { mac: [2, 2, 2, 2, 2, 2] } });
  const refused = await otakit(['flash', 'restore', file, ...other.port]);
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain('flash/other-board:');
  expect(refused.stderr).toContain('--other-board');
  const forced = await otakit(['flash', 'restore', file, '--other-board', '--json', ...other.port]);
  expect(JSON.parse(forced.stdout)).toMatchObject({ verified: true, writtenBytes: 0x2000 });
  const otherChip = await plugIn({ chip: 'esp32s3' });
  const never = await otakit(['flash', 'restore', file, '--other-board', ...otherChip.port]);
  expect(never.stderr).toContain(': the chip differs');
});

it.each([['backup'], ['read', '0', '0x1000']])(
  'learns before it opens a port that the file of %s exists',
  async (...verb) => {
    const file = join(await temporaryFolder(), 'taken.bin');
    await writeFile(file, 'mine');
    const args = ['flash', ...verb, '-o', file, '--port', '/dev/none'];
    const { exitCode, stderr } = await otakit(args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error cli/file-exists: ${file} exists already`);
    expect((await otakit([...args, '--force'])).stderr).not.toContain('cli/file-exists');
  },
);
