import type { Actor, Cohort, Fleet } from '../../fleet/index.ts';

/**
 * The deployment that gives a cohort one artifact and leaves everything else as it is. Where the cohort
 * runs exactly that already, it is the deployment that it has.
 *
 * @returns its id
 */
export async function rolloutBundle(
  fleet: Fleet,
  actor: Actor,
  { activeDeploymentId }: Cohort,
  artifactId: string,
): Promise<string> {
  const artifact = await fleet.artifacts.get(artifactId);
  const active =
    activeDeploymentId === null ? null : await fleet.deployments.get(activeDeploymentId);
  if (active?.components.some((one) => one.artifactId === artifactId)) return active.deploymentId;
  const others = (active?.components ?? [])
    .filter(({ packageId }) => packageId !== artifact.packageId)
    .map((one) => one.artifactId);
  const { deploymentId } = await fleet.deployments.create(actor, {
    name: `${artifact.packageId} ${artifact.version}`,
    components: [...others, artifactId],
  });
  return deploymentId;
}
