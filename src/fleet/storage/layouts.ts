import type { AccessToken } from '../access/access-token.ts';
import type { Artifact } from '../artifacts/artifact.ts';
import type { Blueprint } from '../blueprints/blueprint.ts';
import type { Cohort } from '../cohorts/cohort.ts';
import type { Command } from '../commands/command.ts';
import type { Deployment } from '../deployments/deployment.ts';
import type { Device } from '../devices/device.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { Package } from '../packages/package.ts';
import type { Release } from '../releases/release.ts';
import type { Rollout } from '../rollouts/rollout.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import type { EntityLayout } from './entity-table.ts';

const CREATED = { order: ['created_at_ms'] } as const;

export const PACKAGES: EntityLayout<Package> = {
  table: 'packages',
  noun: 'package',
  id: 'packageId',
  columns: ['kind', 'createdAtMs', 'revision'],
  revised: true,
  ...CREATED,
};

export const BLUEPRINTS: EntityLayout<Blueprint> = {
  table: 'blueprints',
  noun: 'blueprint',
  id: 'blueprintId',
  columns: ['chip', 'flashSizeBytes', 'createdAtMs', 'revision'],
  revised: true,
  ...CREATED,
};

export const ARTIFACTS: EntityLayout<Artifact> = {
  table: 'artifacts',
  noun: 'artifact',
  id: 'artifactId',
  columns: ['packageId', 'version', 'sizeBytes', 'sha256', 'createdAtMs', 'revision'],
  // 1.10.0 would come before 1.2.0.
  unsorted: ['version'],
  revised: true,
  ...CREATED,
};

export const KEYS: EntityLayout<SigningKey> = {
  table: 'signing_keys',
  noun: 'key',
  id: 'keyId',
  columns: ['name', 'algorithm', 'createdAtMs', 'revokedAtMs'],
  nullable: ['revokedAtMs'],
  revised: false,
  ...CREATED,
};

export const DEVICES: EntityLayout<Device> = {
  table: 'devices',
  noun: 'device',
  id: 'deviceId',
  columns: [
    'name',
    'blueprintId',
    'cohortId',
    'enabled',
    'pinnedDeploymentId',
    'secureVersion',
    'lastBootedAtMs',
    'createdAtMs',
    'revision',
  ],
  view: { name: 'devices_seen', fields: ['lastSeenAtMs'] },
  booleans: ['enabled'],
  nullable: [
    'blueprintId',
    'cohortId',
    'pinnedDeploymentId',
    'secureVersion',
    'lastSeenAtMs',
    'lastBootedAtMs',
  ],
  revised: true,
  ...CREATED,
};

export const COHORTS: EntityLayout<Cohort> = {
  table: 'cohorts',
  noun: 'cohort',
  id: 'cohortId',
  columns: ['activeDeploymentId', 'createdAtMs', 'revision'],
  nullable: ['activeDeploymentId'],
  revised: true,
  ...CREATED,
};

export const DEPLOYMENTS: EntityLayout<Deployment> = {
  table: 'deployments',
  noun: 'deployment',
  id: 'deploymentId',
  columns: ['name', 'sequence', 'restores', 'createdAtMs'],
  nullable: ['restores'],
  revised: false,
  order: ['sequence'],
};

export const RELEASES: EntityLayout<Release> = {
  table: 'releases',
  noun: 'release',
  id: 'releaseId',
  columns: ['deploymentId', 'sequence', 'blueprintId', 'enabled', 'createdAtMs', 'revision'],
  booleans: ['enabled'],
  nullable: ['blueprintId'],
  revised: true,
  order: ['sequence'],
};

export const ROLLOUTS: EntityLayout<Rollout> = {
  table: 'rollouts',
  noun: 'rollout',
  id: 'rolloutId',
  columns: ['deploymentId', 'cohortId', 'startedAtMs', 'createdAtMs', 'revision'],
  derived: { state_kind: ({ state }) => state.kind },
  revised: true,
  ...CREATED,
};

/** A command as it is stored, with what tells apart those of the same millisecond. */
export type StoredCommand = Command & { readonly ordinal: number };

export const COMMANDS: EntityLayout<StoredCommand> = {
  table: 'commands',
  noun: 'command',
  id: 'commandId',
  columns: ['ordinal', 'deviceId', 'name', 'state', 'redeliverAtMs', 'createdAtMs', 'expiresAtMs'],
  nullable: ['redeliverAtMs', 'expiresAtMs'],
  revised: false,
  order: ['ordinal'],
};

export const TOKENS: EntityLayout<AccessToken> = {
  table: 'tokens',
  noun: 'token',
  id: 'tokenId',
  columns: [
    'name',
    'role',
    'secretHash',
    'createdAtMs',
    'expiresAtMs',
    'revokedAtMs',
    'lastUsedAtMs',
  ],
  nullable: ['expiresAtMs', 'revokedAtMs', 'lastUsedAtMs'],
  unsorted: ['secretHash'],
  revised: false,
  ...CREATED,
};

export const WEBHOOKS: EntityLayout<Webhook> = {
  table: 'webhooks',
  noun: 'webhook',
  id: 'webhookId',
  columns: ['url', 'enabled', 'lastEventId', 'retryAtMs', 'createdAtMs', 'revision'],
  booleans: ['enabled'],
  nullable: ['retryAtMs'],
  revised: true,
  ...CREATED,
};
