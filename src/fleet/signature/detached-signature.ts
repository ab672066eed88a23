import type { ArtifactManifest } from './manifest.ts';

/** A signature over the canonical manifest of an artifact, kept beside the bytes. */
export interface DetachedSignature {
  /** Which registered public key made it. */
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** Base64: 64 bytes for Ed25519, DER `Ecdsa-Sig-Value` for ECDSA P-256. */
  readonly signature: string;
  /** The deployment sequence that the signer allowed at the earliest; part of what is signed. */
  readonly sequence: number;
}

/** Ed25519, or ECDSA P-256 with SHA-256, which stock ESP-IDF can verify. */
export type SignatureAlgorithm = 'ed25519' | 'ecdsa-p256';

/**
 * A signature together with what its maker says was signed. Nothing is believed because it stands here:
 * it only serves to say *what* differs where a signature does not hold.
 */
export interface SignatureWithManifest extends DetachedSignature {
  readonly manifest?: ArtifactManifest;
}
