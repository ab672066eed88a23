import { beforeEach, describe, expect, it } from 'vitest';
import { RolloutWorld } from '../../support/rollout-world.ts';

const LOCAL = 'token:tok_test';
const ALL = { page: 0, perPage: 100 };

describe('components instead of a deployment', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    await world.artifact('2.0.0');
    return () => world[Symbol.asyncDispose]();
  });

  const deployments = async () =>
    (await world.fleet.deployments.list({}, ALL)).list.map(({ components, sequence }) =>
      [sequence, ...components.map(({ packageId, version }) => `${packageId}@${version}`)].join(
        ' ',
      ),
    );

  it('make one together with the rollout, the release or the delivery to a cohort', async () => {
    const { rollouts, releases, cohorts } = world.fleet;
    const components = ['main@2.0.0'];
    const rollout = await rollouts.start(LOCAL, { cohortId: 'all', components });
    const release = await releases.create(LOCAL, { components });
    await cohorts.create(LOCAL, { cohortId: 'others' });
    const cohort = await cohorts.update(LOCAL, 'others', { components });
    expect(await deployments()).toEqual([
      '1 main@1.0.0',
      '2 main@2.0.0',
      '3 main@2.0.0',
      '4 main@2.0.0',
    ]);
    const made = await world.fleet.deployments.list({}, ALL);
    expect(made.list.slice(1).map(({ deploymentId }) => deploymentId)).toEqual([
      rollout.deploymentId,
      release.deploymentId,
      cohort.activeDeploymentId,
    ]);
  });

  it('are its name where nobody gave it one', async () => {
    const { rollouts, releases, cohorts, packages, deployments: bundles } = world.fleet;
    const names = async () => (await bundles.list({}, ALL)).list.map(({ name }) => name);
    await packages.create(LOCAL, { packageId: 'wifi', kind: 'binary' });
    await world.artifact('7', { packageId: 'wifi' });
    await releases.create(LOCAL, { components: ['wifi@7', 'main@2.0.0'] });
    await cohorts.create(LOCAL, { cohortId: 'others' });
    await cohorts.update(LOCAL, 'others', { components: ['wifi@7'] });
    await bundles.create(LOCAL, { components: ['wifi@7'], name: 'spring' });
    await world.devices(1);
    const { rolloutId } = await rollouts.start(LOCAL, {
      cohortId: 'all',
      components: ['main@2.0.0'],
      canaryPercent: 100,
    });
    await world.updates('d000');
    await rollouts.rollback(LOCAL, rolloutId);
    expect(await names()).toEqual([
      'main 1.0.0',
      'main 2.0.0, wifi 7',
      'wifi 7',
      'spring',
      'main 2.0.0',
      'Back to main 1.0.0',
    ]);
  });

  it('are counted where their names are too long for one', async () => {
    const { packages, deployments: bundles } = world.fleet;
    const components = [];
    for (let at = 10; at < 20; at += 1) {
      const packageId = `${at}-${'p'.repeat(40)}`;
      await packages.create(LOCAL, { packageId, kind: 'binary' });
      components.push((await world.artifact('1', { packageId })).artifactId);
    }
    const { name } = await bundles.create(LOCAL, { components });
    expect(name).toMatch(/^10-p{40} 1, 11-p{40} 1, 12-p{40} 1, 13-p{40} 1 and 6 more$/);
  });

  it.each([
    ['a cohort that is not there', { cohortId: 'nobody' }, 'fleet/not-found'],
    ['a second rollout of a cohort', { cohortId: 'all' }, 'fleet/rollout-active'],
    ['a plan that is none', { cohortId: 'free', canaryPercent: 101 }, 'fleet/invalid'],
    ['no way back', { cohortId: 'free', autoRollback: true }, 'fleet/rollback-impossible'],
  ])('leave none behind where the start is refused: %s', async (_what, fields, code) => {
    const { rollouts, cohorts } = world.fleet;
    await cohorts.create(LOCAL, { cohortId: 'free' });
    await rollouts.start(LOCAL, { cohortId: 'all', components: ['main@2.0.0'] });
    const before = await deployments();
    const events = await world.fleet.events.lastId();
    const refused = rollouts.start(LOCAL, { ...fields, components: ['main@2.0.0'] });
    await expect(refused).rejects.toMatchObject({ code });
    const intoCohort = rollouts.start(LOCAL, {
      ...fields,
      components: ['main@2.0.0'],
      keepOthers: true,
    });
    await expect(intoCohort).rejects.toMatchObject({ code });
    expect(await deployments()).toEqual(before);
    expect(await world.fleet.events.lastId()).toBe(events);
  });

  it('leave none behind where a release or a delivery is refused', async () => {
    const { rollouts, releases, cohorts } = world.fleet;
    const components = ['main@2.0.0'];
    await rollouts.start(LOCAL, { cohortId: 'all', components });
    const before = await deployments();
    const tagged = releases.create(LOCAL, { components, deviceTags: ['nobody'] });
    await expect(tagged).rejects.toMatchObject({ code: 'fleet/not-found' });
    const running = cohorts.update(LOCAL, 'all', { components });
    await expect(running).rejects.toMatchObject({ code: 'fleet/rollout-active' });
    const changed = cohorts.update(LOCAL, 'all', { components, revision: 1 });
    await expect(changed).rejects.toMatchObject({ code: 'fleet/changed-meanwhile' });
    expect(await deployments()).toEqual(before);
  });

  it('are named, or a deployment is, not both and not neither', async () => {
    const { rollouts, releases, cohorts } = world.fleet;
    const both = { deploymentId: 'dep_1', components: ['main@2.0.0'] };
    for (const refused of [
      rollouts.start(LOCAL, { cohortId: 'all', ...both }),
      rollouts.start(LOCAL, { cohortId: 'all' }),
      releases.create(LOCAL, both),
      releases.create(LOCAL, {}),
      cohorts.update(LOCAL, 'all', { components: ['main@2.0.0'], activeDeploymentId: null }),
    ]) {
      await expect(refused).rejects.toMatchObject({
        code: 'fleet/invalid',
        details: { field: 'components' },
      });
    }
  });

  it.each(['dep_1', null])('are no second way back beside %s', async (rollbackDeploymentId) => {
    const before = await deployments();
    const refused = world.fleet.rollouts.start(LOCAL, {
      cohortId: 'all',
      components: ['main@2.0.0'],
      rollbackComponents: ['main@1.0.0'],
      rollbackDeploymentId,
    });
    await expect(refused).rejects.toMatchObject({
      code: 'fleet/invalid',
      details: { field: 'rollbackComponents' },
    });
    expect(await deployments()).toEqual(before);
  });

  it('can leave what the cohort runs of other packages as it is, both ways', async () => {
    const { rollouts, cohorts, packages, deployments: bundles } = world.fleet;
    await packages.create(LOCAL, { packageId: 'modem', kind: 'binary' });
    await world.artifact('7', { packageId: 'modem' });
    await cohorts.update(LOCAL, 'all', { components: ['main@1.0.0', 'modem@7'] });
    await world.artifact('1.9.0');
    const { deploymentId, plan } = await rollouts.start(LOCAL, {
      cohortId: 'all',
      components: ['main@2.0.0'],
      rollbackComponents: ['main@1.9.0'],
      keepOthers: true,
    });
    const versions = async (id: string | null) =>
      (await bundles.get(id ?? '')).components.map(({ version }) => version);
    expect(await versions(deploymentId)).toEqual(['2.0.0', '7']);
    expect(await versions(plan.rollbackDeploymentId)).toEqual(['1.9.0', '7']);
  });

  it('that the cohort runs already need no new deployment', async () => {
    const { rollouts, cohorts } = world.fleet;
    const { activeDeploymentId } = await cohorts.get('all');
    const fields = { cohortId: 'all', components: ['main@1.0.0'], keepOthers: true };
    expect((await rollouts.start(LOCAL, fields)).deploymentId).toBe(activeDeploymentId);
    expect(await deployments()).toHaveLength(1);
  });
});
