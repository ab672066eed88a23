import { beforeEach, describe, expect, it } from 'vitest';
import { phaseWaitsFor } from '../../../src/fleet/index.ts';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const IN_STEPS = { canaryPercent: 5, stepPercent: null, phaseMs: 4 * HOUR } as const;

describe('a rollout that reaches nobody', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    return () => world[Symbol.asyncDispose]();
  });

  const waitsFor = async (rolloutId: string) => phaseWaitsFor(await world.rollout(rolloutId));

  /** How many are offered it now. */
  async function reached(ids: readonly string[]): Promise<number> {
    let offers = 0;
    for (const id of ids) if ((await world.offered(id)) === '2.0.0') offers += 1;
    return offers;
  }

  it('because its cohort is empty waits, however long, and moves nobody', async () => {
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100 });
    for (let day = 0; day < 30; day += 1) await world.tick(DAY);
    expect(await world.rollout(rolloutId)).toMatchObject({ state: { kind: 'active' }, phase: 0 });
    expect(await waitsFor(rolloutId)).toBe('a first device: nobody is in its cohort');
    expect((await world.fleet.cohorts.get('all')).activeDeploymentId).toBe(activeDeploymentId);
    // Its first devices are its canary, and only their success makes it what the cohort runs.
    await world.devices(2);
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({ state: { kind: 'active' }, members: 2 });
    for (const id of ['d000', 'd001']) expect(await world.updates(id)).toBe(true);
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('takes its canary from a wave of devices as soon as 5 % of them is one', async () => {
    const rolloutId = await world.start(IN_STEPS);
    const first = await world.devices(19);
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({ cut: '', members: 0 });
    expect(await waitsFor(rolloutId)).toContain('the devices that join its cohort now');
    const ids = await world.devices(81, 'all', 'e');
    expect(await reached(ids)).toBe(0);
    await world.tick(1);
    expect(await world.rollout(rolloutId)).toMatchObject({ percent: 5, phase: 0, members: 100 });
    const { nextPhaseAtMs } = await world.rollout(rolloutId);
    expect(nextPhaseAtMs).toBe(world.clock.now() + 4 * HOUR);
    expect(await reached([...first, ...ids])).toBe(5);
    // Without a success among those it goes no further.
    await world.tick(30 * DAY);
    expect(await world.rollout(rolloutId)).toMatchObject({ percent: 5 });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('takes one of the few that joined within five minutes', async () => {
    const rolloutId = await world.start(IN_STEPS);
    const ids = await world.devices(3);
    await world.tick();
    await world.tick(5 * MINUTE - 1);
    expect(await reached(ids)).toBe(0);
    world.restart();
    await world.tick(1);
    expect(await reached(ids)).toBe(1);
    expect(await world.rollout(rolloutId)).toMatchObject({ percent: 5, phase: 0, members: 3 });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('begins to wait anew when those that joined are gone again', async () => {
    const rolloutId = await world.start(IN_STEPS);
    await world.devices(1);
    await world.tick();
    await world.fleet.devices.update(OPERATOR, 'd000', { enabled: false });
    await world.tick(5 * MINUTE);
    expect(await waitsFor(rolloutId)).toBe('a first device: nobody is in its cohort');
    await world.fleet.devices.update(OPERATOR, 'd000', { enabled: true });
    await world.tick(DAY);
    expect(await reached(['d000'])).toBe(0);
    await world.tick(5 * MINUTE);
    expect(await reached(['d000'])).toBe(1);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('is paused and resumed as any other', async () => {
    const rolloutId = await world.start(IN_STEPS);
    const { rollouts } = world.fleet;
    await rollouts.advance(OPERATOR, rolloutId);
    await rollouts.pause(OPERATOR, rolloutId);
    await world.devices(2);
    await world.tick(DAY);
    expect((await rollouts.resume(OPERATOR, rolloutId)).state).toEqual({ kind: 'active' });
    expect(await world.rollout(rolloutId)).toMatchObject({ phase: 1, percent: 100 });
    await world.tick();
    expect(await reached(['d000', 'd001'])).toBe(2);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('because its canary cannot have it takes another one, not everybody', async () => {
    const ids = await world.devices(20);
    const rolloutId = await world.start(IN_STEPS);
    const wakes = async () => {
      const offered: string[] = [];
      for (const id of ids) if ((await world.offered(id)) === '2.0.0') offered.push(id);
      return offered;
    };
    const [first = ''] = await wakes();
    await world.boots(first, '1.0.0');
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    await world.fleet.devices.update(OPERATOR, first, { pinnedDeploymentId: activeDeploymentId });
    await world.asks(first);
    expect(await waitsFor(rolloutId)).toBe(
      'a first device: the only one that it reached was skipped',
    );
    await world.tick(5 * MINUTE - 1);
    expect(await wakes()).toEqual([]);
    await world.tick(1);
    const second = await wakes();
    expect(second).toHaveLength(1);
    expect(await world.rollout(rolloutId)).toMatchObject({ phase: 0, percent: 10 });
    await world.updates(second[0] ?? '');
    await world.tick(4 * HOUR);
    expect(await world.rollout(rolloutId)).toMatchObject({ phase: 1, percent: 100 });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('because all of its devices left does not give it to those that join later', async () => {
    await world.devices(2);
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    const rolloutId = await world.start({ ...IN_STEPS, canaryPercent: 100 });
    for (const id of ['d000', 'd001']) {
      await world.fleet.devices.update(OPERATOR, id, { cohortId: null });
    }
    await world.tick(30 * DAY);
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    expect((await world.fleet.cohorts.get('all')).activeDeploymentId).toBe(activeDeploymentId);
    await world.devices(1, 'all', 'e');
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({ state: { kind: 'active' }, members: 3 });
    await world.updates('e000');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });
});
