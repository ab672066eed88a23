import type { SignatureAlgorithm } from '../signature/detached-signature.ts';

/** A public key whose signatures count. The private half never reaches the server. */
export interface SigningKey {
  /** First 16 hex digits of the SHA-256 over the key's DER `SubjectPublicKeyInfo`. */
  readonly keyId: string;
  readonly name: string;
  readonly algorithm: SignatureAlgorithm;
  /** PEM `PUBLIC KEY`. */
  readonly publicKey: string;
  readonly createdAtMs: number;
  /** Signatures by a revoked key do not count, however old they are. */
  readonly revokedAtMs: number | null;
}
