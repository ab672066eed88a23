import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../src/fleet/index.ts';
import { MIGRATIONS, migrate } from '../../../src/fleet/storage/migrations/migrate.ts';
import type { Migration } from '../../../src/fleet/storage/migrations/migration.ts';
import { openForWriting, sqliteDialect } from '../../../src/fleet/storage/sqlite.ts';
import type { Tables } from '../../../src/fleet/storage/tables.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';
import {
  aCohort,
  aCommand,
  aDeployment,
  aDevice,
  anArtifact,
  aPackage,
  aRelease,
  aRollout,
  aRolloutDevice,
  aToken,
  aWebhook,
} from './entities.ts';

const clock = new ManualClock();

/** Writes a database as an earlier version left it; each version has its dump in `fixtures/`. */
async function fixture(name: string): Promise<string> {
  const file = join(await temporaryFolder(), 'fleet.db');
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec(await readFile(join(import.meta.dirname, 'fixtures', `${name}.sql`), 'utf8'));
  database.close();
  return file;
}

function schemaOf(file: string): readonly unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(
        'SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name',
      )
      .all();
  } finally {
    database.close();
  }
}

describe.each(MIGRATIONS.map(({ name }) => name))('a database at %s', (name) => {
  it('comes to have the schema of a new one', async () => {
    const old = await fixture(name);
    await (await openStore({ file: old, clock }))[Symbol.asyncDispose]();
    const fresh = join(await temporaryFolder(), 'fleet.db');
    await (await openStore({ file: fresh, clock }))[Symbol.asyncDispose]();
    expect(schemaOf(old)).toEqual(schemaOf(fresh));
  });

  it('keeps all that it knows, and goes on from there', async () => {
    await using store = await openStore({ file: await fixture(name), clock });
    const { read } = store;
    expect(await read.packages.get('main')).toEqual(aPackage());
    expect(await read.artifacts.get('art_1')).toEqual(anArtifact());
    expect(await read.deployments.get('dep_1')).toEqual(aDeployment());
    expect(await read.cohorts.get('production')).toEqual(aCohort());
    expect(await read.devices.get('board-1')).toEqual(aDevice({ cohortId: 'production' }));
    const tagged = await read.devices.list({ tags: ['outdoor'] }, { page: 0, perPage: 10 });
    const second = { deviceId: 'board-2', tags: ['outdoor'], enabled: false, lastSeenAtMs: 5 };
    expect(tagged.list).toEqual([aDevice(second)]);
    expect(await read.releases.get('rel_1')).toEqual(aRelease());
    expect(await read.rollouts.get('rol_1')).toEqual(aRollout());
    expect(await read.rolloutDevices.get('rol_1', 'board-1')).toEqual(aRolloutDevice());
    expect(await read.rolloutLog.read('rol_1', 0, 10)).toHaveLength(1);
    expect(await read.commands.deliverable('board-1', clock.now())).toEqual([aCommand()]);
    expect(await read.tokens.get('tok_1')).toEqual(aToken());
    expect(await read.webhooks.get('whk_1')).toEqual(aWebhook());
    expect((await read.audit.list({}, { page: 0, perPage: 10 })).total).toBe(1);
    expect(await read.idempotency.get('tok_1', 'k')).toEqual({ requestHash: 'h', answer: '{}' });
    expect(await read.settings.get('a')).toBe('b');
    const [event] = await store.transaction((r) =>
      r.events.append([{ atMs: 2, type: 'a.b', deviceId: null, rolloutId: null, data: {} }]),
    );
    expect(event?.eventId).toBe(2);
  });
});

describe('migrations', () => {
  const opened = () => {
    const db = new Kysely<Tables>({ dialect: sqliteDialect(openForWriting(':memory:')) });
    onTestFinished(() => db.destroy());
    return db;
  };
  const adding = (name: string, fails = false): Migration => ({
    name,
    up: async (db) => {
      await db.schema
        .createTable(`made_by_${name.slice(0, 4)}`)
        .addColumn('a', 'text')
        .execute();
      if (fails) throw new Error('the power went');
    },
  });
  const tables = async (db: Kysely<Tables>) =>
    (await db.introspection.getTables())
      .map(({ name }) => name)
      .filter((n) => n.startsWith('made'));

  it('are taken once each, in order', async () => {
    const db = opened();
    await migrate(db, 1, [adding('0001-a')]);
    await migrate(db, 2, [adding('0001-a'), adding('0002-b'), adding('0003-c')]);
    await migrate(db, 3, [adding('0001-a'), adding('0002-b'), adding('0003-c')]);
    const rows = await db.selectFrom('migrations').selectAll().orderBy('name').execute();
    expect(rows.map(({ name, applied_at_ms: at }) => [name, at])).toEqual([
      ['0001-a', 1],
      ['0002-b', 2],
      ['0003-c', 2],
    ]);
  });

  it('that fail leave the step before, and are taken again as a whole', async () => {
    const db = opened();
    await expect(migrate(db, 1, [adding('0001-a'), adding('0002-b', true)])).rejects.toThrow(
      'the power went',
    );
    expect(await tables(db)).toEqual(['made_by_0001']);
    await migrate(db, 1, [adding('0001-a'), adding('0002-b')]);
    expect(await tables(db)).toEqual(['made_by_0001', 'made_by_0002']);
  });

  it('have names that sort in the order in which they are taken', () => {
    const names = MIGRATIONS.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
  });
});
