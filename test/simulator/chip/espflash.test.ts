import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chipByName } from '../../../src/chips/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import {
  firmware,
  listenPty,
  VIRTUAL_CHIPS,
  VirtualChip,
  type VirtualChipName,
} from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { describeWithPeers } from '../../support/peer.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const run = promisify(execFile);
const AS_SERIAL_PORT = fileURLToPath(new URL('../../support/as-serial-port.sh', import.meta.url));
const NAMESPACE = ['--map-root-user', '--mount'];
const canMount = () =>
  spawnSync('unshare', [...NAMESPACE, 'mount', '-t', 'tmpfs', 'none', '/sys']).status === 0;

/** A virtual chip on a pty, and espflash that takes the pty for a serial port. */
async function plugIn(name: VirtualChipName, espflash: string) {
  const chip = new VirtualChip({
    chip: name,
    clock: systemClock,
    boot: firmware(systemClock),
    identity: { mac: [0x84, 0xf7, 0x03, 1, 2, 3] },
  });
  const listener = await listenPty(chip);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  const tool = async (...args: readonly string[]): Promise<string> => {
    // A pty has no modem lines, and espflash insists on them for a reset.
    const lines = ['--before', 'no-reset', '--after', 'no-reset'];
    const port = ['--non-interactive', '--port', '/dev/ttyV0', ...lines];
    const command = [AS_SERIAL_PORT, listener.target, espflash, '--skip-update-check'];
    const { stdout, stderr } = await run('unshare', [...NAMESPACE, ...command, ...args, ...port]);
    return stdout + stderr;
  };
  return { chip, tool, target: listener.target };
}

describeWithPeers(
  ['espflash', 'socat', 'unshare'],
  'espflash on a virtual chip',
  ([espflash = '']) => {
    // It only opens what the system lists as a serial port, which takes a mount namespace to pretend.
    const possible = canMount();
    if (!possible) console.warn('SKIPPED "espflash on a virtual chip": no mount namespaces here');
    describe.skipIf(!possible)('that it takes for a board', () => {
      it.each(VIRTUAL_CHIPS)('writes, reads and erases an %s', async (name) => {
        const { chip, tool, target } = await plugIn(name, espflash);
        const folder = await temporaryFolder();
        const path = (file: string) => join(folder, file);
        const bytes = new Uint8Array(30_001).fill(0x22);
        bytes.set(randomBytes(9000), 100);
        await writeFile(path('image'), bytes);

        const about = await tool('board-info');
        expect(about).toContain('84:f7:03:01:02:03');
        expect(about).toMatch(/Flash size: +4MB/);
        await tool('write-bin', '0x10000', path('image'));
        expect(chip.flash.read(0x10000, bytes.length)).toEqual(bytes);
        const md5 = createHash('md5').update(bytes).digest('hex');
        expect(await tool('checksum-md5', '0x10000', String(bytes.length))).toContain(`0x${md5}`);
        // The stub goes on running where nothing resets the chip.
        chip.reset('app');
        await tool('write-bin', '--no-stub', '0x20000', path('image'));

        const ours = ['--port', target, '--force'];
        const range = ['0x20000', String(bytes.length)];
        const read = await otakit(['flash', 'read', ...range, '-o', path('ours'), ...ours]);
        expect(`${read.exitCode} ${read.stderr}`).toMatch(/^0 /);
        expect(new Uint8Array(await readFile(path('ours')))).toEqual(bytes);
        const written = await otakit([
          'flash',
          'write',
          `0x40000=${path('image')}`,
          '--port',
          target,
        ]);
        expect(`${written.exitCode} ${written.stderr}`).toMatch(/^0 /);
        await tool('read-flash', '0x40000', String(bytes.length), path('read'));
        expect(new Uint8Array(await readFile(path('read')))).toEqual(bytes);

        await tool('erase-region', '0x10000', '0x1000');
        expect(chip.flash.read(0x10000, 0x1000).every((byte) => byte === 0xff)).toBe(true);
        expect(chip.flash.read(0x11000, 0x1000)).toEqual(bytes.subarray(0x1000, 0x2000));
        await tool('erase-flash');
        expect(chip.flash.read(0, chip.flash.sizeBytes).every((byte) => byte === 0xff)).toBe(true);
      });

      it.each(['esp32', 'esp32c3'] as const)('flashes an ELF that boots an %s', async (name) => {
        const { chip, tool } = await plugIn(name, espflash);
        let log = '';
        chip.onPrint((text) => (log += text));
        const elf = join(REPOSITORY, `firmware-samples/images/hello-${name}-1.0.0.elf`);
        await tool('flash', elf);
        chip.reset('app');
        await expect.poll(() => log).toContain(`otakit-hello 1.0.0 on ${chipByName(name).title}`);
      });
    });
  },
);
