import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { deviceCount, FleetError, type RolloutPlan } from '../../../src/fleet/index.ts';
import { countOf, FAILED, IN_FLIGHT } from '../../../src/fleet/rollouts/counters.ts';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DEVICES = 6;
const PROGRESS = [
  'downloading',
  'verifying',
  'installing',
  'rebooting',
  'failed',
  'rolled-back',
] as const;

type Step =
  | { readonly do: 'asks' | 'updates' | 'leaves' | 'joins'; readonly device: number }
  | { readonly do: 'says'; readonly device: number; readonly state: (typeof PROGRESS)[number] }
  | {
      readonly do: 'boots';
      readonly device: number;
      readonly version: string;
      readonly sinceBoot: boolean;
    }
  | { readonly do: 'waits'; readonly ms: number; readonly ticks: number }
  | { readonly do: 'restarts' }
  | { readonly do: 'pause' | 'resume' | 'advance' | 'rollback' | 'retryFailed' };

const device = fc.nat(DEVICES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('asks' as const, 'updates' as const),
      device,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('says' as const),
      device,
      state: fc.constantFrom(...PROGRESS),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('boots' as const),
      device,
      version: fc.constantFrom('1.0.0', '2.0.0', '2.0.0', '1.5.0', 'odd'),
      sinceBoot: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('waits' as const),
      ms: fc.constantFrom(0, MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, DAY),
      ticks: fc.nat(2),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('leaves' as const, 'joins' as const),
      device,
    }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'restarts' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'pause' as const,
        'resume' as const,
        'resume' as const,
        'advance' as const,
        'rollback' as const,
        'retryFailed' as const,
      ),
    }),
  },
);

const plan: fc.Arbitrary<Partial<RolloutPlan>> = fc.record({
  canaryPercent: fc.constantFrom(5, 40, 100),
  stepPercent: fc.constantFrom(null, 30),
  phaseMs: fc.constantFrom(HOUR, 4 * HOUR),
  failureThresholdPercent: fc.constantFrom(10, 50, 100),
  minSample: fc.constantFrom(1, 3),
  soakMs: fc.constantFrom(0, 10 * MINUTE),
  deviceTimeoutMs: fc.constantFrom(HOUR, 2 * DAY),
  autoRollback: fc.boolean(),
  maxConcurrent: fc.constantFrom(null, 1, 2),
  window: fc.constantFrom(null, { fromMinute: 1380, toMinute: 240, timeZone: 'Europe/Berlin' }),
});

/** Devices in the cohort when the rollout starts; the others may join. */
const members = fc.constantFrom(DEVICES, DEVICES, DEVICES, 1, 0);

const idOf = (at: number) => `d${String(at).padStart(3, '0')}`;

/** What the world has to be like at any time; each look gives what is wrong with it. */
class Watch {
  readonly #world: RolloutWorld;
  readonly #rolloutId: string;
  #cut = '';
  #percent = 0;
  #covered = 0;
  readonly #offered = new Set<string>();

  constructor(world: RolloutWorld, rolloutId: string) {
    this.#world = world;
    this.#rolloutId = rolloutId;
  }

