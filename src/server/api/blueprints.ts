import { z } from 'zod';
import { BUILD_READERS, OPERATORS } from '../access/roles.ts';
import { anyId, chosenId, description, pageOf } from '../schemas/common.ts';
import { blueprintSchema, chipName } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ blueprintId: anyId });
const LONGEST_TABLE = 65_536;
/** The largest flash that any of the chips addresses. */
const MOST_FLASH_BYTES = 2 ** 32;

/** The hardware classes that images are checked against. */
export const BLUEPRINT_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/blueprints',
    id: 'listBlueprints',
    summary: 'Blueprints',
    roles: BUILD_READERS,
    query: listQuery({ chip: chipName.optional() }),
    answer: { status: 200, schema: pageOf(blueprintSchema) },
    handle: ({ fleet, query }) => {
      const { filter, page } = split(query);
      return fleet.blueprints.list(filter, page);
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/blueprints',
    id: 'createBlueprint',
    summary: 'Create a blueprint: chip, flash size, partition table',
    roles: OPERATORS,
    body: z.strictObject({
      blueprintId: chosenId,
      chip: chipName,
      flashSizeBytes: z.int().min(1).max(MOST_FLASH_BYTES),
      description: description.optional(),
      partitionTable: z
        .string()
        .min(1)
        .max(LONGEST_TABLE)
        .describe('CSV, or a binary table as `base64:…`.'),
    }),
    idempotent: true,
    answer: { status: 201, schema: blueprintSchema },
    handle: ({ fleet, actor, body }) => {
      const { partitionTable, ...fields } = body;
      const base64 = /^base64:([A-Za-z0-9+/]+={0,2})$/.exec(partitionTable)?.[1];
      const table =
        base64 === undefined ? partitionTable : new Uint8Array(Buffer.from(base64, 'base64'));
      return fleet.blueprints.create(actor, { ...defined(fields), partitionTable: table });
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/blueprints/{blueprintId}',
    id: 'getBlueprint',
    summary: 'A blueprint',
    roles: BUILD_READERS,
    params,
    answer: { status: 200, schema: blueprintSchema },
    handle: ({ fleet, params }) => fleet.blueprints.get(params.blueprintId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/blueprints/{blueprintId}',
    id: 'updateBlueprint',
    summary: 'Change the description of a blueprint; other hardware is another blueprint',
    roles: OPERATORS,
    params,
    body: z.strictObject({ description: description.optional() }),
    conditional: true,
    answer: { status: 200, schema: blueprintSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.blueprints.update(actor, params.blueprintId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/blueprints/{blueprintId}',
    id: 'deleteBlueprint',
    summary: 'Remove a blueprint that nothing refers to',
    roles: OPERATORS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.blueprints.remove(actor, params.blueprintId, revision),
  }),
];
