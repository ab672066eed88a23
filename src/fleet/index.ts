/**
 * The fleet: packages, artifacts, deployments, cohorts, releases and rollouts that stop and roll back
 * by themselves. The domain is pure and stands behind repository interfaces; `storage/` has the
 * database, `blobs/` the bytes.
 *
 * @module
 */
export type { Actor } from './access/actor.ts';
export type { AccessToken, Role } from './access/access-token.ts';
export {
  type AddressGuard,
  createAddressGuard,
  isPublicAddress,
} from './addresses/address-guard.ts';
export type { AuditEntry } from './access/audit-entry.ts';
export type { Artifact, ArtifactImage } from './artifacts/artifact.ts';
export type { Blueprint } from './blueprints/blueprint.ts';
export type { S3Access } from './artifacts/s3.ts';
export { dropUnreferencedBlobs } from './artifacts/unreferenced-blobs.ts';
export { openBlobFolder } from './blobs/blob-folder.ts';
export type { Blob, BlobStage, BlobStore, StagedBlob } from './blobs/blob-store.ts';
export { type HotBounds, keepHot } from './blobs/hot-blobs.ts';
export { createMemoryBlobs } from './blobs/memory-blobs.ts';
export { verifyBlob } from './blobs/verify-blob.ts';
export {
  type AlongWithChange,
  type Change,
  type ChangeRunner,
  type EventAbout,
  withChanges,
} from './change.ts';
export { FLEET_CODES, type FleetCode, FleetError } from './codes.ts';
export type { Cohort } from './cohorts/cohort.ts';
export type { Command, CommandState } from './commands/command.ts';
export {
  createFleetContext,
  DEFAULT_FLEET_OPTIONS,
  type FleetContext,
  type FleetOptions,
  type FleetParts,
} from './context.ts';
export { createFleet } from './create-fleet.ts';
export type { Delivery, Deployment, DeploymentComponent } from './deployments/deployment.ts';
export type {
  ArtifactFailures,
  Device,
  DeviceCredential,
  ReportedPackage,
} from './devices/device.ts';
export type {
  Assignment,
  BootReport,
  DeviceContact,
  DownloadEnd,
  PackageAssignment,
  ProgressReport,
} from './devices/device-face.ts';
export type { DeviceNews } from './devices/device-news.ts';
export type { EventHub } from './events/event-hub.ts';
export type { FleetEvent } from './events/fleet-event.ts';
export type {
  ArtifactBytes,
  ArtifactService,
  BlueprintService,
  CohortService,
  CommandService,
  DeploymentService,
  DeviceExplanation,
  DeviceGate,
  DeviceService,
  EventService,
  Fleet,
  KeyService,
  NewArtifact,
  PackageService,
  ReleaseService,
  RolloutService,
  TagService,
  TokenService,
  WebhookService,
} from './fleet.ts';
export { checkChosenId, isChosenId } from './ids.ts';
export type { SigningKey } from './keys/signing-key.ts';
export type { Package, PackageKind } from './packages/package.ts';
export type { Page, PageRequest } from './page.ts';
export type { Release } from './releases/release.ts';
export type {
  ArtifactFilter,
  AuditRepository,
  CommandFilter,
  CommandRepository,
  DeploymentRepository,
  DeviceFilter,
  DeviceRepository,
  EventRepository,
  FleetStore,
  IdempotencyRepository,
  ReleaseRepository,
  Repositories,
  Repository,
  RolloutDeviceRepository,
  RolloutFilter,
  RolloutLogEntry,
  RolloutLogRepository,
  SettingRepository,
  TagRepository,
  TokenRepository,
  WebhookRepository,
} from './repositories.ts';
export {
  type MaintenanceWindow,
  type Rollout,
  ROLLOUT_DEVICE_STATES,
  ROLLOUT_STATES,
  type RolloutCounters,
  type RolloutDevice,
  type RolloutDeviceState,
  type RolloutPlan,
  type RolloutRequest,
  type RolloutState,
} from './rollouts/rollout.ts';
export {
  checkSignature,
  requireValidSignature,
  type SignatureVerdict,
  type TrustedKey,
} from './signature/check-signature.ts';
export { countingKeyIds, countingSignatures } from './signature/counting-signatures.ts';
export type {
  DetachedSignature,
  SignatureAlgorithm,
  SignatureWithManifest,
} from './signature/detached-signature.ts';
export {
  type ArtifactManifest,
  diffManifests,
  type ManifestDifference,
  manifestOf,
  serializeManifest,
} from './signature/manifest.ts';
export { signManifest } from './signature/sign-manifest.ts';
export {
  artifactManifestSchema,
  parseSignatureFile,
  serializeSignatureFile,
} from './signature/signature-file.ts';
export {
  generateSigningKey,
  readPrivateKey,
  readPublicKey,
  type SignatureKey,
  type SigningKeyPair,
} from './signature/signing-keys.ts';
export { backupFleet, type BackupSource } from './storage/backup.ts';
export { type FleetFolder, openFleetFolder } from './storage/folder.ts';
export { receiveBackup, type ReceivedBackup } from './storage/restore.ts';
export { openStore, type StoreOptions } from './storage/store.ts';
export type { CountedTag } from './tags/counted-tag.ts';
export { nextStep, type NextStep, type Standing, type Step } from './versions/next-step.ts';
export {
  compareVersions,
  LONGEST_VERSION,
  type OpaqueVersion,
  parseVersion,
  sameVersion,
  type SemanticVersion,
  type Version,
} from './versions/version.ts';
export type { Webhook, WebhookProgress } from './webhooks/webhook.ts';
export { phaseWaitsFor } from './rollouts/phase-end.ts';
export { formatWindow } from './rollouts/window.ts';
export { deviceCount } from './rollouts/rank.ts';
