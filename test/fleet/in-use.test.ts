import { beforeEach, describe, expect, it } from 'vitest';
import type { Blueprint } from '../../src/fleet/index.ts';
import { memoryFleet } from '../support/memory-fleet.ts';
import { aDeployment, anArtifact, aPackage, aRollout } from './storage/entities.ts';

const LOCAL = 'token:tok_test';

const aBlueprint = (blueprintId: string): Blueprint => ({
  blueprintId,
  description: '',
  chip: 'esp32',
  flashSizeBytes: 4 * 1024 * 1024,
  partitionTable: '',
  createdAtMs: 1,
  revision: 1,
});

describe('what is in use is not removed, and it is said by what', () => {
  let world: Awaited<ReturnType<typeof memoryFleet>>;
  beforeEach(async () => {
    world = await memoryFleet();
    return () => world[Symbol.asyncDispose]();
  });

  /** Devices `d1`, `d2`, … of a cohort, with a tag. */
  async function devices(count: number): Promise<void> {
    const { cohorts, tags, devices: those } = world.fleet;
    await cohorts.create(LOCAL, { cohortId: 'production' });
    await tags.create(LOCAL, 'beta');
    for (let at = 1; at <= count; at += 1) {
      const fields = { deviceId: `d${at}`, cohortId: 'production', tags: ['beta'] };
      await those.create(LOCAL, fields);
    }
  }

  /** A package with an artifact for a blueprint, in two deployments. */
  async function artifacts(): Promise<void> {
    await world.store.transaction(async (r) => {
      await r.blueprints.insert(aBlueprint('sensor-v2'));
      await r.packages.insert(aPackage());
      await r.artifacts.insert(anArtifact({ blueprintIds: ['sensor-v2'] }));
      await r.deployments.insert(aDeployment());
      await r.deployments.insert(aDeployment({ deploymentId: 'dep_2', sequence: 2 }));
    });
  }

  async function refusal(removing: Promise<void>) {
    const error: unknown = await removing.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'fleet/in-use' });
    return error as Error & { readonly hint: string; readonly details: unknown };
  }

  it('a cohort by its devices, a few of them named, and its rollouts', async () => {
    await devices(5);
    await artifacts();
    await world.store.transaction((r) => r.rollouts.insert(aRollout({ deploymentId: 'dep_2' })));
    const { cohorts } = world.fleet;
    const refused = await refusal(cohorts.remove(LOCAL, 'production'));
    expect(refused.message).toBe(
      'Cohort production is used by 5 devices (d1, d2, d3 and 2 more) and 1 rollout (rol_1).',
    );
    expect(refused.hint).toBe('Move its devices to another cohort first.');
    expect(refused.details).toEqual({
      cohortId: 'production',
      usedBy: {
        devices: { total: 5, ids: ['d1', 'd2', 'd3'] },
        rollouts: { total: 1, ids: ['rol_1'] },
      },
    });
  });

  it('a tag by devices and by releases that aim at it', async () => {
    await devices(1);
    await artifacts();
    const { releases, tags } = world.fleet;
    const { releaseId } = await releases.create(LOCAL, {
      deploymentId: 'dep_1',
      deviceTags: ['beta'],
    });
    expect((await refusal(tags.remove(LOCAL, 'beta'))).message).toBe(
      `Tag beta is used by 1 device (d1) and 1 release (${releaseId}).`,
    );
  });

  it('an artifact by its deployments, and a package by its artifacts', async () => {
    await artifacts();
    const artifact = await refusal(world.fleet.artifacts.remove(LOCAL, 'art_1'));
    expect(artifact.message).toBe('Artifact art_1 is used by 2 deployments (dep_1, dep_2).');
    const pack = await refusal(world.fleet.packages.remove(LOCAL, 'main'));
    expect(pack.message).toBe('Package main is used by 1 artifact (art_1).');
  });

  it('a blueprint by the artifacts that were checked against it, so that no other takes its name', async () => {
    await artifacts();
    const { blueprints, devices: those, releases } = world.fleet;
    const { message } = await refusal(blueprints.remove(LOCAL, 'sensor-v2'));
    expect(message).toBe('Blueprint sensor-v2 is used by 1 artifact (art_1).');
    await those.create(LOCAL, { deviceId: 'd1', blueprintId: 'sensor-v2' });
    const { releaseId } = await releases.create(LOCAL, {
      deploymentId: 'dep_1',
      blueprintId: 'sensor-v2',
    });
    expect((await refusal(blueprints.remove(LOCAL, 'sensor-v2'))).message).toBe(
      `Blueprint sensor-v2 is used by 1 device (d1), 1 artifact (art_1) and 1 release (${releaseId}).`,
    );
  });

  it.each(['revoked', 'expired'])(
    'what a token registers devices into, until it is %s',
    async (end) => {
      await devices(0);
      await world.store.transaction((r) => r.blueprints.insert(aBlueprint('b')));
      const { blueprints, cohorts, tokens } = world.fleet;
      const { token } = await tokens.create(LOCAL, {
        name: 'line 1',
        role: 'provisioner',
        provisions: { cohortId: 'production', blueprintId: 'b' },
        expiresInMs: 1000,
      });
      for (const [what, removing] of [
        ['Cohort production', cohorts.remove(LOCAL, 'production')],
        ['Blueprint b', blueprints.remove(LOCAL, 'b')],
      ] as const) {
        const { message } = await refusal(removing);
        expect(message).toBe(`${what} is used by 1 token (${token.tokenId}).`);
      }
      if (end === 'revoked') await tokens.revoke(LOCAL, token.tokenId);
      else await world.clock.advance(1000);
      await cohorts.remove(LOCAL, 'production');
      await blueprints.remove(LOCAL, 'b');
    },
  );
});
