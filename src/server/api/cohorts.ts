import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, chosenId, components, description, pageOf } from '../schemas/common.ts';
import { cohortSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ cohortId: anyId });

/** Groups of devices that receive the same deployments. */
export const COHORT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/cohorts',
    id: 'listCohorts',
    summary: 'Cohorts',
    roles: READERS,
    query: listQuery({ deploymentId: anyId.optional() }),
    answer: { status: 200, schema: pageOf(cohortSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.cohorts.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/cohorts',
    id: 'createCohort',
    summary: 'Create a cohort',
    roles: OPERATORS,
    body: z.strictObject({ cohortId: chosenId, description: description.optional() }),
    idempotent: true,
    answer: { status: 201, schema: cohortSchema },
    handle: ({ fleet, actor, body }) => fleet.cohorts.create(actor, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/cohorts/{cohortId}',
    id: 'getCohort',
    summary: 'A cohort',
    roles: READERS,
    params,
    answer: { status: 200, schema: cohortSchema },
    handle: ({ fleet, params }) => fleet.cohorts.get(params.cohortId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/cohorts/{cohortId}',
    id: 'updateCohort',
    summary:
      'Change a cohort; setting activeDeploymentId or components delivers to all of it at once',
    roles: OPERATORS,
    params,
    body: z.strictObject({
      description: description.optional(),
      activeDeploymentId: anyId.nullable().optional(),
      components: components
        .optional()
        .describe('Instead of it: artifacts, for a new deployment that goes to all at once.'),
    }),
    conditional: true,
    answer: { status: 200, schema: cohortSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.cohorts.update(actor, params.cohortId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/cohorts/{cohortId}',
    id: 'deleteCohort',
    summary: 'Remove a cohort',
    roles: OPERATORS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.cohorts.remove(actor, params.cohortId, revision),
  }),
];
