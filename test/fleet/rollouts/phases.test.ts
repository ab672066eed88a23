import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A canary of two devices of 20, then half of them, then everybody. */
const IN_STEPS = { canaryPercent: 10, stepPercent: 40, phaseMs: 4 * HOUR } as const;

describe('a phase', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    return () => world[Symbol.asyncDispose]();
  });

  /** Those that are offered it now. */
  async function reached(ids: readonly string[]): Promise<readonly string[]> {
    const offers = [];
    for (const id of ids) if ((await world.offered(id)) === '2.0.0') offers.push(id);
    return offers;
  }

  it('in which nobody calls is not over, however long it lasts; by hand it is', async () => {
    const ids = await world.devices(20);
    const rolloutId = await world.start(IN_STEPS);
    for (let day = 0; day < 30; day += 1) await world.tick(DAY);
    expect(await world.rollout(rolloutId)).toMatchObject({ phase: 0, percent: 10 });
    await world.fleet.rollouts.advance(OPERATOR, rolloutId);
    expect(await reached(ids)).toHaveLength(10);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('does not wait for a device that sleeps when the other one of two succeeded', async () => {
    const ids = await world.devices(20);
    const rolloutId = await world.start(IN_STEPS);
    for (const id of ids) if (await world.updates(id)) break;
    await world.tick(4 * HOUR);
    expect(await world.rollout(rolloutId)).toMatchObject({ phase: 1, percent: 50 });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('waits a day for half of its devices, then goes on with what it has', async () => {
    const ids = await world.devices(20);
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 50, minSample: 1 });
    const awake = new Set<string>();
    for (const id of ids) {
      if (awake.size < 2 && (await world.updates(id))) awake.add(id);
    }
    await world.tick(4 * HOUR);
    await world.tick(DAY - 1);
    expect((await world.rollout(rolloutId)).phase).toBe(0);
    await world.tick(1);
    expect((await world.rollout(rolloutId)).phase).toBe(1);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it.each([
    ['moved to no cohort', 'left cohort all', () => ({ cohortId: null })],
    ['disabled', 'the device was disabled', () => ({ enabled: false })],
    [
      'pinned',
      'runs its own pinned deployment',
      (first: string) => ({ pinnedDeploymentId: first }),
    ],
  ])('does not wait for devices that never called and were %s', async (what, why, changes) => {
    const ids = await world.devices(3);
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100 });
    for (const id of ids.slice(1)) {
      await world.fleet.devices.update(OPERATOR, id, changes(activeDeploymentId ?? ''));
      if (what === 'pinned') await world.asks(id);
      expect((await world.row(rolloutId, id))?.reason).toContain(why);
    }
    expect((await world.rollout(rolloutId)).counters.skipped).toBe(2);
    await world.updates('d000');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('that is the last one waits a day for a sample, not for ever', async () => {
    const ids = await world.devices(10);
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100, minSample: 10 });
    for (const id of ids.slice(2)) await world.updates(id);
    await world.asks('d000');
    await world.says('d000', 'failed');
    await world.tick(4 * HOUR);
    await world.tick(DAY - 1);
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    await world.tick(1);
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'completed' },
      counters: { succeeded: 8, failed: 1 },
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('is not over when everybody is finished and nobody succeeded', async () => {
    await world.devices(2);
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100, minSample: 50 });
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    for (const id of ['d000', 'd001']) {
      await world.asks(id);
      await world.says(id, 'failed');
    }
    await world.tick(30 * DAY);
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    expect((await world.fleet.cohorts.get('all')).activeDeploymentId).toBe(activeDeploymentId);
    await world.updates('d001');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it.each([
    ['disabled', () => ({ enabled: false })],
    ['moved to no cohort', () => ({ cohortId: null })],
  ])('counts devices of an earlier one that were %s once, not twice', async (_, changes) => {
    const ids = await world.devices(10);
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 50, stepPercent: 50 });
    const canary = await reached(ids);
    expect(canary).toHaveLength(5);
    for (const id of canary.slice(0, 2)) {
      await world.fleet.devices.update(OPERATOR, id, changes());
    }
    for (const id of canary.slice(2)) await world.updates(id);
    await world.tick(4 * HOUR);
    expect(await world.rollout(rolloutId)).toMatchObject({ percent: 100, members: 10 });
    const others = ids.filter((id) => !canary.includes(id));
    for (const id of others.slice(0, 3)) await world.updates(id);
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    for (const id of others.slice(3)) expect(await world.updates(id)).toBe(true);
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'completed' },
      counters: { succeeded: 8, skipped: 2 },
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('does not count devices that are disabled when it begins', async () => {
    await world.devices(3);
    await world.fleet.devices.update(OPERATOR, 'd002', { enabled: false });
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100 });
    expect(await world.rollout(rolloutId)).toMatchObject({ members: 2, plan: { minSample: 2 } });
    await world.updates('d000');
    await world.updates('d001');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });
});

describe('the failure threshold', () => {
  it('does not judge by the hasty: three bad ones of twenty are no quarter of them', async () => {
    await using world = await RolloutWorld.open();
    const ids = await world.devices(20);
    const rolloutId = await world.start({
      canaryPercent: 100,
      stepPercent: null,
      soakMs: 10 * MINUTE,
      failureThresholdPercent: 20,
    });
    for (const id of ids.slice(3)) await world.updates(id);
    for (const id of ids.slice(0, 3)) {
      await world.asks(id);
      await world.says(id, 'failed');
    }
    // Seven successes make ten finished ones; the other ten have yet to show that they keep running it.
    await world.clock.advance(10 * MINUTE);
    for (const id of ids.slice(3, 10)) await world.asks(id);
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'active' },
      counters: { failed: 3, succeeded: 7, soaking: 10 },
    });
    for (const id of ids.slice(10, 12)) await world.boots(id, '1.0.0');
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: {
        kind: 'paused',
        reason: '5 of 20 devices failed (25 %), more than 20 %, with 8 of them still in soak',
      },
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('stops as soon as nothing that those in their soak do could change it', async () => {
    await using world = await RolloutWorld.open();
    const ids = await world.devices(12);
    const rolloutId = await world.start({
      canaryPercent: 100,
      soakMs: 10 * MINUTE,
      minSample: 11,
      failureThresholdPercent: 10,
    });
    for (const id of ids.slice(2, 11)) await world.updates(id);
    const fails = async (id: string) => {
      await world.asks(id);
      await world.says(id, 'failed');
      return (await world.rollout(rolloutId)).state;
    };
    // Ten are too few, and one of ten is not more than 10 %.
    expect(await fails('d000')).toEqual({ kind: 'active' });
    expect(await fails('d001')).toMatchObject({
      kind: 'paused',
      reason: '2 of 11 devices failed (18.2 %), more than 10 %, with 9 of them still in soak',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });
});
