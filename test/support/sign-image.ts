import type { webcrypto } from 'node:crypto';
import { alignUp, concatBytes, crc32, sha256 } from '../../src/shared/index.ts';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A fresh P-256 key pair, and its public half as a PEM file. */
export async function makeKey(): Promise<{ pair: webcrypto.CryptoKeyPair; pem: Uint8Array }> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const der = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const base64 = btoa(String.fromCharCode(...der));
  const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
  return { pair, pem: new TextEncoder().encode(pem) };
}

/** Signs as secure boot version 1 does. */
export async function signV1(
  image: Uint8Array<ArrayBuffer>,
  { privateKey }: webcrypto.CryptoKeyPair,
) {
  const signature = await crypto.subtle.sign(ECDSA, privateKey, image);
  return concatBytes([image, new Uint8Array(4), new Uint8Array(signature)]);
}

/** Signs as secure boot version 2 does, with one P-256 block per key. */
export async function signV2(
  image: Uint8Array,
  pairs: readonly webcrypto.CryptoKeyPair[],
): Promise<Uint8Array<ArrayBuffer>> {
  const padded = new Uint8Array(alignUp(image.length, 4096)).fill(0xff);
  padded.set(image);
  const sector = new Uint8Array(4096).fill(0xff);
  for (const [index, pair] of pairs.entries()) {
    sector.set(await block(padded, pair), index * 1216);
  }
  return concatBytes([padded, sector]);
}

async function block(
  signed: Uint8Array<ArrayBuffer>,
  pair: webcrypto.CryptoKeyPair,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(1216);
  bytes.set([0xe7, 3, 0, 0]);
  bytes.set(await sha256(signed), 4);
  bytes[36] = 2;
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)).subarray(1);
  const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, pair.privateKey, signed));
  for (const [at, numbers] of [
    [37, point],
    [101, signature],
  ] as const) {
    bytes.set(numbers.slice(0, 32).toReversed(), at);
    bytes.set(numbers.slice(32).toReversed(), at + 32);
  }
  new DataView(bytes.buffer).setUint32(1196, crc32(bytes.subarray(0, 1196)), true);
  return bytes;
}
