import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** A public key that a device was built with. */
export interface TrustedKey {
  /** First 16 hex digits of the SHA-256 over the DER form. */
  readonly keyId: string;
  readonly algorithm: 'ed25519' | 'ecdsa-p256';
  readonly key: KeyObject;
}

/** @throws TypeError, or what `node:crypto` throws, for anything but an Ed25519 or P-256 public key */
export function readTrustedKey(pem: string): TrustedKey {
  const key = createPublicKey(pem);
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const isP256 = key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
  if (!isP256 && key.asymmetricKeyType !== 'ed25519') {
    throw new TypeError('neither an Ed25519 nor a P-256 public key');
  }
  const der = key.export({ type: 'spki', format: 'der' });
  const keyId = createHash('sha256').update(der).digest('hex').slice(0, 16);
  return { keyId, algorithm: isP256 ? 'ecdsa-p256' : 'ed25519', key };
}
