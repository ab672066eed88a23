import type { Kysely } from 'kysely';
import type { RolloutLogEntry, RolloutLogRepository } from '../../repositories.ts';
import type { Tables } from '../tables.ts';

export class StoredRolloutLog implements RolloutLogRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async append(entries: readonly Omit<RolloutLogEntry, 'position'>[]): Promise<void> {
    const next = new Map<string, number>();
    for (const entry of entries) {
      const position = next.get(entry.rolloutId) ?? (await this.#lastOf(entry.rolloutId)) + 1;
      next.set(entry.rolloutId, position + 1);
      await this.#db
        .insertInto('rollout_log')
        .values({
          rollout_id: entry.rolloutId,
          position,
          at_ms: entry.atMs,
          device_id: entry.deviceId,
          what: entry.what,
          data: JSON.stringify(entry.data),
        })
        .execute();
    }
  }

  async read(rolloutId: string, after: number, limit: number): Promise<readonly RolloutLogEntry[]> {
    const rows = await this.#db
      .selectFrom('rollout_log')
      .selectAll()
      .where('rollout_id', '=', rolloutId)
      .where('position', '>', after)
      .orderBy('position')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      rolloutId: row.rollout_id,
      position: row.position,
      atMs: row.at_ms,
      deviceId: row.device_id,
      what: row.what,
      data: JSON.parse(row.data) as RolloutLogEntry['data'],
    }));
  }

  async #lastOf(rolloutId: string): Promise<number> {
    const row = await this.#db
      .selectFrom('rollout_log')
      .select((eb) => eb.fn.max('position').as('last'))
      .where('rollout_id', '=', rolloutId)
      .executeTakeFirst();
    return row?.last ?? 0;
  }
}
