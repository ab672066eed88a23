import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Assignment, DeviceContact, PackageAssignment } from '../../../fleet/index.ts';
import { downloadUrl, linkExpiry } from '../downloads/download-url.ts';
import type { FaceContext } from '../face.ts';
import type { FaceDescription } from '../face-description.ts';
import type { FaceRequest } from '../face-request.ts';
import { signaturesOf, wireSignature } from '../wire-signatures.ts';

/** One package that is to be fetched, as a device sees it. */
const offerSchema = z.object({
  package_id: z.string(),
  type: z.enum(['fw', 'sw']).describe('`fw` is what boots, `sw` anything else.'),
  version: z.string(),
  artifact_id: z.string(),
  size_bytes: z.int().min(0),
  checksum: z.string().describe('SHA-256, lower-case hex.'),
  checksum_algorithm: z.literal('sha256'),
  signature: z
    .string()
    .nullable()
    .describe('The first of `signatures`, for devices that look at one only; base64.'),
  signatures: z.array(wireSignature),
  rollout_id: z.string().nullable(),
  artifact_url: z.string(),
  secure_version: z.int().nullable(),
  release_notes: z.string(),
});

type Offer = z.output<typeof offerSchema>;

/** The query of `GET …/ota`. */
export const otaQuery = z.object({
  nonce: z
    .string()
    .max(64)
    .regex(/^[\x21-\x7e]+$/, 'must be printable')
    .optional()
    .describe('Said again in the answer, which then is never a 304.'),
});

/** The body of `GET …/ota`. */
const otaSchema = z.object({
  ...offerSchema.partial().shape,
  update_available: z.boolean(),
  nonce: z.string().optional().describe('That of the query, where there was one.'),
  deployment_id: z.string().nullable(),
  sequence: z.int(),
  poll_after_seconds: z.int().min(1),
  waiting: z
    .array(
      z.object({
        package_id: z.string(),
        reason: z.string(),
        retry_after_seconds: z.int().nullable(),
      }),
    )
    .describe('What is not to be fetched now although there is something, and why.'),
  packages: z
    .array(offerSchema)
    .optional()
    .describe('All of them where there are several; the fields beside it are those of the first.'),
});

/** For the OpenAPI document. */
export const OTA: FaceDescription = {
  id: 'deviceAskForUpdate',
  summary: 'What the device should fetch now, and when to ask again',
  credential: 'device',
  query: otaQuery,
  answers: {
    200: { description: 'What to do.', content: { 'application/json': otaSchema } },
    304: { description: 'The same as in the answer that If-None-Match names.' },
  },
};

/** The body for a device, out of what the fleet says that it should run. */
export async function otaAnswer(
  context: FaceContext,
  request: FaceRequest,
  contact: DeviceContact,
  assignment: Assignment,
): Promise<z.output<typeof otaSchema>> {
  const offers: Offer[] = [];
  for (const one of assignment.packages) {
    if (one.kind === 'update') offers.push(await offerOf(context, request, contact, one));
  }
  const [first] = offers;
  return {
    update_available: first !== undefined,
    ...first,
    deployment_id: assignment.deploymentId,
    sequence: assignment.sequence,
    poll_after_seconds: seconds(assignment.pollAfterMs),
    waiting: assignment.packages.flatMap((one) =>
      one.kind === 'wait'
        ? [
            {
              package_id: one.packageId,
              reason: one.reason,
              retry_after_seconds: one.retryAfterMs === null ? null : seconds(one.retryAfterMs),
            },
          ]
        : [],
    ),
    ...(offers.length > 1 && { packages: offers }),
  };
}

async function offerOf(
  context: FaceContext,
  request: FaceRequest,
  contact: DeviceContact,
  update: PackageAssignment & { readonly kind: 'update' },
): Promise<Offer> {
  const signatures = await signaturesOf(context.fleet, update);
  return {
    package_id: update.packageId,
    type: update.packageKind === 'app-image' ? 'fw' : 'sw',
    version: update.version,
    artifact_id: update.artifactId,
    size_bytes: update.sizeBytes,
    checksum: update.sha256,
    checksum_algorithm: 'sha256',
    signature: signatures[0]?.signature ?? null,
    signatures: [...signatures],
    rollout_id: update.rolloutId,
    artifact_url: downloadUrl(context, request, contact, update),
    secure_version: update.secureVersion,
    release_notes: update.releaseNotes,
  };
}

/**
 * The entity tag of an answer: the same while the device should do the same. The time of the next poll is
 * left out, being another in each answer, so it is a weak tag.
 */
export function assignmentTag({ deploymentId, packages }: Assignment, nowMs: number): string {
  const what = packages.map((one) =>
    one.kind === 'update'
      ? [one.kind, one.packageId, one.artifactId, one.rolloutId, one.signatures, linkExpiry(nowMs)]
      : [one.kind, one.packageId, one.kind === 'wait' ? one.reason : one.version],
  );
  const text = JSON.stringify([deploymentId, what]);
  return `"${hash('sha256', text, 'base64url').slice(0, 22)}"`;
}

/** Whole seconds, at least one: a device that polls at once again helps nobody. */
export function seconds(durationMs: number): number {
  return Math.max(1, Math.ceil(durationMs / 1000));
}
