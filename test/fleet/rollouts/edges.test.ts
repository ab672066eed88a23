import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Everybody at once, so that a test need not think of phases. */
const ALL_AT_ONCE = { canaryPercent: 100, stepPercent: null, minSample: 100 } as const;

describe('a rollout at its edges', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    return () => world[Symbol.asyncDispose]();
  });

  it('leaves a device alone that was found to be too late by its own call, as by a tick', async () => {
    await world.devices(2);
    await world.start({ ...ALL_AT_ONCE, deviceTimeoutMs: HOUR });
    for (const id of ['d000', 'd001']) await world.asks(id);
    await world.clock.advance(HOUR);
    const late = 'failed it before and is left alone with it for a while';
    expect(await world.waits('d000')).toBe(late);
    await world.tick();
    expect(await world.waits('d001')).toBe(late);
    await world.clock.advance(10 * MINUTE);
    for (const id of ['d000', 'd001']) expect(await world.updates(id)).toBe(true);
  });

  it('is not taken back once it is over while another one of its cohort is not', async () => {
    await world.devices(2);
    const first = await world.start(ALL_AT_ONCE);
    for (const id of ['d000', 'd001']) await world.updates(id);
    await world.tick();
    const deploymentId = await world.deployment('3.0.0');
    const second = await world.start({ ...ALL_AT_ONCE, deploymentId });
    const { rollouts } = world.fleet;
    await expect(rollouts.rollback(OPERATOR, first)).rejects.toMatchObject({
      code: 'fleet/rollout-active',
      details: { rolloutId: second },
    });
    expect((await world.rollout(first)).state.kind).toBe('completed');
    await rollouts.rollback(OPERATOR, second);
    expect((await rollouts.rollback(OPERATOR, first)).state.kind).toBe('rolling-back');
  });

  it('says when it starts which devices nothing in it is for', async () => {
    await world.devices(3);
    const image = { blueprintIds: ['b'], image: null };
    await world.store.transaction((r) =>
      r.blueprints.insert({
        blueprintId: 'b',
        description: '',
        chip: 'esp32',
        flashSizeBytes: 4 * 1024 * 1024,
        partitionTable: '',
        createdAtMs: 1,
        revision: 1,
      }),
    );
    await world.fleet.devices.update(OPERATOR, 'd000', { blueprintId: 'b' });
    const rolloutId = await world.start({ deploymentId: await world.deployment('2.0.0', image) });
    const log = await world.fleet.rollouts.log(rolloutId, 0, 100);
    expect(log.filter(({ what }) => what === 'warning').map(({ data }) => data)).toEqual([
      { message: '2 devices have no blueprint, and everything in it is for some' },
    ]);
  });

  it('is moved on by time among more than a thousand others', async () => {
    const paused = { kind: 'paused', by: 'operator', reason: 'by hand' } as const;
    const { rolloutId: model } = await world.fleet.rollouts.start(OPERATOR, {
      deploymentId: await world.deployment('2.0.0'),
      cohortId: 'all',
      canaryPercent: 100,
      soakMs: 0,
    });
    const running = await world.rollout(model);
    await world.store.transaction(async (r) => {
      for (let at = 0; at < 1000; at += 1) {
        const cohortId = `c${at}`;
        await r.cohorts.insert({
          cohortId,
          description: '',
          activeDeploymentId: null,
          createdAtMs: 0,
          revision: 1,
        });
        const other = { ...running, rolloutId: `rol_0${at}`, cohortId, createdAtMs: 0 };
        await r.rollouts.insert({ ...other, state: paused });
      }
    });
    await world.devices(1);
    await world.tick();
    expect(await world.rollout(model)).toMatchObject({ members: 1 });
  });
});
