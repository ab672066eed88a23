import type { Artifact } from '../artifacts/artifact.ts';
import type { DeploymentComponent } from '../deployments/deployment.ts';
import type { Device } from '../devices/device.ts';
import { unsignedReason } from '../signature/counting-signatures.ts';
import { nextStep } from '../versions/next-step.ts';
import { runsArtifact } from './runs-artifact.ts';

/** What decides what a device does with one package. */
export interface PackageInputs {
  readonly device: Pick<
    Device,
    'blueprintId' | 'enabled' | 'reported' | 'secureVersion' | 'failures'
  >;
  readonly component: DeploymentComponent;
  readonly artifact: Artifact;
  /** Every artifact of the package: among them are the stepping stones. */
  readonly siblings: readonly Artifact[];
  /** The sequence of the deployment. */
  readonly sequence: number;
  /** The keys whose signatures count; `null` where unsigned artifacts are offered, too. */
  readonly keyIds: ReadonlySet<string> | null;
}

/** What a device does with one package, were there nothing but the package. */
export type PackagePlan =
  | { readonly kind: 'up-to-date'; readonly version: string }
  /** It cannot have it. `foreign`: that is because it is not for this hardware. */
  | { readonly kind: 'blocked'; readonly reason: string; readonly foreign: boolean }
  | {
      readonly kind: 'take';
      readonly artifact: Artifact;
      /** It failed this artifact before and is left alone until then. */
      readonly notBeforeMs: number | null;
    };

/** Whether a device is to take a package of its deployment, and which artifact of it first. */
export function planPackage(inputs: PackageInputs): PackagePlan {
  const { device, artifact, siblings, sequence, keyIds } = inputs;
  const { packageId, version } = inputs.component;
  const reported = device.reported[packageId];
  if (runsArtifact(reported, artifact, siblings)) {
    return { kind: 'up-to-date', version };
  }
  if (!device.enabled) return blocked('the device is disabled');
  if (!fits(artifact, device.blueprintId)) {
    return {
      kind: 'blocked',
      foreign: true,
      reason:
        device.blueprintId === null
          ? `${packageId}@${version} is for ${artifact.blueprintIds.join(', ')}, and the device has no blueprint`
          : `${packageId}@${version} is for ${artifact.blueprintIds.join(', ')}, not for ${device.blueprintId}`,
    };
  }
  const unsigned = (one: Artifact) =>
    keyIds === null ? null : unsignedReason(one, keyIds, sequence);
  const steps = siblings
    .filter((sibling) => fits(sibling, device.blueprintId) && unsigned(sibling) === null)
    .map(asStep);
  const next = nextStep(
    { version: reported?.version ?? null, secureVersion: device.secureVersion },
    asStep(artifact),
    steps,
  );
  if (next.kind === 'no-path') return blocked(next.reason);
  const taken = next.step.artifact;
  const obstacle = unsigned(taken);
  if (obstacle !== null) return blocked(obstacle);
  const failures = device.failures[packageId];
  const notBeforeMs = failures?.artifactId === taken.artifactId ? failures.notBeforeMs : null;
  return { kind: 'take', artifact: taken, notBeforeMs };
}

/** Only a binary is for any hardware; an image never goes where it was not checked against. */
export function fits({ blueprintIds, image }: Artifact, blueprintId: string | null): boolean {
  if (blueprintIds.length === 0) return image === null;
  return blueprintId !== null && blueprintIds.includes(blueprintId);
}

function asStep(artifact: Artifact) {
  const { version, minVersion, image } = artifact;
  return { version, minVersion, secureVersion: image?.secureVersion ?? 0, artifact };
}

function blocked(reason: string): PackagePlan {
  return { kind: 'blocked', reason, foreign: false };
}
