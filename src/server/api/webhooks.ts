import { z } from 'zod';
import { ADMINS } from '../access/roles.ts';
import { anyId, pageOf } from '../schemas/common.ts';
import { webhookSchema } from '../schemas/things.ts';
import { defined, listQuery, split } from './query.ts';
import { defineRoute } from './route.ts';

const params = z.strictObject({ webhookId: anyId });
const url = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2000);
const eventTypes = z
  .array(
    z
      .string()
      .regex(
        /^(?:\*|[a-z][a-z-]*\.(?:\*|[a-z][a-z-]*))$/,
        'must be such as rollout.paused, rollout.* or *',
      ),
  )
  .min(1)
  .max(50)
  .describe('Such as `rollout.paused`, `rollout.*` for a whole noun, `*` for all.');

/** Addresses that are told about events. */
export const WEBHOOK_ROUTES = [
  defineRoute({
    method: 'GET',
    path: '/webhooks',
    id: 'listWebhooks',
    summary: 'Webhooks, with how delivery goes',
    roles: ADMINS,
    query: listQuery({}),
    answer: { status: 200, schema: pageOf(webhookSchema) },
    handle: ({ fleet, query }) => fleet.webhooks.list({}, split(query).page),
  }),
  defineRoute({
    method: 'POST',
    path: '/webhooks',
    id: 'createWebhook',
    summary: 'Have events delivered; the secret that signs them is shown here and never again',
    roles: ADMINS,
    body: z.strictObject({ url, eventTypes }),
    idempotent: true,
    answer: { status: 201, schema: webhookSchema.extend({ secret: z.string() }) },
    handle: ({ fleet, actor, body }) => fleet.webhooks.create(actor, body),
  }),
  defineRoute({
    method: 'GET',
    path: '/webhooks/{webhookId}',
    id: 'getWebhook',
    summary: 'A webhook',
    roles: ADMINS,
    params,
    answer: { status: 200, schema: webhookSchema },
    handle: ({ fleet, params }) => fleet.webhooks.get(params.webhookId),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/webhooks/{webhookId}',
    id: 'updateWebhook',
    summary: 'Change a webhook, or switch it on or off',
    roles: ADMINS,
    params,
    body: z.strictObject({
      url: url.optional(),
      eventTypes: eventTypes.optional(),
      enabled: z.boolean().optional(),
    }),
    conditional: true,
    answer: { status: 200, schema: webhookSchema },
    handle: ({ fleet, actor, params, body, revision }) =>
      fleet.webhooks.update(actor, params.webhookId, defined({ ...body, revision })),
  }),
  defineRoute({
    method: 'DELETE',
    path: '/webhooks/{webhookId}',
    id: 'deleteWebhook',
    summary: 'Remove a webhook',
    roles: ADMINS,
    params,
    conditional: true,
    answer: { status: 204 },
    handle: ({ fleet, actor, params, revision }) =>
      fleet.webhooks.remove(actor, params.webhookId, revision),
  }),
];
