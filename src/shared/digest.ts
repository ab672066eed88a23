import { md5 as nobleMd5 } from '@noble/hashes/legacy.js';

/**
 * SHA-256 through WebCrypto: native speed in Node and in browsers alike, at the price of a promise.
 * Format modules must not import `node:crypto`, because they run in browsers too.
 */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** MD5, which the partition table and the ROM loader use as a checksum (never as security). */
export function md5(bytes: Uint8Array): Uint8Array {
  return nobleMd5(bytes);
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
