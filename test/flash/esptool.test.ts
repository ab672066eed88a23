import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openDevice, writeParts } from '../../src/flash/index.ts';
import { systemClock } from '../../src/shared/index.ts';
import { listenTcp, VIRTUAL_CHIPS } from '../../src/simulator/index.ts';
import { openLink } from '../../src/transport/index.ts';
import { describeWithPeers } from '../support/peer.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { board, firmware } from './board.ts';

const run = promisify(execFile);
const AT = 0x1_0000;

describeWithPeers(['esptool'], 'otakit and esptool on one chip', ([esptool = '']) => {
  async function tool(target: string, ...args: readonly string[]): Promise<string> {
    const reset = target.startsWith('tcp') ? ['--before', 'no-reset', '--after', 'no-reset'] : [];
    const port = target.replace('tcp://', 'socket://');
    const { stdout } = await run(esptool, ['--port', port, ...reset, ...args]);
    return stdout;
  }

  it.each(VIRTUAL_CHIPS)('agree on what an %s is, and on what is in its flash', async (name) => {
    const chip = board({
      chip: name,
      flashSizeBytes: 0x80_0000,
      identity: { mac: [0x84, 0xf7, 0x03, 0xaa, 0xbb, 0xcc], revision: { major: 1, minor: 2 } },
    });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const folder = await temporaryFolder();
    const path = join(folder, 'firmware.bin');
    const data = firmware(6);
    await writeFile(path, data);

    const log = await tool(listener.target, 'write-flash', '0x10000', path);
    await using device = await openDevice(openLink, listener.target, { clock: systemClock });
    expect(log).toContain(
      `revision v${Math.floor(device.info.revision / 100)}.${device.info.revision % 100}`,
    );
    expect(log).toContain(device.info.mac);
    expect(device.info.flashSizeBytes).toBe(0x80_0000);
    expect(await device.read(AT, data.length)).toEqual(data);
    const [nothing] = await writeParts(device, [{ name: 'app', flashOffset: AT, data }]);
    expect(nothing?.writtenBytes).toBe(0);

    const next = firmware(9);
    await writeParts(device, [{ name: 'app', flashOffset: AT, data: next }]);
    await device.reset();
    await device[Symbol.asyncDispose]();
    await writeFile(path, next);
    expect(await tool(listener.target, 'verify-flash', '0x10000', path)).toContain(
      'Verification successful',
    );
  });

  it('agree without a stub too', async () => {
    const chip = board({ chip: 'esp32' });
    await using listener = await listenTcp(chip, '127.0.0.1', 0);
    const folder = await temporaryFolder();
    const path = join(folder, 'firmware.bin');
    const data = firmware(4);
    {
      await using device = await openDevice(openLink, listener.target, {
        clock: systemClock,
        stub: false,
      });
      await writeParts(device, [{ name: 'app', flashOffset: AT, data }]);
      await device.reset();
    }
    await tool(listener.target, 'read-flash', '0x10000', String(data.length), path);
    expect(new Uint8Array(await readFile(path))).toEqual(data);
    await tool(listener.target, '--no-stub', 'write-flash', '0x20000', path);
    await using again = await openDevice(openLink, listener.target, {
      clock: systemClock,
      stub: false,
    });
    expect(await again.read(0x2_0000, data.length)).toEqual(data);
  });
});
