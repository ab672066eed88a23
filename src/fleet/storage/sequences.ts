import type { CompiledQuery, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Takes the next `count` numbers of a sequence and gives the first of them. A table rather than the
 * database's own counters, so that numbers rise without holes in every database, and never come again
 * after what had them was deleted.
 */
export async function takeNumbers(
  db: Kysely<Tables>,
  query: TakeQuery,
  name: string,
  count: number,
): Promise<number> {
  const { rows } = await db.executeQuery<{ value: number }>({
    ...query,
    parameters: [name, count, count],
  });
  return (rows[0]?.value ?? count) - count + 1;
}

/** The query of {@link takeNumbers}, compiled once: nearly every transaction has it. */
export type TakeQuery = CompiledQuery<{ value: number }>;

export function takeQuery(db: Kysely<Tables>): TakeQuery {
  return db
    .insertInto('sequences')
    .values({ name: '', value: 0 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((eb) => ({ value: eb('sequences.value', '+', 0) })),
    )
    .returning('value')
    .compile();
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
