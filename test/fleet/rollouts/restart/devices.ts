import { expect } from 'vitest';
import { OPERATOR } from '../../../support/rollout-world.ts';
import { ALL_AT_ONCE, DEVICES, goes, HOUR, MINUTE, NEW, OLD, type Situation } from './situation.ts';

/** One device on its way: where it is, what it does next, and where that leads. */
const onItsWay = (
  state: string,
  then: 'verifying' | 'installing' | 'rebooting' | 'downloading',
): Situation => ({
  name: state,
  plan: { ...ALL_AT_ONCE, soakMs: 10 * MINUTE },
  before: (world) => goes(world, 'd000', state),
  is: async (world, id) => expect(await world.state(id, 'd000')).toBe(state),
  next: async (world, id) => {
    // What it was given is still given to it, and counts as the same offer.
    expect(await world.offered('d000')).toBe('2.0.0');
    await world.says('d000', then);
    expect(await world.row(id, 'd000')).toMatchObject({ state: then, attempts: 1 });
  },
  end: NEW,
});

/** One that failed keeps its penalty, and is tried again when that is over. */
const failedWith = (state: 'failed' | 'rolled-back'): Situation => ({
  name: `${state}, in its penalty`,
  plan: ALL_AT_ONCE,
  before: async (world) => {
    if (state === 'rolled-back') return goes(world, 'd000', state);
    await goes(world, 'd000', 'verifying');
    return world.says('d000', 'failed', { error: 'no space' });
  },
  is: async (world, id) => expect(await world.state(id, 'd000')).toBe(state),
  next: async (world, id) => {
    await world.clock.advance(9 * MINUTE);
    expect(await world.waits('d000')).toContain('left alone');
    await world.clock.advance(MINUTE);
    expect(await world.offered('d000')).toBe('2.0.0');
    expect(await world.row(id, 'd000')).toMatchObject({ state: 'offered', attempts: 2 });
    expect(await world.rollout(id)).toMatchObject({ retrying: 1 });
  },
  end: NEW,
});

/** A device of a rollout in each of its states. */
export const ROWS: readonly Situation[] = [
  {
    name: 'scheduled, since another one is on its way',
    plan: { ...ALL_AT_ONCE, maxConcurrent: 1 },
    before: async (world) => {
      await world.asks('d001');
      await world.asks('d000');
    },
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('scheduled'),
    next: async (world, id) => {
      expect(await world.waits('d000')).toContain('no other device updates');
      await world.boots('d001', '2.0.0');
      expect(await world.offered('d000')).toBe('2.0.0');
      expect(await world.row(id, 'd000')).toMatchObject({ state: 'offered', attempts: 1 });
    },
    end: NEW,
  },
  onItsWay('offered', 'downloading'),
  onItsWay('downloading', 'verifying'),
  onItsWay('verifying', 'installing'),
  onItsWay('installing', 'rebooting'),
  {
    name: 'rebooting, into what it should run',
    plan: ALL_AT_ONCE,
    before: (world) => goes(world, 'd000', 'rebooting'),
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('rebooting'),
    next: async (world, id) => {
      await world.boots('d000', '2.0.0');
      expect(await world.state(id, 'd000')).toBe('soaking');
    },
    end: NEW,
  },
  {
    name: 'rebooting, into what it ran before',
    plan: ALL_AT_ONCE,
    before: (world) => goes(world, 'd000', 'rebooting'),
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('rebooting'),
    next: async (world, id) => {
      await world.boots('d000', '1.0.0');
      expect(await world.state(id, 'd000')).toBe('rolled-back');
    },
    end: NEW,
  },
  {
    name: 'soaking',
    plan: ALL_AT_ONCE,
    before: async (world) => {
      await goes(world, 'd000', 'soaking');
      await world.clock.advance(9 * MINUTE);
    },
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('soaking'),
    next: async (world, id) => {
      await world.asks('d000');
      expect(await world.state(id, 'd000')).toBe('soaking');
      await world.clock.advance(MINUTE);
      await world.asks('d000');
      expect(await world.row(id, 'd000')).toMatchObject({
        state: 'succeeded',
        reason: 'still ran it 10 min 0 s after it booted it',
      });
    },
    end: NEW,
  },
  {
    name: 'succeeded, and then fallen back',
    plan: { ...ALL_AT_ONCE, soakMs: 0 },
    before: (world) => goes(world, 'd000', 'succeeded'),
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('succeeded'),
    next: async (world, id) => {
      expect(await world.offered('d000')).toBeNull();
      await world.boots('d000', '1.0.0');
      expect(await world.row(id, 'd000')).toMatchObject({
        state: 'rolled-back',
        reason: expect.stringContaining('after it had succeeded') as string,
      });
    },
    end: NEW,
  },
  failedWith('failed'),
  failedWith('rolled-back'),
  {
    name: 'timed out, and late',
    plan: ALL_AT_ONCE,
    before: async (world) => {
      await goes(world, 'd000', 'downloading');
      await world.tick(HOUR);
    },
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('timed-out'),
    next: async (world, id) => {
      await world.boots('d000', '2.0.0');
      expect(await world.row(id, 'd000')).toMatchObject({
        state: 'soaking',
        reason: expect.stringContaining('late') as string,
      });
    },
    end: NEW,
  },
  {
    name: 'about to time out',
    plan: ALL_AT_ONCE,
    before: async (world) => {
      await goes(world, 'd000', 'installing');
      await world.clock.advance(HOUR - 1);
    },
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('installing'),
    next: async (world, id) => {
      await world.tick(1);
      expect(await world.state(id, 'd000')).toBe('timed-out');
    },
    end: NEW,
  },
  {
    name: 'skipped, since it left the cohort',
    plan: ALL_AT_ONCE,
    before: async (world) => {
      await goes(world, 'd000', 'downloading');
      await world.fleet.devices.update(OPERATOR, 'd000', { cohortId: null });
    },
    is: async (world, id) => expect(await world.state(id, 'd000')).toBe('skipped'),
    next: async (world) => expect(await world.offered('d000')).toBeNull(),
    end: ['1.0.0', '2.0.0', '2.0.0', '2.0.0'],
  },
  {
    name: 'scheduled to go back, offered that, and gone back',
    plan: ALL_AT_ONCE,
    before: async (world, id) => {
      for (const device of DEVICES.slice(0, 3)) await world.updates(device);
      await world.fleet.rollouts.rollback(OPERATOR, id);
      await world.asks('d001');
      await world.updates('d002');
      await world.clock.advance(10 * MINUTE);
      await world.asks('d002');
    },
    is: async (world, id) => {
      const states = (await world.rows(id)).map(({ deviceId, state }) => `${deviceId} ${state}`);
      expect(states.toSorted()).toEqual(['d000 scheduled', 'd001 offered', 'd002 succeeded']);
    },
    next: async (world, id) => {
      expect(await world.offered('d000')).toBe('1.0.0');
      await world.boots('d001', '1.0.0');
      expect(await world.state(id, 'd001')).toBe('soaking');
      expect(await world.offered('d002')).toBeNull();
      expect(await world.row(id, 'd001')).toMatchObject({ direction: 'back', attempts: 1 });
    },
    end: OLD,
  },
];
