import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/shared/index.ts';
import {
  listenRfc2217,
  listenTcp,
  VIRTUAL_CHIPS,
  VirtualChip,
} from '../../../src/simulator/index.ts';
import { describeWithPeers } from '../../support/peer.ts';

const run = promisify(execFile);

/** Espressif's own tool must not be able to tell the virtual chip from a board. */
describeWithPeers(['esptool'], 'esptool on a virtual chip', ([esptool = '']) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const over =
    (target: string) =>
    async (...args: readonly string[]) => {
      const port = target.replace('tcp://', 'socket://');
      const reset = target.startsWith('tcp') ? ['--before', 'no-reset', '--after', 'no-reset'] : [];
      const { stdout } = await run(esptool, ['--port', port, ...reset, ...args]);
      return stdout;
    };

  /** Code-like bytes: some that compress, some that do not, and an odd length. */
  async function firmware(): Promise<{ path: string; bytes: Uint8Array }> {
    const bytes = new Uint8Array(70_001).fill(0x11);
    bytes.set(randomBytes(20_000), 5000);
    const path = join(folder, 'firmware.bin');
    await writeFile(path, bytes);
    return { path, bytes };
  }

  it.each(VIRTUAL_CHIPS)('writes, verifies and reads an %s through the stub', async (name) => {
    const chip = new VirtualChip({ chip: name, clock: systemClock });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const tool = over(listener.target);
    const { path, bytes } = await firmware();
    const log = await tool('write-flash', '0x10000', path);
    expect(log).toContain('Stub flasher running');
    expect(log).toContain('Hash of data verified');
    const padded = Math.ceil(bytes.length / 4) * 4;
    expect(chip.flash.read(0x10000, bytes.length)).toEqual(bytes);
    expect(chip.flash.read(0x10000 + padded, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  it('does all the rest that esptool can do', async () => {
    const chip = new VirtualChip({
      chip: 'esp32c3',
      clock: systemClock,
      identity: { mac: [0x84, 0xf7, 0x03, 1, 2, 3], revision: { major: 0, minor: 4 } },
    });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const tool = over(listener.target);
    const { path, bytes } = await firmware();

    expect(await tool('read-mac')).toContain('84:f7:03:01:02:03');
    expect(await tool('chip-id')).toContain('revision v0.4');
    expect(await tool('flash-id')).toContain('4MB');
    expect(await tool('get-security-info')).toContain('Secure Boot: Disabled');
    await tool('write-flash', '--no-compress', '0x20000', path);
    expect(await tool('verify-flash', '0x20000', path)).toContain('Verification successful');
    const back = join(folder, 'back.bin');
    await tool('read-flash', '0x20000', String(bytes.length), back);
    expect(new Uint8Array(await readFile(back))).toEqual(bytes);
    await tool('erase-region', '0x20000', '0x1000');
    expect(chip.flash.read(0x20000, 0x1000).every((byte) => byte === 0xff)).toBe(true);
    expect(chip.flash.read(0x21000, 0x1000)).toEqual(bytes.subarray(0x1000, 0x2000));
    await tool('erase-flash');
    expect(chip.flash.read(0, chip.flash.sizeBytes).every((byte) => byte === 0xff)).toBe(true);
  });

  it.each(['esp32', 'esp32c3'] as const)('talks to the bare ROM of an %s', async (name) => {
    const chip = new VirtualChip({ chip: name, clock: systemClock });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const { path, bytes } = await firmware();
    const log = await over(listener.target)('--no-stub', 'write-flash', '0x1000', path);
    expect(log).toContain('Hash of data verified');
    expect(chip.flash.read(0x1000, bytes.length)).toEqual(bytes);
  });

  it('resets the chip into the loader over RFC 2217, changes rates, and resets it again', async () => {
    const chip = new VirtualChip({ chip: 'esp32', clock: systemClock });
    await using listener = await listenRfc2217(chip, '127.0.0.1', 0, systemClock);
    const log = await over(listener.target)('--baud', '460800', 'flash-id');
    expect(log).toContain('Changed');
    expect(log).toContain('4MB');
    expect(chip.inLoader).toBe(false);
  });
});
