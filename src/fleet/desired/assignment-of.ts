import type { Assignment, PackageAssignment } from '../devices/device-face.ts';
import type { Device } from '../devices/device.ts';
import { countingSignatures } from '../signature/counting-signatures.ts';
import { type DeploymentKit, planParts } from './deployment-kit.ts';
import type { Desired } from './resolve-desired.ts';

/** What a device is told of each package of what it should run, and when that may be different. */
export function assignmentOf(
  device: Device,
  desired: Desired,
  kit: DeploymentKit | null,
  nowMs: number,
): Omit<Assignment, 'pollAfterMs'> & { readonly moments: readonly (number | null)[] } {
  if (kit === null) return { deploymentId: null, sequence: 0, packages: [], moments: [] };
  const { deploymentId, sequence } = kit.deployment;
  const moments: (number | null)[] = [];
  const packages = planParts(kit, device).map(({ part, plan }): PackageAssignment => {
    const { packageId } = part.component;
    if (plan.kind === 'up-to-date') {
      return { kind: 'up-to-date', packageId, version: plan.version };
    }
    if (plan.kind === 'blocked') {
      return { kind: 'wait', packageId, reason: plan.reason, retryAfterMs: null };
    }
    const wait = waitOf(desired, plan.notBeforeMs, nowMs);
    if (wait !== null) {
      moments.push(wait.retryAtMs);
      const retryAfterMs = wait.retryAtMs === null ? null : Math.max(0, wait.retryAtMs - nowMs);
      return { kind: 'wait', packageId, reason: wait.reason, retryAfterMs };
    }
    const { artifact } = plan;
    return {
      kind: 'update',
      packageId,
      packageKind: part.packageKind,
      rolloutId: desired.rolloutId,
      artifactId: artifact.artifactId,
      version: artifact.version,
      sizeBytes: artifact.sizeBytes,
      sha256: artifact.sha256,
      md5: artifact.md5,
      secureVersion: artifact.image?.secureVersion ?? null,
      // One by a key that was revoked, or for later deployments, would mislead who looks at one only.
      signatures: countingSignatures(artifact, kit.signers, sequence),
      releaseNotes: artifact.releaseNotes,
    };
  });
  return { deploymentId, sequence, packages, moments };
}

function waitOf(
  { hold, source }: Desired,
  notBeforeMs: number | null,
  nowMs: number,
): { readonly reason: string; readonly retryAtMs: number | null } | null {
  if (hold !== null) return hold;
  // A rollout weighs the penalty itself: a retry by hand does not wait for its end.
  if (source === 'rollout' || notBeforeMs === null || notBeforeMs <= nowMs) return null;
  return {
    reason: 'failed it before and is left alone with it for a while',
    retryAtMs: notBeforeMs,
  };
}
