import type { Kysely } from 'kysely';
import type { Blueprint } from '../../blueprints/blueprint.ts';
import type { Cohort } from '../../cohorts/cohort.ts';
import type { SigningKey } from '../../keys/signing-key.ts';
import type { Package } from '../../packages/package.ts';
import type { Repositories, RolloutFilter } from '../../repositories.ts';
import type { Rollout } from '../../rollouts/rollout.ts';
import { EntityRepository } from '../entity-repository.ts';
import { EntityTable } from '../entity-table.ts';
import {
  ARTIFACTS,
  BLUEPRINTS,
  COHORTS,
  DEPLOYMENTS,
  KEYS,
  PACKAGES,
  RELEASES,
  ROLLOUTS,
  WEBHOOKS,
} from '../layouts.ts';
import { LogTables } from '../log-tables.ts';
import type { Tables } from '../tables.ts';
import { StoredArtifacts } from './artifact-repository.ts';
import { StoredAudit } from './audit-repository.ts';
import { CommandTable, StoredCommands } from './command-repository.ts';
import { StoredDeployments } from './deployment-repository.ts';
import { DeviceTable, StoredDevices } from './device-repository.ts';
import { StoredEvents } from './event-repository.ts';
import { StoredIdempotency } from './idempotency-repository.ts';
import { StoredReleases } from './release-repository.ts';
import { RolloutDeviceTable, StoredRolloutDevices } from './rollout-device-repository.ts';
import { StoredRolloutLog } from './rollout-log-repository.ts';
import { StoredSettings } from './setting-repository.ts';
import { StoredTags } from './tag-repository.ts';
import { StoredTokens, TokenTable } from './token-repository.ts';
import { StoredWebhooks } from './webhook-repository.ts';

/** All repositories over one connection or one transaction; light, since the queries are compiled before. */
export type RepositoriesOver = (db: Kysely<Tables>) => Repositories;

/** Compiles the queries that are always the same, for as many connections and transactions as come. */
export function prepareRepositories(db: Kysely<Tables>, now: () => number): RepositoriesOver {
  const log = new LogTables(db);
  const packages = new EntityTable(db, PACKAGES);
  const blueprints = new EntityTable(db, BLUEPRINTS);
  const artifacts = new EntityTable(db, ARTIFACTS);
  const keys = new EntityTable(db, KEYS);
  const devices = new DeviceTable(db);
  const cohorts = new EntityTable(db, COHORTS);
  const deployments = new EntityTable(db, DEPLOYMENTS);
  const releases = new EntityTable(db, RELEASES);
  const rollouts = new EntityTable(db, ROLLOUTS);
  const rolloutDevices = new RolloutDeviceTable(db);
  const commands = new CommandTable(db);
  const tokens = new TokenTable(db);
  const webhooks = new EntityTable(db, WEBHOOKS);
  return (over) => ({
    packages: new EntityRepository<Package, { kind?: string }>(over, packages, ({ kind }, eb) =>
      kind === undefined ? [] : [eb('kind', '=', kind)],
    ),
    blueprints: new EntityRepository<Blueprint, { chip?: string }>(
      over,
      blueprints,
      ({ chip }, eb) => (chip === undefined ? [] : [eb('chip', '=', chip)]),
    ),
    artifacts: new StoredArtifacts(over, artifacts),
    keys: new EntityRepository<SigningKey, { revoked?: boolean }>(over, keys, ({ revoked }, eb) =>
      revoked === undefined ? [] : [eb('revoked_at_ms', revoked ? 'is not' : 'is', null)],
    ),
    tags: new StoredTags(over),
    devices: new StoredDevices(over, devices),
    cohorts: new EntityRepository<Cohort, { deploymentId?: string }>(
      over,
      cohorts,
      ({ deploymentId }, eb) =>
        deploymentId === undefined ? [] : [eb('active_deployment_id', '=', deploymentId)],
    ),
    deployments: new StoredDeployments(over, deployments),
    releases: new StoredReleases(over, releases),
    rollouts: new EntityRepository<Rollout, RolloutFilter>(
      over,
      rollouts,
      ({ cohortId, deploymentId, states }, eb) => [
        ...(cohortId === undefined ? [] : [eb('cohort_id', '=', cohortId)]),
        ...(deploymentId === undefined ? [] : [eb('deployment_id', '=', deploymentId)]),
        ...(states === undefined ? [] : [eb('state_kind', 'in', [...states])]),
      ],
    ),
    rolloutDevices: new StoredRolloutDevices(over, rolloutDevices),
    rolloutLog: new StoredRolloutLog(over),
    commands: new StoredCommands(over, commands),
    tokens: new StoredTokens(over, tokens),
    audit: new StoredAudit(over, log),
    events: new StoredEvents(over, log),
    webhooks: new StoredWebhooks(over, webhooks),
    idempotency: new StoredIdempotency(over, now),
    settings: new StoredSettings(over),
  });
}
