import { counted } from '../../shared/index.ts';
import type { Change } from '../change.ts';
import { FleetError } from '../codes.ts';
import { type DeploymentKit, loadKit } from '../desired/deployment-kit.ts';
import { fits } from '../desired/plan-package.ts';
import { mustExist } from '../entity.ts';
import { newId } from '../ids.ts';
import type { Cohort } from '../cohorts/cohort.ts';
import type { Deployment } from '../deployments/deployment.ts';
import type { Repositories } from '../repositories.ts';
import { NO_DEVICES } from './counters.ts';
import { endBySupersession } from './supersede.ts';
import { planRollout } from './plan-rollout.ts';
import { obstacleToRollback } from './rollback-deployment.ts';
import type { Rollout, RolloutPlan } from './rollout.ts';
import { RolloutSession } from './rollout-session.ts';

/** What is said of a rollout when it starts. */
export type NewRollout = { readonly deploymentId: string; readonly cohortId: string } & {
  readonly supersede?: boolean | undefined;
} & { readonly [Field in keyof RolloutPlan]?: RolloutPlan[Field] | undefined };

/** States of rollouts that decide what their cohort runs. */
export const UNFINISHED = ['pending', 'active', 'paused', 'rolling-back'] as const;

/** Starts a rollout, as part of a change: checked, stored, and its canary chosen. */
export async function startRollout(
  change: Change,
  randomBytes: (count: number) => Uint8Array,
  { deploymentId, cohortId, supersede = false, ...fields }: NewRollout,
): Promise<Rollout> {
  const { repositories, atMs, audit } = change;
  const deployment = mustExist(
    await repositories.deployments.get(deploymentId),
    'deployment',
    deploymentId,
  );
  const cohort = mustExist(await repositories.cohorts.get(cohortId), 'cohort', cohortId);
  const one = { page: 0, perPage: 1 };
  const members = (await repositories.devices.list({ cohortId, enabled: true }, one)).total;
  const said = Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  );
  const plan = planRollout(said, members, cohort.activeDeploymentId);
  await checkDeployment(repositories, deployment, cohort);
  await checkWayBack(repositories, deploymentId, plan);

  const rolloutId = newId('rol', randomBytes);
  const replaced = await makeRoom(change, randomBytes, cohortId, rolloutId, supersede);
  const rollout: Rollout = {
    rolloutId,
    deploymentId,
    cohortId,
    plan,
    state: { kind: 'pending' },
    phase: 0,
    percent: 0,
    cut: '',
    phaseStartedAtMs: atMs,
    nextPhaseAtMs: null,
    counters: NO_DEVICES,
    retrying: 0,
    members: 0,
    supersedes: replaced,
    startedAtMs: atMs,
    createdAtMs: atMs,
    revision: 1,
  };
  await repositories.rollouts.insert(rollout);
  audit('rollout.start', `rollout/${rolloutId}`, { deploymentId, cohortId, plan });
  const session = new RolloutSession({ change, randomBytes }, rollout);
  session.note('started', { deploymentId, cohortId, members, supersedes: replaced });
  for (const warning of await unfitFor(repositories, deployment, cohortId)) {
    session.note('warning', { message: warning });
  }
  await session.apply({ kind: 'tick', recalled: false, members });
  return session.save();
}

/** Sequences only rise: what was taken back, or is older than what runs, comes back as a new deployment. */
async function checkDeployment(
  repositories: Repositories,
  { deploymentId, sequence }: Deployment,
  { cohortId, activeDeploymentId }: Cohort,
): Promise<void> {
  const hint = `Make a new deployment with the same artifacts: otakit deployment create --restores ${deploymentId}`;
  const active =
    activeDeploymentId === null ? null : await repositories.deployments.get(activeDeploymentId);
  if (active !== null && active.sequence > sequence) {
    throw new FleetError(
      'fleet/deployment-outdated',
      `Deployment ${deploymentId} has sequence ${sequence}, and cohort ${cohortId} runs ${active.sequence}.`,
      { hint, details: { deploymentId, sequence, active: active.sequence } },
    );
  }
  const earlier = await repositories.rollouts.list(
    { cohortId, deploymentId },
    { page: 0, perPage: 1000 },
  );
  const back = earlier.list.find(
    ({ state }) => state.kind === 'rolling-back' || (state.kind === 'failed' && state.rolledBack),
  );
  if (back === undefined) return;
  throw new FleetError(
    'fleet/deployment-outdated',
    `Deployment ${deploymentId} was taken back by rollout ${back.rolloutId}.`,
    { hint, details: { deploymentId, rolloutId: back.rolloutId } },
  );
}

