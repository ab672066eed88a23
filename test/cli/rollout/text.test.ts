import { describe, expect, it } from 'vitest';
import { entityTable } from '../../../src/cli/fleet/entity-table.ts';
import { ROLLOUT_COLUMNS } from '../../../src/cli/rollout/columns.ts';
import { isNotable, logText } from '../../../src/cli/rollout/log-text.ts';
import { type ShownRollout, standText, stateText } from '../../../src/cli/rollout/rollout-text.ts';
import { ROLLOUT_DEVICE_STATES, type RolloutLogEntry } from '../../../src/fleet/index.ts';

const entry = (what: string, data: RolloutLogEntry['data'], deviceId: string | null = null) => ({
  rolloutId: 'rol_1',
  position: 1,
  atMs: 0,
  what,
  deviceId,
  data,
});

describe('logText', () => {
  it.each([
    [
      entry('started', { cohortId: 'production', members: 200 }),
      'started for the 200 devices of cohort production',
    ],
    [
      entry('started', { cohortId: 'bench', members: 1 }),
      'started for the 1 device of cohort bench',
    ],
    [entry('phase', { phase: 0, percent: 5, members: 200 }), 'canary: 5 % of 200 devices'],
    [entry('phase', { phase: 0, percent: 5, members: 1 }), 'canary: 5 % of 1 device'],
    [entry('phase', { phase: 2, percent: 25, members: 200 }), 'step 2: 25 % of 200 devices'],
    [
      entry(
        'device',
        { from: 'rebooting', to: 'rolled-back', direction: 'forward', reason: 'old' },
        'd1',
      ),
      'd1 rolled back, was rebooting: old',
    ],
    [
      entry('device', { from: null, to: 'offered', direction: 'back', reason: 'main@1.0.0' }, 'd1'),
      'd1 offered on the way back: main@1.0.0',
    ],
    [entry('paused', { by: 'threshold', reason: '2 of 10' }), 'paused by threshold (2 of 10)'],
    [entry('failed', { rolledBack: true, reason: 'x', atMs: 0 }), 'failed, rolled back (x)'],
    [entry('resumed', { by: 'operator' }), 'resumed  by=operator'],
  ])('is a sentence', (given, text) => {
    expect(logText(given)).toBe(`1970-01-01 00:00:00Z  ${text}`);
  });

  it('keeps what a device says from the terminal', () => {
    const hostile = entry('device', { from: null, to: 'failed', reason: '\u001B[2J' }, 'd1');
    expect(logText(hostile)).not.toContain('\u001B');
  });
});

describe('isNotable', () => {
  it('leaves out devices on their way, and nothing else', () => {
    expect(isNotable(entry('device', { to: 'downloading' }))).toBe(false);
    expect(isNotable(entry('device', { to: 'timed-out' }))).toBe(true);
    expect(isNotable(entry('phase', {}))).toBe(true);
  });
});

describe('standText', () => {
  it('says state, step, share, what is next and how the devices do', () => {
    const rollout = {
      state: { kind: 'active' },
      plan: { minSample: 5, failureThresholdPercent: 10, window: null },
      phase: 1,
      percent: 15,
      members: 100,
      nextPhaseAtMs: 0,
      waitsFor: null,
      counters: { succeeded: 9, failed: 0, 'rolled-back': 1, 'timed-out': 0, skipped: 0 },
    } as unknown as ShownRollout;
    expect(standText(rollout)).toBe(
      'active, step 1 at 15 %, next step 1970-01-01 00:00:00Z: 9 succeeded, 1 rolled back',
    );
    const quiet = {
      ...rollout,
      waitsFor: 'a first device: none of 15 has finished',
      counters: { ...rollout.counters, succeeded: 0, 'rolled-back': 0 },
    };
    expect(standText(quiet)).toBe(
      'active, step 1 at 15 %, next step 1970-01-01 00:00:00Z: no device yet; waits for a first device: none of 15 has finished',
    );
    expect(stateText({ kind: 'completed', atMs: 0 })).toBe('completed');
    const back = {
      ...rollout,
      state: { kind: 'rolling-back', reason: 'x' },
    } as unknown as ShownRollout;
    expect(standText(back)).toBe('rolling back (x); on the way back: 9 succeeded, 1 rolled back');
    const window = { fromMinute: 60, toMinute: 300, timeZone: 'UTC' };
    const nightly = { ...rollout, plan: { ...rollout.plan, window } };
    expect(standText(nightly)).toContain('next step 1970-01-01 00:00:00Z within 01:00-05:00 UTC:');
    expect(standText({ ...nightly, state: { kind: 'pending' } })).toMatch(
      /^pending, step 1 at 15 %, to begin within 01:00-05:00 UTC: /,
    );
    const none = Object.fromEntries(ROLLOUT_DEVICE_STATES.map((state) => [state, 0]));
    const over = {
      ...rollout,
      state: { kind: 'completed', atMs: 0 },
      percent: 100,
      counters: { ...none, succeeded: 90, scheduled: 3 },
    } as unknown as ShownRollout;
    expect(standText(over)).toBe(
      'completed, step 1 at 100 %: 3 scheduled, 90 succeeded; 10 had not called, and get it when they do',
    );
    expect(standText({ ...over, members: 91 })).toContain(
      '; 1 had not called, and gets it when it does',
    );
  });
});

describe('the list of rollouts', () => {
  const counters = { succeeded: 20, failed: 1, 'rolled-back': 2, 'timed-out': 3 };
  const shown = (state: object) => {
    const rollout = {
      rolloutId: 'rol_1',
      cohortId: 'production',
      deploymentId: 'dep_1',
      percent: 10,
      startedAtMs: 0,
      counters,
      state,
    } as unknown as ShownRollout;
    const [, row = ''] = entityTable(ROLLOUT_COLUMNS, [rollout]).split('\n');
    return row.split(/ {2,}/).slice(3, 7);
  };

  it('never counts a device that was taken back as one that succeeded', () => {
    expect(shown({ kind: 'active' })).toEqual(['active', '10 %', '20', '6']);
    expect(shown({ kind: 'failed', rolledBack: false })).toEqual(['failed', '10 %', '20', '6']);
    expect(shown({ kind: 'rolling-back' })).toEqual(['rolling-back', '10 %', '-', '-']);
    expect(shown({ kind: 'failed', rolledBack: true })).toEqual([
      'failed, rolled back',
      '10 %',
      '-',
      '-',
    ]);
  });
});
