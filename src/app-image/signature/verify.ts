import { bytesEqual, type ByteSource, sha256 } from '../../shared/index.ts';
import type { SignatureArea } from './area.ts';
import type { PublicKey, SignatureBlock } from './block.ts';

/** What became of a signature under one public key. */
export type SignatureVerdict =
  /** Signed with this key; `blockIndex` is 0 for version 1. */
  | { readonly kind: 'valid'; readonly blockIndex: number }
  /** A block names this key, but what it signs is not this image. */
  | { readonly kind: 'invalid'; readonly blockIndex: number }
  /** No block was made with this key. */
  | { readonly kind: 'other-key' };

/**
 * Verifies the signature of an image with a public key, as a device does that has its digest in
 * eFuses.
 */
export async function verifySignature(
  source: ByteSource,
  area: SignatureArea,
  key: PublicKey,
): Promise<SignatureVerdict> {
  const signed = await source.read(0, area.fileOffset);
  if (area.kind === 'secure-boot-v1') {
    // The signature does not say by whom it is: a wrong key and a wrong image look the same.
    const valid =
      key.kind === 'ecdsa' && key.curve === 'p256'
        ? await isSignedWithEcdsa(key, await sha256(signed), area.signature)
        : false;
    return valid ? { kind: 'valid', blockIndex: 0 } : { kind: 'other-key' };
  }
  const block = area.blocks.find(
    ({ intact, publicKey }) => intact && publicKey !== null && sameKey(publicKey, key),
  );
  if (block === undefined) return { kind: 'other-key' };
  const valid = await isSignedBy(signed, block, key);
  return { kind: valid ? 'valid' : 'invalid', blockIndex: block.index };
}

/** SHA-256 or SHA-384 of what a version 2 block signs. */
export async function signedDigest(
  signed: Uint8Array,
  { hash }: SignatureBlock,
): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, signed));
}

async function isSignedBy(
  signed: Uint8Array,
  block: SignatureBlock,
  key: PublicKey,
): Promise<boolean> {
  return key.kind === 'rsa'
    ? isSignedWithRsa(key, signed, block.signature)
    : isSignedWithEcdsa(key, await signedDigest(signed, block), block.signature);
}

async function isSignedWithEcdsa(
  key: Extract<PublicKey, { kind: 'ecdsa' }>,
  digest: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  // Signed images are rare, and the curves are the largest piece of code that the module has.
  const { verifyEcdsa } = await import('./ecdsa.ts');
  return verifyEcdsa(key, digest, signature);
}

async function isSignedWithRsa(
  { modulus, exponent }: Extract<PublicKey, { kind: 'rsa' }>,
  signed: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const exponentBytes = Uint8Array.of(exponent >>> 16, exponent >>> 8, exponent);
  const jwk = { kty: 'RSA', n: base64Url(modulus), e: base64Url(exponentBytes), ext: true };
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['verify']);
  return crypto.subtle.verify({ name: 'RSA-PSS', saltLength: 32 }, imported, signature, signed);
}

function sameKey(a: PublicKey, b: PublicKey): boolean {
  if (a.kind === 'rsa') {
    return b.kind === 'rsa' && a.exponent === b.exponent && bytesEqual(a.modulus, b.modulus);
  }
  return b.kind === 'ecdsa' && a.curve === b.curve && bytesEqual(a.x, b.x) && bytesEqual(a.y, b.y);
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
