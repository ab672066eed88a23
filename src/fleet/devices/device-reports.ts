import type { Change } from '../change.ts';
import type { FleetContext } from '../context.ts';
import { loadKit, planParts } from '../desired/deployment-kit.ts';
import type { FleetCache } from '../desired/fleet-cache.ts';
import { desiredOf, preview, settle } from '../desired/outlook.ts';
import { fits } from '../desired/plan-package.ts';
import { runsArtifact } from '../desired/runs-artifact.ts';
import type { Repositories } from '../repositories.ts';
import type { ContactPurpose } from '../rollouts/decide-contact.ts';
import { isOpenFor } from '../rollouts/decide-device.ts';
import { checkBoot, checkProgress } from './boot-count.ts';
import type { BootReport, ProgressReport } from './device-face.ts';
import type { Device } from './device.ts';
import { countFailure, markRebooting } from './failures.ts';
import { foldReport, isRepeat } from './fold-report.ts';

const LONGEST_ERROR = 512;

/** What a device says of its progress. */
export async function noteProgress(
  context: FleetContext,
  cache: FleetCache,
  device: Device,
  said: ProgressReport,
): Promise<void> {
  checkProgress(device, said);
  const report = { ...said, error: said.error?.slice(0, LONGEST_ERROR) ?? null };
  const purpose: ContactPurpose = { kind: 'progress', report };
  const word = await preview(context, cache, device, purpose);
  const tracked = word?.view.row !== null && word !== null;
  if (tracked && !word.changes) return;
  if (!tracked && !ENDS.has(report.state)) return;
  // Outside of a rollout: what it was given, looked up before the transaction.
  const target = tracked ? null : (await desiredOf(cache, device, null)).deploymentId;
  await context.change(`device:${device.deviceId}`, async (within) => {
    const now = await within.repositories.devices.get(device.deviceId);
    if (now === null) return;
    const settled = await settle(context, within, now, purpose);
    const row = settled?.view.row ?? null;
    if (settled !== null && row !== null && isOpenFor(settled.decision.rollout, row)) return;
    if (target !== null) await noteUntracked(within, now, target, report);
  });
}

/** What matters where no rollout keeps track. */
const ENDS: ReadonlySet<ProgressReport['state']> = new Set(['rebooting', 'failed', 'rolled-back']);

async function noteUntracked(
  { repositories, event, atMs }: Change,
  device: Device,
  deploymentId: string,
  { packageId, state, error }: ProgressReport,
): Promise<void> {
  const kit = await loadKit(repositories, deploymentId, false);
  const plans = kit === null ? [] : planParts(kit, device);
  const plan = plans.find(({ part }) => part.component.packageId === packageId)?.plan;
  if (plan?.kind !== 'take') return;
  const { artifactId } = plan.artifact;
  const { deviceId } = device;
  const failures =
    state === 'rebooting'
      ? markRebooting(device, packageId, artifactId, true)
      : countFailure(device, packageId, artifactId, atMs);
  await repositories.devices.update({ ...device, failures, revision: device.revision + 1 });
  event('device.update', { deviceId, data: { to: state, packageId, artifactId, reason: error } });
}

/** What a device says that it runs. */
export async function noteBoot(
  context: FleetContext,
  cache: FleetCache,
  device: Device,
  said: BootReport,
): Promise<void> {
  const isExpected = await namesTarget(context, cache, device, said);
  const report = checkBoot(device, said, isExpected);
  if (isRepeat(device.reported[report.packageId], report)) {
    const word = await preview(context, cache, device, { kind: 'report', report });
    if (word === null || !word.changes) return;
  }
  await context.change(`device:${device.deviceId}`, async (within) => {
    const { repositories, atMs, event } = within;
    const before = await repositories.devices.get(device.deviceId);
    if (before === null) return;
    const report = checkBoot(before, said, isExpected);
    const { packageId, version, sinceBoot } = report;
    const secureVersion = sinceBoot ? await secureVersionOf(repositories, before, report) : null;
    const folded = foldReport(before, report, secureVersion, atMs);
    const failures = sinceBoot ? afterRestart(folded, report, atMs) : folded.failures;
    const after = { ...folded, failures, revision: before.revision + 1 };
    await repositories.devices.update(after);
    event(sinceBoot ? 'device.booted' : 'device.reported', {
      deviceId: device.deviceId,
      data: { packageId, version, from: before.reported[packageId]?.version ?? null },
    });
    await settle(context, within, after, { kind: 'report', report });
  });
}

/**
 * Whether a device that counts its boots is to run what it names, be it a step on the way. Asked only where
 * it matters: of a report without a count, and of what is no image and was put in without a restart.
 */
async function namesTarget(
  context: FleetContext,
  cache: FleetCache,
  device: Device,
  { packageId, version, imageHash, appElfSha256, bootCount = null }: BootReport,
): Promise<boolean> {
  const { counting, reported } = device;
  if (counting === undefined) return false;
  const isSameBoot =
    bootCount === counting.last[packageId] && reported[packageId]?.version !== version;
  if (bootCount !== null && !isSameBoot) return false;
  const word = await preview(context, cache, device, { kind: 'ask' });
  const { deploymentId } = await desiredOf(cache, device, word);
  const kit = deploymentId === null ? null : await cache.kit(deploymentId);
  const plans = kit === null ? [] : planParts(kit, device);
  const own = plans.find(({ part }) => part.component.packageId === packageId);
  if (own === undefined) return false;
  const { part, plan } = own;
  if (isSameBoot && part.packageKind === 'app-image') return false;
  const running = { version, imageHash: imageHash ?? appElfSha256 };
  const expected = plan.kind === 'take' ? [part.artifact, plan.artifact] : [part.artifact];
  return expected.some((artifact) => runsArtifact(running, artifact, part.siblings));
}

/** A device that restarted into an artifact and runs what it ran before was rolled back. */
function afterRestart(
  device: Device,
  { packageId }: BootReport,
  nowMs: number,
): Device['failures'] {
  const known = device.failures[packageId];
  if (known?.rebooting !== true) return device.failures;
  return known.fromVersion !== null && device.reported[packageId]?.version === known.fromVersion
    ? countFailure(device, packageId, known.artifactId, nowMs)
    : markRebooting(device, packageId, known.artifactId, false);
}

/** The secure version of the artifact that was booted, where it is one of ours. */
async function secureVersionOf(
  { artifacts }: Repositories,
  { blueprintId }: Device,
  { packageId, version, imageHash, appElfSha256 }: BootReport,
): Promise<number | null> {
  const { list } = await artifacts.list({ packageId }, { page: 0, perPage: 1000 });
  const running = { version, imageHash: imageHash ?? appElfSha256 };
  const own = list.find((one) => fits(one, blueprintId) && runsArtifact(running, one, list));
  return own?.image?.secureVersion ?? null;
}
