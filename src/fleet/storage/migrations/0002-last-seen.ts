import type { Kysely } from 'kysely';
import { CLUSTERED } from '../sqlite.ts';
import type { Migration } from './migration.ts';

/** The columns that it moves, before and after. */
interface Moved {
  devices: { device_id: string; last_seen_at_ms: number | null };
  device_contacts: { device_id: string; last_seen_at_ms: number | null };
}

/**
 * When devices were last seen gets a table of its own. Every contact moves it, and in the wide rows of the
 * devices that wrote nearly a page of the file for each: the larger the fleet, the more.
 */
export const lastSeen: Migration = {
  name: '0002-last-seen',
  up: async (untyped) => {
    const db = untyped as Kysely<Moved>;
    await db.schema
      .createTable('device_contacts')
      .addColumn('device_id', 'text', (column) =>
        column.primaryKey().notNull().references('devices.device_id').onDelete('cascade'),
      )
      .addColumn('last_seen_at_ms', 'bigint')
      .modifyEnd(CLUSTERED)
      .execute();
    await db
      .insertInto('device_contacts')
      .columns(['device_id', 'last_seen_at_ms'])
      .expression(
        db.selectFrom('devices').select(['device_id', 'last_seen_at_ms']).orderBy('device_id'),
      )
      .execute();
    await db.schema.alterTable('devices').dropColumn('last_seen_at_ms').execute();
    await db.schema
      .createView('devices_seen')
      .as(
        db
          .selectFrom('devices')
          .leftJoin('device_contacts', 'device_contacts.device_id', 'devices.device_id')
          .selectAll('devices')
          .select('device_contacts.last_seen_at_ms'),
      )
      .execute();
  },
};
