import { z } from 'zod';
import { BUILD_READERS, OPERATORS } from '../access/roles.ts';
import { anyId, chosenId, description, pageOf, version } from '../schemas/common.ts';
import { artifactSchema, metadataSchema, packageSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ packageId: anyId });
const kind = z.enum(['app-image', 'binary']);

/** What can be updated, and its versions. */
export const PACKAGE_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/packages',
    id: 'listPackages',
    summary: 'Packages',
    roles: BUILD_READERS,
    query: listQuery({ kind: kind.optional() }),
    answer: { status: 200, schema: pageOf(packageSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.packages.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/packages',
    id: 'createPackage',
    summary: 'Create a package',
    roles: OPERATORS,
    body: z.strictObject({
      packageId: chosenId,
      kind: kind.optional(),
      description: description.optional(),
      metadata: metadataSchema.optional(),
    }),
    idempotent: true,
    answer: { status: 201, schema: packageSchema },
    handle: ({ fleet, actor, body }) => fleet.packages.create(actor, defined(body)),
  }),
  defineRoute({
    method: 'GET',
    path: '/packages/{packageId}',
    id: 'getPackage',
    summary: 'A package',
    roles: BUILD_READERS,
    params,
    answer: { status: 200, schema: packageSchema },
    handle: ({ fleet, params }) => fleet.packages.get(params.packageId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/packages/{packageId}',
    id: 'updatePackage',
    summary: 'Change description or metadata of a package',
    roles: OPERATORS,
    params,
    body: z.strictObject({
      description: description.optional(),
      metadata: metadataSchema.optional(),
    }),
    conditional: true,
    answer: { status: 200, schema: packageSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.packages.update(actor, params.packageId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/packages/{packageId}',
    id: 'deletePackage',
    summary: 'Remove a package that has no artifacts',
    roles: OPERATORS,
    params,
    answer: { status: 204 },
    conditional: true,
    handle: ({ fleet, actor, params, revision }) =>
      fleet.packages.remove(actor, params.packageId, revision),
  }),
  defineRoute({
    method: 'GET',
    path: '/packages/{packageId}/versions',
    id: 'listPackageVersions',
    summary: 'The artifacts of a package, its version history',
    roles: BUILD_READERS,
    params,
    query: listQuery({ version: version.optional(), blueprintId: anyId.optional() }),
    answer: { status: 200, schema: pageOf(artifactSchema) },
    handle: async ({ fleet, params, query }) => {
      const { filter, page } = split(query);
      const { packageId } = await fleet.packages.get(params.packageId);
      return fleet.artifacts.list({ ...filter, packageId }, page);
    },
  }),
];
