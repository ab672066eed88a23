import { hash } from 'node:crypto';

/** At or above every rank: the cut of a rollout that everybody is in, devices of tomorrow included. */
export const EVERYBODY = 'f'.repeat(16);

/**
 * The place of a device in a rollout: the first 16 hex digits of the SHA-256 over `rolloutId:deviceId`,
 * so that plain string comparison orders devices, anew in each rollout, and anybody can recompute it.
 */
export function rankOf(rolloutId: string, deviceId: string): string {
  return hash('sha256', `${rolloutId}:${deviceId}`, 'hex').slice(0, 16);
}

/** How many of `members` devices a percentage covers: rounded up, so that 5 % of ten is one. */
export function deviceCount(percent: number, members: number): number {
  // 7 % of 100 is 7.000000000000001 in binary fractions, which must not become eight devices.
  return Math.min(members, Math.ceil(Math.round(percent * members * 1e6) / 1e8));
}

/** The rank of the last device that a percentage of the cohort covers; `''` where that is nobody. */
export function cutFor(rolloutId: string, deviceIds: readonly string[], percent: number): string {
  if (percent >= 100) return EVERYBODY;
  const count = deviceCount(percent, deviceIds.length);
  if (count === 0) return '';
  return deviceIds.map((deviceId) => rankOf(rolloutId, deviceId)).sort()[count - 1] ?? '';
}
