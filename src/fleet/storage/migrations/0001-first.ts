import type { ColumnDefinitionBuilder, CreateTableBuilder, Kysely } from 'kysely';
import type { Migration } from './migration.ts';

/** The first version: every entity with its columns, and the indexes that keep a device's poll to lookups. */
export const first: Migration = {
  name: '0001-first',
  up: async (db) => {
    await createHardware(db);
    await createDeployments(db);
    await createDevices(db);
    await createRollouts(db);
    await createAccess(db);
    await createEvents(db);
    await db.schema
      .createTable('sequences')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'bigint', (column) => column.notNull())
      .execute();
  },
};

async function createHardware(db: Kysely<unknown>): Promise<void> {
  await entity(db, 'packages', 'package_id')
    .addColumn('kind', 'text', notNull)
    .addColumn('revision', 'integer', notNull)
    .execute();
  await entity(db, 'blueprints', 'blueprint_id')
    .addColumn('chip', 'text', notNull)
    .addColumn('flash_size_bytes', 'bigint', notNull)
    .addColumn('revision', 'integer', notNull)
    .execute();
  await entity(db, 'artifacts', 'artifact_id')
    .addColumn('package_id', 'text', (column) => column.notNull().references('packages.package_id'))
    .addColumn('version', 'text', notNull)
    .addColumn('size_bytes', 'bigint', notNull)
    .addColumn('sha256', 'text', notNull)
    .addColumn('revision', 'integer', notNull)
    .execute();
  await index(db, 'artifacts', 'package_id', 'version');
  await index(db, 'artifacts', 'sha256');
  await db.schema
    .createTable('artifact_blueprints')
    .addColumn('package_id', 'text', notNull)
    .addColumn('version', 'text', notNull)
    .addColumn('blueprint_id', 'text', notNull)
    .addColumn('artifact_id', 'text', (column) =>
      column.notNull().references('artifacts.artifact_id').onDelete('cascade'),
    )
    .addPrimaryKeyConstraint('artifact_blueprints_pk', ['package_id', 'version', 'blueprint_id'])
    .execute();
  await index(db, 'artifact_blueprints', 'artifact_id');
  await index(db, 'artifact_blueprints', 'blueprint_id');
  await entity(db, 'signing_keys', 'key_id')
    .addColumn('name', 'text', notNull)
    .addColumn('algorithm', 'text', notNull)
    .addColumn('revoked_at_ms', 'bigint')
    .execute();
}

async function createDeployments(db: Kysely<unknown>): Promise<void> {
  await entity(db, 'deployments', 'deployment_id')
    .addColumn('name', 'text', notNull)
    .addColumn('sequence', 'bigint', (column) => column.notNull().unique())
    .addColumn('restores', 'text')
    .execute();
  await db.schema
    .createTable('deployment_components')
    .addColumn('deployment_id', 'text', (column) =>
      column.notNull().references('deployments.deployment_id'),
    )
    .addColumn('package_id', 'text', notNull)
    .addColumn('artifact_id', 'text', (column) =>
      column.notNull().references('artifacts.artifact_id'),
    )
    .addPrimaryKeyConstraint('deployment_components_pk', ['deployment_id', 'package_id'])
    .execute();
  await index(db, 'deployment_components', 'artifact_id');
  await entity(db, 'releases', 'release_id')
    .addColumn('deployment_id', 'text', (column) =>
      column.notNull().references('deployments.deployment_id'),
    )
    .addColumn('sequence', 'bigint', (column) => column.notNull().unique())
    .addColumn('blueprint_id', 'text', (column) => column.references('blueprints.blueprint_id'))
    .addColumn('enabled', 'integer', notNull)
    .addColumn('revision', 'integer', notNull)
    .execute();
  await index(db, 'releases', 'enabled', 'sequence');
  await index(db, 'releases', 'blueprint_id');
  await db.schema
    .createTable('release_tags')
    .addColumn('release_id', 'text', (column) =>
      column.notNull().references('releases.release_id').onDelete('cascade'),
    )
    .addColumn('kind', 'text', notNull)
    .addColumn('tag', 'text', notNull)
    .addPrimaryKeyConstraint('release_tags_pk', ['release_id', 'kind', 'tag'])
    .execute();
  await index(db, 'release_tags', 'tag');
}

async function createDevices(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('tags')
    .addColumn('tag', 'text', (column) => column.primaryKey())
    .addColumn('description', 'text', notNull)
    .execute();
  await entity(db, 'cohorts', 'cohort_id')
    .addColumn('active_deployment_id', 'text', (column) =>
      column.references('deployments.deployment_id'),
    )
    .addColumn('revision', 'integer', notNull)
    .execute();
  await entity(db, 'devices', 'device_id')
    .addColumn('name', 'text', notNull)
    .addColumn('blueprint_id', 'text', (column) => column.references('blueprints.blueprint_id'))
    .addColumn('cohort_id', 'text', (column) => column.references('cohorts.cohort_id'))
    .addColumn('enabled', 'integer', notNull)
    .addColumn('pinned_deployment_id', 'text', (column) =>
      column.references('deployments.deployment_id'),
    )
    .addColumn('secure_version', 'integer')
    .addColumn('last_seen_at_ms', 'bigint')
    .addColumn('last_booted_at_ms', 'bigint')
    .addColumn('revision', 'integer', notNull)
    .execute();
  await index(db, 'devices', 'cohort_id');
  await index(db, 'devices', 'blueprint_id');
  await index(db, 'devices', 'created_at_ms', 'device_id');
  await db.schema
    .createTable('device_tags')
    .addColumn('tag', 'text', (column) => column.notNull().references('tags.tag'))
    .addColumn('device_id', 'text', (column) =>
      column.notNull().references('devices.device_id').onDelete('cascade'),
    )
    .addPrimaryKeyConstraint('device_tags_pk', ['tag', 'device_id'])
    .execute();
  await index(db, 'device_tags', 'device_id');
  await entity(db, 'commands', 'command_id')
    .addColumn('ordinal', 'bigint', notNull)
    .addColumn('device_id', 'text', (column) =>
      column.notNull().references('devices.device_id').onDelete('cascade'),
    )
    .addColumn('name', 'text', notNull)
    .addColumn('state', 'text', notNull)
    .addColumn('redeliver_at_ms', 'bigint')
    .addColumn('expires_at_ms', 'bigint')
    .execute();
  await index(db, 'commands', 'device_id', 'state');
  await index(db, 'commands', 'state', 'expires_at_ms');
}

