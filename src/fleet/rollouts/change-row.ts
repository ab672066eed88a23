import { counted } from '../../shared/index.ts';
import { countOf, FAILED, IN_FLIGHT, isRetrying, moved, sample } from './counters.ts';
import type { RolloutDecision, RolloutEffect, RolloutNote, RolloutView } from './decision.ts';
import type { Rollout, RolloutDevice, RolloutDeviceState } from './rollout.ts';

/** What becomes of a device's row; what is not said stays. */
type RowChange = Pick<RolloutDevice, 'state' | 'reason' | 'dueAtMs'> &
  Partial<Pick<RolloutDevice, 'direction' | 'attempts' | 'cameFrom' | 'sinceMs'>>;

/** The row of a device that had no contact yet. */
function newRow({ rollout }: RolloutView, deviceId: string): RolloutDevice {
  return {
    rolloutId: rollout.rolloutId,
    deviceId,
    state: 'scheduled',
    reason: '',
    sinceMs: 0,
    direction: 'forward',
    attempts: 0,
    dueAtMs: null,
    cameFrom: {},
  };
}

/** Puts a device into a state: row, counters, log, and what a failure entails, all from one place. */
export function changeRow(
  view: RolloutView,
  deviceId: string,
  change: RowChange,
  nowMs: number,
): RolloutDecision {
  const before = view.row;
  const base = before ?? newRow(view, deviceId);
  const row: RolloutDevice = { ...base, sinceMs: nowMs, ...change };
  const counters = moved(view.rollout.counters, before?.state ?? null, row.state);
  const retrying = view.rollout.retrying + Number(isRetrying(row)) - Number(isRetrying(before));
  const note: RolloutNote = {
    what: 'device',
    deviceId,
    data: {
      from: before?.state ?? null,
      to: row.state,
      direction: row.direction,
      attempts: row.attempts,
      reason: row.reason,
    },
  };
  const failedNow = isFailed(row.state) && !(before !== null && isFailed(before.state));
  const effects: RolloutEffect[] = failedNow ? [{ kind: 'count-failure', deviceId }] : [];
  const changed: RolloutDecision = {
    rollout: { ...view.rollout, counters, retrying },
    row,
    notes: [note],
    effects,
    answer: null,
  };
  return row.direction === 'forward' ? overThreshold(view.rollout, changed) : changed;
}

function isFailed(state: RolloutDeviceState): boolean {
  return FAILED.includes(state);
}

/** Stops a rollout whose devices fail too often. */
function overThreshold(before: Rollout, decision: RolloutDecision): RolloutDecision {
  const { rollout } = decision;
  const running =
    rollout.state.kind === 'active' ||
    (rollout.state.kind === 'paused' && rollout.state.by === 'operator');
  if (!running) return decision;
  const { failed, finished, soaking } = sample(rollout);
  const earlier = sample(before);
  const { minSample, failureThresholdPercent, autoRollback } = rollout.plan;
  const all = finished + soaking;
  // Looked at when somebody fails and when the sample becomes large enough, not at each success: after
  // people resumed, what they have seen already must not stop it again.
  const news =
    failed > earlier.failed || (earlier.finished + earlier.soaking < minSample && all >= minSample);
  if (!news || all < minSample || failed * 100 <= failureThresholdPercent * all) return decision;
  const share = `(${Math.round((failed * 1000) / all) / 10} %), more than ${failureThresholdPercent} %`;
  const reason =
    soaking === 0
      ? `${failed} of ${counted(all, 'finished device')} failed ${share}`
      : `${failed} of ${counted(all, 'device')} failed ${share}, with ${soaking} of them still in soak`;
  return {
    ...decision,
    rollout: { ...rollout, state: { kind: 'paused', by: 'threshold', reason } },
    notes: [
      ...decision.notes,
      { what: 'paused', deviceId: null, data: { by: 'threshold', reason } },
    ],
    effects: autoRollback ? [...decision.effects, { kind: 'make-rollback' }] : decision.effects,
  };
}

/** Whether no further device may be between offered and booted. */
export function isFull({ plan, counters }: Rollout): boolean {
  return plan.maxConcurrent !== null && countOf(counters, IN_FLIGHT) >= plan.maxConcurrent;
}
