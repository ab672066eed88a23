import type { AccessToken, Role } from './access/access-token.ts';
import type { Actor } from './access/actor.ts';
import type { AuditEntry } from './access/audit-entry.ts';
import type { Artifact } from './artifacts/artifact.ts';
import type { Blueprint } from './blueprints/blueprint.ts';
import type { Cohort } from './cohorts/cohort.ts';
import type { Command } from './commands/command.ts';
import type { Delivery, Deployment } from './deployments/deployment.ts';
import type { Device } from './devices/device.ts';
import type {
  Assignment,
  BootReport,
  DeviceContact,
  DownloadEnd,
  ProgressReport,
} from './devices/device-face.ts';
import type { FleetEvent } from './events/fleet-event.ts';
import type { SigningKey } from './keys/signing-key.ts';
import type { Package } from './packages/package.ts';
import type { Page, PageRequest } from './page.ts';
import type { Release } from './releases/release.ts';
import type {
  ArtifactFilter,
  CommandFilter,
  DeviceFilter,
  Repository,
  RolloutFilter,
  RolloutLogEntry,
} from './repositories.ts';
import type {
  Rollout,
  RolloutDevice,
  RolloutDeviceState,
  RolloutRequest,
} from './rollouts/rollout.ts';
import type { SignatureWithManifest } from './signature/detached-signature.ts';
import type { CountedTag } from './tags/counted-tag.ts';
import type { Webhook } from './webhooks/webhook.ts';

/** Fields that may be changed; `revision` is what the caller last saw, left out to change (or remove) it anyhow. */
type Changes<Fields> = Partial<Fields> & { readonly revision?: number };

/** Reading, as every service offers it; `get` throws `fleet/not-found`. */
interface Readable<Entity, Filter> {
  get(id: string): Promise<Entity>;
  list(filter: Filter, page: PageRequest): ReturnType<Repository<Entity, Filter>['list']>;
}

/** What can be updated, and its version history. */
export interface PackageService extends Readable<Package, { kind?: string }> {
  create(
    actor: Actor,
    fields: Pick<Package, 'packageId'> &
      Partial<Pick<Package, 'kind' | 'description' | 'metadata'>>,
  ): Promise<Package>;
  update(
    actor: Actor,
    packageId: string,
    changes: Changes<Pick<Package, 'description' | 'metadata'>>,
  ): Promise<Package>;
  /** Throws `fleet/in-use` while it has artifacts. */
  remove(actor: Actor, packageId: string, revision?: number): Promise<void>;
}

/** The hardware classes that images are checked against. */
export interface BlueprintService extends Readable<Blueprint, { chip?: string }> {
  create(
    actor: Actor,
    fields: Pick<Blueprint, 'blueprintId' | 'chip' | 'flashSizeBytes'> & {
      readonly description?: string;
      /** CSV text or a binary table. */
      readonly partitionTable: string | Uint8Array;
    },
  ): Promise<Blueprint>;
  /** The hardware itself is fixed: another table is another blueprint. */
  update(
    actor: Actor,
    blueprintId: string,
    changes: Changes<Pick<Blueprint, 'description'>>,
  ): Promise<Blueprint>;
  remove(actor: Actor, blueprintId: string, revision?: number): Promise<void>;
}

