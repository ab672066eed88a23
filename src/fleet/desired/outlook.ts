import type { Device } from '../devices/device.ts';
import type { FleetContext } from '../context.ts';
import type { Change } from '../change.ts';
import { changes, type ContactPurpose, decideContact } from '../rollouts/decide-contact.ts';
import type { RolloutDecision, RolloutView } from '../rollouts/decision.ts';
import { relevantRollout } from '../rollouts/relevant-rollout.ts';
import { RolloutSession } from '../rollouts/rollout-session.ts';
import { loadKit } from './deployment-kit.ts';
import type { FleetCache } from './fleet-cache.ts';
import { backDeploymentOf, type Desired, resolveDesired } from './resolve-desired.ts';

/** What the rollout of its cohort says to a device. */
export interface RolloutWord {
  readonly view: RolloutView;
  readonly decision: RolloutDecision;
  /** Whether something is to be stored; then it only counts when it was decided in a transaction. */
  readonly changes: boolean;
}

/** Decides what a contact means, without storing anything; `null` where no rollout concerns the device. */
export async function preview(
  { store, clock }: FleetContext,
  cache: FleetCache,
  device: Device,
  purpose: ContactPurpose,
): Promise<RolloutWord | null> {
  const scope = device.cohortId === null ? null : await cache.scope(device.cohortId);
  const kept = scope?.rollout ?? null;
  if (kept === null) return null;
  const { rollouts, rolloutDevices } = store.read;
  // How many are under way is nothing that a kept header could know.
  const rollout =
    kept.plan.maxConcurrent === null ? kept : ((await rollouts.get(kept.rolloutId)) ?? kept);
  const row = await rolloutDevices.get(rollout.rolloutId, device.deviceId);
  const forward = await cache.kit(rollout.deploymentId);
  const backId = backDeploymentOf(rollout);
  const back = backId === null ? null : await cache.kit(backId);
  if (forward === null) return null;
  const view = { rollout, row };
  const decision = decideContact(view, device, { forward, back }, purpose, clock.now());
  return { view, decision, changes: changes(view, decision) };
}

/** The same within a transaction, and stored. `device` is what it is in that transaction. */
export async function settle(
  { options, randomBytes }: FleetContext,
  change: Change,
  device: Device,
  purpose: ContactPurpose,
): Promise<RolloutWord | null> {
  const { cohorts, rolloutDevices } = change.repositories;
  const cohort = device.cohortId === null ? null : await cohorts.get(device.cohortId);
  const rollout = cohort === null ? null : await relevantRollout(change.repositories, cohort);
  if (rollout === null) return null;
  const { requireSignatures } = options;
  const { repositories } = change;
  const row = await rolloutDevices.get(rollout.rolloutId, device.deviceId);
  const forward = await loadKit(repositories, rollout.deploymentId, requireSignatures);
  const backId = backDeploymentOf(rollout);
  const back = backId === null ? null : await loadKit(repositories, backId, requireSignatures);
  if (forward === null) return null;
  const session = new RolloutSession({ change, randomBytes }, rollout);
  const decision = await session.take(row, (view) =>
    decideContact(view, device, { forward, back }, purpose, change.atMs),
  );
  const saved = await session.save();
  const view = { rollout, row };
  return {
    view,
    decision: { ...decision, rollout: saved },
    changes: changes(view, decision),
  };
}

/** What a device should run, given what its rollout says. */
export async function desiredOf(
  cache: FleetCache,
  device: Device,
  word: RolloutWord | null,
): Promise<Desired> {
  const scope = device.cohortId === null ? null : await cache.scope(device.cohortId);
  const answer = word?.decision.answer ?? null;
  return resolveDesired({
    device,
    cohort: scope?.cohort ?? null,
    rollout: word === null || answer === null ? null : { rollout: word.decision.rollout, answer },
    releases: await cache.releases(),
  });
}