async function createRollouts(db: Kysely<unknown>): Promise<void> {
  await entity(db, 'rollouts', 'rollout_id')
    .addColumn('deployment_id', 'text', (column) =>
      column.notNull().references('deployments.deployment_id'),
    )
    .addColumn('cohort_id', 'text', (column) => column.notNull().references('cohorts.cohort_id'))
    .addColumn('state_kind', 'text', notNull)
    .addColumn('started_at_ms', 'bigint', notNull)
    .addColumn('revision', 'integer', notNull)
    .execute();
  await index(db, 'rollouts', 'cohort_id', 'state_kind');
  await index(db, 'rollouts', 'deployment_id');
  await index(db, 'rollouts', 'state_kind');
  await db.schema
    .createTable('rollout_devices')
    .addColumn('rollout_id', 'text', (column) => column.notNull().references('rollouts.rollout_id'))
    .addColumn('device_id', 'text', notNull)
    .addColumn('state', 'text', notNull)
    .addColumn('direction', 'text', notNull)
    .addColumn('attempts', 'integer', notNull)
    .addColumn('since_ms', 'bigint', notNull)
    .addColumn('due_at_ms', 'bigint')
    .addColumn('body', 'text', notNull)
    .addPrimaryKeyConstraint('rollout_devices_pk', ['rollout_id', 'device_id'])
    .execute();
  await index(db, 'rollout_devices', 'rollout_id', 'state');
  await index(db, 'rollout_devices', 'rollout_id', 'due_at_ms');
  await index(db, 'rollout_devices', 'device_id', 'since_ms');
  await db.schema
    .createTable('rollout_log')
    .addColumn('rollout_id', 'text', (column) => column.notNull().references('rollouts.rollout_id'))
    .addColumn('position', 'bigint', notNull)
    .addColumn('at_ms', 'bigint', notNull)
    .addColumn('device_id', 'text')
    .addColumn('what', 'text', notNull)
    .addColumn('data', 'text', notNull)
    .addPrimaryKeyConstraint('rollout_log_pk', ['rollout_id', 'position'])
    .execute();
}

async function createAccess(db: Kysely<unknown>): Promise<void> {
  await entity(db, 'tokens', 'token_id')
    .addColumn('name', 'text', notNull)
    .addColumn('role', 'text', notNull)
    .addColumn('secret_hash', 'text', (column) => column.notNull().unique())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('revoked_at_ms', 'bigint')
    .addColumn('last_used_at_ms', 'bigint')
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('audit_id', 'bigint', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', notNull)
    .addColumn('actor', 'text', notNull)
    .addColumn('action', 'text', notNull)
    .addColumn('subject', 'text', notNull)
    .addColumn('details', 'text', notNull)
    .execute();
  await index(db, 'audit', 'actor', 'audit_id');
  await index(db, 'audit', 'subject', 'audit_id');
  await db.schema
    .createTable('idempotency')
    .addColumn('scope', 'text', notNull)
    .addColumn('key', 'text', notNull)
    .addColumn('request_hash', 'text', notNull)
    .addColumn('answer', 'text', notNull)
    .addColumn('at_ms', 'bigint', notNull)
    .addPrimaryKeyConstraint('idempotency_pk', ['scope', 'key'])
    .execute();
  await index(db, 'idempotency', 'at_ms');
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', notNull)
    .execute();
}

async function createEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('events')
    .addColumn('event_id', 'bigint', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', notNull)
    .addColumn('type', 'text', notNull)
    .addColumn('device_id', 'text')
    .addColumn('rollout_id', 'text')
    .addColumn('data', 'text', notNull)
    .execute();
  await index(db, 'events', 'at_ms');
  await index(db, 'events', 'device_id', 'event_id');
  await index(db, 'events', 'rollout_id', 'event_id');
  await entity(db, 'webhooks', 'webhook_id')
    .addColumn('url', 'text', notNull)
    .addColumn('enabled', 'integer', notNull)
    .addColumn('last_event_id', 'bigint', notNull)
    .addColumn('retry_at_ms', 'bigint')
    .addColumn('revision', 'integer', notNull)
    .execute();
}

const notNull = (column: ColumnDefinitionBuilder) => column.notNull();

function entity(db: Kysely<unknown>, table: string, id: string): CreateTableBuilder<string> {
  return db.schema
    .createTable(table)
    .addColumn(id, 'text', (column) => column.primaryKey())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull());
}

function index(db: Kysely<unknown>, table: string, ...columns: readonly string[]): Promise<void> {
  return db.schema
    .createIndex(`${table}_by_${columns.join('_')}`)
    .on(table)
    .columns([...columns])
    .execute();
}
