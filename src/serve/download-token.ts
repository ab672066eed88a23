import { createHmac, timingSafeEqual } from 'node:crypto';

/** Separates these MACs from all others that the same key might ever make. */
const LABEL = 'otakit download 1\0';
const EXPIRY_BYTES = 5;
/** 128 bits: beyond guessing, and short enough for devices with small URL buffers. */
const MAC_BYTES = 16;
/** 21 bytes are exactly 28 characters of base64url, so that every token has one spelling only. */
const TOKEN = /^[\w-]{28}$/;

/** What a token is worth right now, for one image. */
export type TokenVerdict = 'valid' | 'expired' | 'wrong';

/**
 * A credential to be put into a URL: good for the one image with this SHA-256, until it expires.
 * HMAC-SHA256 over both, cut to 128 bits; the method is no part of it, so HEAD works like GET.
 *
 * @param sha256 of the image, lower-case hex
 * @param expiresAtMs since the Unix epoch; rounded up to a whole second
 */
export function mintDownloadToken(key: Uint8Array, sha256: string, expiresAtMs: number): string {
  const expiry = Buffer.alloc(EXPIRY_BYTES);
  expiry.writeUIntBE(Math.ceil(expiresAtMs / 1000), 0, EXPIRY_BYTES);
  return Buffer.concat([expiry, mac(key, sha256, expiry)]).toString('base64url');
}

/** Checks a token in constant time; its expiry counts only once its MAC has proved right. */
export function checkDownloadToken(
  key: Uint8Array,
  sha256: string,
  token: string,
  nowMs: number,
): TokenVerdict {
  if (!TOKEN.test(token)) return 'wrong';
  const bytes = Buffer.from(token, 'base64url');
  const expiry = bytes.subarray(0, EXPIRY_BYTES);
  const isOurs = timingSafeEqual(bytes.subarray(EXPIRY_BYTES), mac(key, sha256, expiry));
  if (!isOurs) return 'wrong';
  return nowMs < expiry.readUIntBE(0, EXPIRY_BYTES) * 1000 ? 'valid' : 'expired';
}

function mac(key: Uint8Array, sha256: string, expiry: Uint8Array): Uint8Array {
  return createHmac('sha256', key)
    .update(LABEL)
    .update(Buffer.from(sha256, 'hex'))
    .update(expiry)
    .digest()
    .subarray(0, MAC_BYTES);
}
