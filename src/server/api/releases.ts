import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, components, pageOf } from '../schemas/common.ts';
import { releaseSchema, tagList } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ releaseId: anyId });
const changes = {
  enabled: z.boolean().optional(),
  releaseTags: tagList.optional().describe('Names for people, each unique over all releases.'),
  deviceTags: tagList.optional().describe('A device matches when it has all of them.'),
} as const;

/** Deployments aimed by blueprint and tags, switched on and off. */
export const RELEASE_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/releases',
    id: 'listReleases',
    summary: 'Releases',
    roles: READERS,
    query: listQuery({ enabled: z.boolean().optional(), tag: anyId.optional() }),
    answer: { status: 200, schema: pageOf(releaseSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.releases.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/releases',
    id: 'createRelease',
    summary: 'Aim a deployment by blueprint and device tags',
    roles: OPERATORS,
    body: z.strictObject({
      deploymentId: anyId.optional(),
      components: components
        .optional()
        .describe('Instead of it: artifacts, for a new deployment that comes with the release.'),
      blueprintId: anyId.nullable().optional(),
      ...changes,
    }),
    idempotent: true,
    answer: { status: 201, schema: releaseSchema },
    handle: ({ fleet, actor, body }) => fleet.releases.create(actor, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/releases/{releaseId}',
    id: 'getRelease',
    summary: 'A release',
    roles: READERS,
    params,
    answer: { status: 200, schema: releaseSchema },
    handle: ({ fleet, params }) => fleet.releases.get(params.releaseId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/releases/{releaseId}',
    id: 'updateRelease',
    summary: 'Switch a release on or off, or aim it differently',
    roles: OPERATORS,
    params,
    body: z.strictObject({
      ...changes,
      addReleaseTags: tagList.optional(),
      removeReleaseTags: tagList.optional(),
      addDeviceTags: tagList.optional(),
      removeDeviceTags: tagList.optional(),
    }),
    conditional: true,
    answer: { status: 200, schema: releaseSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.releases.update(actor, params.releaseId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/releases/{releaseId}',
    id: 'deleteRelease',
    summary: 'Remove a release',
    roles: OPERATORS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.releases.remove(actor, params.releaseId, revision),
  }),
];
