import { FleetError } from '../codes.ts';
import { countOf, FAILED, UNDER_WAY, WAS_OFFERED } from './counters.ts';
import {
  type RolloutDecision,
  type RolloutEffect,
  type RolloutEvent,
  type RolloutView,
  unchanged,
} from './decision.ts';
import type { Rollout, RolloutState } from './rollout.ts';
import { isPhaseOver, reachesNobody } from './phase-end.ts';
import { isOpen } from './window.ts';

/** Devices that never wake up cannot keep a rollout from being over. */
const BACK_PATIENCE_MS = 24 * 60 * 60_000;

/** Devices often join many at a time; among the very first of them there is not much to choose from. */
const GATHERING_MS = 5 * 60_000;

/** What people ask of a rollout. */
type Operation = Extract<
  RolloutEvent,
  { kind: 'pause' | 'resume' | 'advance' | 'rollback' | 'superseded' }
>;

/** Moves on what time moves on; twice at the same moment is the same as once. */
export function tick(
  view: RolloutView,
  { recalled, members }: Extract<RolloutEvent, { kind: 'tick' }>,
  nowMs: number,
): RolloutDecision {
  const { rollout } = view;
  switch (rollout.state.kind) {
    case 'pending':
      return inWindow(rollout, nowMs) ? begin(view, 0) : unchanged(view);
    case 'active':
      if (reachesNobody(rollout)) return reachSomebody(view, members ?? 0, nowMs);
      if (isComplete(rollout, nowMs)) return complete(view, nowMs);
      return rollout.nextPhaseAtMs !== null &&
        nowMs >= rollout.nextPhaseAtMs &&
        inWindow(rollout, nowMs) &&
        isPhaseOver(rollout, nowMs)
        ? begin(view, rollout.phase + 1)
        : unchanged(view);
    case 'rolling-back':
      return recalled ? endOfWayBack(view, nowMs) : unchanged(view);
    case 'paused':
    case 'completed':
    case 'failed':
      return unchanged(view);
  }
}

/** The percentage of a phase. */
export function percentOf({ plan }: Pick<Rollout, 'plan'>, phase: number): number {
  if (phase === 0) return plan.canaryPercent;
  return plan.stepPercent === null
    ? 100
    : Math.min(100, plan.canaryPercent + phase * plan.stepPercent);
}

/**
 * A phase that reaches nobody has nothing to learn from, so it does not give way to the next one: it is
 * done again, once there are devices in the cohort. Where it began with nobody, among those that joined;
 * where all that it had were skipped, with as many again as the canary has.
 */
function reachSomebody(view: RolloutView, members: number, nowMs: number): RolloutDecision {
  const { rollout } = view;
  const { phase, percent, plan, nextPhaseAtMs } = rollout;
  const again = (more: number) =>
    inWindow(rollout, nowMs) ? begin(view, phase, Math.min(100, percent + more)) : unchanged(view);
  const gatheringMs = Math.min(GATHERING_MS, plan.phaseMs ?? GATHERING_MS);
  if (percent >= 100) {
    if (members === 0) return unchanged(view);
    return members > rollout.members ? again(0) : complete(view, nowMs);
  }
  if (rollout.members > 0) {
    return members === 0 || nowMs < rollout.phaseStartedAtMs + gatheringMs
      ? unchanged(view)
      : again(plan.canaryPercent);
  }
  if (members === 0) return nextPhaseAtMs === null ? unchanged(view) : gathers(view, null);
  // Of fewer the share is rounded up to one, and a single rank says little about those that come later.
  if (members * percent >= 100) return again(0);
  if (nextPhaseAtMs === null) return gathers(view, nowMs + gatheringMs);
  return nowMs < nextPhaseAtMs ? unchanged(view) : again(0);
}

/** Waits for more devices before it chooses among them, `null` for a first one. */
function gathers(view: RolloutView, nextPhaseAtMs: number | null): RolloutDecision {
  return { ...unchanged(view), rollout: { ...view.rollout, nextPhaseAtMs } };
}

function begin(
  view: RolloutView,
  phase: number,
  percent = percentOf(view.rollout, phase),
): RolloutDecision {
  return { ...unchanged(view), effects: [{ kind: 'begin-phase', phase, percent }] };
}

function inWindow({ plan }: Rollout, nowMs: number): boolean {
  return plan.window === null || isOpen(plan.window, nowMs);
}

/** The cut of the phase is known: devices at or below it are in from now on. */
export function phaseBegun(
  view: RolloutView,
  event: Extract<RolloutEvent, { kind: 'phase-begun' }>,
  nowMs: number,
): RolloutDecision {
  const { rollout } = view;
  const { phase, percent, members } = event;
  const { phaseMs } = rollout.plan;
  const pending = rollout.state.kind === 'pending';
  return {
    ...unchanged(view),
    rollout: {
      ...rollout,
      state: pending ? { kind: 'active' } : rollout.state,
      startedAtMs: pending ? nowMs : rollout.startedAtMs,
      phase,
      // Devices may have joined or left since: what was in stays in.
      percent: Math.max(rollout.percent, percent),
      cut: event.cut > rollout.cut ? event.cut : rollout.cut,
      members,
      phaseStartedAtMs: nowMs,
      nextPhaseAtMs: percent >= 100 || phaseMs === null || members === 0 ? null : nowMs + phaseMs,
    },
    notes: [{ what: 'phase', deviceId: null, data: { phase, percent, cut: event.cut, members } }],
  };
}

/**
 * Over when everybody is finished; or, since devices that never call cannot be waited for, when the last
 * phase is over as any other phase and nobody is under way. Either way somebody has to have succeeded:
 * nothing is given to a whole cohort for which no device has stood up.
 */
