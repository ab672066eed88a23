import { changeRow, isFull } from './change-row.ts';
import { FAILED, IN_FLIGHT } from './counters.ts';
import { bootedTarget, isOpenFor, soaked } from './decide-device.ts';
import {
  type DeviceFacts,
  type RolloutAnswer,
  type RolloutDecision,
  type RolloutView,
  unchanged,
} from './decision.ts';
import type { RolloutDevice } from './rollout.ts';
import { formatWindow, isOpen, opensAt } from './window.ts';

/** When a device asks again that waits for others to finish. */
const FULL_RETRY_MS = 60_000;

/** A device asks what to do. This is where membership is computed and where offers are made. */
export function asks(view: RolloutView, facts: DeviceFacts, nowMs: number): RolloutDecision {
  const { rollout, row } = view;
  if (row?.direction === 'back') {
    return isOpenFor(rollout, row) ? asksBack(view, row, facts, nowMs) : unchanged(view, COHORT);
  }
  const { kind } = rollout.state;
  if (kind !== 'pending' && kind !== 'active' && kind !== 'paused') return unchanged(view, COHORT);
  if (facts.atTarget) return runsTarget(view, facts, nowMs);
  if (row !== null && (IN_FLIGHT.includes(row.state) || ENDED_WELL.has(row.state))) {
    return unchanged(view, FORWARD);
  }
  // A device that was in stays in, whatever its rank: a retry by hand, one that had been offered before.
  const isIn = facts.rank <= rollout.cut || (row !== null && row.state !== 'skipped');
  if (!isIn) return unchanged(view, outside(view));
  if (facts.obstacle !== null) return skip(view, facts, facts.obstacle, COHORT, nowMs);
  return offerForward(view, facts, nowMs);
}

/** For no package, and not empty: a device that never said what it runs was offered something, too. */
const NOTHING_KNOWN: RolloutDevice['cameFrom'] = { '': '' };
const FORWARD: RolloutAnswer = { kind: 'forward' };
const PENALTY = 'failed it before and is left alone with it for a while';
const BACK: RolloutAnswer = { kind: 'back' };
const COHORT: RolloutAnswer = { kind: 'cohort' };
const ENDED_WELL: ReadonlySet<RolloutDevice['state']> = new Set(['soaking', 'succeeded']);

/** Not in yet. Where the rollout replaced another one, its devices must not be taken back meanwhile. */
function outside({ rollout }: RolloutView): RolloutAnswer {
  return rollout.supersedes === null
    ? COHORT
    : {
        kind: 'hold',
        reason: `not among the ${rollout.percent} % that rollout ${rollout.rolloutId} has reached`,
        retryAtMs: rollout.nextPhaseAtMs,
      };
}

/** Also outside of the cut it is not taken back from what it will be given anyway. */
function runsTarget(view: RolloutView, facts: DeviceFacts, nowMs: number): RolloutDecision {
  const { rollout, row } = view;
  if (row?.state === 'soaking') return answered(soaked(view, row, nowMs), FORWARD);
  if (
    row !== null &&
    facts.booted &&
    (IN_FLIGHT.includes(row.state) || FAILED.includes(row.state))
  ) {
    return answered(bootedTarget(view, row, facts, nowMs), FORWARD);
  }
  const fresh = row === null || row.state === 'scheduled' || row.state === 'skipped';
  if (fresh && (facts.rank <= rollout.cut || row !== null)) {
    return skip(view, facts, `runs ${facts.target} already`, FORWARD, nowMs);
  }
  return unchanged(view, FORWARD);
}

function offerForward(view: RolloutView, facts: DeviceFacts, nowMs: number): RolloutDecision {
  const { rollout, row } = view;
  const { window } = rollout.plan;
  if (rollout.state.kind === 'paused') {
    return unchanged(view, hold(`the rollout is paused: ${rollout.state.reason}`, null));
  }
  const penalty = penaltyOf(row, facts, nowMs);
  if (penalty !== null) {
    return row === null
      ? schedule(view, facts, PENALTY, facts.notBeforeMs, nowMs)
      : unchanged(view, penalty);
  }
  if (window !== null && !isOpen(window, nowMs)) {
    const reason = `waits for the window ${formatWindow(window)}`;
    return schedule(view, facts, reason, opensAt(window, nowMs), nowMs);
  }
  if (rollout.state.kind === 'pending') {
    return unchanged(view, hold('the rollout has not begun', null));
  }
  return offer(view, facts, nowMs);
}

