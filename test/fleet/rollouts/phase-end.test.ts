import { describe, expect, it } from 'vitest';
import type { Rollout, RolloutCounters } from '../../../src/fleet/index.ts';
import { NO_DEVICES } from '../../../src/fleet/rollouts/counters.ts';
import { isPhaseOver, phaseWaitsFor } from '../../../src/fleet/rollouts/phase-end.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

/** A phase of 4 hours that covers 10 of 100 devices, and began at 0. */
function rollout(counters: Partial<RolloutCounters>, changes: Partial<Rollout['plan']> = {}) {
  return {
    rolloutId: 'rol_a',
    deploymentId: 'dep_a',
    cohortId: 'all',
    plan: {
      canaryPercent: 10,
      stepPercent: 10,
      phaseMs: 4 * HOUR,
      failureThresholdPercent: 10,
      minSample: 5,
      soakMs: HOUR,
      deviceTimeoutMs: 2 * HOUR,
      rollbackDeploymentId: null,
      autoRollback: false,
      window: null,
      maxConcurrent: null,
      ...changes,
    },
    state: { kind: 'active' },
    phase: 0,
    percent: 10,
    cut: '1',
    phaseStartedAtMs: 0,
    nextPhaseAtMs: 4 * HOUR,
    counters: { ...NO_DEVICES, ...counters },
    retrying: 0,
    members: 100,
    supersedes: null,
    startedAtMs: 0,
    createdAtMs: 0,
    revision: 1,
  } satisfies Rollout;
}

const NEVER = Number.POSITIVE_INFINITY;
type Plan = Partial<Rollout['plan']>;

describe('a phase that covers 10 devices and takes 4 hours', () => {
  it.each<[string, Partial<RolloutCounters>, number, string | null, Plan?]>([
    ['everybody succeeded', { succeeded: 10 }, 4 * HOUR, null],
    ['half succeeded, the others sleep', { succeeded: 5 }, 4 * HOUR, null],
    ['half finished, one of them well', { succeeded: 1, failed: 4 }, 4 * HOUR, null],
    [
      'fewer than half: the others have a day',
      { succeeded: 4 },
      4 * HOUR + DAY,
      'more devices: 4 of 10 have finished, and half of them is 5',
    ],
    ['nobody ever called', {}, NEVER, 'a first device: none of 10 has finished'],
    [
      'they wait for their turn',
      { scheduled: 10 },
      NEVER,
      'a first device: none of 10 has finished',
    ],
    [
      'nobody succeeded',
      { failed: 2, 'rolled-back': 1, 'timed-out': 3 },
      NEVER,
      'a first success: 6 of 10 devices have finished, none with it',
    ],
    [
      'nobody succeeded, and the threshold says nothing of so few',
      { failed: 10 },
      NEVER,
      'a first success: 10 of 10 devices have finished, none with it',
      { minSample: 50 },
    ],
    [
      'a few finished, and too many of them failed',
      { succeeded: 2, failed: 1 },
      NEVER,
      'more devices: 3 of 10 have finished, and half of them is 5',
    ],
    [
      'half finished, too few for the threshold, and too many failed',
      { succeeded: 4, failed: 1 },
      NEVER,
      'more devices: 1 of the 5 that have finished failed',
      { minSample: 8 },
    ],
    [
      'the threshold never says anything',
      { succeeded: 9, failed: 1 },
      4 * HOUR,
      null,
      { minSample: 50 },
    ],
    [
      'one is at it, for as long as one may take',
      { succeeded: 9, downloading: 1 },
      7 * HOUR,
      'a device that is under way',
    ],
    [
      'two wait out their soak',
      { succeeded: 8, soaking: 2 },
      7 * HOUR,
      '2 devices that are under way',
    ],
    ['only one is at it', { installing: 1 }, NEVER, 'a device that is under way'],
    ['all but one cannot have it', { skipped: 9, succeeded: 1 }, 4 * HOUR, null],
    [
      'nobody can have it, which is nothing learned',
      { skipped: 10 },
      NEVER,
      'a first device: all 10 that it reached were skipped',
    ],
    [
      'all were skipped but one that joined and failed',
      { skipped: 10, failed: 1 },
      NEVER,
      'a first success: 1 of 1 device has finished, none with it',
    ],
    [
      'all were skipped but one that joined and waits for its turn',
      { skipped: 10, scheduled: 1 },
      NEVER,
      'a first device: none of 1 has finished',
    ],
    ['more than it covers, because devices joined', { succeeded: 12, skipped: 3 }, 4 * HOUR, null],
  ])('%s', (_, counters, overAtMs, waitsFor, plan = {}) => {
    const it = rollout(counters, plan);
    expect(phaseWaitsFor(it)).toBe(waitsFor);
    if (overAtMs === NEVER) {
      expect(isPhaseOver(it, 400 * DAY)).toBe(false);
      return;
    }
    expect([isPhaseOver(it, overAtMs - 1), isPhaseOver(it, overAtMs)]).toEqual([false, true]);
  });

  it('names its window where that keeps devices from being offered it', () => {
    const plan = { window: { fromMinute: 60, toMinute: 300, timeZone: 'UTC' } };
    const waits = (counters: Partial<RolloutCounters>) => phaseWaitsFor(rollout(counters, plan));
    const within = 'within its window, 01:00-05:00 UTC';
    expect(waits({})).toBe(`a first device ${within}: none of 10 has finished`);
    expect(waits({ failed: 1 })).toBe(
      `a first success ${within}: 1 of 10 devices has finished, none with it`,
    );
    expect(waits({ succeeded: 1 })).toBe(
      `more devices ${within}: 1 of 10 has finished, and half of them is 5`,
    );
    expect(waits({ skipped: 10 })).toContain(within);
    // What is under way goes on at any time.
    expect(waits({ downloading: 1 })).toBe('a device that is under way');
  });

  it('says whether anybody is there to be reached', () => {
    const nobody = { ...rollout({}), members: 0, nextPhaseAtMs: null };
    expect(phaseWaitsFor(nobody)).toBe('a first device: nobody is in its cohort');
    expect(phaseWaitsFor({ ...nobody, nextPhaseAtMs: 1 })).toBe(
      'the devices that join its cohort now, to choose who is first',
    );
    expect(phaseWaitsFor({ ...nobody, counters: { ...NO_DEVICES, skipped: 1 } })).toBe(
      'a first device: the only one that it reached was skipped',
    );
  });

  it('waits for nothing while the rollout does not go on', () => {
    const it = rollout({});
    expect(phaseWaitsFor({ ...it, state: { kind: 'pending' } })).toBeNull();
    const window = { fromMinute: 60, toMinute: 300, timeZone: 'UTC' };
    const night = { ...it, plan: { ...it.plan, window }, state: { kind: 'pending' } } as const;
    expect(phaseWaitsFor(night)).toBe('its window, 01:00-05:00 UTC');
    expect(phaseWaitsFor({ ...it, state: { kind: 'completed', atMs: 1 } })).toBeNull();
  });
});
