import type { Artifact } from '../artifacts/artifact.ts';
import type { Deployment, DeploymentComponent } from '../deployments/deployment.ts';
import type { Device } from '../devices/device.ts';
import { countFailure } from '../devices/failures.ts';
import type { PackageKind } from '../packages/package.ts';
import type { Repositories } from '../repositories.ts';
import type { DeviceFacts } from '../rollouts/decision.ts';
import { countingKeyIds } from '../signature/counting-signatures.ts';
import { type PackagePlan, planPackage } from './plan-package.ts';

/** A deployment with everything that decides what a device does with it. */
export interface DeploymentKit {
  readonly deployment: Deployment;
  readonly parts: readonly DeploymentPart[];
  /** The keys whose signatures count; `null` where unsigned artifacts are offered, too. */
  readonly keyIds: ReadonlySet<string> | null;
  /** The same keys, whether or not a signature is required; none where nothing is signed. */
  readonly signers: ReadonlySet<string>;
}

/** One package of a deployment. */
export interface DeploymentPart {
  readonly component: DeploymentComponent;
  readonly artifact: Artifact;
  /** Every artifact of the package. */
  readonly siblings: readonly Artifact[];
  readonly packageKind: PackageKind;
}

/** More versions of one package than this are not looked through for stepping stones. */
const MAX_SIBLINGS = 1000;

/** Reads a deployment with its artifacts; `null` for one that is not there. */
export async function loadKit(
  repositories: Repositories,
  deploymentId: string,
  requireSignatures: boolean,
): Promise<DeploymentKit | null> {
  const deployment = await repositories.deployments.get(deploymentId);
  if (deployment === null) return null;
  const parts: DeploymentPart[] = [];
  for (const component of deployment.components) {
    const { packageId, artifactId } = component;
    const artifact = await repositories.artifacts.get(artifactId);
    if (artifact === null) continue;
    const kind = (await repositories.packages.get(packageId))?.kind ?? 'binary';
    const siblings = await repositories.artifacts.list(
      { packageId },
      { page: 0, perPage: MAX_SIBLINGS },
    );
    parts.push({ component, artifact, siblings: siblings.list, packageKind: kind });
  }
  const isSigned = parts.some(({ artifact, siblings }) =>
    [artifact, ...siblings].some(({ signatures }) => signatures.length > 0),
  );
  const signers = isSigned ? await countingKeys(repositories) : new Set<string>();
  return { deployment, parts, signers, keyIds: requireSignatures ? signers : null };
}

async function countingKeys({ keys }: Repositories): Promise<ReadonlySet<string>> {
  const { list } = await keys.list({ revoked: false }, { page: 0, perPage: 1000 });
  return countingKeyIds(list);
}

/** What a device does with each package of a deployment. */
export function planParts(
  { deployment, parts, keyIds }: DeploymentKit,
  device: Device,
): readonly { readonly part: DeploymentPart; readonly plan: PackagePlan }[] {
  const { sequence } = deployment;
  return parts.map((part) => ({ part, plan: planPackage({ device, ...part, sequence, keyIds }) }));
}

/** What a device could not take, now that it failed what it was to take of a deployment. */
export function failuresAfter(
  kit: DeploymentKit,
  device: Device,
  nowMs: number,
): Device['failures'] {
  return planParts(kit, device).reduce(
    (failures, { part, plan }) =>
      plan.kind === 'take'
        ? countFailure({ failures }, part.component.packageId, plan.artifact.artifactId, nowMs)
        : failures,
    device.failures,
  );
}

/** How a device stands to a deployment, for the rollout that delivers it. */
export function factsOf(kit: DeploymentKit, device: Device, rank: string): DeviceFacts {
  const plans = planParts(kit, device);
  const its = plans.filter(({ plan }) => !(plan.kind === 'blocked' && plan.foreign));
  const blocked = (its.length === 0 ? plans : its)
    .map(({ plan }) => plan)
    .find((plan) => plan.kind === 'blocked');
  const penalties = its.flatMap(({ plan }) =>
    plan.kind === 'take' && plan.notBeforeMs !== null ? [plan.notBeforeMs] : [],
  );
  const reported = kit.parts.flatMap(({ component: { packageId } }) => {
    const version = device.reported[packageId]?.version;
    return version === undefined ? [] : [[packageId, version] as const];
  });
  return {
    deviceId: device.deviceId,
    rank,
    atTarget: its.length > 0 && its.every(({ plan }) => plan.kind === 'up-to-date'),
    booted: its.every(
      ({ part }) => (device.reported[part.component.packageId]?.bootedAtMs ?? null) !== null,
    ),
    obstacle: plans.length === 0 ? 'the deployment has no packages' : (blocked?.reason ?? null),
    notBeforeMs: penalties.length === 0 ? null : Math.max(...penalties),
    reported: Object.fromEntries(reported),
    target: nameOf(kit, its.length === 0 ? kit.parts : its.map(({ part }) => part)),
  };
}

function nameOf({ deployment }: DeploymentKit, parts: readonly DeploymentPart[]): string {
  const names = parts.map(({ component: { packageId, version } }) => `${packageId}@${version}`);
  return names.length === 0 ? deployment.deploymentId : names.join(' + ');
}
