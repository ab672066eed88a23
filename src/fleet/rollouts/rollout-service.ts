import type { Actor } from '../access/actor.ts';
import type { FleetContext } from '../context.ts';
import { checkText, mustExist } from '../entity.ts';
import { FleetError } from '../codes.ts';
import type { RolloutService } from '../fleet.ts';
import { FAILED } from './counters.ts';
import type { RolloutEvent } from './decision.ts';
import { hasBooted, obstacleToRollback } from './rollback-deployment.ts';
import type { Rollout } from './rollout.ts';
import { rolloutDelivery } from './rollout-delivery.ts';
import { RolloutSession } from './rollout-session.ts';
import { startRollout, UNFINISHED } from './start-rollout.ts';
import { tickRollout, ticking } from './tick-rollout.ts';

const LONGEST_REASON = 500;
const BATCH = 500;

/** Staged deliveries: started, steered by people, moved on by time. */
export function createRolloutService(context: FleetContext): RolloutService {
  const { store, change, randomBytes, onError } = context;
  const { rollouts, rolloutDevices, rolloutLog } = store.read;
  const get = async (rolloutId: string) =>
    mustExist(await rollouts.get(rolloutId), 'rollout', rolloutId);

  const operate = (actor: Actor, rolloutId: string, event: RolloutEvent) =>
    change(actor, async (within) => {
      const session = await open(context, within, rolloutId);
      if (event.kind === 'rollback') await checkRollback(within.repositories, session.rollout);
      const details = 'reason' in event ? { reason: event.reason } : {};
      within.audit(`rollout.${event.kind}`, `rollout/${rolloutId}`, details);
      await session.apply(event);
      const rollout = await session.save();
      within.news(context.news.waiting());
      return rollout;
    });

  return {
    get,
    list: (filter, page) => rollouts.list(filter, page),
    start: (actor, request) =>
      change(actor, async (within) => {
        const fields = await rolloutDelivery(within, randomBytes, request);
        return await startRollout(within, randomBytes, fields);
      }),
    pause: (actor, rolloutId, reason = 'by hand') =>
      operate(actor, rolloutId, { kind: 'pause', reason: checkReason(reason) }),
    resume: (actor, rolloutId) => operate(actor, rolloutId, { kind: 'resume' }),
    advance: (actor, rolloutId) => operate(actor, rolloutId, { kind: 'advance' }),
    rollback: async (actor, rolloutId, reason = 'by hand') => {
      await operate(actor, rolloutId, { kind: 'rollback', reason: checkReason(reason) });
      await tickRollout(context, rolloutId);
      return get(rolloutId);
    },
    retryFailed: (actor, rolloutId) =>
      change(actor, async (within) => {
        const session = await open(context, within, rolloutId);
        const { kind } = session.rollout.state;
        if (kind === 'completed' || kind === 'failed') {
          throw new FleetError('fleet/wrong-state', `Rollout ${rolloutId} is ${kind}.`, {
            hint: 'Start another rollout, or assign the devices by hand.',
            details: { rolloutId, state: kind },
          });
        }
        let devices = 0;
        for (;;) {
          const { list } = await within.repositories.rolloutDevices.list(
            rolloutId,
            { states: FAILED, direction: kind === 'rolling-back' ? 'back' : 'forward' },
            { page: 0, perPage: BATCH },
          );
          if (list.length === 0) break;
          for (const row of list) await session.apply({ kind: 'device-retried' }, row);
          devices += list.length;
          within.news(list.map(({ deviceId }) => deviceId));
        }
        within.audit('rollout.retry-failed', `rollout/${rolloutId}`, { devices });
        return { rollout: await session.save(), devices };
      }),
    devices: async (rolloutId, filter, page) => {
      await get(rolloutId);
      return rolloutDevices.list(rolloutId, filter, page);
    },
    log: async (rolloutId, after, limit) => {
      await get(rolloutId);
      return rolloutLog.read(rolloutId, after, limit);
    },
    tick: async () => {
      for (const rolloutId of await ticking(context)) {
        try {
          await tickRollout(context, rolloutId);
        } catch (error) {
          // One rollout that cannot go on must not hold all others.
          onError(error);
        }
      }
    },
  };
}

async function open(
  { randomBytes }: FleetContext,
  within: Parameters<Parameters<FleetContext['change']>[1]>[0],
  rolloutId: string,
): Promise<RolloutSession> {
  const rollout = mustExist(
    await within.repositories.rollouts.get(rolloutId),
    'rollout',
    rolloutId,
  );
  return new RolloutSession({ change: within, randomBytes }, rollout);
}

function checkReason(reason: string): string {
  return checkText('reason', reason, LONGEST_REASON);
}

/** One rollout at a time decides what a cohort runs, be it by going back. */
async function checkNoneUnfinished(
  { rollouts }: Parameters<typeof obstacleToRollback>[0],
  cohortId: string,
): Promise<void> {
  const { list } = await rollouts.list({ cohortId, states: UNFINISHED }, { page: 0, perPage: 1 });
  const [other] = list;
  if (other === undefined) return;
  throw new FleetError(
    'fleet/rollout-active',
    `Rollout ${other.rolloutId} of cohort ${cohortId} is ${other.state.kind}.`,
    {
      hint: 'Roll that back first, or wait for its end.',
      details: { rolloutId: other.rolloutId, cohortId, state: other.state.kind },
    },
  );
}

/** Refused up front, rather than found out by devices that never come back. */
async function checkRollback(
  repositories: Parameters<typeof obstacleToRollback>[0],
  rollout: Rollout,
): Promise<void> {
  const { rolloutId, cohortId, deploymentId, state, plan } = rollout;
  if (state.kind === 'completed') {
    const cohort = await repositories.cohorts.get(cohortId);
    if (cohort?.activeDeploymentId !== deploymentId) {
      throw new FleetError(
        'fleet/wrong-state',
        `Cohort ${cohortId} has gone on to ${cohort?.activeDeploymentId ?? 'nothing'} since.`,
        { hint: 'Roll back what came after it.', details: { rolloutId, cohortId } },
      );
    }
    await checkNoneUnfinished(repositories, cohortId);
  } else if (state.kind === 'failed' || state.kind === 'rolling-back') {
    return;
  }
  const obstacle = await obstacleToRollback(repositories, rollout, hasBooted(rollout));
  if (obstacle === null) return;
  throw new FleetError('fleet/rollback-impossible', `No way back: ${obstacle}.`, {
    hint: 'Roll out a fixed version instead.',
    details: { rolloutId, rollbackDeploymentId: plan.rollbackDeploymentId },
  });
}
