import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../../../support/rollout-world.ts';
import { temporaryFolder } from '../../../support/temp-folder.ts';
import { ROWS } from './devices.ts';
import { ROLLOUTS } from './rollouts.ts';
import { DEVICES, everybodyCalls, HOUR, MINUTE, type Situation } from './situation.ts';

const EVERYTHING = { page: 0, perPage: 1000 };
const STOPS_ON_THE_WAY = 2;

/** All that is stored of it, and what each device would be told. */
async function everything(world: RolloutWorld): Promise<unknown> {
  const { fleet, store } = world;
  const { list: rollouts } = await store.read.rollouts.list({}, EVERYTHING);
  const { list: devices } = await store.read.devices.list({}, EVERYTHING);
  return {
    rollouts: await Promise.all(
      rollouts.map(async (rollout) => ({
        rollout,
        rows: await world.rows(rollout.rolloutId),
        log: await store.read.rolloutLog.read(rollout.rolloutId, 0, 1000),
      })),
    ),
    cohorts: (await store.read.cohorts.list({}, EVERYTHING)).list,
    deployments: (await store.read.deployments.list({}, EVERYTHING)).list,
    // When a device was last seen is stored for many at once, and may be lost.
    devices: devices.map(({ deviceId, reported, failures }) => ({ deviceId, reported, failures })),
    audit: (await store.read.audit.list({}, EVERYTHING)).list,
    events: await store.read.events.after(0, 10_000, {}),
    told: await Promise.all(devices.map(({ deviceId }) => fleet.devices.explain(deviceId))),
  };
}

/** Everybody calls, takes what there is and boots it, until nothing goes on any more. */
async function comesToAnEnd(world: RolloutWorld, pause: () => Promise<void>): Promise<void> {
  for (let round = 0; round < 60; round += 1) {
    const { list } = await world.store.read.rollouts.list({}, EVERYTHING);
    const open = list.filter(({ state }) => state.kind !== 'completed' && state.kind !== 'failed');
    if (open.length === 0) break;
    for (const { rolloutId, state } of open) {
      if (state.kind === 'paused') await world.fleet.rollouts.resume(OPERATOR, rolloutId);
    }
    await everybodyCalls(world);
    if (round < STOPS_ON_THE_WAY) await pause();
    await world.tick(HOUR);
  }
  // Who slept through all of it wakes up now.
  await everybodyCalls(world);
}

/** The whole story; `stop` is what happens where the fleet may be stopped. */
async function play(world: RolloutWorld, situation: Situation, stop: () => Promise<void>) {
  await world.devices(DEVICES.length);
  const rolloutId = await world.start({ soakMs: 10 * MINUTE, ...situation.plan });
  await situation.before(world, rolloutId);
  await situation.is(world, rolloutId);
  await stop();
  // A server looks at once what is due.
  await world.tick();
  await situation.next?.(world, rolloutId);
  await stop();
  await comesToAnEnd(world, stop);
  await stop();
  expect(await world.contradictions(rolloutId)).toEqual([]);
  const { list } = await world.store.read.devices.list({}, EVERYTHING);
  expect(list.map(({ reported }) => reported['main']?.version)).toEqual(situation.end);
  return everything(world);
}

/** Lives through it twice: stopped and opened anew from its file again and again, and undisturbed. */
async function isNotDisturbed(situation: Situation): Promise<void> {
  const file = join(await temporaryFolder(), 'fleet.db');
  await using stopped = await RolloutWorld.open({ file, alike: true });
  let stops = 0;
  const lived = await play(stopped, situation, async () => {
    const before = await everything(stopped);
    await stopped.reopen();
    expect(await everything(stopped)).toEqual(before);
    stops += 1;
  });
  expect(stops).toBeGreaterThan(2);
  await using undisturbed = await RolloutWorld.open({ alike: true });
  const expected = await play(undisturbed, situation, () => Promise.resolve());
  // Nothing is lost, repeated or left out: log, rows, events and what everybody runs are the same.
  expect(lived).toEqual(expected);
}

describe('a restart in every state', () => {
  it.each(ROLLOUTS)('of a rollout: $name', isNotDisturbed);
  it.each(ROWS)('of a device: $name', isNotDisturbed);
});
