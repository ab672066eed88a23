import {
  formatWindow,
  ROLLOUT_DEVICE_STATES,
  type Rollout,
  type RolloutDeviceState,
  type RolloutState,
} from '../../fleet/index.ts';
import { timeText } from '../fleet/describe.ts';

/** A rollout as the API shows it: with what its phase, or its beginning, waits for. */
export type ShownRollout = Rollout & { readonly waitsFor: string | null };

/** Devices in these states want somebody to look. */
export const TROUBLED: readonly string[] = [
  'failed',
  'rolled-back',
  'timed-out',
  'skipped',
] satisfies readonly RolloutDeviceState[];

/** A rollout in one line. */
export function rolloutText(rollout: ShownRollout): string {
  return `${rollout.rolloutId}  ${standText(rollout)}`;
}

/** Where it stands, how far it is, and how its devices do. */
export function standText(rollout: ShownRollout): string {
  const { percent, phase, state, waitsFor } = rollout;
  // The counters are those of the way back then, where to succeed is to run the old version again.
  if (state.kind === 'rolling-back' || (state.kind === 'failed' && state.rolledBack)) {
    return `${stateText(state)}; on the way back: ${countersText(rollout)}`;
  }
  const after = waitsFor === null ? sleepersText(rollout) : `; waits for ${waitsFor}`;
  const step = phase === 0 ? 'canary' : `step ${phase}`;
  return `${stateText(state)}, ${step} at ${percent} %${nextText(rollout)}: ${countersText(rollout)}${after}`;
}

function nextText({ state, plan, nextPhaseAtMs }: Rollout): string {
  const within = plan.window === null ? '' : ` within ${formatWindow(plan.window)}`;
  if (state.kind === 'pending') return within === '' ? '' : `, to begin${within}`;
  return nextPhaseAtMs === null || state.kind !== 'active'
    ? ''
    : `, next step ${timeText(nextPhaseAtMs)}${within}`;
}

/** A rollout is over without those that sleep; they are given it all the same. */
function sleepersText({ state, counters, members }: Rollout): string {
  if (state.kind !== 'completed') return '';
  const called = ROLLOUT_DEVICE_STATES.reduce(
    (sum, name) => sum + counters[name],
    -counters.scheduled,
  );
  const asleep = members - called;
  if (asleep === 1) return '; 1 had not called, and gets it when it does';
  return asleep > 1 ? `; ${asleep} had not called, and get it when they do` : '';
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

/** How many devices are in which state, in the order of the API; states without any are left out. */
export function countersText({ counters }: Rollout): string {
  const parts = Object.entries(counters)
    .filter(([, devices]) => devices > 0)
    .map(([state, devices]) => `${devices} ${state.replace('-', ' ')}`);
  return parts.join(', ') || 'no device yet';
}