function offer(view: RolloutView, facts: DeviceFacts, nowMs: number): RolloutDecision {
  const { rollout, row } = view;
  const { maxConcurrent, deviceTimeoutMs } = rollout.plan;
  if (isFull(rollout)) {
    const reason =
      maxConcurrent === 1
        ? 'waits until no other device updates'
        : `waits until fewer than ${maxConcurrent} devices update at the same time`;
    return schedule(view, facts, reason, nowMs + FULL_RETRY_MS, nowMs);
  }
  const back = row?.direction === 'back';
  const attempts = (row?.attempts ?? 0) + 1;
  const again = attempts > 1 ? `, for the ${ordinal(attempts)} time` : '';
  const decision = changeRow(
    view,
    facts.deviceId,
    {
      state: 'offered',
      reason: `offered ${facts.target}${again}`,
      dueAtMs: nowMs + deviceTimeoutMs,
      attempts,
      cameFrom: Object.keys(facts.reported).length === 0 ? NOTHING_KNOWN : facts.reported,
    },
    nowMs,
  );
  return answered(decision, back ? BACK : FORWARD);
}

/** The way back: no percentage, no window, since nobody should run what is taken back for longer. */
function asksBack(
  view: RolloutView,
  row: RolloutDevice,
  facts: DeviceFacts,
  nowMs: number,
): RolloutDecision {
  if (facts.atTarget) {
    if (row.state === 'soaking') return answered(soaked(view, row, nowMs), BACK);
    if (row.state === 'scheduled') {
      const reason = `runs ${facts.target}, as before`;
      const decision = changeRow(
        view,
        row.deviceId,
        { state: 'succeeded', reason, dueAtMs: null },
        nowMs,
      );
      return answered(decision, BACK);
    }
    const awaited = IN_FLIGHT.includes(row.state) || FAILED.includes(row.state);
    return awaited && facts.booted
      ? answered(bootedTarget(view, row, facts, nowMs), BACK)
      : unchanged(view, BACK);
  }
  // One that left, and is in the cohort again while the others go back, goes with them.
  const hasReturned = row.state === 'skipped' && view.rollout.state.kind === 'rolling-back';
  if (row.state !== 'scheduled' && !hasReturned && !FAILED.includes(row.state)) {
    return unchanged(view, BACK);
  }
  if (facts.obstacle !== null) return skip(view, facts, facts.obstacle, BACK, nowMs);
  const penalty = penaltyOf(row, facts, nowMs);
  return penalty === null ? offer(view, facts, nowMs) : unchanged(view, penalty);
}

function penaltyOf(
  row: RolloutDevice | null,
  { notBeforeMs }: DeviceFacts,
  nowMs: number,
): RolloutAnswer | null {
  if (notBeforeMs === null || notBeforeMs <= nowMs) return null;
  // Scheduled after it had been offered is a retry that somebody asked for.
  if (row !== null && row.state === 'scheduled' && Object.keys(row.cameFrom).length > 0)
    return null;
  return hold(PENALTY, notBeforeMs);
}

function schedule(
  view: RolloutView,
  { deviceId }: DeviceFacts,
  reason: string,
  retryAtMs: number | null,
  nowMs: number,
): RolloutDecision {
  const { row } = view;
  const answer = hold(reason, retryAtMs);
  // One that failed stays failed until it really is offered again.
  if (row !== null && (row.reason === reason || FAILED.includes(row.state))) {
    return unchanged(view, answer);
  }
  return answered(
    changeRow(view, deviceId, { state: 'scheduled', reason, dueAtMs: null }, nowMs),
    answer,
  );
}

function skip(
  view: RolloutView,
  { deviceId }: DeviceFacts,
  reason: string,
  answer: RolloutAnswer,
  nowMs: number,
): RolloutDecision {
  const { row } = view;
  // What failed stays in the sample, whatever keeps it from being tried again.
  if (row !== null && FAILED.includes(row.state)) return unchanged(view, answer);
  if (row?.state === 'skipped' && row.reason === reason) return unchanged(view, answer);
  return answered(
    changeRow(view, deviceId, { state: 'skipped', reason, dueAtMs: null }, nowMs),
    answer,
  );
}

function hold(reason: string, retryAtMs: number | null): RolloutAnswer {
  return { kind: 'hold', reason, retryAtMs };
}

function answered(decision: RolloutDecision, answer: RolloutAnswer): RolloutDecision {
  return { ...decision, answer };
}

function ordinal(count: number): string {
  return count === 2 ? 'second' : count === 3 ? 'third' : `${count}th`;
}
