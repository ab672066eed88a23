import { beforeEach, describe, expect, it } from 'vitest';
import { RolloutWorld } from '../support/rollout-world.ts';

const NOW = { canaryPercent: 100, stepPercent: null, minSample: 100, soakMs: 3_600_000 } as const;
const OUTDATED = { code: 'fleet/report-outdated', httpStatus: 409 };

describe('a device that counts its boots', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    await world.devices(1);
    return () => world[Symbol.asyncDispose]();
  });

  const boots = (version: string, bootCount: number | null) =>
    world.boots('d000', version, { bootCount });
  const runs = async () => (await world.fleet.devices.get('d000')).reported['main']?.version;

  it('is not rolled back by a recorded report of an earlier boot', async () => {
    await boots('1.0.0', 4);
    const rolloutId = await world.start(NOW);
    await world.asks('d000');
    await boots('2.0.0', 5);
    for (const bootCount of [4, 0]) {
      await expect(boots('1.0.0', bootCount)).rejects.toMatchObject({
        ...OUTDATED,
        details: { last: 5, bootCount },
      });
    }
    await expect(
      world.says('d000', 'rolled-back', { bootCount: 4, error: 'recorded' }),
    ).rejects.toMatchObject(OUTDATED);
    expect(await world.state(rolloutId, 'd000')).toBe('soaking');
    expect(await runs()).toBe('2.0.0');
    // What really happens is believed.
    await boots('1.0.0', 6);
    expect(await world.state(rolloutId, 'd000')).toBe('rolled-back');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('may say the same boot again, which is no further one', async () => {
    await boots('1.0.0', 4);
    const { lastBootedAtMs } = await world.fleet.devices.get('d000');
    await world.clock.advance(60_000);
    await boots('1.0.0', 4);
    expect((await world.fleet.devices.get('d000')).lastBootedAtMs).toBe(lastBootedAtMs);
    // Another package of the same boot is.
    await world.boots('d000', '7', { packageId: 'modem', bootCount: 4 });
    expect((await world.fleet.devices.get('d000')).reported['modem']?.version).toBe('7');
  });

  it('may fall back to firmware that does not count yet, and only to that', async () => {
    // 1.0.0 is what it ran before it ever counted.
    await boots('2.0.0', 1);
    await boots('1.0.0', null);
    expect(await runs()).toBe('1.0.0');
    await boots('1.0.0', null);
    await boots('2.0.0', 9);
    await boots('3.0.0', 10);
    await world.fleet.cohorts.update('system', 'all', {
      activeDeploymentId: await world.deployment('3.0.0'),
    });
    // Two steps back no bootloader goes; and 2.0.0 counts.
    for (const version of ['1.0.0', '2.0.0', '4.0.0']) {
      await expect(boots(version, null)).rejects.toMatchObject(OUTDATED);
    }
    await boots('3.0.0', null);
    expect(await runs()).toBe('3.0.0');
  });

  it('still counts after it said without a count what it runs', async () => {
    await boots('2.0.0', 5);
    // With a hash that was not known yet, so that the report is stored.
    const imageHash = 'cc'.repeat(32);
    await world.boots('d000', '2.0.0', { sinceBoot: false, imageHash });
    expect((await world.fleet.devices.get('d000')).reported['main']).toMatchObject({ imageHash });
    await boots('3.0.0', 6);
    await expect(boots('2.0.0', null)).rejects.toMatchObject(OUTDATED);
    expect(await runs()).toBe('3.0.0');
  });

  it('may be sent to firmware that does not count', async () => {
    await boots('1.0.0', 3);
    const rolloutId = await world.start(NOW);
    await world.asks('d000');
    await boots('2.0.0', null);
    expect(await runs()).toBe('2.0.0');
    await boots('2.0.0', null);
    for (const bootCount of [null, 2, 3]) {
      await expect(boots('1.0.0', bootCount)).rejects.toMatchObject(OUTDATED);
    }
    await boots('1.0.0', 4);
    expect(await world.state(rolloutId, 'd000')).toBe('rolled-back');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('may put in what is no image without a restart, if it was offered', async () => {
    await boots('1.0.0', 4);
    const rolloutId = await world.start(NOW);
    await world.asks('d000');
    await expect(boots('3.0.0', 4)).rejects.toMatchObject(OUTDATED);
    await boots('2.0.0', 4);
    expect(await world.state(rolloutId, 'd000')).toBe('soaking');
    // What it said earlier in the same boot is a recording now.
    await expect(boots('1.0.0', 4)).rejects.toMatchObject(OUTDATED);
    expect(await runs()).toBe('2.0.0');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('cannot put in an app image without a restart', async () => {
    await world.fleet.packages.create('system', { packageId: 'app', kind: 'app-image' });
    const deploymentId = await world.deployment('2.0.0', { packageId: 'app' });
    await world.boots('d000', '1.0.0', { packageId: 'app', bootCount: 4 });
    await world.fleet.cohorts.update('system', 'all', { activeDeploymentId: deploymentId });
    await expect(
      world.boots('d000', '2.0.0', { packageId: 'app', bootCount: 4 }),
    ).rejects.toMatchObject(OUTDATED);
    await world.boots('d000', '2.0.0', { packageId: 'app', bootCount: 5 });
    const { reported } = await world.fleet.devices.get('d000');
    expect(reported['app']?.version).toBe('2.0.0');
  });

  it('may be sent over a stepping stone that does not count', async () => {
    await boots('1.0.0', 3);
    await world.artifact('2.0.0');
    const deploymentId = await world.deployment('3.0.0', { minVersion: '2.0.0' });
    await world.start({ ...NOW, deploymentId });
    expect(await world.offered('d000')).toBe('2.0.0');
    await expect(boots('2.5.0', null)).rejects.toMatchObject(OUTDATED);
    await boots('2.0.0', null);
    expect(await runs()).toBe('2.0.0');
    expect(await world.offered('d000')).toBe('3.0.0');
  });

  it('begins anew with a new secret, which no recorded report has', async () => {
    await boots('1.0.0', 40);
    const { secret } = await world.fleet.devices.rotateSecret('system', 'd000');
    await expect(boots('1.5.0', 1)).rejects.toMatchObject(OUTDATED);
    expect(await world.fleet.gate.authenticate('d000', secret)).not.toBeNull();
    await boots('1.5.0', 1);
    expect(await runs()).toBe('1.5.0');
  });
});
