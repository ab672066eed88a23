import { createHmac } from 'node:crypto';

/** The header that proves where a delivery comes from. */
export const SIGNATURE_HEADER = 'Otakit-Signature';

/**
 * `t=<seconds>,v1=<hex>`: HMAC-SHA-256 with the webhook's secret over `<seconds>.<body>`. The time is
 * part of what is signed, so that a receiver can refuse what was recorded and is played back later.
 */
export function signDelivery(secret: string, body: string, atMs: number): string {
  const seconds = Math.floor(atMs / 1000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}
