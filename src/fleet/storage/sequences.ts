import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Takes the next `count` numbers of a sequence and gives the first of them. A table rather than the
 * database's own counters, so that numbers rise without holes in every database, and never come again
 * after what had them was deleted.
 */
export async function takeNumbers(
  db: Kysely<Tables>,
  name: string,
  count: number,
): Promise<number> {
  const row = await db
    .insertInto('sequences')
    .values({ name, value: count })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ value: eb('sequences.value', '+', count) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value - count + 1;
}

/** Lets a sequence stand at least here. */
export async function raiseTo(db: Kysely<Tables>, name: string, value: number): Promise<void> {
  await db
    .insertInto('sequences')
    .values({ name, value })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ value }).where('sequences.value', '<', value),
    )
    .execute();
}

/** The last number that was taken, 0 before the first. */
export async function lastOf(db: Kysely<Tables>, name: string): Promise<number> {
  const row = await db
    .selectFrom('sequences')
    .select('value')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.value ?? 0;
}
