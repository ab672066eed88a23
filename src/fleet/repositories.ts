import type { AccessToken } from './access/access-token.ts';
import type { AuditEntry } from './access/audit-entry.ts';
import type { Artifact } from './artifacts/artifact.ts';
import type { Blueprint } from './blueprints/blueprint.ts';
import type { Cohort } from './cohorts/cohort.ts';
import type { Command, CommandState } from './commands/command.ts';
import type { Deployment } from './deployments/deployment.ts';
import type { Device } from './devices/device.ts';
import type { FleetEvent } from './events/fleet-event.ts';
import type { SigningKey } from './keys/signing-key.ts';
import type { Package } from './packages/package.ts';
import type { Page, PageRequest } from './page.ts';
import type { Release } from './releases/release.ts';
import type {
  Rollout,
  RolloutDevice,
  RolloutDeviceState,
  RolloutState,
} from './rollouts/rollout.ts';
import type { CountedTag } from './tags/counted-tag.ts';
import type { Webhook, WebhookProgress } from './webhooks/webhook.ts';

/**
 * What every kind of thing can do in a store. Reads give `null` for what is not there; `insert` throws
 * `fleet/exists`, `update` throws `fleet/not-found` or, where the stored revision is not one below the
 * given one, `fleet/changed-meanwhile`.
 */
export interface Repository<Entity, Filter> {
  get(id: string): Promise<Entity | null>;
  list(filter: Filter, page: PageRequest): Promise<Page<Entity>>;
  insert(entity: Entity): Promise<void>;
  update(entity: Entity): Promise<void>;
  /** Whether there was something to delete. */
  delete(id: string): Promise<boolean>;
}

/** Which artifacts to list. */
export interface ArtifactFilter {
  readonly packageId?: string;
  readonly version?: string;
  readonly blueprintId?: string;
  readonly sha256?: string;
}

/** Which devices to list; several tags mean all of them. */
export interface DeviceFilter {
  readonly blueprintId?: string;
  readonly cohortId?: string;
  readonly tags?: readonly string[];
  readonly enabled?: boolean;
  /** Part of id or name. */
  readonly search?: string;
}

/** Which commands to list. */
export interface CommandFilter {
  readonly deviceId?: string;
  readonly states?: readonly CommandState[];
  readonly name?: string;
}

/** Which rollouts to list. */
export interface RolloutFilter {
  readonly cohortId?: string;
  readonly deploymentId?: string;
  readonly states?: readonly RolloutState['kind'][];
}

/** Devices, with what a large fleet needs beyond one at a time. */
export interface DeviceRepository extends Repository<Device, DeviceFilter> {
  /** Every id of a cohort, for ranking, disabled devices left out; a fleet's worth at once. */
  idsOfCohort(cohortId: string): Promise<readonly string[]>;
  /**
   * Many `lastSeenAtMs` at once, by device id, in the order of the ids for speed; they never go backwards
   * and do not touch revisions.
   */
  touch(seen: readonly (readonly [deviceId: string, atMs: number])[]): Promise<void>;
}

/** Webhooks, and how far each is. */
export interface WebhookRepository extends Repository<Webhook, Record<string, never>> {
  /** Stores how delivery goes, which is no change of the webhook: its revision stays. */
  progress(webhookId: string, progress: WebhookProgress): Promise<void>;
}

/** Deployments never change and are never deleted. */
export interface DeploymentRepository {
  get(deploymentId: string): Promise<Deployment | null>;
  list(filter: { artifactId?: string }, page: PageRequest): Promise<Page<Deployment>>;
  insert(deployment: Deployment): Promise<void>;
  /** The highest sequence that was ever given out, 0 in an empty store. */
  lastSequence(): Promise<number>;
}

/** Releases and their sequence. */
export interface ReleaseRepository extends Repository<
  Release,
  { enabled?: boolean; tag?: string; blueprintId?: string }
> {
  lastSequence(): Promise<number>;
}

/** Commands, and which of them are to be handed out. */
export interface CommandRepository extends Repository<Command, CommandFilter> {
  /** Queued ones, and delivered ones whose `redeliverAtMs` is reached; oldest first. */
  deliverable(deviceId: string, nowMs: number): Promise<readonly Command[]>;
  /** Unfinished ones whose time is over. */
  expired(nowMs: number, limit: number): Promise<readonly Command[]>;
}

