import type { Cohort } from '../cohorts/cohort.ts';
import type { Repositories } from '../repositories.ts';
import type { Rollout } from './rollout.ts';
import { UNFINISHED } from './start-rollout.ts';

/**
 * The rollout that concerns the devices of a cohort: the unfinished one, or the last one where that was
 * taken back and some of them may not have heard of it yet.
 */
export async function relevantRollout(
  { rollouts, deployments }: Repositories,
  { cohortId, activeDeploymentId }: Cohort,
): Promise<Rollout | null> {
  const one = { page: 0, perPage: 1 };
  const unfinished = await rollouts.list({ cohortId, states: UNFINISHED }, one);
  if (unfinished.list[0] !== undefined) return unfinished.list[0];
  const last = (await rollouts.list({ cohortId }, { ...one, sort: '-createdAtMs' })).list[0];
  if (last?.state.kind !== 'failed' || last.state.deploymentId === null) return null;
  const back = await deployments.get(last.state.deploymentId);
  const active = activeDeploymentId === null ? null : await deployments.get(activeDeploymentId);
  return (back?.sequence ?? 0) > (active?.sequence ?? 0) ? last : null;
}
