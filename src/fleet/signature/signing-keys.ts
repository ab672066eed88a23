import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { FleetError } from '../codes.ts';
import type { SignatureAlgorithm } from './detached-signature.ts';

/** A key as it is used, with what it is called. */
export interface SignatureKey {
  /** First 16 hex digits of the SHA-256 over the public key's DER `SubjectPublicKeyInfo`. */
  readonly keyId: string;
  /** Told by the key itself, never by who presents it. */
  readonly algorithm: SignatureAlgorithm;
  readonly key: KeyObject;
}

/** A new pair, as PEM. */
export interface SigningKeyPair {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** PKCS#8, encrypted where there is a passphrase. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a key pair; with a passphrase the private half is encrypted with AES-256. */
export function generateSigningKey(
  algorithm: SignatureAlgorithm,
  passphrase?: string,
): SigningKeyPair {
  const { privateKey, publicKey } =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    keyId: keyIdOf(publicKey),
    algorithm,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString(),
    publicKey: publicPem(publicKey),
  };
}

/**
 * Reads a public key. A private key is refused even though its public half could be taken from it:
 * whoever hands one to a server should hear of it at once.
 *
 * @throws FleetError `fleet/bad-key`
 */
export function readPublicKey(pem: string): SignatureKey & { readonly pem: string } {
  if (pem.includes('PRIVATE KEY')) {
    throw badKey('This is a private key', 'Give the public key; the private one stays with you.');
  }
  const key = readKey(() => createPublicKey(pem), 'public');
  return { ...identify(key, key), pem: publicPem(key) };
}

/**
 * Reads a private key as `otakit sign keygen` and `openssl genpkey` write it.
 *
 * @throws FleetError `fleet/bad-key`
 */
export function readPrivateKey(pem: string, passphrase?: string): SignatureKey {
  if (passphrase === undefined && /ENCRYPTED/.test(pem)) {
    throw badKey('The private key is encrypted', 'Give its passphrase (--passphrase-file).');
  }
  const key = readKey(
    () => createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase }),
    'private',
  );
  return identify(key, createPublicKey(key));
}

function readKey(read: () => KeyObject, half: 'public' | 'private'): KeyObject {
  try {
    return read();
  } catch (cause) {
    if (String((cause as NodeJS.ErrnoException).code).endsWith('BAD_DECRYPT')) {
      throw badKey('The passphrase is not that of the private key', 'Try another.', cause);
    }
    throw badKey(
      `There is no ${half} key to be read`,
      `Give a PEM file that begins with "-----BEGIN ${half.toUpperCase()} KEY-----", as \`otakit sign keygen\` writes it.`,
      cause,
    );
  }
}

function identify(key: KeyObject, publicKey: KeyObject): SignatureKey {
  return { keyId: keyIdOf(publicKey), algorithm: algorithmOf(key), key };
}

function algorithmOf(key: KeyObject): SignatureAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return 'ed25519';
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ecdsa-p256';
  throw badKey(
    `The key is ${[type, details?.namedCurve].filter((word) => word !== undefined).join(' ')}`,
    'Take Ed25519 or ECDSA P-256 (prime256v1); `otakit sign keygen` makes either.',
  );
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function badKey(message: string, hint: string, cause?: unknown): FleetError {
  return new FleetError('fleet/bad-key', `${message}.`, { hint, cause });
}
