import type { Kysely } from 'kysely';
import { FleetError } from '../../codes.ts';
import type { IdempotencyRepository } from '../../repositories.ts';
import { constraintOf } from '../sqlite.ts';
import type { Tables } from '../tables.ts';

interface Answer {
  readonly requestHash: string;
  readonly answer: string;
}

export class StoredIdempotency implements IdempotencyRepository {
  readonly #db: Kysely<Tables>;
  readonly #now: () => number;

  constructor(db: Kysely<Tables>, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  async get(scope: string, key: string): Promise<Answer | null> {
    const row = await this.#db
      .selectFrom('idempotency')
      .select(['request_hash', 'answer'])
      .where('scope', '=', scope)
      .where('key', '=', key)
      .executeTakeFirst();
    return row === undefined ? null : { requestHash: row.request_hash, answer: row.answer };
  }

  async put(scope: string, key: string, { requestHash, answer }: Answer): Promise<void> {
    try {
      await this.#db
        .insertInto('idempotency')
        .values({ scope, key, request_hash: requestHash, answer, at_ms: this.#now() })
        .execute();
    } catch (error) {
      if (constraintOf(error) !== 'unique') throw error;
      throw new FleetError('fleet/exists', `The idempotency key ${key} has an answer already.`, {
        details: { noun: 'idempotency key', id: key },
        cause: error,
      });
    }
  }

  async replace(scope: string, key: string, { requestHash, answer }: Answer): Promise<void> {
    await this.#db
      .updateTable('idempotency')
      .set({ request_hash: requestHash, answer, at_ms: this.#now() })
      .where('scope', '=', scope)
      .where('key', '=', key)
      .execute();
  }

  async prune(beforeMs: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('idempotency')
      .where('at_ms', '<', beforeMs)
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }
}
