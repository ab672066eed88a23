import { type AddressGuard, createAddressGuard } from '../addresses/address-guard.ts';
import { FleetError } from '../codes.ts';
import type { FleetContext } from '../context.ts';
import { checkRevision, mustExist, revise } from '../entity.ts';
import type { WebhookService } from '../fleet.ts';
import { newId } from '../ids.ts';
import type { Webhook } from './webhook.ts';

const LONGEST_URL = 2000;
const MOST_TYPES = 50;
const EVENT_TYPE = /^(?:\*|[a-z-]+\.(?:\*|[a-z-]+))$/;

/** Addresses that are told about events. */
export function createWebhookService({
  store,
  change,
  randomBytes,
  options,
}: FleetContext): WebhookService {
  const { webhooks } = store.read;
  const guard = createAddressGuard(options.allowPrivateAddresses);
  return {
    get: async (webhookId) => mustExist(await webhooks.get(webhookId), 'webhook', webhookId),
    list: (filter, page) => webhooks.list(filter, page),
    create: (actor, { url, eventTypes }) =>
      change(actor, async ({ repositories, audit, atMs }) => {
        const webhook: Webhook = {
          webhookId: newId('whk', randomBytes),
          url: checkUrl(guard, url),
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
        audit('webhook.create', `webhook/${webhook.webhookId}`, {
          ...told(webhook.url),
          eventTypes,
        });
        return webhook;
      }),
    update: (actor, webhookId, { revision, url, eventTypes, enabled }) =>
      change(actor, async ({ repositories, audit }) => {
        const before = mustExist(await repositories.webhooks.get(webhookId), 'webhook', webhookId);
        const changes = {
          url: url === undefined ? undefined : checkUrl(guard, url),
          eventTypes: eventTypes && checkTypes(eventTypes),
          enabled,
        };
        const revised = revise(before, changes, revision);
        // Somebody looked after it: what failed before does not delay what comes now.
        const webhook = { ...revised, failures: 0, retryAtMs: null, lastError: null };
        await repositories.webhooks.update(webhook);
        const { url: changedUrl, ...rest } = changes;
        audit('webhook.update', `webhook/${webhookId}`, { ...told(changedUrl), ...rest });
        return webhook;
      }),
    remove: (actor, webhookId, revision) =>
      change(actor, async ({ repositories, audit }) => {
        const webhook = mustExist(await repositories.webhooks.get(webhookId), 'webhook', webhookId);
        checkRevision(webhook, revision);
        await repositories.webhooks.delete(webhookId);
        audit('webhook.remove', `webhook/${webhookId}`);
      }),
  };
}

/** Whose address it is. The rest of many is a secret, and the audit log is not for admins only. */
function told(url: string | undefined): { readonly origin?: string } {
  return url === undefined ? {} : { origin: new URL(url).origin };
}

function checkUrl(guard: AddressGuard, text: string): string {
  const url = text.length > LONGEST_URL ? null : URL.parse(text);
  const isBare = url !== null && url.username === '' && url.password === '';
  if (isBare && /^https?:$/.test(url.protocol)) {
    guard.check(url.hostname);
    return url.href;
  }
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
