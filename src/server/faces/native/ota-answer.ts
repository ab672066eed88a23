import { hash } from 'node:crypto';
import type { Assignment, DeviceContact, PackageAssignment } from '../../../fleet/index.ts';
import { downloadUrl, linkExpiry } from '../downloads/download-url.ts';
import type { FaceContext } from '../face.ts';
import type { FaceRequest } from '../face-request.ts';
import { signaturesOf, type WireSignature } from '../wire-signatures.ts';

/** One package that is to be fetched, as a device sees it. */
interface Offer {
  readonly package_id: string;
  /** `fw` is what boots, `sw` anything else. */
  readonly type: 'fw' | 'sw';
  readonly version: string;
  readonly artifact_id: string;
  readonly size_bytes: number;
  /** SHA-256, lower-case hex. */
  readonly checksum: string;
  readonly checksum_algorithm: 'sha256';
  /** The first of `signatures`, for devices that look at one only; base64, `null` where unsigned. */
  readonly signature: string | null;
  readonly signatures: readonly WireSignature[];
  readonly rollout_id: string | null;
  readonly artifact_url: string;
  readonly secure_version: number | null;
  readonly release_notes: string;
}

/** What is not to be fetched now although there is something, and why. */
interface Waiting {
  readonly package_id: string;
  readonly reason: string;
  readonly retry_after_seconds: number | null;
}

/** The body of `GET …/ota`. */
type OtaAnswer = {
  readonly update_available: boolean;
  readonly deployment_id: string | null;
  readonly sequence: number;
  readonly poll_after_seconds: number;
  readonly waiting: readonly Waiting[];
  /** All of them where there are several; the fields beside it are those of the first. */
  readonly packages?: readonly Offer[];
} & Partial<Offer>;

/** The body for a device, out of what the fleet says that it should run. */
export async function otaAnswer(
  context: FaceContext,
  request: FaceRequest,
  contact: DeviceContact,
  assignment: Assignment,
): Promise<OtaAnswer> {
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
    signatures,
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
