import type { Kysely } from 'kysely';
import type { FleetEvent } from '../../events/fleet-event.ts';
import type { EventRepository } from '../../repositories.ts';
import type { LogTables } from '../log-tables.ts';
import { startsWith } from '../like.ts';
import { lastOf, takeNumbers } from '../sequences.ts';
import type { Tables } from '../tables.ts';

/** Events; their numbers rise without holes in the order of commits, because transactions run one by one. */
export class StoredEvents implements EventRepository {
  readonly #db: Kysely<Tables>;

  readonly #log: LogTables;

  constructor(db: Kysely<Tables>, log: LogTables) {
    this.#db = db;
    this.#log = log;
  }

  async append(events: readonly Omit<FleetEvent, 'eventId'>[]): Promise<readonly FleetEvent[]> {
    if (events.length === 0) return [];
    const firstId = await takeNumbers(this.#db, this.#log.take, 'events', events.length);
    const numbered = events.map((event, index) => ({ ...event, eventId: firstId + index }));
    for (const event of numbered) {
      await this.#db.executeQuery({
        ...this.#log.eventQuery,
        parameters: [
          event.eventId,
          event.atMs,
          event.type,
          event.deviceId,
          event.rolloutId,
          JSON.stringify(event.data),
        ],
      });
    }
    return numbered;
  }

  async after(
    eventId: number,
    limit: number,
    filter: Parameters<EventRepository['after']>[2] = {},
  ): Promise<readonly FleetEvent[]> {
    const { deviceId, rolloutId, types } = filter;
    const rows = await this.#db
      .selectFrom('events')
      .selectAll()
      .where('event_id', '>', eventId)
      .$if(deviceId !== undefined, (query) => query.where('device_id', '=', deviceId ?? null))
      .$if(rolloutId !== undefined, (query) => query.where('rollout_id', '=', rolloutId ?? null))
      .$if(types !== undefined && !types.includes('*'), (query) =>
        query.where((eb) =>
          eb.or(
            (types ?? []).map((type) =>
              type.endsWith('.*') ? startsWith('type', type.slice(0, -1)) : eb('type', '=', type),
            ),
          ),
        ),
      )
      .orderBy('event_id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({
      eventId: row.event_id,
      atMs: row.at_ms,
      type: row.type,
      deviceId: row.device_id,
      rolloutId: row.rollout_id,
      data: JSON.parse(row.data) as FleetEvent['data'],
    }));
  }

  lastId(): Promise<number> {
    return lastOf(this.#db, 'events');
  }

  async prune(beforeMs: number, limit: number): Promise<number> {
    const { numDeletedRows } = await this.#db
      .deleteFrom('events')
      .where(
        'event_id',
        'in',
        this.#db
          .selectFrom('events')
          .select('event_id')
          .where('at_ms', '<', beforeMs)
          .orderBy('event_id')
          .limit(limit),
      )
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }
}
