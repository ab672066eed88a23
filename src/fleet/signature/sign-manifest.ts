import { sign } from 'node:crypto';
import type { SignatureWithManifest } from './detached-signature.ts';
import { type ArtifactManifest, serializeManifest } from './manifest.ts';
import type { SignatureKey } from './signing-keys.ts';

/** Signs a manifest with a private key (see {@link ArtifactManifest} for the bytes that are signed). */
export function signManifest(
  manifest: ArtifactManifest,
  { keyId, algorithm, key }: SignatureKey,
): SignatureWithManifest & { readonly manifest: ArtifactManifest } {
  const bytes = serializeManifest(manifest);
  const signature =
    algorithm === 'ed25519'
      ? sign(null, bytes, key)
      : sign('sha256', bytes, { key, dsaEncoding: 'der' });
  return {
    keyId,
    algorithm,
    signature: signature.toString('base64'),
    sequence: manifest.sequence,
    manifest,
  };
}
