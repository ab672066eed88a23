import { ByteReader, toHex } from '../../shared/index.ts';
import { AppImageError } from '../codes.ts';
import type { EcdsaCurve, PublicKey } from './block.ts';

const TAG_INTEGER = 0x02;
const TAG_BIT_STRING = 0x03;
const TAG_OBJECT_ID = 0x06;
const TAG_SEQUENCE = 0x30;

const RSA_ENCRYPTION = '2a864886f70d010101';
const EC_PUBLIC_KEY = '2a8648ce3d0201';
const CURVE_BY_ID: Readonly<Record<string, EcdsaCurve>> = {
  '2a8648ce3d030101': 'p192',
  '2a8648ce3d030107': 'p256',
  '2b81040022': 'p384',
};

/**
 * Reads a public key: PEM or DER (`SubjectPublicKeyInfo`), or the bare 64 bytes of a P-256 point that
 * `espsecure extract-public-key --version 1` writes.
 *
 * @throws AppImageError `app-image/bad-public-key`
 */
export function parsePublicKey(input: Uint8Array): PublicKey {
  const text = new TextDecoder().decode(input.subarray(0, 8192));
  if (text.includes('PRIVATE KEY')) {
    throw badKey(
      'the file holds a private key',
      'Give the public one: espsecure extract-public-key',
    );
  }
  const pem = /-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----/.exec(text)?.[1];
  if (pem === undefined && input.length === 64) {
    return { kind: 'ecdsa', curve: 'p256', x: input.slice(0, 32), y: input.slice(32) };
  }
  try {
    return readKeyInfo(pem === undefined ? input : fromBase64(pem));
  } catch (cause) {
    if (cause instanceof AppImageError) throw cause;
    throw badKey(
      'the file holds no public key',
      'Give a PEM file that begins with BEGIN PUBLIC KEY, as espsecure extract-public-key writes it.',
    );
  }
}

function readKeyInfo(der: Uint8Array): PublicKey {
  const info = new ByteReader(element(new ByteReader(der), TAG_SEQUENCE));
  const algorithm = new ByteReader(element(info, TAG_SEQUENCE));
  const algorithmId = toHex(element(algorithm, TAG_OBJECT_ID));
  // The first byte of a bit string says how many bits of its last byte are unused: none here.
  const key = element(info, TAG_BIT_STRING).subarray(1);
  if (algorithmId === RSA_ENCRYPTION) {
    const numbers = new ByteReader(element(new ByteReader(key), TAG_SEQUENCE));
    const modulus = withoutLeadingZeros(element(numbers, TAG_INTEGER));
    const exponent = element(numbers, TAG_INTEGER).reduce((value, byte) => value * 256 + byte, 0);
    return { kind: 'rsa', modulus, exponent };
  }
  const curve =
    algorithmId === EC_PUBLIC_KEY
      ? CURVE_BY_ID[toHex(element(algorithm, TAG_OBJECT_ID))]
      : undefined;
  const size = (key.length - 1) / 2;
  if (curve === undefined || key[0] !== 4) {
    throw badKey(
      'the public key is of a kind that secure boot does not know',
      'Secure boot takes RSA-3072 and ECDSA P-192, P-256 and P-384.',
    );
  }
  return { kind: 'ecdsa', curve, x: key.slice(1, 1 + size), y: key.slice(1 + size) };
}

/** The contents of the next DER element, which has to have that tag. */
function element(reader: ByteReader, tag: number): Uint8Array {
  if (reader.u8('tag') !== tag) throw new TypeError('unexpected tag');
  let length = reader.u8('length');
  if (length >= 0x80) {
    const lengthBytes = reader.bytes(length & 0x7f, 'length');
    length = lengthBytes.reduce((value, byte) => value * 256 + byte, 0);
  }
  return reader.bytes(length, 'contents');
}

function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.slice(Math.max(0, first));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll(/\s/g, '')), (character) => character.charCodeAt(0));
}

function badKey(message: string, hint: string): AppImageError {
  return new AppImageError('app-image/bad-public-key', message, { hint });
}
