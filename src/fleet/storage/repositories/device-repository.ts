import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CompiledQuery, Kysely } from 'kysely';
import type { Device } from '../../devices/device.ts';
import type { DeviceFilter, DeviceRepository } from '../../repositories.ts';
import { type Conditions, EntityRepository } from '../entity-repository.ts';
import { EntityTable } from '../entity-table.ts';
import { DEVICES } from '../layouts.ts';
import { contains } from '../like.ts';
import { TOUCH_DEVICES } from '../sqlite.ts';
import type { Tables } from '../tables.ts';

/** Some milliseconds' worth. */
const TOUCHED_AT_ONCE = 250;

/**
 * Devices, with their tags in a table of their own so that one finds devices by tag, and when they were
 * last seen in another, so that it can be written for thousands at once.
 */
export class DeviceTable extends EntityTable<Device> {
  readonly tagsQuery: CompiledQuery;
  readonly insertContactQuery: CompiledQuery;
  readonly updateContactQuery: CompiledQuery;

  constructor(db: Kysely<Tables>) {
    super(db, DEVICES);
    this.tagsQuery = db
      .selectFrom('device_tags')
      .select('tag')
      .where('device_id', '=', '')
      .compile();
    this.insertContactQuery = db
      .insertInto('device_contacts')
      .values({ device_id: '', last_seen_at_ms: null })
      .compile();
    this.updateContactQuery = db
      .updateTable('device_contacts')
      .set({ last_seen_at_ms: null })
      .where('device_id', '=', '')
      .compile();
  }
}

const conditions: Conditions<DeviceFilter> = (filter, eb, db) => [
  ...(filter.blueprintId === undefined ? [] : [eb('blueprint_id', '=', filter.blueprintId)]),
  ...(filter.cohortId === undefined ? [] : [eb('cohort_id', '=', filter.cohortId)]),
  ...(filter.enabled === undefined ? [] : [eb('enabled', '=', Number(filter.enabled))]),
  ...(filter.tags ?? []).map((tag) =>
    eb('device_id', 'in', db.selectFrom('device_tags').select('device_id').where('tag', '=', tag)),
  ),
  ...(filter.search === undefined || filter.search === ''
    ? []
    : [eb.or([contains('device_id', filter.search), contains('name', filter.search)])]),
];

export class StoredDevices
  extends EntityRepository<Device, DeviceFilter>
  implements DeviceRepository
{
  readonly #devices: DeviceTable;

  constructor(db: Kysely<Tables>, table: DeviceTable) {
    super(db, table, conditions);
    this.#devices = table;
  }

  override async insert(device: Device): Promise<void> {
    await super.insert(device);
    const { deviceId, lastSeenAtMs } = device;
    await this.run(this.#devices.insertContactQuery, [deviceId, lastSeenAtMs]);
    await this.#addTags(deviceId, device.tags);
  }

  override async update(device: Device): Promise<void> {
    await super.update(device);
    const { deviceId, lastSeenAtMs } = device;
    await this.run(this.#devices.updateContactQuery, [lastSeenAtMs, deviceId]);
    const { rows } = await this.run<{ tag: string }>(this.#devices.tagsQuery, [deviceId]);
    const gone = rows.map(({ tag }) => tag).filter((tag) => !device.tags.includes(tag));
    if (gone.length > 0) {
      await this.db
        .deleteFrom('device_tags')
        .where('device_id', '=', deviceId)
        .where('tag', 'in', gone)
        .execute();
    }
    const kept = new Set(rows.map(({ tag }) => tag));
    await this.#addTags(
      deviceId,
      device.tags.filter((tag) => !kept.has(tag)),
    );
  }

  async idsOfCohort(cohortId: string): Promise<readonly string[]> {
    const rows = await this.db
      .selectFrom('devices')
      .select('device_id')
      .where('cohort_id', '=', cohortId)
      .where('enabled', '=', 1)
      .execute();
    return rows.map((row) => row.device_id);
  }

  async touch(seen: Parameters<DeviceRepository['touch']>[0]): Promise<void> {
    for (let first = 0; first < seen.length; first += TOUCHED_AT_ONCE) {
      // In between, whoever only reads shall not have to wait.
      if (first > 0) await nextTurn();
      const some = Object.fromEntries(seen.slice(first, first + TOUCHED_AT_ONCE));
      await this.run(TOUCH_DEVICES, [JSON.stringify(some)]);
    }
  }

  async #addTags(deviceId: string, tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    await this.guard(deviceId, () =>
      this.db
        .insertInto('device_tags')
        .values(tags.map((tag) => ({ tag, device_id: deviceId })))
        .execute(),
    );
  }
}