/** What is said of an artifact before its bytes come. */
export interface NewArtifact {
  readonly packageId: string;
  /** By default the version in the app descriptor. */
  readonly version?: string;
  readonly blueprintIds: readonly string[];
  /** Lower-case hex; when given, other bytes are refused and nothing stays behind. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
  readonly releaseNotes?: string;
  readonly minVersion?: string;
  readonly signatures?: readonly SignatureWithManifest[];
}

/** Bytes of package versions: in once all checks passed, out to devices, never changed. */
export interface ArtifactService extends Readable<Artifact, ArtifactFilter> {
  /** Streams the bytes in; the artifact exists only when all checks passed. */
  upload(
    actor: Actor,
    fields: NewArtifact,
    bytes: AsyncIterable<Uint8Array>,
    signal?: AbortSignal,
  ): Promise<Artifact>;
  /** The same with the bytes fetched from `http(s)://` or `s3://`; `sha256` is required there. */
  fetch(
    actor: Actor,
    fields: NewArtifact & { readonly sha256: string },
    artifactUri: string,
    signal?: AbortSignal,
  ): Promise<Artifact>;
  update(
    actor: Actor,
    artifactId: string,
    changes: Changes<Pick<Artifact, 'releaseNotes'>>,
  ): Promise<Artifact>;
  addSignature(
    actor: Actor,
    artifactId: string,
    signature: SignatureWithManifest,
  ): Promise<Artifact>;
  /** Throws `fleet/in-use` while a deployment has it. */
  remove(actor: Actor, artifactId: string, revision?: number): Promise<void>;
  /** The bytes, for the download handler of `serve` (see `Artifact` there). */
  open(artifactId: string): Promise<ArtifactBytes>;
}

/** Structurally an `Artifact` of `src/serve`, over a file. */
export interface ArtifactBytes extends AsyncDisposable {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly md5: string;
  readonly imageHash: string | null;
  slice(start: number, end: number): Promise<Uint8Array>;
}

/** The public keys whose signatures count. */
export interface KeyService extends Readable<SigningKey, { revoked?: boolean }> {
  /** `publicKey` is PEM. */
  add(
    actor: Actor,
    fields: { readonly name: string; readonly publicKey: string },
  ): Promise<SigningKey>;
  revoke(actor: Actor, keyId: string): Promise<SigningKey>;
}

/** Boards, their groups and credentials. */
export interface DeviceService extends Readable<Device, DeviceFilter> {
  /** The secret is shown here and never again. */
  create(
    actor: Actor,
    fields: Pick<Device, 'deviceId'> &
      Partial<Pick<Device, 'name' | 'blueprintId' | 'cohortId' | 'tags'>>,
  ): Promise<{ readonly device: Device; readonly secret: string }>;
  update(
    actor: Actor,
    deviceId: string,
    changes: Changes<
      Pick<Device, 'name' | 'blueprintId' | 'cohortId' | 'enabled' | 'pinnedDeploymentId'>
    > & { readonly addTags?: readonly string[]; readonly removeTags?: readonly string[] },
  ): Promise<Device>;
  rotateSecret(
    actor: Actor,
    deviceId: string,
  ): Promise<{ readonly device: Device; readonly secret: string }>;
  remove(actor: Actor, deviceId: string, revision?: number): Promise<void>;
  /** What it should run and why, in words, for people. */
  explain(deviceId: string): Promise<DeviceExplanation>;
}

/** Why a device should run what it should run. */
export interface DeviceExplanation {
  readonly deploymentId: string | null;
  readonly source: 'pinned' | 'rollout' | 'cohort' | 'release' | 'none';
  /** One sentence for each package: up to date, offered, or why it is not. */
  readonly packages: readonly {
    readonly packageId: string;
    readonly reported: string | null;
    readonly target: string | null;
    readonly why: string;
  }[];
  readonly history: readonly RolloutDevice[];
}

/** Labels that devices and releases may carry. */
export interface TagService {
  list(): Promise<readonly CountedTag[]>;
  create(actor: Actor, tag: string, description?: string): Promise<CountedTag>;
  /** Throws `fleet/in-use` while devices or releases have it. */
  remove(actor: Actor, tag: string): Promise<void>;
}

/** Groups of devices that receive the same deployments. */
export interface CohortService extends Readable<Cohort, { deploymentId?: string }> {
  create(
    actor: Actor,
    fields: { readonly cohortId: string; readonly description?: string },
  ): Promise<Cohort>;
  /** `activeDeploymentId` or `components` deliver to everybody at once; refused while a rollout runs. */
  update(
    actor: Actor,
    cohortId: string,
    changes: Changes<Pick<Cohort, 'description' | 'activeDeploymentId'>> &
      Pick<Delivery, 'components'>,
  ): Promise<Cohort>;
  remove(actor: Actor, cohortId: string, revision?: number): Promise<void>;
}

/** Immutable bundles of artifacts. */
export interface DeploymentService {
  get(deploymentId: string): Promise<Deployment>;
  list(filter: { artifactId?: string }, page: PageRequest): Promise<Page<Deployment>>;
  /** By artifact ids, or `package@version` where that is one artifact. */
  create(
    actor: Actor,
    fields: {
      readonly name?: string;
      readonly components: readonly string[];
      readonly restores?: string;
    },
  ): Promise<Deployment>;
}

/** Tags to add to those that are there, or to take away from them. */
interface TagChanges {
  readonly addReleaseTags?: readonly string[];
  readonly removeReleaseTags?: readonly string[];
  readonly addDeviceTags?: readonly string[];
  readonly removeDeviceTags?: readonly string[];
}

/** Deployments aimed by blueprint and tags, switched on and off. */
export interface ReleaseService extends Readable<Release, { enabled?: boolean; tag?: string }> {
  create(
    actor: Actor,
    fields: Delivery &
      Partial<Pick<Release, 'releaseTags' | 'deviceTags' | 'blueprintId' | 'enabled'>>,
  ): Promise<Release>;
  update(
    actor: Actor,
    releaseId: string,
    changes: Changes<Pick<Release, 'enabled' | 'releaseTags' | 'deviceTags'>> & TagChanges,
  ): Promise<Release>;
  remove(actor: Actor, releaseId: string, revision?: number): Promise<void>;
}

/** Staged deliveries: started, steered by people, moved on by time. */
export interface RolloutService extends Readable<Rollout, RolloutFilter> {
  start(actor: Actor, fields: RolloutRequest): Promise<Rollout>;
  pause(actor: Actor, rolloutId: string, reason?: string): Promise<Rollout>;
  resume(actor: Actor, rolloutId: string): Promise<Rollout>;
  advance(actor: Actor, rolloutId: string): Promise<Rollout>;
  rollback(actor: Actor, rolloutId: string, reason?: string): Promise<Rollout>;
  retryFailed(
    actor: Actor,
    rolloutId: string,
  ): Promise<{ readonly rollout: Rollout; readonly devices: number }>;
  devices(
    rolloutId: string,
    filter: { states?: readonly RolloutDeviceState[] },
    page: PageRequest,
  ): Promise<Page<RolloutDevice>>;
  log(rolloutId: string, after: number, limit: number): Promise<readonly RolloutLogEntry[]>;
  /** Moves on what time moves on; safe to call at any moment and as often as one likes. */
  tick(): Promise<void>;
}

/** Instructions that wait for sleeping devices. */
export interface CommandService extends Readable<Command, CommandFilter> {
  create(
    actor: Actor,
    deviceId: string,
    fields: {
      readonly name: string;
      readonly payload?: unknown;
      readonly expiresInMs?: number;
      readonly maxDeliveries?: number;
    },
  ): Promise<Command>;
  cancel(actor: Actor, commandId: string): Promise<Command>;
  /** Ends those whose time is over, a batch at a time; says how many. Called again and again. */
  expire(): Promise<number>;
  /** Hands out what waits for a device and counts the delivery. */
  deliver(deviceId: string): Promise<readonly Command[]>;
  /** Idempotent: a repeated acknowledgement changes nothing. */
  acknowledge(
    deviceId: string,
    commandId: string,
    outcome: { readonly succeeded: boolean; readonly result?: unknown },
  ): Promise<Command>;
}

/** Credentials of people, CI and first contact. */
export interface TokenService extends Readable<AccessToken, { role?: string }> {
  create(
    actor: Actor,
    fields: {
      readonly name: string;
      readonly role: Role;
      readonly expiresInMs?: number;
      readonly provisions?: Partial<AccessToken['provisions']>;
    },
  ): Promise<{ readonly token: AccessToken; readonly secret: string }>;
  revoke(actor: Actor, tokenId: string): Promise<AccessToken>;
  /** `null` for an unknown, revoked or expired one. */
  authenticate(secret: string): Promise<AccessToken | null>;
}

/** What happened, stored and live. */
export interface EventService {
  after(
    eventId: number,
    limit: number,
    filter?: { deviceId?: string; rolloutId?: string; types?: readonly string[] },
  ): Promise<readonly FleetEvent[]>;
  /** Live, after they are stored; returns how to stop listening. */
  subscribe(listener: (events: readonly FleetEvent[]) => void): () => void;
  lastId(): Promise<number>;
}

/** Addresses that are told about events. */
export interface WebhookService extends Readable<Webhook, Record<string, never>> {
  create(
    actor: Actor,
    fields: { readonly url: string; readonly eventTypes: readonly string[] },
  ): Promise<Webhook>;
  update(
    actor: Actor,
    webhookId: string,
    changes: Changes<Pick<Webhook, 'url' | 'eventTypes' | 'enabled'>>,
  ): Promise<Webhook>;
  remove(actor: Actor, webhookId: string, revision?: number): Promise<void>;
}

/**
 * The one interface behind every device protocol: who is this, what should it run, what does it
 * report. A face translates its wire to these calls and knows nothing else of the fleet.
 */
export interface DeviceGate {
  /** `null` for a wrong secret, an unknown or a disabled device; in constant time. */
  authenticate(deviceId: string, secret: string): Promise<DeviceContact | null>;
  /**
   * A device that proved who it is in another way, such as by a signed download URL; `null` for an
   * unknown or a disabled one.
   */
  identify(deviceId: string): Promise<DeviceContact | null>;
  /** Registers a device that proved itself with a provisioner token; throws `fleet/exists`. */
  register(
    token: AccessToken,
    fields: { readonly deviceId: string; readonly name?: string; readonly blueprintId?: string },
  ): Promise<{ readonly device: Device; readonly secret: string }>;
  /** What it should fetch now; says `up-to-date`, `wait` or `update` for each package. */
  assignment(contact: DeviceContact): Promise<Assignment>;
  /** Only bytes of its own assignment; throws `fleet/not-assigned` for any other package. */
  openAssigned(
    contact: DeviceContact,
    packageId: string,
    artifactId?: string,
  ): Promise<ArtifactBytes>;
  progress(contact: DeviceContact, report: ProgressReport): Promise<void>;
  /** How a download ended by what the server sent: an event, and no more. */
  downloaded(deviceId: string, end: DownloadEnd): Promise<void>;
  booted(contact: DeviceContact, report: BootReport): Promise<void>;
  commands(contact: DeviceContact): Promise<readonly Command[]>;
  acknowledge(
    contact: DeviceContact,
    commandId: string,
    outcome: { readonly succeeded: boolean; readonly result?: unknown },
  ): Promise<void>;
  /** Calls back when there may be something new for the device; returns how to stop. */
  onNews(deviceId: string, listener: () => void): () => void;
}

/** The whole fleet behind one object. */
export interface Fleet extends AsyncDisposable {
  readonly packages: PackageService;
  readonly blueprints: BlueprintService;
  readonly artifacts: ArtifactService;
  readonly keys: KeyService;
  readonly tags: TagService;
  readonly devices: DeviceService;
  readonly cohorts: CohortService;
  readonly deployments: DeploymentService;
  readonly releases: ReleaseService;
  readonly rollouts: RolloutService;
  readonly commands: CommandService;
  readonly tokens: TokenService;
  readonly audit: {
    list(
      filter: { actor?: string; subject?: string },
      page: PageRequest,
    ): Promise<Page<AuditEntry>>;
  };
  readonly events: EventService;
  readonly webhooks: WebhookService;
  readonly gate: DeviceGate;
}
