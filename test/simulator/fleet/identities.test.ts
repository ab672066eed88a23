import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DeviceMemory,
  factoryState,
  readFleetFile,
  writeFleetFile,
} from '../../../src/simulator/index.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const device: DeviceMemory = {
  deviceId: 'sim-1',
  secret: 'otd_x',
  main: factoryState({ version: '1', sha256: '', elfSha256: null, secureVersion: 0 }),
  others: { modem: '7' },
  secureVersion: 3,
  bootCount: 7,
};

describe('the file of a virtual fleet', () => {
  it('brings the devices back, and is for nobody else to read', async () => {
    const folder = await temporaryFolder();
    const file = { path: join(folder, 'fleet.json'), server: 'http://127.0.0.1:1' };
    expect(await readFleetFile(file)).toEqual([]);
    await writeFleetFile(file, [device]);
    expect(await readFleetFile(file)).toEqual([device]);
    expect((await stat(file.path)).mode & 0o777).toBe(0o600);
  });

  it('belongs to one server: simulator/state-differs', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'fleet.json');
    await writeFleetFile({ path, server: 'http://a' }, [device]);
    await expect(readFleetFile({ path, server: 'http://b' })).rejects.toMatchObject({
      code: 'simulator/state-differs',
    });
  });

  it.each(['', '{}', '{"format":"otakit-virtual-fleet-1","server":"x","devices":[{}]}'])(
    'is refused when it is damaged: simulator/state-unusable (%j)',
    async (text) => {
      const folder = await temporaryFolder();
      const path = join(folder, 'fleet.json');
      await writeFile(path, text);
      await expect(readFleetFile({ path, server: 'x' })).rejects.toMatchObject({
        code: 'simulator/state-unusable',
      });
    },
  );
});
