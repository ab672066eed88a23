import type { Artifact } from '../artifacts/artifact.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { DetachedSignature } from './detached-signature.ts';

type Signed = Pick<Artifact, 'packageId' | 'version' | 'signatures'>;

/** The keys whose signatures count: all that are not revoked. */
export function countingKeyIds(
  keys: readonly Pick<SigningKey, 'keyId' | 'revokedAtMs'>[],
): ReadonlySet<string> {
  return new Set(keys.filter(({ revokedAtMs }) => revokedAtMs === null).map(({ keyId }) => keyId));
}

/**
 * The signatures of an artifact that still count: they were verified when they were added, but their key
 * may have been revoked since, and they may be for later deployments only.
 *
 * @param keyIds the keys that count, see {@link countingKeyIds}
 * @param sequence of the deployment that is to have the artifact
 */
export function countingSignatures(
  { signatures }: Pick<Signed, 'signatures'>,
  keyIds: ReadonlySet<string>,
  sequence: number,
): readonly DetachedSignature[] {
  return signatures.filter((one) => keyIds.has(one.keyId) && one.sequence <= sequence);
}

/** Why no signature of an artifact counts, `null` where one does. */
export function unsignedReason(
  artifact: Signed,
  keyIds: ReadonlySet<string>,
  sequence: number,
): string | null {
  if (countingSignatures(artifact, keyIds, sequence).length > 0) return null;
  const name = `${artifact.packageId}@${artifact.version}`;
  const later = countingSignatures(artifact, keyIds, Number.POSITIVE_INFINITY);
  if (later.length === 0) return `${name} is not signed by a key that counts`;
  const from = Math.min(...later.map((one) => one.sequence));
  return `${name} is signed for deployments from ${from} on, this is ${sequence}`;
}
