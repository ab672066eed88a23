import { createPublicKey, verify } from 'node:crypto';
import { FleetError } from '../codes.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import type { SignatureAlgorithm, SignatureWithManifest } from './detached-signature.ts';
import {
  type ArtifactManifest,
  diffManifests,
  type ManifestDifference,
  serializeManifest,
} from './manifest.ts';

/** What a key must be to have its signatures count. */
export type TrustedKey = Pick<SigningKey, 'keyId' | 'algorithm' | 'publicKey' | 'revokedAtMs'>;

/** Whether a signature holds, and why not. */
export type SignatureVerdict =
  | { readonly valid: true }
  | {
      readonly valid: false;
      readonly code: 'fleet/bad-signature' | 'fleet/unknown-key' | 'fleet/key-revoked';
      /** A clause such as `key 0123456789abcdef was revoked`. */
      readonly reason: string;
      /** Where the signature was made for something else: in what it differs. */
      readonly differences: readonly ManifestDifference[];
    };

/**
 * Checks a signature against what is really there. The manifest is made anew from the artifact; the one
 * that came with the signature only tells what differs.
 *
 * @param actual what is there; its `sequence` is taken from the signature, which is where it is signed
 * @param key the registered key of the signature's `keyId`, `null` where there is none
 */
export function checkSignature(
  signature: SignatureWithManifest,
  actual: Omit<ArtifactManifest, 'sequence'>,
  key: TrustedKey | null,
): SignatureVerdict {
  if (key === null || key.keyId !== signature.keyId) {
    return refuse('fleet/unknown-key', `no key ${signature.keyId} is registered`);
  }
  if (key.revokedAtMs !== null) {
    const when = new Date(key.revokedAtMs).toISOString();
    return refuse('fleet/key-revoked', `key ${key.keyId} was revoked on ${when}`);
  }
  if (signature.algorithm !== key.algorithm) {
    return bad(`it says ${signature.algorithm}, but key ${key.keyId} is ${key.algorithm}`);
  }
  const bytes = decodeSignature(signature.signature, key.algorithm);
  if (typeof bytes === 'string') return bad(bytes);

  const wanted: ArtifactManifest = { ...actual, sequence: signature.sequence };
  const differences =
    signature.manifest === undefined ? [] : diffManifests(signature.manifest, wanted);
  if (differences.length > 0) {
    const genuine = signature.manifest !== undefined && holds(bytes, signature.manifest, key);
    return bad(
      `${genuine ? 'it was made' : 'it says that it was made'} for something else: ${differences.map(({ field, signed, actual }) => `${field} ${signed}, here ${actual}`).join('; ')}`,
      differences,
    );
  }
  if (holds(bytes, wanted, key)) return { valid: true };
  return bad(
    `it is not one by key ${key.keyId} over ${wanted.packageId}@${wanted.version} with these bytes, boards and sequence ${wanted.sequence}`,
  );
}

/**
 * The same, throwing.
 *
 * @throws FleetError `fleet/bad-signature`, `fleet/unknown-key` or `fleet/key-revoked`
 */
export function requireValidSignature(
  signature: SignatureWithManifest,
  actual: Omit<ArtifactManifest, 'sequence'>,
  key: TrustedKey | null,
): void {
  const verdict = checkSignature(signature, actual, key);
  if (verdict.valid) return;
  throw new FleetError(verdict.code, `The signature does not count: ${verdict.reason}.`, {
    hint: HINTS[verdict.code],
    details: { keyId: signature.keyId, reason: verdict.reason, differences: verdict.differences },
  });
}

const HINTS: Readonly<Record<Exclude<SignatureVerdict, { valid: true }>['code'], string>> = {
  'fleet/bad-signature': 'Sign this very artifact with `otakit sign sign`, with the same fields.',
  'fleet/unknown-key': 'Register the public key first, or sign with one that is registered.',
  'fleet/key-revoked': 'Sign it again with a key that is not revoked.',
};

function holds(signature: Uint8Array, manifest: ArtifactManifest, key: TrustedKey): boolean {
  const publicKey = createPublicKey(key.publicKey);
  const bytes = serializeManifest(manifest);
  return key.algorithm === 'ed25519'
    ? verify(null, bytes, publicKey, signature)
    : verify('sha256', bytes, { key: publicKey, dsaEncoding: 'der' }, signature);
}

/** The bytes, or what is wrong with the text. */
function decodeSignature(text: string, algorithm: SignatureAlgorithm): Uint8Array | string {
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is no base64; a signature in which anything was skipped is not the one made.
  if (bytes.length === 0 || bytes.toString('base64') !== text) return 'it is no base64';
  const [least, most] = algorithm === 'ed25519' ? [64, 64] : [8, 72];
  return bytes.length < least || bytes.length > most
    ? `it has ${bytes.length} bytes, ${algorithm} has ${least === most ? least : `${least} to ${most}`}`
    : bytes;
}

function bad(
  reason: string,
  differences: readonly ManifestDifference[] = [],
): SignatureVerdict & { readonly valid: false } {
  return { valid: false, code: 'fleet/bad-signature', reason, differences };
}

function refuse(
  code: 'fleet/unknown-key' | 'fleet/key-revoked',
  reason: string,
): SignatureVerdict & { readonly valid: false } {
  return { valid: false, code, reason, differences: [] };
}
