import type { Artifact } from '../artifacts/artifact.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { DetachedSignature } from './detached-signature.ts';

/**
 * The signatures of an artifact that still count: they were verified when they were added, but their key
 * may have been revoked since, and they may be for later deployments only.
 *
 * @param keys the registered keys, revoked ones included or not
 * @param sequence of the deployment that is to have the artifact
 */
export function countingSignatures(
  { signatures }: Pick<Artifact, 'signatures'>,
  keys: readonly Pick<SigningKey, 'keyId' | 'revokedAtMs'>[],
  sequence: number,
): readonly DetachedSignature[] {
  const trusted = new Set(
    keys.filter(({ revokedAtMs }) => revokedAtMs === null).map(({ keyId }) => keyId),
  );
  return signatures.filter((one) => trusted.has(one.keyId) && one.sequence <= sequence);
}
