import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type CompiledQuery, Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/fleet/index.ts';
import { EntityTable } from '../../../src/fleet/storage/entity-table.ts';
import { ARTIFACTS, COHORTS, DEPLOYMENTS, ROLLOUTS } from '../../../src/fleet/storage/layouts.ts';
import { CommandTable } from '../../../src/fleet/storage/repositories/command-repository.ts';
import { DeviceTable } from '../../../src/fleet/storage/repositories/device-repository.ts';
import { RolloutDeviceTable } from '../../../src/fleet/storage/repositories/rollout-device-repository.ts';
import { TokenTable } from '../../../src/fleet/storage/repositories/token-repository.ts';
import { sqliteDialect, TOUCH_DEVICES } from '../../../src/fleet/storage/sqlite.ts';
import type { Tables } from '../../../src/fleet/storage/tables.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { temporaryFolder } from '../../support/temp-folder.ts';

/** What must cost the same with ten devices and with a hundred thousand: looked up, never looked through. */
const QUERIES: Readonly<Record<string, (db: Kysely<Tables>) => CompiledQuery>> = {
  'a device': (db) => new DeviceTable(db).getQuery,
  'the tags of a device': (db) => new DeviceTable(db).tagsQuery,
  'when a device was seen': (db) => new DeviceTable(db).updateContactQuery,
  'updating a device': (db) => new DeviceTable(db).updateQuery,
  'a device in a rollout': (db) => new RolloutDeviceTable(db).getQuery,
  'what waits for a device': (db) => new CommandTable(db).deliverableQuery,
  'a token': (db) => new TokenTable(db).bySecretQuery,
  'a cohort': (db) => new EntityTable(db, COHORTS).getQuery,
  'a deployment': (db) => new EntityTable(db, DEPLOYMENTS).getQuery,
  'an artifact': (db) => new EntityTable(db, ARTIFACTS).getQuery,
  'a rollout': (db) => new EntityTable(db, ROLLOUTS).getQuery,
  'the unfinished rollouts of a cohort': (db) =>
    db
      .selectFrom('rollouts')
      .selectAll()
      .where('cohort_id', '=', '')
      .where('state_kind', 'in', ['active'])
      .compile(),
  'what is due in a rollout': (db) =>
    db
      .selectFrom('rollout_devices')
      .selectAll()
      .where('rollout_id', '=', '')
      .where('due_at_ms', '<=', 0)
      .compile(),
  'the events after one': (db) =>
    db.selectFrom('events').selectAll().where('event_id', '>', 0).orderBy('event_id').compile(),
};

describe('looked up by an index', () => {
  it('each of the devices that were seen', async () => {
    const file = join(await temporaryFolder(), 'fleet.db');
    await (await openStore({ file, clock: new ManualClock() }))[Symbol.asyncDispose]();
    using database = new DatabaseSync(file);
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${TOUCH_DEVICES.sql}`)
      .all('{}')
      .map((row) => String(row['detail']));
    expect(plan).toContainEqual(expect.stringContaining('SEARCH device_contacts'));
    expect(plan).not.toContainEqual(expect.stringContaining('SCAN device_contacts'));
  });

  it.each(Object.keys(QUERIES))('%s', async (name) => {
    const file = join(await temporaryFolder(), 'fleet.db');
    await (await openStore({ file, clock: new ManualClock() }))[Symbol.asyncDispose]();
    const database = new DatabaseSync(file);
    await using db = new Kysely<Tables>({ dialect: sqliteDialect(database) });
    const { sql, parameters } = QUERIES[name]?.(db) ?? expect.unreachable();
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...(parameters as readonly (string | number | null)[]))
      .map((row) => String(row['detail']));
    expect(plan).toContainEqual(expect.stringContaining('SEARCH'));
    expect(plan).not.toContainEqual(expect.stringContaining('SCAN'));
  });
});
