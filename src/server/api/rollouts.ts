import { z } from 'zod';
import type { Rollout } from '../../fleet/index.ts';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, pageOf } from '../schemas/common.ts';
import {
  deviceState,
  newRolloutSchema,
  rolloutDeviceSchema,
  rolloutLogSchema,
  rolloutSchema,
  rolloutState,
} from '../schemas/rollouts.ts';
import { defined, listQuery, split } from './query.ts';
import { oneRollout, rolloutSteps } from './rollout-steps.ts';
import { rolloutView } from './rollout-view.ts';
import { defineRoute } from './route.ts';

/** Staged deliveries: started, steered by people, moved on by time. */
export const ROLLOUT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/rollouts',
    id: 'listRollouts',
    summary: 'Rollouts',
    roles: READERS,
    query: listQuery({
      cohortId: anyId.optional(),
      deploymentId: anyId.optional(),
      states: z.array(rolloutState).max(6).optional(),
    }),
    answer: { status: 200, schema: pageOf(rolloutSchema) },
    handle: async ({ fleet, query }) => {
      const { filter, page } = split(query);
      const found = await fleet.rollouts.list(filter, page);
      return { ...found, list: found.list.map(rolloutView) };
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/rollouts',
    id: 'startRollout',
    summary: 'Start delivering a deployment to a cohort, step by step',
    roles: OPERATORS,
    body: newRolloutSchema,
    idempotent: true,
    ofChange: (made) => rolloutView(made as Rollout),
    answer: { status: 201, schema: rolloutSchema },
    handle: async ({ fleet, actor, body }) =>
      rolloutView(await fleet.rollouts.start(actor, defined(body))),
  }),
  defineRoute({
    method: 'GET',
    path: '/rollouts/{rolloutId}',
    id: 'getRollout',
    summary: 'A rollout with its counters',
    roles: READERS,
    params: oneRollout,
    answer: { status: 200, schema: rolloutSchema },
    handle: async ({ fleet, params }) => rolloutView(await fleet.rollouts.get(params.rolloutId)),
  }),
  ...rolloutSteps({ root: '/rollouts', schema: rolloutSchema, present: rolloutView }, [
    {
      verb: 'pause',
      id: 'pauseRollout',
      summary: 'No further device is offered the deployment',
      hasReason: true,
    },
    { verb: 'resume', id: 'resumeRollout', summary: 'Go on after a pause' },
    { verb: 'advance', id: 'advanceRollout', summary: 'Go to the next phase now' },
    {
      verb: 'rollback',
      id: 'rollBackRollout',
      summary: 'Take the devices back to what they ran before',
      hasReason: true,
    },
  ]),
  defineRoute({
    method: 'POST',
    path: '/rollouts/{rolloutId}/retry-failed',
    id: 'retryFailedDevices',
    summary: 'Offer the deployment again to the devices that failed',
    roles: OPERATORS,
    params: oneRollout,
    answer: {
      status: 200,
      schema: z.object({ rollout: rolloutSchema, devices: z.int().min(0) }),
    },
    handle: async ({ fleet, actor, params }) => {
      const { rollout, devices } = await fleet.rollouts.retryFailed(actor, params.rolloutId);
      return { rollout: rolloutView(rollout), devices };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/rollouts/{rolloutId}/devices',
    id: 'listRolloutDevices',
    summary: 'Where each device of a rollout stands, and why',
    roles: READERS,
    params: oneRollout,
    query: listQuery({ states: z.array(deviceState).max(12).optional() }),
    answer: { status: 200, schema: pageOf(rolloutDeviceSchema) },
    handle: async ({ fleet, params, query }) => {
      const { filter, page } = split(query);
      const { rolloutId } = await fleet.rollouts.get(params.rolloutId);
      return fleet.rollouts.devices(rolloutId, filter, page);
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/rollouts/{rolloutId}/log',
    id: 'readRolloutLog',
    summary: 'What was decided, in order',
    roles: READERS,
    params: oneRollout,
    query: z.strictObject({
      after: z.int().min(0).default(0).describe('The position after which to go on.'),
      limit: z.int().min(1).max(1000).default(200),
    }),
    answer: { status: 200, schema: z.object({ list: z.array(rolloutLogSchema) }) },
    handle: async ({ fleet, params, query }) => {
      const { rolloutId } = await fleet.rollouts.get(params.rolloutId);
      return { list: await fleet.rollouts.log(rolloutId, query.after, query.limit) };
    },
  }),
];
