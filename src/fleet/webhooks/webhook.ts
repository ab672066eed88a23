/** An address that is told about events. */
export interface Webhook extends WebhookProgress {
  readonly webhookId: string;
  readonly url: string;
  /** Event types, `rollout.*` for a whole noun, `*` for all. */
  readonly eventTypes: readonly string[];
  /** Key of the HMAC-SHA-256 over each body. It has to be kept in the clear to sign; never listed. */
  readonly secret: string;
  readonly enabled: boolean;
  readonly createdAtMs: number;
  readonly revision: number;
}

/** How delivery to a webhook goes. */
export interface WebhookProgress {
  /** The last event that was delivered or given up. */
  readonly lastEventId: number;
  /** Failed tries of the event after that one. */
  readonly failures: number;
  readonly retryAtMs: number | null;
  /** Why the last try failed. */
  readonly lastError: string | null;
}
