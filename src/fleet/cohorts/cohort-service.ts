import { provisionersOf } from '../access/provisioners.ts';
import type { Change } from '../change.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { deliveryOf, notOneOfBoth } from '../deployments/deliver.ts';
import { checkRevision, checkText, mustExist, revise } from '../entity.ts';
import type { CohortService } from '../fleet.ts';
import { checkChosenId } from '../ids.ts';
import { checkUnused, usersIn } from '../in-use.ts';
import type { Repositories } from '../repositories.ts';
import type { Cohort } from './cohort.ts';

const LONGEST_DESCRIPTION = 1000;

/** Groups of devices that receive the same deployments. */
export function createCohortService({ store, change, randomBytes }: FleetContext): CohortService {
  const { cohorts } = store.read;
  return {
    get: async (cohortId) => mustExist(await cohorts.get(cohortId), 'cohort', cohortId),
    list: (filter, page) => cohorts.list(filter, page),
    create: (actor, { cohortId, description = '' }) =>
      change(actor, async ({ repositories, audit, event, atMs }) => {
        const cohort: Cohort = {
          cohortId: checkChosenId('cohortId', cohortId),
          description: checkText('description', description, LONGEST_DESCRIPTION),
          activeDeploymentId: null,
          createdAtMs: atMs,
          revision: 1,
        };
        await repositories.cohorts.insert(cohort);
        audit('cohort.create', `cohort/${cohortId}`);
        event('cohort.created', { data: { cohortId } });
        return cohort;
      }),
    update: (actor, cohortId, { revision, description, components, activeDeploymentId: named }) =>
      change(actor, async (within) => {
        const { repositories, audit, event, news } = within;
        const before = mustExist(await repositories.cohorts.get(cohortId), 'cohort', cohortId);
        if (description !== undefined) checkText('description', description, LONGEST_DESCRIPTION);
        if (components !== undefined && named !== undefined) throw notOneOfBoth();
        const activeDeploymentId =
          components === undefined ? named : await deliveryOf(within, randomBytes, { components });
        const after = revise(before, { description, activeDeploymentId }, revision);
        const isDelivery = after.activeDeploymentId !== before.activeDeploymentId;
        if (isDelivery) await checkDeliverable(repositories, cohortId, after.activeDeploymentId);
        await repositories.cohorts.update(after);
        audit('cohort.update', `cohort/${cohortId}`, { description, activeDeploymentId });
        if (isDelivery) {
          const data = { cohortId, deploymentId: after.activeDeploymentId };
          event('cohort.deployed', { data });
          news(await repositories.devices.idsOfCohort(cohortId));
        }
        return after;
      }),
    remove: (actor, cohortId, revision) =>
      change(actor, async (within) => {
        const { repositories, audit, event } = within;
        const cohort = mustExist(await repositories.cohorts.get(cohortId), 'cohort', cohortId);
        checkRevision(cohort, revision);
        await checkRemovable(within, cohortId);
        await repositories.cohorts.delete(cohortId);
        audit('cohort.remove', `cohort/${cohortId}`);
        event('cohort.removed', { data: { cohortId } });
      }),
  };
}

/** A rollout decides what a cohort runs while it lasts; nobody sets it behind its back. */
async function checkDeliverable(
  repositories: Repositories,
  cohortId: string,
  deploymentId: string | null,
): Promise<void> {
  if (deploymentId !== null) {
    mustExist(await repositories.deployments.get(deploymentId), 'deployment', deploymentId);
  }
  const running = await repositories.rollouts.list(
    { cohortId, states: ['pending', 'active', 'paused', 'rolling-back'] },
    { page: 0, perPage: 1 },
  );
  const [rollout] = running.list;
  if (rollout === undefined) return;
  throw new FleetError(
    'fleet/rollout-active',
    `Rollout ${rollout.rolloutId} of cohort ${cohortId} is ${rollout.state.kind}.`,
    {
      hint: 'Wait for its end, or roll it back.',
      details: { rolloutId: rollout.rolloutId, cohortId, state: rollout.state.kind },
    },
  );
}

/** A cohort with a rollout stays for good: what was rolled out to whom must remain readable. */
async function checkRemovable(
  { repositories: { devices, rollouts, tokens }, atMs }: Change,
  cohortId: string,
): Promise<void> {
  const users = [
    await usersIn('device', (page) => devices.list({ cohortId }, page)),
    await provisionersOf(tokens, atMs, (into) => into.cohortId === cohortId),
    await usersIn('rollout', (page) =>
      rollouts.list({ cohortId }, { ...page, sort: '-createdAtMs' }),
    ),
  ];
  checkUnused(`Cohort ${cohortId}`, { cohortId }, users, (noun) => HINTS[noun] ?? '');
}

const HINTS: Readonly<Record<string, string>> = {
  device: 'Move its devices to another cohort first.',
  token: 'Revoke the token first: it registers devices into the cohort.',
  rollout: 'It had rollouts, and their history needs it; leave it empty.',
};
