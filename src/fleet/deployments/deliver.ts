import type { Artifact } from '../artifacts/artifact.ts';
import type { Change } from '../change.ts';
import type { Cohort } from '../cohorts/cohort.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import type { Repositories } from '../repositories.ts';
import type { Delivery, Deployment } from './deployment.ts';
import { findArtifacts, insertDeployment } from './deployment-service.ts';

/** The id of the deployment that is meant, made here where its components are named, as part of a change. */
export async function deliveryOf(
  change: Change,
  randomBytes: FleetContext['randomBytes'],
  { deploymentId, components }: Delivery,
): Promise<string> {
  if (deploymentId !== undefined && components === undefined) return deploymentId;
  if (deploymentId !== undefined || components === undefined) throw notOneOfBoth();
  const artifacts = await findArtifacts(change.repositories, components);
  return (await insertDeployment(change, randomBytes, { artifacts })).deploymentId;
}

/**
 * The same for a deployment that gives a cohort these components and leaves everything else as it is. Where
 * the cohort runs exactly that already, it is the deployment that it has.
 */
export async function deliveryInto(
  { activeDeploymentId }: Cohort,
  change: Change,
  randomBytes: FleetContext['randomBytes'],
  components: readonly string[],
): Promise<string> {
  const { repositories } = change;
  const chosen = await findArtifacts(repositories, components);
  const active =
    activeDeploymentId === null ? null : await repositories.deployments.get(activeDeploymentId);
  const runs = (artifact: Artifact) =>
    active?.components.some(({ artifactId }) => artifactId === artifact.artifactId) === true;
  if (active !== null && chosen.every(runs)) return active.deploymentId;
  const artifacts = [...(await others(repositories, active, chosen)), ...chosen];
  return (await insertDeployment(change, randomBytes, { artifacts })).deploymentId;
}

/** Of what names both a deployment and components, or neither. */
export function notOneOfBoth(field = 'components'): FleetError {
  return new FleetError('fleet/invalid', 'Name either a deployment or its components.', {
    hint: 'A deployment that is there by its id, or components such as main@1.1.0 for a new one.',
    details: { field },
  });
}

/** What a deployment has of other packages. */
async function others(
  repositories: Repositories,
  active: Deployment | null,
  chosen: readonly Artifact[],
): Promise<readonly Artifact[]> {
  const ids = (active?.components ?? [])
    .filter(({ packageId }) => chosen.every((one) => one.packageId !== packageId))
    .map(({ artifactId }) => artifactId);
  return ids.length === 0 ? [] : await findArtifacts(repositories, ids);
}