  /** @param step what was done since the last look; `null` at the beginning */
  async look(step: Step | null): Promise<readonly string[]> {
    const {
      percent,
      members,
      cut,
      plan: fixed,
      counters,
      state,
    } = await this.#world.rollout(this.#rolloutId);
    const wrong = [...(await this.#world.contradictions(this.#rolloutId))];
    if (percent < this.#percent) wrong.push(`${percent} % after ${this.#percent} %`);
    if (cut < this.#cut) wrong.push(`cut ${cut} after ${this.#cut}`);
    // Neither time nor a restart takes a phase on that taught nothing; only people do.
    const widened = this.#percent > 0 && percent > this.#percent && step?.do !== 'advance';
    if (widened && counters.succeeded === 0) {
      if (this.#covered > counters.skipped) wrong.push(`${percent} % although nobody succeeded`);
      // Not even where nobody could: then it is another canary.
      const most = this.#percent + fixed.canaryPercent;
      if (step !== null && percent > most)
        wrong.push(`${percent} % after ${this.#percent} % without a device`);
    }
    if (state.kind === 'completed' && counters.succeeded === 0 && countOf(counters, FAILED) > 0) {
      wrong.push('completed although nobody succeeded');
    }
    this.#percent = percent;
    this.#covered = deviceCount(percent, members);
    this.#cut = cut;
    const inFlight = countOf(counters, IN_FLIGHT);
    // A rollback may find more of them; the way forward never begins more.
    if (fixed.maxConcurrent !== null && state.kind === 'active' && inFlight > fixed.maxConcurrent) {
      wrong.push(`${inFlight} under way at a time`);
    }
    const rows = await this.#world.rows(this.#rolloutId);
    for (const { deviceId, direction, attempts, reason, state: its } of rows) {
      if (direction === 'forward' && attempts > 0) this.#offered.add(deviceId);
      if (reason === '') wrong.push(`${deviceId} is ${its} without a reason`);
    }
    // Who was offered it once stays known as one of those, so that a rollback finds everybody.
    const known = new Set(rows.map(({ deviceId }) => deviceId));
    for (const deviceId of this.#offered) {
      if (!known.has(deviceId)) wrong.push(`${deviceId} was forgotten`);
    }
    return wrong;
  }

  /** Whether what was taken back may still be offered. */
  async isTakenBack(): Promise<boolean> {
    const { kind } = (await this.#world.rollout(this.#rolloutId)).state;
    return kind === 'rolling-back' || kind === 'failed';
  }
}

/** Does one step; gives what it should not have led to. */
async function act(
  world: RolloutWorld,
  rolloutId: string,
  watch: Watch,
  it: Step,
): Promise<readonly string[]> {
  switch (it.do) {
    case 'asks':
    case 'updates': {
      const version = await world.offered(idOf(it.device));
      if (version === '2.0.0' && (await watch.isTakenBack()))
        return ['offered what was taken back'];
      if (it.do === 'updates') await world.updates(idOf(it.device));
      return [];
    }
    case 'says':
      await world.says(idOf(it.device), it.state);
      return [];
    case 'boots':
      await world.boots(idOf(it.device), it.version, { sinceBoot: it.sinceBoot });
      return [];
    case 'waits': {
      await world.clock.advance(it.ms);
      if (it.ticks === 0) return [];
      await world.tick();
      // Once more at the same time does nothing: phases that just began, ended or were completed stay so.
      await world.tick();
      const { revision } = await world.rollout(rolloutId);
      await world.tick();
      const after = (await world.rollout(rolloutId)).revision;
      return after === revision ? [] : ['a tick at the same time changed something'];
    }
    case 'leaves':
    case 'joins': {
      const cohortId = it.do === 'joins' ? 'all' : null;
      await world.fleet.devices.update(OPERATOR, idOf(it.device), { cohortId });
      return [];
    }
    case 'restarts':
      world.restart();
      return [];
    case 'pause':
    case 'resume':
    case 'advance':
    case 'rollback':
    case 'retryFailed':
      try {
        await world.fleet.rollouts[it.do](OPERATOR, rolloutId);
        return [];
      } catch (error) {
        const refused = error instanceof FleetError && error.code === 'fleet/wrong-state';
        return refused ? [] : [String(error)];
      }
  }
}

/** Everybody calls, takes what there is and boots it; who is given nothing boots what it runs. */
async function everybodyBoots(world: RolloutWorld): Promise<void> {
  for (let at = 0; at < DEVICES; at += 1) {
    if (await world.updates(idOf(at))) continue;
    const { reported } = await world.fleet.devices.get(idOf(at));
    await world.boots(idOf(at), reported['main']?.version ?? '1.0.0');
  }
}

/** Where nobody can be reached, a twentieth more each hour of a window of a few hours a day: some days. */
const MOST_HOURS = 240;

/** From now on everybody boots, again and again: that has to lead to an end. */
async function comesToAnEnd(world: RolloutWorld, rolloutId: string, watch: Watch): Promise<string> {
  const { total } = await world.fleet.devices.list({ cohortId: 'all' }, { page: 0, perPage: 1 });
  if (total === 0) await world.fleet.devices.update(OPERATOR, idOf(0), { cohortId: 'all' });
  for (let round = 0; round < MOST_HOURS; round += 1) {
    const { state } = await world.rollout(rolloutId);
    if (state.kind === 'completed' || state.kind === 'failed') return state.kind;
    if (state.kind === 'paused') await world.fleet.rollouts.resume(OPERATOR, rolloutId);
    await everybodyBoots(world);
    await world.tick(HOUR);
    expect(await watch.look(null)).toEqual([]);
  }
  return JSON.stringify(await world.rollout(rolloutId));
}

describe('any rollout, whatever happens to it', () => {
  it('keeps its promises, and comes to an end that strands nobody', async () => {
    await fc.assert(
      fc.asyncProperty(
        plan,
        members,
        fc.array(step, { maxLength: 40 }),
        async (fields, first, steps) => {
          await using world = await RolloutWorld.open({ alike: true });
          const ids = await world.devices(DEVICES);
          for (const id of ids.slice(first)) {
            await world.fleet.devices.update(OPERATOR, id, { cohortId: null });
          }
          const rolloutId = await world.start(fields);
          const watch = new Watch(world, rolloutId);
          expect(await watch.look(null)).toEqual([]);
          for (const one of steps) {
            expect(await act(world, rolloutId, watch, one)).toEqual([]);
            expect(await watch.look(one)).toEqual([]);
          }
          const end = await comesToAnEnd(world, rolloutId, watch);
          expect(['completed', 'failed']).toContain(end);
          for (let round = 0; round < 60; round += 1) {
            await everybodyBoots(world);
            await world.tick(HOUR);
          }
          expect(await watch.look(null)).toEqual([]);
          // Everybody of the cohort runs the same in the end.
          const { list } = await world.fleet.devices.list(
            { cohortId: 'all' },
            { page: 0, perPage: 100 },
          );
          const wanted = end === 'completed' ? '2.0.0' : '1.0.0';
          for (const { reported } of list) expect(reported['main']?.version).toBe(wanted);
        },
      ),
      { numRuns: Number(process.env['OTAKIT_RUNS'] ?? 30) },
    );
  }, 600_000);
});
