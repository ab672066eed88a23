import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { chipByName } from '../../../src/chips/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import {
  listenRfc2217,
  listenTcp,
  VIRTUAL_CHIPS,
  VirtualChip,
} from '../../../src/simulator/index.ts';
import { otakit } from '../../support/cli.ts';
import { openEsptool } from '../../support/esptool-session.ts';
import { describeWithPeers } from '../../support/peer.ts';

const MAC = [0x84, 0xf7, 0x03, 1, 2, 3] as const;
const SECTOR = 0x1000;
const blank = (bytes: Uint8Array) => bytes.every((byte) => byte === 0xff);

/** Code-like bytes: some that compress, some that do not, and an odd length. */
function firmware(): Uint8Array {
  const bytes = new Uint8Array(50_001).fill(0x11);
  bytes.set(randomBytes(12_000), 5000);
  return bytes;
}

/** Every chip, every command, over both kinds of port; otakit and esptool read what the other wrote. */
describeWithPeers(['peer-python'], 'esptool and otakit on a virtual', ([python = '']) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otakit-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  describe.each(['tcp', 'rfc2217'])('chip over %s:', (scheme) => {
    // Beside each other: esptool mostly sleeps.
    it.concurrent.for(VIRTUAL_CHIPS)('%s', async (name, { expect }) => {
      const chip = new VirtualChip({
        chip: name,
        clock: systemClock,
        flashSizeBytes: 2 * 1024 * 1024,
        identity: { mac: [...MAC] },
      });
      await using listener = await (scheme === 'tcp'
        ? listenTcp(chip, '127.0.0.1', 0)
        : listenRfc2217(chip, '127.0.0.1', 0, systemClock));
      await using session = openEsptool(python);
      const port =
        scheme === 'tcp'
          ? [listener.target.replace('tcp', 'socket'), '--before=no-reset', '--after=no-reset']
          : [`${listener.target}?timeout=60`, '--baud=460800'];
      const esptool = (...args: readonly string[]) => session.run('--port', ...port, ...args);
      const ours = async (...args: readonly string[]) => {
        const result = await otakit(['flash', ...args, '--port', listener.target]);
        expect(`${result.exitCode} ${result.stderr}`).toMatch(/^0 /);
      };
      const held = (offset: number) => chip.flash.read(offset, image.length);

      const path = (file: string) => join(folder, `${scheme}-${name}-${file}`);
      const image = firmware();
      const changed = image.slice();
      changed.fill(0x42, 20_000, 20_040);
      await writeFile(path('image'), image);
      await writeFile(path('changed'), changed);

      expect(await esptool('chip-id')).toContain(`Connected to ${chipByName(name).title} on`);
      expect(await esptool('flash-id')).toContain('Detected flash size: 2MB');
      expect(await esptool('read-mac')).toContain('84:f7:03:01:02:03');
      const security = await session.attempt('--port', ...port, 'get-security-info');
      // The first of them knows no such command, which is what esptool says then.
      if (name === 'esp32') expect(security.failure).not.toBeNull();
      else expect(security.output).toContain('Secure Boot: Disabled');

      expect(await esptool('write-flash', '0x10000', path('image'))).toContain('compressed)');
      expect(held(0x10000)).toEqual(image);
      await esptool('write-flash', '--no-compress', '0x40000', path('image'));
      expect(held(0x40000)).toEqual(image);
      await esptool('--no-stub', 'write-flash', '0x80000', path('image'));
      expect(held(0x80000)).toEqual(image);
      const update = ['write-flash', '0x10000', path('changed'), '--diff-with', path('image')];
      expect(await esptool(...update)).toMatch(/Wrote \d+ bytes/);
      expect(held(0x10000)).toEqual(changed);
      expect(await esptool('verify-flash', '0x10000', path('changed'))).toContain('successful');
      const wrong = ['verify-flash', '0x10000', path('image')];
      expect((await session.attempt('--port', ...port, ...wrong)).failure).toContain('failed');

      await esptool('read-flash', '0x10000', String(image.length), path('read'));
      expect(new Uint8Array(await readFile(path('read')))).toEqual(changed);
      await ours('read', '0x10000', String(image.length), '-o', path('ours'), '--force');
      expect(new Uint8Array(await readFile(path('ours')))).toEqual(changed);
      await ours('write', `0xc0000=${path('changed')}`);
      expect(await esptool('verify-flash', '0xc0000', path('changed'))).toContain('successful');
      await esptool('--no-stub', 'read-flash', '0xc0000', '0x400', path('slow'));
      expect(new Uint8Array(await readFile(path('slow')))).toEqual(changed.subarray(0, 0x400));

      await esptool('erase-region', '0x10000', '0x1000');
      expect(blank(chip.flash.read(0x10000, SECTOR))).toBe(true);
      expect(chip.flash.read(0x11000, SECTOR)).toEqual(changed.subarray(SECTOR, 2 * SECTOR));
      await esptool('erase-flash');
      expect(blank(chip.flash.read(0, chip.flash.sizeBytes))).toBe(true);
    });
  });
});
