import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessToken } from '../../fleet/index.ts';

const SECRET_BYTES = 32;

/**
 * An admin token that lives as long as the process, for commands on the same machine that can read the
 * data folder anyhow. It is never stored in the fleet.
 */
export interface LocalToken {
  readonly secret: string;
  /** The token when the secret is the right one; in constant time. */
  check(secret: string): AccessToken | null;
}

/** Makes one. */
export function createLocalToken(nowMs: number): LocalToken {
  const secret = `otk_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const digest = sha256(secret);
  const token: AccessToken = {
    tokenId: 'local',
    name: 'commands on this machine',
    role: 'admin',
    provisions: { blueprintId: null, cohortId: null },
    secretHash: digest.toString('hex'),
    createdAtMs: nowMs,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
  return {
    secret,
    check: (presented) => (timingSafeEqual(sha256(presented), digest) ? token : null),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
