import { z } from 'zod';
import { OPERATORS, READERS } from '../access/roles.ts';
import { anyId, chosenId, description, pageOf } from '../schemas/common.ts';
import { tagSchema } from '../schemas/things.ts';
import { listQuery } from './query.ts';
import { defineRoute } from './route.ts';

/** Labels that devices and releases may carry. */
export const TAG_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/tags',
    id: 'listTags',
    summary: 'Tags, with how many devices have them',
    roles: READERS,
    query: listQuery({
      sort: z.enum(['tag', '-tag', 'devices', '-devices']).optional(),
      search: z.string().min(1).max(100).optional().describe('Part of the tag.'),
    }),
    answer: { status: 200, schema: pageOf(tagSchema) },
    handle: async ({ fleet, query: { page, perPage, sort = 'tag', search = '' } }) => {
      // There are as many as people think up, not as many as there are devices.
      const tags = (await fleet.tags.list()).filter(({ tag }) => tag.includes(search));
      const sign = sort.startsWith('-') ? -1 : 1;
      const sorted = tags.toSorted(
        (a, b) =>
          sign * ((sort.endsWith('devices') ? a.devices - b.devices : 0) || compare(a.tag, b.tag)),
      );
      const first = page * perPage;
      return { list: sorted.slice(first, first + perPage), page, perPage, total: tags.length };
    },
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
    handle: ({ fleet, actor, body }) => fleet.tags.create(actor, body.tag, body.description),
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

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
