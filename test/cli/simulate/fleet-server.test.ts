import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/shared/index.ts';
import { startRealFleet } from '../../support/real-fleet.ts';
import { startOtakit } from '../../support/running-cli.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

const COUNT = 10;

describe('otakit simulate fleet against a fleet server', () => {
  it('registers by the management API, updates, and comes back under the same ids', async () => {
    await using server = await startRealFleet(systemClock);
    const state = join(await temporaryFolder(), 'fleet.json');
    const words = `simulate fleet --server ${server.url} --devices ${COUNT} --blueprint board --cohort production --speed 1000 --json`;
    const args = [...words.split(' '), '--state', state];
    const env = { OTAKIT_TOKEN: server.token };
    {
      await using first = startOtakit(args, { env });
      for (let booted = 0; booted < COUNT; booted += 1) await first.nextEvent('booted');
      const { deploymentId } = await server.deployment('1.1.0');
      const changes = { activeDeploymentId: deploymentId };
      await server.fleet.cohorts.update('system', 'production', changes);
      for (let booted = 0; booted < COUNT; booted += 1) {
        expect(await first.nextEvent('booted')).toMatchObject({ version: '1.1.0', updated: true });
      }
    }
    const { total } = await server.fleet.devices.list({}, { page: 0, perPage: 1 });
    expect(total).toBe(COUNT);
    // Without what was kept they are new, and get new secrets under their old ids.
    await using second = startOtakit([...args, '--fresh'], { env });
    expect(await second.nextEvent('booted')).toMatchObject({ version: '0.0.0' });
    expect(await second.nextEvent('offered')).toMatchObject({ version: '1.1.0' });
  });

  it('refuses a blueprint that is not there', async () => {
    await using server = await startRealFleet(systemClock);
    const args = `simulate fleet --server ${server.url} --blueprint nothing`.split(' ');
    await using run = startOtakit(args, { env: { OTAKIT_TOKEN: server.token } });
    expect(await run.ended).toBe(3);
  });
});
