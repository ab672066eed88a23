import type { Rollout, RolloutDeviceState, RolloutState } from '../../fleet/index.ts';
import { timeText } from '../fleet/describe.ts';

/** States in the order in which a device goes through them. */
const ORDER: readonly RolloutDeviceState[] = [
  'scheduled',
  'offered',
  'downloading',
  'verifying',
  'installing',
  'rebooting',
  'soaking',
  'succeeded',
  'failed',
  'rolled-back',
  'timed-out',
  'skipped',
];

/** A rollout in one line. */
export function rolloutText(rollout: Rollout): string {
  return `${rollout.rolloutId}  ${standText(rollout)}`;
}

/** Where it stands, how far it is, and how its devices do. */
export function standText(rollout: Rollout): string {
  const { percent, phase, nextPhaseAtMs } = rollout;
  const next =
    nextPhaseAtMs === null || rollout.state.kind !== 'active'
      ? ''
      : `, next step ${timeText(nextPhaseAtMs)}`;
  const step = phase === 0 ? 'canary' : `step ${phase}`;
  return `${stateText(rollout.state)}, ${step} at ${percent} %${next}: ${countersText(rollout)}`;
}

/** The state with its reason. */
export function stateText(state: RolloutState): string {
  switch (state.kind) {
    case 'paused':
      return `paused by ${state.by} (${state.reason})`;
    case 'rolling-back':
      return `rolling back (${state.reason})`;
    case 'failed':
      return `failed${state.rolledBack ? ', rolled back' : ''} (${state.reason})`;
    case 'pending':
    case 'active':
    case 'completed':
      return state.kind;
  }
}

/** How many devices are in which state; those that are in none are left out. */
export function countersText({ counters }: Rollout): string {
  const parts = ORDER.filter((state) => counters[state] > 0).map(
    (state) => `${counters[state]} ${state.replace('-', ' ')}`,
  );
  return parts.join(', ') || 'no device yet';
}
