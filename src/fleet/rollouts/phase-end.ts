import { counted } from '../../shared/index.ts';
import { countOf, FAILED, UNDER_WAY } from './counters.ts';
import { deviceCount } from './rank.ts';
import type { MaintenanceWindow, Rollout } from './rollout.ts';
import { formatWindow } from './window.ts';

/** Many sleeping devices call once a day; those that do not even do that cannot hold a phase for ever. */
const SLEEPERS_PATIENCE_MS = 24 * 60 * 60_000;

/** What a phase needs, beside its time, before the next one begins by itself or the rollout is over. */
export type PhaseNeed =
  /** Devices that it reaches at all: nobody was in the cohort, or all that it had were skipped. */
  | { readonly kind: 'anybody'; readonly skipped: number; readonly gathers: boolean }
  /** Devices that are at it: they are what the phase is there to learn from. */
  | { readonly kind: 'under-way'; readonly devices: number }
  /** No device has succeeded yet. */
  | { readonly kind: 'success'; readonly finished: number; readonly covered: number }
  /** Fewer than half of the devices that the phase covers have finished. */
  | {
      readonly kind: 'finished';
      readonly finished: number;
      readonly enough: number;
      readonly covered: number;
    }
  /** Fewer have finished than the threshold counts from, and of those more failed than it allows. */
  | { readonly kind: 'sample'; readonly failed: number; readonly finished: number };

/** Whether a phase has no device that could teach anything, and nothing was learned before. */
export function reachesNobody({
  counters,
  percent,
  members,
}: Pick<Rollout, 'counters' | 'percent' | 'members'>): boolean {
  const { scheduled, succeeded, skipped } = counters;
  return (
    scheduled + succeeded + countOf(counters, [...UNDER_WAY, ...FAILED]) === 0 &&
    skipped >= deviceCount(percent, members)
  );
}

/**
 * What the phase of an active rollout lacks, the time of the phase and the window aside. A phase is over
 * when its time is, nobody is under way, at least half of the devices that it covers have finished, and at
 * least one of those succeeded: a phase that taught nothing widens nothing. Devices that were skipped are
 * not counted. Where fewer than `minSample` have finished, although the phase covers as many, more of
 * them must not have failed than the threshold allows; that is all the threshold could go by.
 */
export function phaseNeeds(
  rollout: Pick<Rollout, 'plan' | 'counters' | 'percent' | 'members' | 'nextPhaseAtMs'>,
): readonly PhaseNeed[] {
  const { plan, counters, percent, members } = rollout;
  if (reachesNobody(rollout)) {
    const gathers = members === 0 && rollout.nextPhaseAtMs !== null;
    return [{ kind: 'anybody', skipped: counters.skipped, gathers }];
  }
  const underWay = countOf(counters, UNDER_WAY);
  const failed = countOf(counters, FAILED);
  const finished = counters.succeeded + failed;
  const covered = Math.max(0, deviceCount(percent, members) - counters.skipped);
  const enough = Math.ceil(covered / 2);
  const needs: PhaseNeed[] = [];
  if (underWay > 0) needs.push({ kind: 'under-way', devices: underWay });
  if (counters.succeeded === 0) {
    // Devices that joined may have taken the place of some that were skipped.
    const known = finished + underWay + counters.scheduled;
    needs.push({ kind: 'success', finished, covered: Math.max(covered, known) });
  }
  if (finished < enough) needs.push({ kind: 'finished', finished, enough, covered });
  const hasFew = covered >= plan.minSample && finished < plan.minSample;
  if (hasFew && failed * 100 > plan.failureThresholdPercent * finished) {
    needs.push({ kind: 'sample', failed, finished });
  }
  return needs;
}

/**
 * Whether nothing but the window keeps the next phase from beginning. Of its needs some are dropped after a
 * while: devices under way are waited for as long as one of them may take, since others could take their
 * place for ever, and sleeping devices for a day. A larger sample is waited for without end only while
 * there are devices to keep it from: with everybody in, no further phase could bring one.
 */
export function isPhaseOver(rollout: Rollout, nowMs: number): boolean {
  const { plan, percent, phaseStartedAtMs } = rollout;
  const lateMs = nowMs - phaseStartedAtMs - phaseTimeMs(rollout);
  if (lateMs < 0) return false;
  return phaseNeeds(rollout).every(({ kind }) => {
    if (kind === 'under-way') return lateMs >= plan.soakMs + plan.deviceTimeoutMs;
    if (lateMs < SLEEPERS_PATIENCE_MS) return false;
    return kind === 'finished' || (kind === 'sample' && percent >= 100);
  });
}

/** How long a phase takes at least; where people advance by hand, that is how long the last one takes. */
function phaseTimeMs({ plan }: Rollout): number {
  return plan.phaseMs ?? plan.deviceTimeoutMs;
}

/**
 * For people: what a rollout waits for, its window before it begins and whatever is beside the time of its
 * phase later on; `null` for nothing else.
 */
export function phaseWaitsFor(
  rollout: Pick<Rollout, 'plan' | 'state' | 'counters' | 'percent' | 'members' | 'nextPhaseAtMs'>,
): string | null {
  const { state, plan } = rollout;
  if (state.kind === 'pending' && plan.window !== null)
    return `its window, ${formatWindow(plan.window)}`;
  if (state.kind !== 'active') return null;
  const [first] = phaseNeeds(rollout);
  return first === undefined ? null : textOf(first, plan.window);
}

function textOf(need: PhaseNeed, window: MaintenanceWindow | null): string {
  const within = window === null ? '' : ` within its window, ${formatWindow(window)}`;
  switch (need.kind) {
    case 'anybody':
      if (need.skipped > 0) {
        return `a first device${within}: ${need.skipped === 1 ? 'the only one that it reached was' : `all ${need.skipped} that it reached were`} skipped`;
      }
      return need.gathers
        ? `the devices that join its cohort now, to choose who is first${within}`
        : `a first device${within}: nobody is in its cohort`;
    case 'under-way':
      return need.devices === 1
        ? 'a device that is under way'
        : `${need.devices} devices that are under way`;
    case 'success':
      return need.finished === 0
        ? `a first device${within}: none of ${need.covered} has finished`
        : `a first success${within}: ${finishedOf(need.finished, counted(need.covered, 'device'))}, none with it`;
    case 'finished':
      return `more devices${within}: ${finishedOf(need.finished, need.covered)}, and half of them is ${need.enough}`;
    case 'sample':
      return `more devices${within}: ${need.failed} of the ${need.finished} that have finished failed`;
  }
}

/** `1 of 3 devices has finished`. */
function finishedOf(finished: number, of: number | string): string {
  return `${finished} of ${of} ${finished === 1 ? 'has' : 'have'} finished`;
}