async function checkWayBack(
  repositories: Repositories,
  deploymentId: string,
  plan: RolloutPlan,
): Promise<void> {
  const { rollbackDeploymentId, autoRollback } = plan;
  if (rollbackDeploymentId !== null) {
    mustExist(
      await repositories.deployments.get(rollbackDeploymentId),
      'deployment',
      rollbackDeploymentId,
    );
  }
  if (!autoRollback) return;
  // A canary has booted the new image by the time it fails.
  const obstacle = await obstacleToRollback(repositories, { deploymentId, plan }, true);
  if (obstacle === null) return;
  throw new FleetError(
    'fleet/rollback-impossible',
    `It could not roll back by itself: ${obstacle}.`,
    {
      hint: 'Name one with --rollback-to, set what the cohort runs now, or start it without automatic rollback.',
      details: { deploymentId, rollbackDeploymentId },
    },
  );
}

/** One rollout at a time decides what a cohort runs. */
async function makeRoom(
  change: Change,
  randomBytes: (count: number) => Uint8Array,
  cohortId: string,
  rolloutId: string,
  supersede: boolean,
): Promise<string | null> {
  const { list } = await change.repositories.rollouts.list(
    { cohortId, states: UNFINISHED },
    { page: 0, perPage: 1 },
  );
  const [running] = list;
  if (running === undefined) return null;
  const { kind } = running.state;
  if (!supersede || kind === 'rolling-back') {
    throw new FleetError(
      'fleet/rollout-active',
      `Rollout ${running.rolloutId} of cohort ${cohortId} is ${kind}.`,
      {
        hint:
          kind === 'rolling-back'
            ? 'Wait until its devices are back.'
            : 'Wait for its end, roll it back, or end it with this one (supersede, --supersede).',
        details: { rolloutId: running.rolloutId, cohortId, state: kind },
      },
    );
  }
  await endBySupersession({ change, randomBytes }, running, rolloutId);
  return running.rolloutId;
}

/** Blueprints of the cohort's devices for which the deployment has nothing. */
async function unfitFor(
  repositories: Repositories,
  { deploymentId }: Deployment,
  cohortId: string,
): Promise<readonly string[]> {
  const kit = await loadKit(repositories, deploymentId, false);
  const blueprints = await repositories.blueprints.list({}, { page: 0, perPage: 1000 });
  const warnings: string[] = [];
  const page = { page: 0, perPage: 1 };
  let others = (await repositories.devices.list({ cohortId }, page)).total;
  for (const { blueprintId } of blueprints.list) {
    const { total } = await repositories.devices.list({ cohortId, blueprintId }, page);
    others -= total;
    if (total > 0 && !hasFor(kit, blueprintId)) {
      const are = `${counted(total, 'device')} ${total === 1 ? 'is' : 'are'}`;
      warnings.push(`${are} of blueprint ${blueprintId}, for which nothing is in it`);
    }
  }
  if (others > 0 && !hasFor(kit, null)) {
    const have = `${counted(others, 'device')} ${others === 1 ? 'has' : 'have'}`;
    warnings.push(`${have} no blueprint, and everything in it is for some`);
  }
  return warnings;
}

/** Whether anything of a deployment is for some hardware. */
function hasFor(kit: DeploymentKit | null, blueprintId: string | null): boolean {
  return kit?.parts.some(({ artifact }) => fits(artifact, blueprintId)) ?? false;
}
