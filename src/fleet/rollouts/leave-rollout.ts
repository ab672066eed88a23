import type { Change } from '../change.ts';
import type { Device } from '../devices/device.ts';
import { leaves } from './decide-contact.ts';
import { UNFINISHED } from './start-rollout.ts';
import { RolloutSession } from './rollout-session.ts';

/**
 * A device goes: what it had not finished in the rollout of its cohort is skipped. It is not taken back to
 * anything by that.
 */
export async function leaveRollout(
  change: Change,
  randomBytes: (count: number) => Uint8Array,
  { deviceId, cohortId }: Pick<Device, 'deviceId' | 'cohortId'>,
  reason: string,
): Promise<void> {
  if (cohortId === null) return;
  const { rollouts, rolloutDevices } = change.repositories;
  const { list } = await rollouts.list({ cohortId, states: UNFINISHED }, { page: 0, perPage: 1 });
  const [rollout] = list;
  if (rollout === undefined) return;
  const row = await rolloutDevices.get(rollout.rolloutId, deviceId);
  const session = new RolloutSession({ change, randomBytes }, rollout);
  await session.apply(leaves(rollout, deviceId, reason), row);
  await session.save();
}
