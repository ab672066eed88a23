import { formatDuration } from '../../shared/index.ts';
import { changeRow } from './change-row.ts';
import { FAILED, IN_FLIGHT, UNDER_WAY } from './counters.ts';
import {
  type DeviceFacts,
  type RolloutDecision,
  type RolloutEvent,
  type RolloutView,
  unchanged,
} from './decision.ts';
import type { Rollout, RolloutDevice } from './rollout.ts';

type Reported = Extract<RolloutEvent, { kind: 'device-reported' }>;
type Progress = Extract<RolloutEvent, { kind: 'device-progress' }>;

/** Whether what devices say still matters: it is unfinished, or took devices back and awaits sleepers. */
export function isOpenFor({ state }: Rollout, { direction }: RolloutDevice): boolean {
  switch (state.kind) {
    case 'pending':
    case 'active':
    case 'paused':
      return direction === 'forward';
    case 'rolling-back':
      return direction === 'back';
    case 'failed':
      return direction === 'back' && state.deploymentId !== null;
    case 'completed':
      return false;
  }
}

/** What the device says of its progress; what comes late, twice or out of turn changes nothing. */
export function progress(view: RolloutView, event: Progress, nowMs: number): RolloutDecision {
  const { row } = view;
  if (row === null || !isOpenFor(view.rollout, row) || !UNDER_WAY.includes(row.state)) {
    return row?.state === 'succeeded' &&
      event.state === 'rolled-back' &&
      isOpenFor(view.rollout, row)
      ? changeRow(view, row.deviceId, fallen(event), nowMs)
      : unchanged(view);
  }
  if (event.state === 'failed' || event.state === 'rolled-back') {
    return changeRow(view, row.deviceId, fallen(event), nowMs);
  }
  if (row.state === 'soaking' || row.state === event.state) return unchanged(view);
  return changeRow(
    view,
    row.deviceId,
    { state: event.state, reason: `says that it is ${event.state}`, dueAtMs: row.dueAtMs },
    nowMs,
  );
}

function fallen({ state, error }: Progress) {
  const said = error === null || error === '' ? 'without a reason' : error;
  return state === 'rolled-back'
    ? ({ state, reason: `says that it rolled back: ${said}`, dueAtMs: null } as const)
    : ({ state: 'failed', reason: `says that it failed: ${said}`, dueAtMs: null } as const);
}

/** What the device runs: the only proof of success, and of a fall-back. */
export function reported(view: RolloutView, event: Reported, nowMs: number): RolloutDecision {
  const { row } = view;
  if (row === null || !isOpenFor(view.rollout, row)) return unchanged(view);
  if (event.facts.atTarget) return reportedTarget(view, row, event, nowMs);
  if (row.state === 'soaking' || row.state === 'succeeded') {
    return changeRow(view, row.deviceId, goneFromTarget(row, event), nowMs);
  }
  return event.sinceBoot && IN_FLIGHT.includes(row.state)
    ? bootedElsewhere(view, row, event, nowMs)
    : unchanged(view);
}

function reportedTarget(
  view: RolloutView,
  row: RolloutDevice,
  { facts, sinceBoot }: Reported,
  nowMs: number,
): RolloutDecision {
  if (row.state === 'soaking') return soaked(view, row, nowMs);
  // A device that said that it restarts, and now runs the target, has booted it even when it does not say so.
  const booted = sinceBoot || row.state === 'rebooting';
  const awaited = IN_FLIGHT.includes(row.state) || FAILED.includes(row.state);
  if (awaited && booted) return bootedTarget(view, row, facts, nowMs);
  return IN_FLIGHT.includes(row.state) ? claims(view, row, facts, nowMs) : unchanged(view);
}

/** How it begins where a device says what it runs, and nothing more. */
const CLAIM = 'reports running';

/** No proof, but whoever looks why no success comes should know; its time goes on. */
function claims(
  view: RolloutView,
  row: RolloutDevice,
  { target }: DeviceFacts,
  nowMs: number,
): RolloutDecision {
  const reason = `${CLAIM} ${target}, but never reported a boot into it`;
  if (row.reason === reason) return unchanged(view);
  const { state, dueAtMs, sinceMs } = row;
  return changeRow(view, row.deviceId, { state, reason, dueAtMs, sinceMs }, nowMs);
}

/** It booted what it should run; now it has to keep running it. */
export function bootedTarget(
  view: RolloutView,
  row: RolloutDevice,
  { target }: DeviceFacts,
  nowMs: number,
): RolloutDecision {
  const { soakMs, deviceTimeoutMs } = view.rollout.plan;
  const late = FAILED.includes(row.state) ? ', late' : '';
  if (soakMs === 0) {
    const reason = `booted ${target}${late}`;
    return changeRow(view, row.deviceId, { state: 'succeeded', reason, dueAtMs: null }, nowMs);
  }
  const reason = `booted ${target}${late}; has to run it for ${formatDuration(soakMs)}`;
  const dueAtMs = nowMs + soakMs + deviceTimeoutMs;
  return changeRow(view, row.deviceId, { state: 'soaking', reason, dueAtMs }, nowMs);
}

