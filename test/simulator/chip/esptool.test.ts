import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/shared/index.ts';
import { listenRfc2217, listenTcp, VirtualChip } from '../../../src/simulator/index.ts';
import { describeWithPeers } from '../../support/peer.ts';

const run = promisify(execFile);

/**
 * Espressif's own tool as a process of its own, with all its waits; what it does with every chip is in
 * esptool-matrix.test.ts.
 */
describeWithPeers(['esptool'], 'esptool on a virtual chip', ([esptool = '']) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const over =
    (target: string) =>
    async (...args: readonly string[]) => {
      const isTcp = target.startsWith('tcp');
      // Over RFC 2217 whatever is set is confirmed, in time.
      const port = isTcp ? target.replace('tcp://', 'socket://') : `${target}?timeout=60`;
      const reset = isTcp ? ['--before', 'no-reset', '--after', 'watchdog-reset'] : [];
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

  it('writes through the stub, pads with nothing, and restarts by the watchdog', async () => {
    // The watchdog comes after esptool's last command, also where that takes long.
    const sleep: Clock['sleep'] = (ms, signal) => systemClock.sleep(ms * 100, signal);
    const chip = new VirtualChip({ chip: 'esp32c3', clock: { ...systemClock, sleep } });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const { path, bytes } = await firmware();
    const log = await over(listener.target)('write-flash', '0x10000', path);
    expect(log).toContain('Stub flasher running');
    expect(log).toContain('Hash of data verified');
    expect(log).toContain('Hard resetting with a watchdog');
    await expect.poll(() => chip.inLoader, { timeout: 10_000 }).toBe(false);
    const padded = Math.ceil(bytes.length / 4) * 4;
    expect(chip.flash.read(0x10000, bytes.length)).toEqual(bytes);
    expect(chip.flash.read(0x10000 + padded, 4)).toEqual(new Uint8Array(4).fill(0xff));
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
