import { z } from 'zod';
import { CHIPS, type ChipName } from '../../chips/index.ts';
import { artifactManifestSchema } from '../../fleet/index.ts';
import { chosenId, facts, moment, releaseNotes, revision, sha256, version } from './common.ts';

/** A chip by its name. */
export const chipName = z.enum(CHIPS.map(({ name }) => name) as [ChipName, ...ChipName[]]);

/** See `Package`. */
export const packageSchema = z.object({
  packageId: z.string(),
  kind: z.enum(['app-image', 'binary']),
  description: z.string(),
  metadata: z.record(z.string(), z.string()),
  createdAtMs: moment,
  revision,
});

/** Free key-value pairs of a package. */
export const metadataSchema = z
  .record(z.string().min(1).max(64), z.string().max(500))
  .refine((map) => Object.keys(map).length <= 50, 'at most 50 entries');

/** See `DetachedSignature`. */
export const signatureSchema = z.object({
  keyId: z.string(),
  algorithm: z.enum(['ed25519', 'ecdsa-p256']),
  signature: z.string(),
  sequence: z.int(),
});

/** A signature as it is sent in: these fields, or the whole file that `otakit sign sign` writes. */
export const newSignatureSchema = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  algorithm: z.enum(['ed25519', 'ecdsa-p256']),
  signature: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9+/]+={0,2}$/),
  sequence: z.int().min(1).max(2_147_483_647),
  format: z.literal('otakit-signature-1').optional(),
  manifest: artifactManifestSchema
    .optional()
    .describe('What was signed; only for saying what differs where the signature does not hold.'),
});

/** See `Artifact`. */
export const artifactSchema = z.object({
  artifactId: z.string(),
  packageId: z.string(),
  version: z.string(),
  blueprintIds: z.array(z.string()),
  sizeBytes: z.int().min(0),
  sha256,
  md5: z.string(),
  releaseNotes: z.string(),
  minVersion: z.string().nullable(),
  image: z
    .object({
      chip: chipName,
      projectName: z.string().nullable(),
      descriptorVersion: z.string().nullable(),
      secureVersion: z.int(),
      imageHash: z.string().nullable(),
      appElfSha256: z.string().nullable(),
    })
    .nullable(),
  signatures: z.array(signatureSchema),
  createdAtMs: moment,
  revision,
});

/** See `Blueprint`. */
export const blueprintSchema = z.object({
  blueprintId: z.string(),
  description: z.string(),
  chip: chipName,
  flashSizeBytes: z.int().min(1),
  partitionTable: z.string(),
  createdAtMs: moment,
  revision,
});

/** See `SigningKey`. */
export const keySchema = z.object({
  keyId: z.string(),
  name: z.string(),
  algorithm: z.enum(['ed25519', 'ecdsa-p256']),
  publicKey: z.string(),
  createdAtMs: moment,
  revokedAtMs: moment.nullable(),
});

/** See `Cohort`. */
export const cohortSchema = z.object({
  cohortId: z.string(),
  description: z.string(),
  activeDeploymentId: z.string().nullable(),
  createdAtMs: moment,
  revision,
});

/** See `Deployment`. */
export const deploymentSchema = z.object({
  deploymentId: z.string(),
  name: z.string(),
  sequence: z.int().min(1),
  components: z.array(
    z.object({ packageId: z.string(), version: z.string(), artifactId: z.string() }),
  ),
  restores: z.string().nullable(),
  createdAtMs: moment,
});

/** See `Release`. */
export const releaseSchema = z.object({
  releaseId: z.string(),
  deploymentId: z.string(),
  sequence: z.int().min(1),
  releaseTags: z.array(z.string()),
  deviceTags: z.array(z.string()),
  blueprintId: z.string().nullable(),
  enabled: z.boolean(),
  createdAtMs: moment,
  revision,
});

/** A label, with how many devices have it. */
export const tagSchema = z.object({
  tag: z.string(),
  description: z.string(),
  devices: z.int().min(0),
});

/** Several labels. */
export const tagList = z.array(chosenId).max(64);

/** See `Command`. */
export const commandSchema = z.object({
  commandId: z.string(),
  deviceId: z.string(),
  name: z.string(),
  payload: z.unknown(),
  state: z.enum(['queued', 'delivered', 'succeeded', 'failed', 'expired', 'cancelled']),
  deliveries: z.int().min(0),
  maxDeliveries: z.int().min(0),
  redeliverAtMs: moment.nullable(),
  createdAtMs: moment,
  expiresAtMs: moment.nullable(),
  deliveredAtMs: moment.nullable(),
  finishedAtMs: moment.nullable(),
  result: z.unknown(),
});

/** See `AuditEntry`. */
export const auditSchema = z.object({
  auditId: z.int(),
  atMs: moment,
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  details: facts,
});

/** See `FleetEvent`. */
export const eventSchema = z.object({
  eventId: z.int(),
  atMs: moment,
  type: z.string(),
  deviceId: z.string().nullable(),
  rolloutId: z.string().nullable(),
  data: facts,
});

/** See `Webhook`; the secret is shown once, when it is made. */
export const webhookSchema = z.object({
  webhookId: z.string(),
  url: z.string(),
  eventTypes: z.array(z.string()),
  enabled: z.boolean(),
  lastEventId: z.int(),
  failures: z.int().min(0),
  retryAtMs: moment.nullable(),
  lastError: z.string().nullable(),
  createdAtMs: moment,
  revision,
});

/** Roles of tokens. */
export const roleSchema = z.enum(['admin', 'operator', 'viewer', 'uploader', 'provisioner']);

/** See `AccessToken`; never with the secret or its hash. */
export const tokenSchema = z.object({
  tokenId: z.string(),
  name: z.string(),
  role: roleSchema,
  provisions: z.object({ blueprintId: z.string().nullable(), cohortId: z.string().nullable() }),
  createdAtMs: moment,
  expiresAtMs: moment.nullable(),
  revokedAtMs: moment.nullable(),
  lastUsedAtMs: moment.nullable(),
});

/** What is said of an artifact before its bytes come. */
export const NEW_ARTIFACT = {
  packageId: chosenId,
  version: version.optional().describe('By default the version in the app descriptor.'),
  sha256: sha256.optional().describe('When given, other bytes are refused.'),
  minVersion: version.optional().describe('Older devices get a stepping stone first.'),
  releaseNotes: releaseNotes.optional(),
} as const;
