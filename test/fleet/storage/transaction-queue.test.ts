import { Kysely, sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForWriting, sqliteDialect } from '../../../src/fleet/storage/sqlite.ts';
import type { Tables } from '../../../src/fleet/storage/tables.ts';
import { TransactionQueue } from '../../../src/fleet/storage/transaction-queue.ts';

describe('transactions that are committed together', () => {
  const opened = async () => {
    const db = new Kysely<Tables>({ dialect: sqliteDialect(openForWriting(':memory:')) });
    onTestFinished(() => db.destroy());
    await sql`create table a (x integer primary key)`.execute(db);
    await sql`create table b (x integer references a(x) deferrable initially deferred)`.execute(db);
    return { db, queue: new TransactionQueue(db) };
  };

  it('all fail when the commit does, and those after them go on', async () => {
    const { db, queue } = await opened();
    const together = await Promise.allSettled([
      queue.run((t) => sql`insert into a values (1)`.execute(t)),
      // Nobody notices that it refers to nothing before the commit.
      queue.run((t) => sql`insert into b values (99)`.execute(t)),
      queue.run((t) => sql`insert into a values (2)`.execute(t)),
    ]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await queue.run((t) => sql`insert into a values (3)`.execute(t));
    const { rows } = await sql<{ x: number }>`select x from a`.execute(db);
    expect(rows.map(({ x }) => x)).toEqual([3]);
  });

  it('cost one commit for many, and not one for all when there are very many', async () => {
    const { db, queue } = await opened();
    let commits = 0;
    const begin = db.transaction.bind(db);
    db.transaction = () => {
      commits += 1;
      return begin();
    };
    const many = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          queue.run((t) => sql`insert into a default values`.execute(t)),
        ),
      );
    await many(50);
    expect(commits).toBe(1);
    await many(1000);
    expect(commits).toBe(1 + Math.ceil(1000 / 64));
  });

  it('all fail, one after the other, when no transaction can begin', async () => {
    const { db, queue } = await opened();
    await db.destroy();
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map(() => queue.run(() => Promise.resolve())),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await queue.idle();
  });
});
