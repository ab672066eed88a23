import { backDeploymentOf } from '../desired/resolve-desired.ts';
import { type DeploymentKit, factsOf, failuresAfter } from '../desired/deployment-kit.ts';
import { runsArtifact, standingOf } from '../desired/runs-artifact.ts';
import type { Device } from '../devices/device.ts';
import type { BootReport, ProgressReport } from '../devices/device-face.ts';
import { decide } from './decide.ts';
import {
  type DeviceFacts,
  type RolloutDecision,
  type RolloutEvent,
  type RolloutView,
  type Standing,
} from './decision.ts';
import { rankOf } from './rank.ts';
import type { Rollout } from './rollout.ts';

/** What a device came for. Of a report, `device` is what it is after the report. */
export type ContactPurpose =
  | { readonly kind: 'ask' }
  | { readonly kind: 'progress'; readonly report: ProgressReport }
  | { readonly kind: 'report'; readonly report: BootReport };

/** The deployment of a rollout, and the one that takes it back where there is one. */
export interface RolloutKits {
  readonly forward: DeploymentKit;
  readonly back: DeploymentKit | null;
}

/**
 * What follows when a device calls. What time or the rollout has in store for it comes first, as if a
 * tick had come just before, so that it makes no difference which of the two does come first.
 */
export function decideContact(
  view: RolloutView,
  device: Device,
  kits: RolloutKits,
  purpose: ContactPurpose,
  nowMs: number,
): RolloutDecision {
  if (device.pinnedDeploymentId !== null) {
    const reason = `runs its own pinned deployment ${device.pinnedDeploymentId}`;
    return decide(view, leaves(view.rollout, device.deviceId, reason), nowMs);
  }
  let decision = decide(view, { kind: 'device-due' }, nowMs);
  if (decision.rollout.state.kind === 'rolling-back') {
    decision = then(decision, { kind: 'device-recalled' }, nowMs);
  }
  const kit =
    decision.row?.direction === 'back' && backDeploymentOf(decision.rollout) !== null
      ? kits.back
      : kits.forward;
  if (kit === null) return decision;
  // What it failed only now is not in what is known of it yet.
  const hasFailed = decision.effects.some(({ kind }) => kind === 'count-failure');
  const known = hasFailed ? { ...device, failures: failuresAfter(kit, device, nowMs) } : device;
  const facts = factsOf(kit, known, rankOf(view.rollout.rolloutId, device.deviceId));
  const event = eventOf(purpose, decision, kit, facts);
  return event === null ? decision : then(decision, event, nowMs);
}

/** The event that a device is not, or no longer, the rollout's. */
export function leaves(
  { rolloutId, cut }: Pick<Rollout, 'rolloutId' | 'cut'>,
  deviceId: string,
  reason: string,
): RolloutEvent {
  return { kind: 'device-left', deviceId, isIn: rankOf(rolloutId, deviceId) <= cut, reason };
}

/** One decision after the other, as one. */
function then(first: RolloutDecision, event: RolloutEvent, nowMs: number): RolloutDecision {
  const second = decide({ rollout: first.rollout, row: first.row }, event, nowMs);
  return {
    ...second,
    notes: [...first.notes, ...second.notes],
    effects: [...first.effects, ...second.effects],
  };
}

function eventOf(
  purpose: ContactPurpose,
  { rollout, row }: RolloutView,
  kit: DeploymentKit,
  facts: DeviceFacts,
): RolloutEvent | null {
  if (purpose.kind === 'ask') return { kind: 'device-asks', facts };
  const { report } = purpose;
  const part = kit.parts.find(({ component }) => component.packageId === report.packageId);
  if (part === undefined) return null;
  if (purpose.kind === 'progress') {
    const { rolloutId, state, error } = purpose.report;
    const others = rolloutId !== null && rolloutId !== rollout.rolloutId;
    return others ? null : { kind: 'device-progress', state, error };
  }
  const { version, sinceBoot, imageHash, appElfSha256 } = purpose.report;
  const running = { version, imageHash: imageHash ?? appElfSha256 };
  const { artifact, siblings } = part;
  const standing: Standing = runsArtifact(running, artifact, siblings)
    ? 'target'
    : standingOf(version, row?.cameFrom[report.packageId], artifact.version);
  return { kind: 'device-reported', facts, sinceBoot, standing, version };
}

/** Whether anything is to be stored. */
export function changes(view: RolloutView, decision: RolloutDecision): boolean {
  return (
    decision.rollout !== view.rollout || decision.row !== view.row || decision.effects.length > 0
  );
}
