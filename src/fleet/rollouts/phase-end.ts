import { countOf, FAILED, UNDER_WAY } from './counters.ts';
import { deviceCount } from './rank.ts';
import type { Rollout } from './rollout.ts';
import { formatWindow } from './window.ts';

/** Many sleeping devices call once a day; those that do not even do that cannot hold a phase for ever. */
const SLEEPERS_PATIENCE_MS = 24 * 60 * 60_000;

/** What a phase needs, beside its time, before the next one begins by itself or the rollout is over. */
export type PhaseNeed =
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

/**
 * What the phase of an active rollout lacks, the time of the phase and the window aside. A phase is over
 * when its time is, nobody is under way, at least half of the devices that it covers have finished, and at
 * least one of those succeeded: a phase that taught nothing widens nothing. Devices that were skipped are
 * not counted. Where fewer than `minSample` have finished, although the phase covers as many, more of
 * them must not have failed than the threshold allows; that is all the threshold could go by.
 */
export function phaseNeeds({
  plan,
  counters,
  percent,
  members,
}: Pick<Rollout, 'plan' | 'counters' | 'percent' | 'members'>): readonly PhaseNeed[] {
  const underWay = countOf(counters, UNDER_WAY);
  const failed = countOf(counters, FAILED);
  const finished = counters.succeeded + failed;
  const covered = Math.max(0, deviceCount(percent, members) - counters.skipped);
  const enough = Math.ceil(covered / 2);
  const needs: PhaseNeed[] = [];
  if (underWay > 0) needs.push({ kind: 'under-way', devices: underWay });
  if (covered > 0 && counters.succeeded === 0) needs.push({ kind: 'success', finished, covered });
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
  rollout: Pick<Rollout, 'plan' | 'state' | 'counters' | 'percent' | 'members'>,
): string | null {
  const { state, plan } = rollout;
  if (state.kind === 'pending' && plan.window !== null)
    return `its window, ${formatWindow(plan.window)}`;
  if (state.kind !== 'active') return null;
  const [first] = phaseNeeds(rollout).map(textOf);
  return first ?? null;
}

function textOf(need: PhaseNeed): string {
  switch (need.kind) {
    case 'under-way':
      return need.devices === 1
        ? 'a device that is under way'
        : `${need.devices} devices that are under way`;
    case 'success':
      return need.finished === 0
        ? `a first device: none of ${need.covered} has finished`
        : `a first success: ${need.finished} of ${need.covered} devices have finished, none with it`;
    case 'finished':
      return `more devices: ${need.finished} of ${need.covered} have finished, and half of them is ${need.enough}`;
    case 'sample':
      return `more devices: ${need.failed} of the ${need.finished} that have finished failed`;
  }
}
