import { createHmac, timingSafeEqual } from 'node:crypto';

/** Separates these MACs from all others that the same key might ever make. */
const LABEL = 'otakit device link 1\0';
const EXPIRY_BYTES = 5;
/** 128 bits: beyond guessing, and short enough for devices with small URL buffers. */
const MAC_BYTES = 16;
const ARTIFACT_PREFIX = 'art_';
/** What the longest ids need; anything longer is not one of ours. */
const LONGEST_TOKEN = 200;

/** Which bytes a download URL stands for, and for whom. */
export interface DeviceLink {
  readonly artifactId: string;
  readonly deviceId: string;
}

/** What a token is worth right now. Wrong and expired look the same to whoever presents it. */
export type LinkVerdict =
  | { readonly kind: 'valid'; readonly link: DeviceLink }
  | { readonly kind: 'wrong' | 'expired' };

/**
 * A credential to be put into a URL: good for one artifact and one device until it expires. It says all
 * of that itself, so that nothing has to be remembered and a restart loses nothing. HMAC-SHA256, cut to
 * 128 bits; the method is no part of it, so HEAD works like GET.
 */
export function mintDeviceLink(
  key: Uint8Array,
  { artifactId, deviceId }: DeviceLink,
  expiresAtMs: number,
): string {
  const expiry = Buffer.alloc(EXPIRY_BYTES);
  expiry.writeUIntBE(Math.ceil(expiresAtMs / 1000), 0, EXPIRY_BYTES);
  const names = Buffer.from(`${artifactId.slice(ARTIFACT_PREFIX.length)}.${deviceId}`);
  const signed = Buffer.concat([expiry, names]);
  return Buffer.concat([mac(key, signed), signed]).toString('base64url');
}

/** Checks a token in constant time; its expiry counts only once its MAC has proved right. */
export function readDeviceLink(key: Uint8Array, token: string, nowMs: number): LinkVerdict {
  if (token.length > LONGEST_TOKEN) return { kind: 'wrong' };
  const bytes = Buffer.from(token, 'base64url');
  // Every token has one spelling only.
  if (bytes.length <= MAC_BYTES + EXPIRY_BYTES || bytes.toString('base64url') !== token) {
    return { kind: 'wrong' };
  }
  const signed = bytes.subarray(MAC_BYTES);
  if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), mac(key, signed))) return { kind: 'wrong' };
  if (nowMs >= signed.readUIntBE(0, EXPIRY_BYTES) * 1000) return { kind: 'expired' };
  const names = signed.subarray(EXPIRY_BYTES).toString();
  const dot = names.indexOf('.');
  const link = {
    artifactId: `${ARTIFACT_PREFIX}${names.slice(0, dot)}`,
    deviceId: names.slice(dot + 1),
  };
  return { kind: 'valid', link };
}

function mac(key: Uint8Array, signed: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(LABEL).update(signed).digest().subarray(0, MAC_BYTES);
}
