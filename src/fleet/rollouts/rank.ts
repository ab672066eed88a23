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

/** The counters keep the devices that left, so they are members for as long as the rollout is. */
export function allMembers(ofCohort: readonly string[], ofRollout: readonly string[]): number {
  return new Set([...ofCohort, ...ofRollout]).size;
}

/**
 * Whom a percentage of the cohort covers: the rank of the last of them, `''` where that is nobody, and who
 * they are.
 */
export function cutFor(
  rolloutId: string,
  deviceIds: readonly string[],
  percent: number,
): { readonly cut: string; readonly inside: readonly string[] } {
  if (percent >= 100) return { cut: EVERYBODY, inside: deviceIds };
  const count = deviceCount(percent, deviceIds.length);
  if (count === 0) return { cut: '', inside: [] };
  const ranks = deviceIds.map((deviceId) => rankOf(rolloutId, deviceId));
  const cut = ranks.toSorted((a, b) => (a < b ? -1 : 1))[count - 1] ?? '';
  return { cut, inside: deviceIds.filter((_, at) => (ranks[at] ?? EVERYBODY) <= cut) };
}
