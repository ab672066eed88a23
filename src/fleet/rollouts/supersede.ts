import { UNDER_WAY } from './counters.ts';
import { leaves } from './decide-contact.ts';
import type { Rollout } from './rollout.ts';
import { RolloutSession, type SessionParts } from './rollout-session.ts';

const BATCH = 500;

/** Ends a rollout because another one takes its place; its unfinished devices are the other's now. */
export async function endBySupersession(
  parts: SessionParts,
  rollout: Rollout,
  by: string,
): Promise<void> {
  const { rolloutDevices } = parts.change.repositories;
  const session = new RolloutSession(parts, rollout);
  await session.apply({ kind: 'superseded', by });
  for (;;) {
    const { list } = await rolloutDevices.list(
      rollout.rolloutId,
      { states: ['scheduled', ...UNDER_WAY] },
      { page: 0, perPage: BATCH },
    );
    if (list.length === 0) break;
    for (const row of list) {
      await session.apply(leaves(rollout, row.deviceId, `superseded by ${by}`), row);
    }
  }
  await session.save();
}
