import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startOtakit } from '../../support/otakit-process.ts';
import { REPOSITORY } from '../../support/source-files.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const IMAGE = join(REPOSITORY, 'firmware-samples/images/hello-esp32-1.1.0.bin');
const TABLE = join(REPOSITORY, 'partitions/micro-rdk-8mb.csv');
const SLOT_OFFSET: Readonly<Record<string, number>> = { ota_0: 0x20000, ota_1: 0x400000 };

/** `otakit serve` on loopback, as a process of its own. */
function startServer(data: string): ReturnType<typeof startOtakit> {
  return startOtakit([
    'serve',
    IMAGE,
    '--partitions',
    TABLE,
    '--data',
    data,
    '--json',
    '--port',
    '0',
    '--bind',
    '127.0.0.1',
    '--host',
    '127.0.0.1',
    '--no-announce',
  ]);
}

describe('the virtual device and our own server, as two processes', () => {
  it('updates from the service that the server prints, and says which slot runs', async () => {
    const folder = await temporaryFolder();
    await using server = startServer(folder);
    const { service, tag } = await server.event('listening');
    const config = join(folder, 'machine.json');
    await writeFile(config, JSON.stringify({ services: [service] }));
    await using device = startOtakit([
      'simulate',
      'micro-rdk',
      '--config',
      config,
      '--state',
      join(folder, 'device'),
      '--once',
      '--json',
      '--quiet',
    ]);
    expect(await device.event('rebooted')).toEqual({
      event: 'rebooted',
      reason: 'update',
      slot: 'ota_1',
      version: '1.1.0',
      tag,
      fellBack: false,
    });
    expect(await device.ended).toBe(0);
    expect(await server.event('complete')).toMatchObject({ tag });
    const [flash, image] = await Promise.all([
      readFile(join(folder, 'device', 'flash.bin')),
      readFile(IMAGE),
    ]);
    expect(Buffer.compare(flash.subarray(0x400000, 0x400000 + image.length), image)).toBe(0);
  });

  it('takes ten updates in a row, from slot to slot', async () => {
    const folder = await temporaryFolder();
    await using server = startServer(folder);
    const { url } = await server.event('listening');
    const config = join(folder, 'machine.json');
    const ask = async (version: string) => {
      const attributes = { url, version };
      const service = { name: 'OTA', model: 'rdk:builtin:ota_service', attributes };
      await writeFile(`${config}.new`, JSON.stringify({ services: [service] }));
      await rename(`${config}.new`, config);
    };
    await ask('build 0');
    const state = join(folder, 'device');
    await using device = startOtakit([
      'simulate',
      'micro-rdk',
      '--config',
      config,
      '--state',
      state,
      '--poll',
      '20ms',
      '--json',
      '--quiet',
    ]);
    for (let build = 0; build < 10; build += 1) {
      const tag = `build ${build}`;
      const slot = build % 2 === 0 ? 'ota_1' : 'ota_0';
      const rebooted = await device.event('rebooted');
      expect(rebooted).toMatchObject({ reason: 'update', slot, tag, fellBack: false });
      await ask(`build ${build + 1}`);
    }
    expect(await device.event('rebooted')).toMatchObject({ slot: 'ota_1', tag: 'build 10' });
    device.interrupt();
    expect(await device.ended).toBe(130);
    const [flash, image] = await Promise.all([readFile(join(state, 'flash.bin')), readFile(IMAGE)]);
    for (const offset of Object.values(SLOT_OFFSET)) {
      expect(Buffer.compare(flash.subarray(offset, offset + image.length), image)).toBe(0);
    }
  });

  it('is refused with a token that is wrong, in the words of the device', async () => {
    const folder = await temporaryFolder();
    await using server = startServer(folder);
    const { url } = await server.event('listening');
    const config = join(folder, 'machine.json');
    const wrong = String(url).replace(/\/[^/]+\/([^/]+)$/, '/wrong-token/$1');
    const attributes = { url: wrong, version: 'v2' };
    await writeFile(
      config,
      JSON.stringify({ services: [{ model: 'rdk:builtin:ota_service', attributes }] }),
    );
    await using device = startOtakit(['simulate', 'micro-rdk', '--config', config, '--json']);
    expect(await device.event('failed')).toEqual({
      event: 'failed',
      message: 'failed to complete ota update: Bad Request - Status: 403 Forbidden',
    });
    device.interrupt();
    expect(await device.ended).toBe(130);
  });
});
