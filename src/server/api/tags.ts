import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, chosenId, description } from '../schemas/common.ts';
import { tagSchema } from '../schemas/things.ts';
import { defineRoute } from './route.ts';

/** Labels that devices and releases may carry. */
export const TAG_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/tags',
    id: 'listTags',
    summary: 'Tags, with how many devices have them',
    roles: READERS,
    answer: { status: 200, schema: z.object({ list: z.array(tagSchema) }) },
    handle: async ({ fleet }) => ({ list: await fleet.tags.list() }),
  }),
  defineRoute({
    method: 'POST',
    path: '/tags',
    id: 'createTag',
    summary: 'Create a tag',
    roles: OPERATORS,
    body: z.strictObject({ tag: chosenId, description: description.optional() }),
    idempotent: true,
    answer: { status: 201, schema: tagSchema },
    handle: async ({ fleet, actor, body: { tag, description = '' } }) => {
      await fleet.tags.create(actor, tag, description);
      return { tag, description, devices: 0 };
    },
  }),
  defineRoute({
    method: 'DELETE',
    path: '/tags/{tag}',
    id: 'deleteTag',
    summary: 'Remove a tag that nothing has',
    roles: OPERATORS,
    params: z.strictObject({ tag: anyId }),
    answer: { status: 204 },
    handle: ({ fleet, actor, params }) => fleet.tags.remove(actor, params.tag),
  }),
];
