import type { Kysely } from 'kysely';
import type { WebhookRepository } from '../../repositories.ts';
import type { Webhook, WebhookProgress } from '../../webhooks/webhook.ts';
import { EntityRepository } from '../entity-repository.ts';
import type { EntityTable } from '../entity-table.ts';
import type { Tables } from '../tables.ts';

export class StoredWebhooks
  extends EntityRepository<Webhook, Record<string, never>>
  implements WebhookRepository
{
  constructor(db: Kysely<Tables>, table: EntityTable<Webhook>) {
    super(db, table, () => []);
  }

  async progress(webhookId: string, progress: WebhookProgress): Promise<void> {
    const stored = await this.get(webhookId);
    if (stored === null) throw this.notFound(webhookId);
    const { lastEventId, failures, retryAtMs, lastError } = progress;
    // The update of entities looks for the revision before the one that it writes.
    const { revision } = stored;
    const next = { ...stored, lastEventId, failures, retryAtMs, lastError };
    const parameters = [...this.table.values(next), webhookId, revision];
    await this.run(this.table.updateQuery, parameters);
  }
}
