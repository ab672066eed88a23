import type { PackageAssignment } from '../../fleet/index.ts';

/** A signature as devices see it. */
export interface WireSignature {
  readonly key_id: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  /** Base64. */
  readonly signature: string;
  readonly sequence: number;
}

/** The signatures of an assigned artifact. */
export function signaturesOf({
  signatures,
}: PackageAssignment & { readonly kind: 'update' }): readonly WireSignature[] {
  return signatures.map(({ keyId, algorithm, signature, sequence }) => ({
    key_id: keyId,
    algorithm,
    signature,
    sequence,
  }));
}
