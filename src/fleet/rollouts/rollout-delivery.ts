import type { Change } from '../change.ts';
import type { FleetContext } from '../context.ts';
import { deliveryInto, deliveryOf, notOneOfBoth } from '../deployments/deliver.ts';
import { mustExist } from '../entity.ts';
import type { RolloutRequest } from './rollout.ts';
import type { NewRollout } from './start-rollout.ts';

/** What a rollout shall deliver, and go back to, as deployments; those that have to be made are made here. */
export async function rolloutDelivery(
  change: Change,
  randomBytes: FleetContext['randomBytes'],
  request: RolloutRequest,
): Promise<NewRollout> {
  const { deploymentId, components, keepOthers = false, rollbackComponents, ...rest } = request;
  const { cohortId } = request;
  if (rollbackComponents !== undefined && rest.rollbackDeploymentId !== undefined) {
    throw notOneOfBoth('rollbackComponents');
  }
  const cohort = mustExist(await change.repositories.cohorts.get(cohortId), 'cohort', cohortId);
  const bundle = (names: readonly string[]) =>
    keepOthers
      ? deliveryInto(cohort, change, randomBytes, names)
      : deliveryOf(change, randomBytes, { components: names });
  const back = rollbackComponents === undefined ? undefined : await bundle(rollbackComponents);
  const delivered =
    components === undefined || deploymentId !== undefined
      ? await deliveryOf(change, randomBytes, request)
      : await bundle(components);
  return {
    ...rest,
    deploymentId: delivered,
    ...(back === undefined ? {} : { rollbackDeploymentId: back }),
  };
}
