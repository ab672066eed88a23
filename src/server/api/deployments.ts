import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, components, pageOf } from '../schemas/common.ts';
import { deploymentSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

/** Immutable bundles of artifacts. */
export const DEPLOYMENT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/deployments',
    id: 'listDeployments',
    summary: 'Deployments',
    roles: READERS,
    query: listQuery({ artifactId: anyId.optional() }),
    answer: { status: 200, schema: pageOf(deploymentSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.deployments.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/deployments',
    id: 'createDeployment',
    summary: 'Bundle artifacts; what is in a deployment never changes',
    roles: OPERATORS,
    body: z.strictObject({
      name: z.string().max(200).optional(),
      components,
      restores: anyId.optional().describe('The older deployment that it brings back.'),
    }),
    idempotent: true,
    answer: { status: 201, schema: deploymentSchema },
    handle: ({ fleet, actor, body }) => fleet.deployments.create(actor, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/deployments/{deploymentId}',
    id: 'getDeployment',
    summary: 'A deployment',
    roles: READERS,
    params: z.strictObject({ deploymentId: anyId }),
    answer: { status: 200, schema: deploymentSchema },
    handle: ({ fleet, params }) => fleet.deployments.get(params.deploymentId),
  }),
];
