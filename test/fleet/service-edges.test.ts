import * as fc from '../support/property.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCohortService } from '../../src/fleet/cohorts/cohort-service.ts';
import { createCommandService } from '../../src/fleet/commands/command-service.ts';
import { createDeviceService } from '../../src/fleet/devices/device-service.ts';
import { createFleet, createFleetContext, type Device } from '../../src/fleet/index.ts';
import { memoryFleet } from '../support/memory-fleet.ts';
import { aDeployment, anArtifact, aPackage, aRollout } from './storage/entities.ts';
import { plainBlobs } from './storage/plain-blobs.ts';

const ALL = { page: 0, perPage: 100 };
const LOCAL = 'token:tok_test';
const CENTURIES_MS = 1e15;

describe('services at their edges', () => {
  let world: Awaited<ReturnType<typeof memoryFleet>>;
  beforeEach(async () => {
    world = await memoryFleet();
    return () => world[Symbol.asyncDispose]();
  });

  /** A cohort with a device and an unfinished rollout of one of two deployments. */
  async function aRunningRollout(): Promise<void> {
    await world.fleet.cohorts.create(LOCAL, { cohortId: 'production' });
    await world.fleet.devices.create(LOCAL, { deviceId: 'd1', cohortId: 'production' });
    await world.store.transaction(async (r) => {
      await r.packages.insert(aPackage());
      await r.artifacts.insert(anArtifact());
      await r.deployments.insert(aDeployment());
      await r.deployments.insert(aDeployment({ deploymentId: 'dep_2', sequence: 2 }));
      await r.rollouts.insert(aRollout({ deploymentId: 'dep_2' }));
    });
  }

  describe('a secret that is rotated', () => {
    it('twice before the device saw the first new one keeps the one that the device has', async () => {
      const { devices } = world.fleet;
      const first = await devices.create(LOCAL, { deviceId: 'd1' });
      await devices.rotateSecret(LOCAL, 'd1');
      const third = await devices.rotateSecret(LOCAL, 'd1');
      expect(third.device.credential?.previousSecretHash).toBe(first.device.credential?.secretHash);
    });
  });

  describe('times that no clock shows', () => {
    it.each([CENTURIES_MS, Number.MAX_SAFE_INTEGER, 0, -1, 1.5, Number.NaN, Infinity])(
      'are no expiry: %d',
      async (expiresInMs) => {
        const { devices, commands, tokens } = world.fleet;
        await devices.create(LOCAL, { deviceId: 'd1' });
        const refused = { code: 'fleet/invalid', details: { field: 'expiresInMs' } };
        await expect(
          commands.create(LOCAL, 'd1', { name: 'reboot', expiresInMs }),
        ).rejects.toMatchObject(refused);
        await expect(
          tokens.create(LOCAL, { name: 'x', role: 'viewer', expiresInMs }),
        ).rejects.toMatchObject(refused);
        expect((await commands.list({}, ALL)).total).toBe(0);
      },
    );
  });

  describe('tags', () => {
    it('that a release aims at cannot be removed', async () => {
      await world.fleet.tags.create(LOCAL, 'outdoor');
      await aRunningRollout();
      const release = await world.fleet.releases.create(LOCAL, {
        deploymentId: 'dep_1',
        deviceTags: ['outdoor'],
      });
      await expect(world.fleet.tags.remove(LOCAL, 'outdoor')).rejects.toMatchObject({
        code: 'fleet/in-use',
      });
      await world.fleet.releases.remove(LOCAL, release.releaseId);
      await world.fleet.tags.remove(LOCAL, 'outdoor');
    });

    it('that only name a release can', async () => {
      await world.fleet.tags.create(LOCAL, 'outdoor');
      await aRunningRollout();
      await world.fleet.releases.create(LOCAL, { deploymentId: 'dep_1', releaseTags: ['outdoor'] });
      await world.fleet.tags.remove(LOCAL, 'outdoor');
      expect(await world.fleet.tags.list()).toEqual([]);
    });
  });

  describe('a cohort', () => {
    it('is not given another deployment behind the back of its rollout', async () => {
      await aRunningRollout();
      await expect(
        world.fleet.cohorts.update(LOCAL, 'production', { activeDeploymentId: 'dep_1' }),
      ).rejects.toMatchObject({ code: 'fleet/rollout-active', httpStatus: 409 });
      const described = await world.fleet.cohorts.update(LOCAL, 'production', {
        description: 'still mine',
      });
      expect(described).toMatchObject({ description: 'still mine', activeDeploymentId: null });
    });

    it('is given one that exists, or none', async () => {
      await world.fleet.cohorts.create(LOCAL, { cohortId: 'production' });
      await expect(
        world.fleet.cohorts.update(LOCAL, 'production', { activeDeploymentId: 'dep_none' }),
      ).rejects.toMatchObject({ code: 'fleet/not-found' });
    });

    it('says who is in the way of its removal', async () => {
      await aRunningRollout();
      await expect(world.fleet.cohorts.remove(LOCAL, 'production')).rejects.toMatchObject({
        code: 'fleet/in-use',
        details: { usedBy: { devices: { total: 1 }, rollouts: { total: 1 } } },
      });
    });
  });

  it('a deployment goes back only to one that there was', async () => {
    await aRunningRollout();
    const { deployments } = world.fleet;
    const back = { components: ['main@1.0.0'], restores: 'dep_none' };
    await expect(deployments.create(LOCAL, back)).rejects.toMatchObject({
      code: 'fleet/not-found',
    });
    const made = await deployments.create(LOCAL, { ...back, restores: 'dep_1' });
    expect(made).toMatchObject({ restores: 'dep_1', sequence: 3 });
  });

  it('devices that wait hear of a move, of a delivery to their cohort, and of a command', async () => {
    const context = createFleetContext({
      store: world.store,
      blobs: plainBlobs(),
      clock: world.clock,
    });
    const devices = createDeviceService(context);
    await aRunningRollout();
    await world.store.transaction(async (r) => {
      const rollout = await r.rollouts.get('rol_1');
      if (rollout === null) throw new Error('the rollout is gone');
      const state = { kind: 'completed', atMs: 1 } as const;
      await r.rollouts.update({ ...rollout, state, revision: 2 });
    });
    const heard: string[] = [];
    context.news.on('d1', () => heard.push('d1'));
    await devices.create(LOCAL, { deviceId: 'd2' });
    await devices.update(LOCAL, 'd2', { cohortId: 'production' });
    expect(heard).toEqual([]);
    await createCohortService(context).update(LOCAL, 'production', { activeDeploymentId: 'dep_1' });
    expect(heard).toHaveLength(1);
    await createCommandService(context).create(LOCAL, 'd1', { name: 'reboot' });
    expect(heard).toHaveLength(2);
    await devices.update(LOCAL, 'd1', { cohortId: null });
    expect(heard).toHaveLength(3);
  });

  it('of changes at once by the same revision exactly one is taken', async () => {
    const { devices } = world.fleet;
    const { device } = await devices.create(LOCAL, { deviceId: 'd1' });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        devices.update(LOCAL, 'd1', { name: `name ${index}`, revision: device.revision }),
      ),
    );
    const taken = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect((await devices.get('d1')).revision).toBe(2);
    expect((await world.fleet.audit.list({ subject: 'device/d1' }, ALL)).total).toBe(2);
  });

  it('what is refused leaves no device, no audit entry and no event, whatever the fields', async () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('', '../x', 'a/b', '__proto__', 'x'.repeat(65), 'd\u0000'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          { deviceId: hostile, name: hostile, cohortId: hostile, tags: fc.array(hostile) },
          { requiredKeys: ['deviceId'] },
        ),
        async (fields) => {
          const before = await snapshot();
          const outcome = await world.fleet.devices.create(LOCAL, fields).then(
            ({ device }): Device | null => device,
            (error: unknown) => {
              expect((error as { code?: string }).code).toMatch(
                /^fleet\/(?:invalid|not-found|exists)$/,
              );
              return null;
            },
          );
          if (outcome === null) expect(await snapshot()).toEqual(before);
          else expect(await world.fleet.devices.get(outcome.deviceId)).toEqual(outcome);
        },
      ),
      { numRuns: 100 },
    );
  });

  const snapshot = async () => ({
    devices: (await world.fleet.devices.list({}, ALL)).total,
    audited: (await world.fleet.audit.list({}, ALL)).total,
    lastEvent: await world.fleet.events.lastId(),
  });

  it('listeners hear of a change only when it is stored, and not of one that failed', async () => {
    const heard: (string | null)[] = [];
    world.fleet.events.subscribe((events) => heard.push(...events.map(({ type }) => type)));
    await expect(
      world.fleet.devices.create(LOCAL, { deviceId: 'd1', cohortId: 'none' }),
    ).rejects.toMatchObject({ code: 'fleet/not-found' });
    expect(heard).toEqual([]);
    await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
    expect(heard).toEqual(['device.created']);
  });

  it('disposing a fleet closes its store', async () => {
    const other = await memoryFleet();
    const fleet = createFleet({ store: other.store, blobs: plainBlobs(), clock: other.clock });
    await fleet[Symbol.asyncDispose]();
    await expect(fleet.devices.get('d1')).rejects.toThrow('destroyed');
  });
});
