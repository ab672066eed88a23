import type { Change } from '../change.ts';
import { insertDeployment } from '../deployments/deployment-service.ts';
import { loadKit } from '../desired/deployment-kit.ts';
import type { Deployment } from '../deployments/deployment.ts';
import type { Repositories } from '../repositories.ts';
import { countOf } from './counters.ts';
import type { Rollout } from './rollout.ts';

/** Why a rollout cannot be taken back, or `null`. `booted`: whether devices have booted it already. */
export async function obstacleToRollback(
  repositories: Repositories,
  { deploymentId, plan }: Pick<Rollout, 'deploymentId' | 'plan'>,
  booted: boolean,
): Promise<string | null> {
  if (plan.rollbackDeploymentId === null) return 'there is nothing to go back to';
  const [forward, back] = [
    await loadKit(repositories, deploymentId, false),
    await loadKit(repositories, plan.rollbackDeploymentId, false),
  ];
  if (back === null) return `deployment ${plan.rollbackDeploymentId} is not there`;
  if (!booted) return null;
  for (const { artifact } of forward?.parts ?? []) {
    const old = back.parts.find((part) => part.component.packageId === artifact.packageId);
    const [from, to] = [artifact.image?.secureVersion, old?.artifact.image?.secureVersion];
    if (from !== undefined && to !== undefined && to < from) {
      return `${artifact.packageId}@${old?.artifact.version} has secure version ${to}, below ${from} of ${artifact.version}: a device that booted that never boots it again`;
    }
  }
  return null;
}

/** Whether any device runs, or ran, what the rollout delivers. */
export function hasBooted({ counters, state }: Rollout): boolean {
  return (
    state.kind === 'completed' || countOf(counters, ['soaking', 'succeeded', 'rolled-back']) > 0
  );
}

/** Going back is a new deployment with the old artifacts, so that sequences only ever rise. */
export async function makeRollbackDeployment(
  change: Change,
  { plan }: Rollout,
  randomBytes: (count: number) => Uint8Array,
): Promise<Deployment | null> {
  if (plan.rollbackDeploymentId === null) return null;
  const old = await loadKit(change.repositories, plan.rollbackDeploymentId, false);
  if (old === null) return null;
  const { deploymentId, name } = old.deployment;
  return insertDeployment(change, randomBytes, {
    name: `Back to ${name === '' ? deploymentId : name.replace(/^Back to /, '')}`.slice(0, 200),
    artifacts: old.parts.map(({ artifact }) => artifact),
    restores: deploymentId,
  });
}
