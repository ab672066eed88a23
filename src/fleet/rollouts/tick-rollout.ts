import type { Change } from '../change.ts';
import type { FleetContext } from '../context.ts';
import type { Repositories } from '../repositories.ts';
import { WAS_OFFERED } from './counters.ts';
import { changes, leaves } from './decide-contact.ts';
import { decide } from './decide.ts';
import type { RolloutEvent } from './decision.ts';
import { reachesNobody } from './phase-end.ts';
import { allMembers } from './rank.ts';
import type { Rollout, RolloutDevice } from './rollout.ts';
import { RolloutSession } from './rollout-session.ts';
import { UNFINISHED } from './start-rollout.ts';

/** Devices looked at in one transaction, so that nobody who reports waits for long. */
const BATCH = 200;

/** Rollouts read at a time. */
const PAGE = 1000;

/** The rollouts that time may move on. */
export async function ticking({ store }: FleetContext): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let page = 0; ; page += 1) {
    const { list, total } = await store.read.rollouts.list(
      { states: UNFINISHED },
      { page, perPage: PAGE },
    );
    ids.push(...list.map(({ rolloutId }) => rolloutId));
    if (list.length < PAGE || ids.length >= total) return ids;
  }
}

/** Moves one rollout on: devices that are to go back, devices whose time is over, phases, its end. */
export async function tickRollout(context: FleetContext, rolloutId: string): Promise<void> {
  const { store, clock } = context;
  for (;;) {
    const rollout = await store.read.rollouts.get(rolloutId);
    if (rollout?.state.kind !== 'rolling-back') break;
    const { list } = await store.read.rolloutDevices.list(
      rolloutId,
      { states: ['scheduled', ...WAS_OFFERED], direction: 'forward' },
      { page: 0, perPage: BATCH },
    );
    if (list.length === 0) break;
    await eachRow(context, rolloutId, list, () => ({ kind: 'device-recalled' }));
  }
  for (;;) {
    const due = await store.read.rolloutDevices.due(rolloutId, clock.now(), BATCH);
    if (due.length === 0 || !(await eachRow(context, rolloutId, due, dueEvent))) break;
  }
  const rollout = await store.read.rollouts.get(rolloutId);
  if (rollout === null) return;
  // Most ticks find nothing to do; those shall not cost a transaction.
  const view = { rollout, row: null };
  const members = await membersFor(store.read, rollout);
  const tick: RolloutEvent = { kind: 'tick', recalled: true, members };
  if (!changes(view, decide(view, tick, clock.now()))) return;
  await context.change('system', async (change) => {
    const now = await change.repositories.rollouts.get(rolloutId);
    if (now === null) return;
    const session = new RolloutSession({ change, randomBytes: context.randomBytes }, now);
    // Taken back between the two looks: its devices are recalled at the next tick.
    const recalled = rollout.state.kind === 'rolling-back';
    const members = await membersFor(change.repositories, now);
    await session.apply({ kind: 'tick', recalled, members });
    await session.save();
  });
}

/** How many devices there are for a rollout that waits for any. */
async function membersFor(
  { devices, rolloutDevices }: Repositories,
  { rolloutId, cohortId, state, ...rollout }: Rollout,
): Promise<number | null> {
  if (state.kind !== 'active' || !reachesNobody(rollout)) return null;
  const { total } = await devices.list({ cohortId, enabled: true }, { page: 0, perPage: 1 });
  if (total === 0) return 0;
  return allMembers(await devices.idsOfCohort(cohortId), await rolloutDevices.idsOf(rolloutId));
}

/** Of a device that left meanwhile nothing is expected any more. */
async function dueEvent(
  change: Change,
  session: RolloutSession,
  { deviceId }: RolloutDevice,
): Promise<RolloutEvent> {
  const { rollout } = session;
  const device = await change.repositories.devices.get(deviceId);
  if (device === null) return leaves(rollout, deviceId, 'the device was removed');
  return device.cohortId === rollout.cohortId
    ? { kind: 'device-due' }
    : leaves(rollout, deviceId, `left cohort ${rollout.cohortId}`);
}

/** Whether anything changed. */
async function eachRow(
  { change, randomBytes }: FleetContext,
  rolloutId: string,
  rows: readonly RolloutDevice[],
  eventFor: (
    change: Change,
    session: RolloutSession,
    row: RolloutDevice,
  ) => RolloutEvent | Promise<RolloutEvent>,
): Promise<boolean> {
  return change('system', async (within) => {
    const { rollouts, rolloutDevices } = within.repositories;
    const rollout = await rollouts.get(rolloutId);
    if (rollout === null) return false;
    const session = new RolloutSession({ change: within, randomBytes }, rollout);
    let any = false;
    for (const { deviceId } of rows) {
      // Read anew: it may have reported since.
      const row = await rolloutDevices.get(rolloutId, deviceId);
      if (row === null) continue;
      const decision = await session.apply(await eventFor(within, session, row), row);
      any ||= decision.row !== row;
    }
    await session.save();
    within.news(rows.map(({ deviceId }) => deviceId));
    return any;
  });
}
