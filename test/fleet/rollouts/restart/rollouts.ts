import { expect } from 'vitest';
import { OPERATOR } from '../../../support/rollout-world.ts';
import {
  ALL_AT_ONCE,
  DAY,
  DEVICES,
  everybodyCalls,
  goes,
  HOUR,
  MINUTE,
  NEW,
  OLD,
  type Situation,
  stateOf,
  STEP_BY_STEP,
} from './situation.ts';

/** Some devices are in, and the others are not yet. */
const inPhase = (phase: number): Situation => ({
  name: `active, in phase ${phase}`,
  plan: STEP_BY_STEP,
  before: async (world) => {
    for (let past = 0; past < phase; past += 1) {
      await everybodyCalls(world);
      await world.clock.advance(10 * MINUTE);
      for (const id of DEVICES) await world.asks(id);
      await world.tick(50 * MINUTE);
    }
  },
  is: async (world, id) =>
    expect(await stateOf(world, id)).toMatchObject({ kind: 'active', phase }),
  next: async (world, id) => {
    await everybodyCalls(world);
    expect((await world.rows(id)).length).toBe(phase + 1);
  },
  end: NEW,
});

/** A rollout in each of its states. */
export const ROLLOUTS: readonly Situation[] = [
  {
    name: 'pending, until its window opens',
    plan: { ...ALL_AT_ONCE, window: { fromMinute: 60, toMinute: 300, timeZone: 'UTC' } },
    before: (world) => world.asks('d000'),
    is: async (world, id) => expect(await stateOf(world, id)).toMatchObject({ kind: 'pending' }),
    next: async (world, id) => {
      await world.tick(HOUR);
      expect(await stateOf(world, id)).toMatchObject({ kind: 'active', phase: 0 });
    },
    end: NEW,
  },
  ...[0, 1, 2, 3].map(inPhase),
  {
    name: 'paused by an operator before it began',
    plan: { ...ALL_AT_ONCE, window: { fromMinute: 60, toMinute: 300, timeZone: 'UTC' } },
    before: (world, id) => world.fleet.rollouts.pause(OPERATOR, id, 'not yet'),
    is: async (world, id) =>
      expect(await stateOf(world, id)).toMatchObject({ kind: 'paused', reason: 'not yet' }),
    next: async (world, id) => {
      await world.tick(2 * HOUR);
      await world.fleet.rollouts.resume(OPERATOR, id);
      expect(await stateOf(world, id)).toMatchObject({ kind: 'pending' });
    },
    end: NEW,
  },
  {
    name: 'paused by an operator, with a device on its way',
    plan: ALL_AT_ONCE,
    before: async (world, id) => {
      await goes(world, 'd000', 'downloading');
      await world.fleet.rollouts.pause(OPERATOR, id, 'lunch');
    },
    is: async (world, id) =>
      expect(await stateOf(world, id)).toMatchObject({ by: 'operator', reason: 'lunch' }),
    next: async (world, id) => {
      expect(await world.waits('d001')).toBe('the rollout is paused: lunch');
      expect(await world.updates('d000')).toBe(true);
      expect(await world.state(id, 'd000')).toBe('soaking');
    },
    end: NEW,
  },
  {
    name: 'paused by its threshold',
    plan: { ...ALL_AT_ONCE, minSample: 1 },
    before: async (world) => {
      await goes(world, 'd000', 'downloading');
      await world.says('d000', 'failed', { error: 'no space' });
    },
    is: async (world, id) => expect(await stateOf(world, id)).toMatchObject({ by: 'threshold' }),
    next: async (world, id) => {
      expect(await world.waits('d001')).toContain('1 of 1 finished device failed (100 %)');
      await world.tick(DAY);
      expect(await stateOf(world, id)).toMatchObject({ by: 'threshold' });
    },
    end: NEW,
  },
  {
    name: 'rolling back by its threshold, with some devices back and one on its way there',
    plan: { ...ALL_AT_ONCE, minSample: 3, autoRollback: true, soakMs: 0 },
    before: async (world) => {
      await world.updates('d000');
      await world.updates('d001');
      await goes(world, 'd002', 'rolled-back');
      await world.updates('d000');
      await world.asks('d001');
      await world.says('d001', 'downloading');
    },
    is: async (world, id) => {
      expect(await stateOf(world, id)).toMatchObject({ kind: 'rolling-back', by: 'threshold' });
      expect(await world.row(id, 'd001')).toMatchObject({ state: 'downloading' });
    },
    next: async (world, id) => {
      await world.boots('d001', '1.0.0');
      expect(await world.row(id, 'd001')).toMatchObject({
        state: 'succeeded',
        direction: 'back',
        attempts: 1,
      });
    },
    end: OLD,
  },
  {
    name: 'rolling back by an operator, before any device has called',
    plan: ALL_AT_ONCE,
    before: async (world, id) => {
      await everybodyCalls(world);
      await world.fleet.rollouts.rollback(OPERATOR, id, 'wrong colours');
    },
    is: async (world, id) =>
      expect(await stateOf(world, id)).toMatchObject({ kind: 'rolling-back', by: 'operator' }),
    next: async (world, id) => {
      expect((await world.rollout(id)).counters.scheduled).toBe(4);
      expect(await world.offered('d003')).toBe('1.0.0');
    },
    end: OLD,
  },
  {
    name: 'completed',
    plan: { ...ALL_AT_ONCE, soakMs: 0 },
    before: async (world) => {
      await everybodyCalls(world);
      await world.tick();
    },
    is: async (world, id) => expect(await stateOf(world, id)).toMatchObject({ kind: 'completed' }),
    next: async (world) => {
      for (const id of DEVICES) expect(await world.offered(id)).toBeNull();
    },
    end: NEW,
  },
  {
    name: 'completed, and then taken back',
    plan: { ...ALL_AT_ONCE, soakMs: 0 },
    before: async (world, id) => {
      await everybodyCalls(world);
      await world.tick();
      await world.fleet.rollouts.rollback(OPERATOR, id);
    },
    is: async (world, id) =>
      expect(await stateOf(world, id)).toMatchObject({ kind: 'rolling-back' }),
    end: OLD,
  },
  {
    name: 'failed, with a device that slept through the rollback',
    plan: ALL_AT_ONCE,
    before: async (world, id) => {
      await world.updates('d000');
      await world.updates('d001');
      await world.fleet.rollouts.rollback(OPERATOR, id);
      await world.updates('d000');
      await world.tick(10 * MINUTE);
      await world.asks('d000');
      await world.tick(DAY);
    },
    is: async (world, id) =>
      expect(await stateOf(world, id)).toMatchObject({ kind: 'failed', rolledBack: true }),
    next: async (world) => expect(await world.offered('d001')).toBe('1.0.0'),
    end: OLD,
  },
  {
    name: 'failed, superseded by one that goes on',
    plan: ALL_AT_ONCE,
    before: async (world) => {
      await goes(world, 'd000', 'downloading');
      const deploymentId = await world.deployment('3.0.0');
      await world.start({ ...STEP_BY_STEP, deploymentId, supersede: true });
    },
    is: async (world, id) => {
      expect(await stateOf(world, id)).toMatchObject({ kind: 'failed', rolledBack: false });
      expect(await world.state(id, 'd000')).toBe('skipped');
    },
    end: ['3.0.0', '3.0.0', '3.0.0', '3.0.0'],
  },
];
