import { deviceCount, phaseWaitsFor, type Rollout } from '../../fleet/index.ts';

/**
 * A rollout as people see it. Devices get a row at their first contact, so the stored counters know
 * nothing of those that have not come yet: here they count as scheduled, as they are.
 */
export function rolloutView(rollout: Rollout): Rollout & { readonly waitsFor: string | null } {
  const { counters, percent, members } = rollout;
  const { kind } = rollout.state;
  const waitsFor = phaseWaitsFor(rollout);
  // Once it is over or goes back, nobody further comes in.
  if (kind !== 'pending' && kind !== 'active' && kind !== 'paused') return { ...rollout, waitsFor };
  const reached = Object.values(counters).reduce((sum, count) => sum + count, 0);
  const yetToCome = Math.max(0, deviceCount(percent, members) - reached);
  return {
    ...rollout,
    waitsFor,
    counters: { ...counters, scheduled: counters.scheduled + yetToCome },
  };
}
