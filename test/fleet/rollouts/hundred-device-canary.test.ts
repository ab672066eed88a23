import { describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const DEVICES = 150;
const HOUR = 60 * 60_000;

/** Two thirds of a cohort are the canary; the first of them that call fail. */
async function canary(failures: number) {
  const world = await RolloutWorld.open();
  const ids = await world.devices(DEVICES);
  const rolloutId = await world.start({
    canaryPercent: (100 / DEVICES) * 100,
    stepPercent: null,
    phaseMs: HOUR,
    failureThresholdPercent: 10,
    minSample: 100,
    autoRollback: true,
  });
  const { cut } = await world.rollout(rolloutId);
  const inside: string[] = [];
  for (const id of ids) if ((await world.offered(id)) !== null) inside.push(id);
  const failing = new Set(inside.slice(0, failures));
  for (const id of inside) {
    if (failing.has(id)) await world.says(id, 'failed', { error: 'no space' });
    else await world.boots(id, '2.0.0');
  }
  return { world, ids, rolloutId, inside, cut };
}

describe('a hundred-device canary against a threshold of 10 %', () => {
  it('is taken back by itself at 11 % failures', async () => {
    const { world, ids, rolloutId, inside, cut } = await canary(11);
    await using _ = world;
    expect(inside.length).toBe(100);
    expect((await world.rollout(rolloutId)).state).toMatchObject({
      kind: 'rolling-back',
      by: 'threshold',
      reason: '11 of 100 finished devices failed (11 %), more than 10 %',
    });
    // Nobody further is scheduled, however long one waits.
    await world.tick(24 * HOUR - 1);
    for (const id of ids) {
      if (inside.includes(id)) expect(await world.offered(id)).not.toBe('2.0.0');
      else expect(await world.offered(id)).toBeNull();
    }
    expect(await world.rollout(rolloutId)).toMatchObject({ cut, phase: 0 });
    for (const id of inside) await world.updates(id);
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'failed', rolledBack: true },
      counters: { succeeded: 100 },
    });
    for (const id of ids) {
      expect((await world.fleet.devices.get(id)).reported['main']?.version).toBe('1.0.0');
    }
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('goes on at 10 %', async () => {
    const { world, ids, rolloutId } = await canary(10);
    await using _ = world;
    await world.tick(HOUR);
    expect(await world.rollout(rolloutId)).toMatchObject({ state: { kind: 'active' }, phase: 1 });
    for (const id of ids) await world.updates(id);
    await world.fleet.rollouts.retryFailed(OPERATOR, rolloutId);
    for (const id of ids) await world.updates(id);
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });
});