/** It is heard of, still running the target: enough once the soak time is over. */
export function soaked(view: RolloutView, row: RolloutDevice, nowMs: number): RolloutDecision {
  const { soakMs } = view.rollout.plan;
  if (nowMs < row.sinceMs + soakMs) return unchanged(view);
  const reason = `still ran it ${formatDuration(nowMs - row.sinceMs)} after it booted it`;
  return changeRow(view, row.deviceId, { state: 'succeeded', reason, dueAtMs: null }, nowMs);
}

function goneFromTarget(row: RolloutDevice, { standing, version }: Reported) {
  const after = row.state === 'succeeded' ? 'after it had succeeded' : 'within its soak time';
  return standing === 'before'
    ? ({
        state: 'rolled-back',
        reason: `runs ${version} again ${after}: rolled back by its bootloader`,
        dueAtMs: null,
      } as const)
    : ({ state: 'failed', reason: `runs ${version} ${after}`, dueAtMs: null } as const);
}

/** A boot while it was on its way that did not end at the target of every package. */
function bootedElsewhere(
  view: RolloutView,
  row: RolloutDevice,
  { standing, version, facts }: Reported,
  nowMs: number,
): RolloutDecision {
  const { rollout } = view;
  const again = { state: 'offered', dueAtMs: nowMs + rollout.plan.deviceTimeoutMs } as const;
  const change = (to: Parameters<typeof changeRow>[2]) => changeRow(view, row.deviceId, to, nowMs);
  switch (standing) {
    case 'target':
      return row.state === 'offered'
        ? unchanged(view)
        : change({ ...again, reason: `booted ${version}; another package is left` });
    case 'step':
      // From here on that is what it comes from, so that coming back to it is a fall-back.
      return change({
        ...again,
        reason: `booted ${version}, a step on the way`,
        cameFrom: facts.reported,
      });
    case 'before':
      if (row.state === 'rebooting') {
        return change({
          state: 'rolled-back',
          reason: `booted ${version} again: rolled back by its bootloader`,
          dueAtMs: null,
        });
      }
      return row.state === 'offered'
        ? unchanged(view)
        : change({
            state: 'offered',
            reason: `restarted with ${version} while ${row.state}`,
            dueAtMs: row.dueAtMs,
          });
    case 'other':
      return row.state === 'offered'
        ? unchanged(view)
        : change({ state: 'failed', reason: `booted ${version} instead`, dueAtMs: null });
  }
}

/** Its time is over. */
export function due(view: RolloutView, nowMs: number): RolloutDecision {
  const { row } = view;
  if (row === null || row.dueAtMs === null || row.dueAtMs > nowMs) return unchanged(view);
  if (!isOpenFor(view.rollout, row) || !UNDER_WAY.includes(row.state)) return unchanged(view);
  const since = formatDuration(nowMs - row.sinceMs);
  const reason =
    row.state === 'soaking'
      ? 'booted it, and was not heard of once its soak time was over'
      : row.reason.startsWith(CLAIM)
        ? `${row.state} for ${since}: ${row.reason}`
        : `${row.state} for ${since} without having booted it`;
  return changeRow(view, row.deviceId, { state: 'timed-out', reason, dueAtMs: null }, nowMs);
}

/**
 * It is no longer the rollout's; what it finished stays, and nothing is taken from it. Where it was to have
 * it and never called, that is noted, so that nobody waits for it.
 */
export function left(
  view: RolloutView,
  { deviceId, isIn, reason }: Extract<RolloutEvent, { kind: 'device-left' }>,
  nowMs: number,
): RolloutDecision {
  const { row, rollout } = view;
  const { kind } = rollout.state;
  const awaited =
    row === null
      ? isIn && (kind === 'pending' || kind === 'active' || kind === 'paused')
      : row.state === 'scheduled' || UNDER_WAY.includes(row.state);
  return awaited
    ? changeRow(view, deviceId, { state: 'skipped', reason, dueAtMs: null }, nowMs)
    : unchanged(view);
}

/** The rollout is taken back, and the device with it, where it had been offered anything. */
export function recalled(view: RolloutView, nowMs: number): RolloutDecision {
  const { row } = view;
  if (row === null || row.direction === 'back' || row.state === 'skipped') return unchanged(view);
  if (row.state === 'scheduled' && row.attempts === 0 && Object.keys(row.cameFrom).length === 0) {
    const reason = 'the rollout was taken back before it was offered anything';
    return changeRow(view, row.deviceId, { state: 'skipped', reason, dueAtMs: null }, nowMs);
  }
  const reason = `is to go back; was ${row.state}: ${row.reason}`;
  return changeRow(
    view,
    row.deviceId,
    { state: 'scheduled', direction: 'back', attempts: 0, reason, dueAtMs: null },
    nowMs,
  );
}

/** Somebody wants it tried again, without waiting for the end of its penalty. */
export function retried(view: RolloutView, nowMs: number): RolloutDecision {
  const { row } = view;
  if (row === null || !FAILED.includes(row.state) || !isOpenFor(view.rollout, row)) {
    return unchanged(view);
  }
  const reason = `tried again by hand; was ${row.state}: ${row.reason}`;
  return changeRow(
    view,
    row.deviceId,
    { state: 'scheduled', attempts: 0, reason, dueAtMs: null },
    nowMs,
  );
}
