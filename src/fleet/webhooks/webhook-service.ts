import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { mustExist, revise } from '../entity.ts';
import type { WebhookService } from '../fleet.ts';
import { newId } from '../ids.ts';
import type { Webhook } from './webhook.ts';

const LONGEST_URL = 2000;
const MOST_TYPES = 50;
const EVENT_TYPE = /^(?:\*|[a-z-]+\.(?:\*|[a-z-]+))$/;

/** Addresses that are told about events. */
export function createWebhookService({ store, change, randomBytes }: FleetContext): WebhookService {
  const { webhooks } = store.read;
  return {
    get: async (webhookId) => mustExist(await webhooks.get(webhookId), 'webhook', webhookId),
    list: (filter, page) => webhooks.list(filter, page),
    create: (actor, { url, eventTypes }) =>
      change(actor, async ({ repositories, audit, atMs }) => {
        const webhook: Webhook = {
          webhookId: newId('whk', randomBytes),
          url: checkUrl(url),
          eventTypes: checkTypes(eventTypes),
          secret: Buffer.from(randomBytes(32)).toString('base64url'),
          enabled: true,
          lastEventId: await repositories.events.lastId(),
          failures: 0,
          retryAtMs: null,
          lastError: null,
          createdAtMs: atMs,
          revision: 1,
        };
        await repositories.webhooks.insert(webhook);
        audit('webhook.create', `webhook/${webhook.webhookId}`, { url, eventTypes });
        return webhook;
      }),
    update: (actor, webhookId, { revision, url, eventTypes, enabled }) =>
      change(actor, async ({ repositories, audit }) => {
        const before = mustExist(await repositories.webhooks.get(webhookId), 'webhook', webhookId);
        const changes = {
          url: url === undefined ? undefined : checkUrl(url),
          eventTypes: eventTypes && checkTypes(eventTypes),
          enabled,
        };
        const revised = revise(before, changes, revision);
        // Somebody looked after it: what failed before does not delay what comes now.
        const webhook = { ...revised, failures: 0, retryAtMs: null, lastError: null };
        await repositories.webhooks.update(webhook);
        audit('webhook.update', `webhook/${webhookId}`, changes);
        return webhook;
      }),
    remove: (actor, webhookId) =>
      change(actor, async ({ repositories, audit }) => {
        mustExist(await repositories.webhooks.get(webhookId), 'webhook', webhookId);
        await repositories.webhooks.delete(webhookId);
        audit('webhook.remove', `webhook/${webhookId}`);
      }),
  };
}

function checkUrl(text: string): string {
  const url = text.length > LONGEST_URL ? null : URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return url.href;
  throw new FleetError('fleet/invalid', `${JSON.stringify(text.slice(0, 80))} is no web address.`, {
    hint: `Take an https address of up to ${LONGEST_URL} characters, without a user name in it.`,
    details: { field: 'url' },
  });
}

function checkTypes(types: readonly string[]): readonly string[] {
  const wrong = types.find((type) => !EVENT_TYPE.test(type));
  if (wrong === undefined && types.length > 0 && types.length <= MOST_TYPES) return types;
  throw new FleetError(
    'fleet/invalid',
    wrong === undefined
      ? `${types.length} event types, and 1 to ${MOST_TYPES} can be asked for.`
      : `${JSON.stringify(wrong.slice(0, 80))} is no type of event.`,
    { hint: 'Take rollout.paused, rollout.*, or * for all.', details: { field: 'eventTypes' } },
  );
}
