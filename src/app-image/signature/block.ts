import { ByteReader, crc32, sha256, toHex } from '../../shared/index.ts';

export const BLOCK_BYTES = 1216;
export const BLOCK_MAGIC = 0xe7;
export const MAX_BLOCKS = 3;
const VERSION_RSA = 2;
const VERSION_ECDSA = 3;
const CRC_OFFSET = 1196;
const RSA_BYTES = 384;

/** A public key, with its numbers most significant byte first. */
export type PublicKey =
  | { readonly kind: 'rsa'; readonly modulus: Uint8Array; readonly exponent: number }
  | {
      readonly kind: 'ecdsa';
      readonly curve: EcdsaCurve;
      readonly x: Uint8Array;
      readonly y: Uint8Array;
    };

/** The curves that secure boot v2 signs with, by their NIST names. */
export type EcdsaCurve = 'p192' | 'p256' | 'p384';

/** By the curve id in a block; sizes are those of one coordinate. */
const CURVES: Readonly<Record<number, { readonly curve: EcdsaCurve; readonly sizeBytes: number }>> =
  {
    1: { curve: 'p192', sizeBytes: 24 },
    2: { curve: 'p256', sizeBytes: 32 },
    3: { curve: 'p384', sizeBytes: 48 },
  };

/** One signer's block of a secure boot version 2 signature sector. */
export interface SignatureBlock {
  readonly index: number;
  /** Whether the block's own CRC-32 is right; nothing else in it means anything otherwise. */
  readonly intact: boolean;
  /** Which digest was signed. */
  readonly hash: 'SHA-256' | 'SHA-384';
  /** Digest of the image up to the signature sector, in hex. */
  readonly imageDigest: string;
  /** `null` where the block is of a version or curve that otakit does not know. */
  readonly publicKey: PublicKey | null;
  /** SHA-256 of the key as it is burnt into the eFuses, in hex. */
  readonly keyDigest: string | null;
  /** RSA-PSS signature, or r and s, most significant byte first. */
  readonly signature: Uint8Array;
}

/** Reads one block of 1216 bytes, whatever is in it. */
export async function parseSignatureBlock(
  bytes: Uint8Array,
  index: number,
): Promise<SignatureBlock> {
  const reader = new ByteReader(bytes);
  reader.skip(1, 'magic byte');
  const version = reader.u8('signature version');
  const hash = version === VERSION_ECDSA && reader.u8('hash version') === 1 ? 'SHA-384' : 'SHA-256';
  const digestBytes = hash === 'SHA-384' ? 48 : 32;
  const keyOffset = 4 + digestBytes;
  const { publicKey, signature, keyBytes } =
    version === VERSION_RSA ? readRsa(bytes, keyOffset) : readEcdsa(bytes, version, keyOffset);
  const storedCrc = new ByteReader(bytes.subarray(CRC_OFFSET)).u32('CRC');
  return {
    index,
    intact: crc32(bytes.subarray(0, CRC_OFFSET)) === storedCrc,
    hash,
    imageDigest: toHex(bytes.subarray(4, keyOffset)),
    publicKey,
    keyDigest: publicKey === null ? null : toHex(await sha256(keyBytes)),
    signature,
  };
}

interface KeyAndSignature {
  readonly publicKey: PublicKey | null;
  readonly signature: Uint8Array;
  /** The part of the block whose SHA-256 identifies the key. */
  readonly keyBytes: Uint8Array;
}

function readRsa(bytes: Uint8Array, offset: number): KeyAndSignature {
  const reader = new ByteReader(bytes.subarray(offset));
  const modulus = reader.bytes(RSA_BYTES, 'RSA modulus').toReversed();
  const exponent = reader.u32('RSA exponent');
  reader.skip(RSA_BYTES + 4, 'Montgomery constants');
  const signature = reader.bytes(RSA_BYTES, 'RSA signature').toReversed();
  const keyBytes = bytes.subarray(offset, offset + 2 * RSA_BYTES + 8);
  return { publicKey: { kind: 'rsa', modulus, exponent }, signature, keyBytes };
}

/** Point and signature lie in fields made for P-256 (or P-384), at whose start shorter ones lie. */
function readEcdsa(bytes: Uint8Array, version: number, offset: number): KeyAndSignature {
  const known = version === VERSION_ECDSA ? CURVES[bytes[offset] ?? 0] : undefined;
  if (known === undefined) {
    return { publicKey: null, signature: new Uint8Array(0), keyBytes: new Uint8Array(0) };
  }
  const { curve, sizeBytes } = known;
  const fieldBytes = curve === 'p384' ? 96 : 64;
  const number = (at: number) => bytes.slice(at, at + sizeBytes).toReversed();
  const pointAt = offset + 1;
  const signatureAt = pointAt + fieldBytes;
  const signature = new Uint8Array(2 * sizeBytes);
  signature.set(number(signatureAt));
  signature.set(number(signatureAt + sizeBytes), sizeBytes);
  return {
    publicKey: { kind: 'ecdsa', curve, x: number(pointAt), y: number(pointAt + sizeBytes) },
    signature,
    keyBytes: bytes.subarray(offset, offset + 1 + fieldBytes),
  };
}

/** `RSA-3072`, `ECDSA P-256`. */
export function describeKey(key: PublicKey | null): string {
  if (key === null) return 'a key of an unknown kind';
  return key.kind === 'rsa'
    ? `RSA-${key.modulus.length * 8}`
    : `ECDSA P-${key.curve.slice('p'.length)}`;
}