/** One device of a rollout at a time, and those that want looking at. */
export interface RolloutDeviceRepository {
  get(rolloutId: string, deviceId: string): Promise<RolloutDevice | null>;
  put(device: RolloutDevice): Promise<void>;
  list(
    rolloutId: string,
    filter: { states?: readonly RolloutDeviceState[]; direction?: RolloutDevice['direction'] },
    page: PageRequest,
  ): Promise<Page<RolloutDevice>>;
  /** Every device that the rollout has to do with, those that left included. */
  idsOf(rolloutId: string): Promise<readonly string[]>;
  due(rolloutId: string, nowMs: number, limit: number): Promise<readonly RolloutDevice[]>;
  /** Newest first. */
  historyOf(deviceId: string, limit: number): Promise<readonly RolloutDevice[]>;
  /** Counted from the rows, for the check that counters equal the log. */
  count(rolloutId: string): Promise<Readonly<Partial<Record<RolloutDeviceState, number>>>>;
}

/** What was decided, in order: the log from which counters can be counted again. */
export interface RolloutLogEntry {
  readonly rolloutId: string;
  /** Strictly rising within a rollout. */
  readonly position: number;
  readonly atMs: number;
  readonly deviceId: string | null;
  /** Such as `phase`, `paused`, `device`. */
  readonly what: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The log of each rollout. */
export interface RolloutLogRepository {
  append(entries: readonly Omit<RolloutLogEntry, 'position'>[]): Promise<void>;
  read(rolloutId: string, after: number, limit: number): Promise<readonly RolloutLogEntry[]>;
}

/** Events, in the order in which they were committed. */
export interface EventRepository {
  append(events: readonly Omit<FleetEvent, 'eventId'>[]): Promise<readonly FleetEvent[]>;
  after(
    eventId: number,
    limit: number,
    filter?: { deviceId?: string; rolloutId?: string; types?: readonly string[] },
  ): Promise<readonly FleetEvent[]>;
  lastId(): Promise<number>;
  /** Forgets what is older, at most `limit` at a time; says how many. */
  prune(beforeMs: number, limit: number): Promise<number>;
}

/** The audit log; entries are only ever added. */
export interface AuditRepository {
  append(entry: Omit<AuditEntry, 'auditId'>): Promise<void>;
  list(filter: { actor?: string; subject?: string }, page: PageRequest): Promise<Page<AuditEntry>>;
}

/** Answers to creates that were asked with an idempotency key, so that a repeat gets the same one. */
export interface IdempotencyRepository {
  get(scope: string, key: string): Promise<{ requestHash: string; answer: string } | null>;
  /** Throws `fleet/exists` where there is one, so that of two requests with one key one goes first. */
  put(scope: string, key: string, value: { requestHash: string; answer: string }): Promise<void>;
  /** What became of a request that was put before. */
  replace(
    scope: string,
    key: string,
    value: { requestHash: string; answer: string },
  ): Promise<void>;
  prune(beforeMs: number): Promise<number>;
}

/** Tokens, found by what is presented. */
export interface TokenRepository extends Repository<AccessToken, { role?: string }> {
  bySecretHash(secretHash: string): Promise<AccessToken | null>;
}

/** Labels exist on their own, so that a misspelt one is an error rather than a new group. */
export interface TagRepository {
  list(): Promise<readonly CountedTag[]>;
  get(tag: string): Promise<{ tag: string; description: string } | null>;
  insert(tag: { tag: string; description: string }): Promise<void>;
  delete(tag: string): Promise<boolean>;
}

/** Single values of the installation, such as which migrations ran or the key that signs download URLs. */
export interface SettingRepository {
  get(name: string): Promise<string | null>;
  set(name: string, value: string): Promise<void>;
}

/** Everything that a fleet remembers. */
export interface Repositories {
  readonly packages: Repository<Package, { kind?: string }>;
  readonly blueprints: Repository<Blueprint, { chip?: string }>;
  readonly artifacts: Repository<Artifact, ArtifactFilter>;
  readonly keys: Repository<SigningKey, { revoked?: boolean }>;
  readonly tags: TagRepository;
  readonly devices: DeviceRepository;
  readonly cohorts: Repository<Cohort, { deploymentId?: string }>;
  readonly deployments: DeploymentRepository;
  readonly releases: ReleaseRepository;
  readonly rollouts: Repository<Rollout, RolloutFilter>;
  readonly rolloutDevices: RolloutDeviceRepository;
  readonly rolloutLog: RolloutLogRepository;
  readonly commands: CommandRepository;
  readonly tokens: TokenRepository;
  readonly audit: AuditRepository;
  readonly events: EventRepository;
  readonly webhooks: WebhookRepository;
  readonly idempotency: IdempotencyRepository;
  readonly settings: SettingRepository;
}

/** A store: the repositories for reading, and transactions for everything that changes something. */
export interface FleetStore extends AsyncDisposable {
  readonly read: Repositories;
  /** All of it is stored when this resolves, or nothing; one at a time. Must not be nested. */
  transaction<Result>(work: (repositories: Repositories) => Promise<Result>): Promise<Result>;
}