function isComplete(rollout: Rollout, nowMs: number): boolean {
  const { percent, counters, members } = rollout;
  if (percent < 100 || countOf(counters, UNDER_WAY) > 0) return false;
  const finished = countOf(counters, ['succeeded', 'skipped', ...FAILED]);
  const isEverybody = counters.scheduled === 0 && finished >= members;
  // Nobody could have it, or everybody runs it already.
  if (isEverybody && countOf(counters, FAILED) === 0) return true;
  return counters.succeeded > 0 && (isEverybody || isPhaseOver(rollout, nowMs));
}

function complete(view: RolloutView, nowMs: number): RolloutDecision {
  const { rollout } = view;
  return {
    ...become(view, { kind: 'completed', atMs: nowMs }, { counters: rollout.counters }),
    effects: [{ kind: 'move-cohort', deploymentId: rollout.deploymentId }],
  };
}

function endOfWayBack(view: RolloutView, nowMs: number): RolloutDecision {
  const { rollout } = view;
  const { state, counters } = rollout;
  if (state.kind !== 'rolling-back' || countOf(counters, UNDER_WAY) > 0) return unchanged(view);
  const patienceMs = Math.max(BACK_PATIENCE_MS, rollout.plan.deviceTimeoutMs);
  const asleep = counters.scheduled;
  if (asleep > 0 && nowMs < rollout.phaseStartedAtMs + patienceMs) return unchanged(view);
  const stuck = countOf(counters, FAILED);
  const reason = [
    state.reason,
    counters.succeeded === 1
      ? '1 runs what it ran before'
      : `${counters.succeeded} run what they ran before`,
    ...(stuck > 0 ? [`${stuck} could not go back`] : []),
    ...(asleep === 1 ? ['1 has not called since and goes back when it does'] : []),
    ...(asleep > 1 ? [`${asleep} have not called since and go back when they do`] : []),
  ].join('; ');
  return become(view, {
    kind: 'failed',
    atMs: nowMs,
    reason,
    rolledBack: true,
    deploymentId: state.deploymentId,
  });
}

/** What people do. */
export function operate(view: RolloutView, event: Operation, nowMs: number): RolloutDecision {
  const { rollout } = view;
  const { state } = rollout;
  switch (event.kind) {
    case 'pause':
      mustBe(rollout, 'pause', ['pending', 'active']);
      return become(view, { kind: 'paused', by: 'operator', reason: event.reason });
    case 'resume':
      mustBe(rollout, 'resume', ['paused']);
      // Paused before it ever began: there is no phase yet.
      return become(view, rollout.percent === 0 ? { kind: 'pending' } : { kind: 'active' });
    case 'advance':
      mustBe(rollout, 'advance', ['pending', 'active']);
      if (rollout.percent >= 100) {
        throw refusal(rollout, 'advance', 'Everybody is in already.');
      }
      return begin(view, state.kind === 'pending' ? 0 : rollout.phase + 1);
    case 'rollback':
      mustBe(rollout, 'rollback', ['pending', 'active', 'paused', 'completed']);
      if (state.kind !== 'completed' && countOf(rollout.counters, WAS_OFFERED) === 0) {
        return become(view, {
          kind: 'failed',
          atMs: nowMs,
          reason: `${event.reason}; no device had been offered it`,
          rolledBack: true,
          deploymentId: null,
        });
      }
      return {
        ...become(view, { kind: 'paused', by: 'operator', reason: event.reason }),
        effects: [{ kind: 'make-rollback' }],
      };
    case 'superseded':
      mustBe(rollout, 'supersede', ['pending', 'active', 'paused']);
      return become(view, {
        kind: 'failed',
        atMs: nowMs,
        reason: `superseded by ${event.by}`,
        rolledBack: false,
        deploymentId: null,
      });
  }
}

/** The deployment that goes back is there: from now on nobody is offered the other one. */
export function rollbackMade(
  view: RolloutView,
  deploymentId: string,
  nowMs: number,
): RolloutDecision {
  const { state } = view.rollout;
  if (state.kind !== 'paused') return unchanged(view);
  const { by, reason } = state;
  return become(
    view,
    { kind: 'rolling-back', by, reason, deploymentId },
    { phaseStartedAtMs: nowMs, nextPhaseAtMs: null },
  );
}

/** There is no way back: it stays paused, and says why. */
export function rollbackRefused(view: RolloutView, why: string): RolloutDecision {
  const { state } = view.rollout;
  if (state.kind !== 'paused') return unchanged(view);
  return become(view, { ...state, reason: `${state.reason}; not rolled back: ${why}` });
}

function become(
  view: RolloutView,
  state: RolloutState,
  changes: Partial<Rollout> = {},
): RolloutDecision {
  const effects: readonly RolloutEffect[] = [];
  return {
    rollout: { ...view.rollout, ...changes, state },
    row: view.row,
    notes: [{ what: state.kind, deviceId: null, data: { ...state } }],
    effects,
    answer: null,
  };
}

function mustBe(rollout: Rollout, what: string, kinds: readonly RolloutState['kind'][]): void {
  if (kinds.includes(rollout.state.kind)) return;
  throw refusal(rollout, what, `That is for one that is ${kinds.join(', ')}.`);
}

function refusal(rollout: Rollout, what: string, hint: string): FleetError {
  const { rolloutId, state, percent } = rollout;
  return new FleetError(
    'fleet/wrong-state',
    `Rollout ${rolloutId} is ${state.kind} at ${percent} %, which leaves nothing to ${what}.`,
    { hint, details: { rolloutId, state: state.kind, percent } },
  );
}
