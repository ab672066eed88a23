import type { Fleet, FleetEvent, FleetStore, Webhook, WebhookProgress } from '../../fleet/index.ts';
import type { Clock } from '../../shared/index.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { matchesEvent } from './event-pattern.ts';
import type { PostDelivery } from './post-delivery.ts';
import { SIGNATURE_HEADER, signDelivery } from './signature.ts';

const BATCH = 100;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60 * 60 * 1000;
/** About half a day of tries; then the next event gets its chance. */
const MOST_TRIES = 18;
const GONE = 410;
const LONGEST_ERROR = 300;

/** What delivery needs. */
export interface WebhookDeliveryOptions {
  readonly store: FleetStore;
  readonly events: Fleet['events'];
  readonly clock: Clock;
  readonly post: PostDelivery;
  readonly metrics: Pick<Metrics, 'webhook'>;
  readonly log: Log;
}

/**
 * Delivers events to webhooks: each webhook in order and at least once, one event a request. What a
 * webhook has had is stored, so that a restart goes on where it was.
 */
export class WebhookDelivery {
  readonly #options: WebhookDeliveryOptions;
  /** Webhooks that are being delivered to. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(options: WebhookDeliveryOptions) {
    this.#options = options;
  }

  /** Begins to deliver what is due. It waits for no receiver: a slow one is not in the way of the others. */
  async begin(signal: AbortSignal): Promise<void> {
    for (let page = 0; ; page += 1) {
      const { list, total } = await this.#options.store.read.webhooks.list(
        {},
        { page, perPage: BATCH },
      );
      for (const webhook of list) this.#start(webhook, signal);
      if ((page + 1) * BATCH >= total) break;
    }
  }

  /** Resolves when every webhook has all that has begun, or has to wait for its next try. */
  async idle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #start(webhook: Webhook, signal: AbortSignal): void {
    const { webhookId } = webhook;
    const { log } = this.#options;
    if (!this.#isDue(webhook) || this.#busy.has(webhookId)) return;
    const work = this.#deliver(webhookId, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) log.bug(error, { webhookId });
      })
      .finally(() => this.#busy.delete(webhookId));
    this.#busy.set(webhookId, work);
  }

  #isDue({ enabled, retryAtMs }: Webhook): boolean {
    const waitMs = retryAtMs === null ? 0 : retryAtMs - this.#options.clock.now();
    // A clock that was set back must not make the wait any longer than it was meant to be.
    return enabled && (waitMs <= 0 || waitMs > LONGEST_RETRY_MS);
  }

  async #deliver(webhookId: string, signal: AbortSignal): Promise<void> {
    const { events, store } = this.#options;
    // Read anew: between the list that it was in and now, another delivery may have begun and ended.
    let current = await store.read.webhooks.get(webhookId);
    if (current === null || !this.#isDue(current)) return;
    while (current !== null && current.enabled && !signal.aborted) {
      const batch = await events.after(current.lastEventId, BATCH);
      if (batch.length === 0) return;
      for (const event of batch) {
        if (!matchesEvent(current.eventTypes, event.type)) continue;
        current = await this.#tryOne(current, event, signal);
        if (current === null || current.retryAtMs !== null || !current.enabled) return;
      }
      const lastEventId = batch.at(-1)?.eventId ?? current.lastEventId;
      if (lastEventId > current.lastEventId) current = await this.#save(current, { lastEventId });
    }
  }

  /** The webhook as it is stored after one try; `null` when it is gone. */
  async #tryOne(webhook: Webhook, event: FleetEvent, signal: AbortSignal): Promise<Webhook | null> {
    const { clock, post, metrics, log } = this.#options;
    const { webhookId } = webhook;
    const body = JSON.stringify(event);
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'otakit-webhook',
      'Otakit-Event': event.type,
      // The same at each try, so that a receiver can tell a repeat.
      'Otakit-Delivery': `${webhookId}-${event.eventId}`,
      [SIGNATURE_HEADER]: signDelivery(webhook.secret, body, clock.now()),
    };
    const outcome = await post(webhook.url, headers, body, signal);
    if (signal.aborted) return null;
    const delivered = { lastEventId: event.eventId, failures: 0, retryAtMs: null };
    if (outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300) {
      metrics.webhook('delivered');
      return this.#save(webhook, { ...delivered, lastError: null });
    }
    const why = outcome.kind === 'answered' ? `it answered ${outcome.status}` : outcome.reason;
    const lastError = why.slice(0, LONGEST_ERROR);
    const failures = webhook.failures + 1;
    log.warn('webhook not delivered', { webhookId, eventId: event.eventId, failures, why });
    if (outcome.kind === 'answered' && outcome.status === GONE) {
      metrics.webhook('given-up');
      return this.#save(webhook, { failures, retryAtMs: null, lastError }, false);
    }
    if (failures >= MOST_TRIES) {
      metrics.webhook('given-up');
      return this.#save(webhook, { ...delivered, lastError });
    }
    metrics.webhook('failed');
    return this.#save(webhook, {
      failures,
      retryAtMs: clock.now() + backoffMs(failures),
      lastError,
    });
  }

  /**
   * Stores how far it is; where somebody changed the webhook meanwhile, their change stays. That alone is
   * no change of the webhook; that it is switched off is one.
   */
  #save(
    { webhookId }: Webhook,
    progress: Partial<WebhookProgress>,
    isWanted = true,
  ): Promise<Webhook | null> {
    return this.#options.store.transaction(async ({ webhooks }) => {
      const stored = await webhooks.get(webhookId);
      if (stored === null) return null;
      const next = { ...stored, ...progress };
      if (isWanted) {
        await webhooks.progress(webhookId, next);
        return next;
      }
      const ended = { ...next, enabled: false, revision: stored.revision + 1 };
      await webhooks.update(ended);
      return ended;
    });
  }
}

/** Twice as long each time. */
export function backoffMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
}
