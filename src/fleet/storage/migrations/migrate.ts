import type { Kysely } from 'kysely';
import { FleetError } from '../../codes.ts';
import type { Tables } from '../tables.ts';
import { first } from './0001-first.ts';
import { lastSeen } from './0002-last-seen.ts';
import type { Migration } from './migration.ts';

/** In the order in which they are taken. */
export const MIGRATIONS: readonly Migration[] = [first, lastSeen];

/**
 * Takes a database of any earlier version to the newest, each step in a transaction of its own: one that
 * is interrupted is taken again as a whole.
 *
 * @throws FleetError `fleet/data-newer` when a newer otakit has written it
 */
export async function migrate(
  db: Kysely<Tables>,
  nowMs: number,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  const rows = await db.selectFrom('migrations').select('name').execute();
  const applied = new Set(rows.map(({ name }) => name));
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new FleetError(
      'fleet/data-newer',
      `The fleet's data has been through ${unknown.join(', ')}, which this otakit does not know.`,
      {
        hint: 'Run the otakit that wrote it, or a newer one; or restore a backup from before.',
        details: { unknown, newest: migrations.at(-1)?.name ?? null },
      },
    );
  }
  for (const { name, up } of migrations) {
    if (applied.has(name)) continue;
    await db.transaction().execute(async (transaction) => {
      await up(transaction as unknown as Kysely<unknown>);
      await transaction.insertInto('migrations').values({ name, applied_at_ms: nowMs }).execute();
    });
  }
}
