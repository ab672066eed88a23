import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { FleetError } from '../../../src/fleet/index.ts';
import { UNDER_WAY } from '../../../src/fleet/rollouts/counters.ts';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DEVICES = 5;
const COHORTS = ['all', 'other'] as const;
const VERSIONS = { all: '2.0.0', other: '3.0.0' } as const;

type CohortId = (typeof COHORTS)[number];
type Step =
  | { readonly do: 'asks' | 'updates' | 'falls back'; readonly device: number }
  | { readonly do: 'says'; readonly device: number; readonly state: 'downloading' | 'failed' }
  | { readonly do: 'moves'; readonly device: number; readonly to: CohortId }
  | { readonly do: 'waits'; readonly ms: number }
  | { readonly do: 'steers'; readonly of: CohortId; readonly verb: (typeof VERBS)[number] };

const VERBS = ['pause', 'resume', 'advance', 'rollback', 'retryFailed'] as const;
const device = fc.nat(DEVICES - 1);
const cohort = fc.constantFrom(...COHORTS);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('asks' as const, 'updates' as const, 'falls back' as const),
      device,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('says' as const),
      device,
      state: fc.constantFrom('downloading' as const, 'failed' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('moves' as const), device, to: cohort }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('waits' as const),
      ms: fc.constantFrom(0, 10 * MINUTE, HOUR, 4 * HOUR),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('steers' as const),
      of: cohort,
      verb: fc.constantFrom(...VERBS),
    }),
  },
);

const idOf = (at: number) => `d${String(at).padStart(3, '0')}`;
const ids = Array.from({ length: DEVICES }, (_, at) => idOf(at));

/** Two cohorts whose rollouts go on beside each other, and who has been offered what. */
class Overlap {
  readonly world: RolloutWorld;
  readonly rollouts: Readonly<Record<CohortId, string>>;
  readonly #reached = { all: '', other: '' };

  private constructor(world: RolloutWorld, rollouts: Readonly<Record<CohortId, string>>) {
    this.world = world;
    this.rollouts = rollouts;
  }

  static async begin(world: RolloutWorld): Promise<Overlap> {
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    await world.fleet.cohorts.create(OPERATOR, { cohortId: 'other' });
    await world.fleet.cohorts.update(OPERATOR, 'other', { activeDeploymentId });
    await world.devices(DEVICES);
    for (const id of ids.slice(3)) {
      await world.fleet.devices.update(OPERATOR, id, { cohortId: 'other' });
    }
    const plan = { canaryPercent: 40, stepPercent: 30, phaseMs: HOUR, minSample: 10 };
    const start = async (cohortId: CohortId) => {
      const deploymentId = await world.deployment(VERSIONS[cohortId]);
      return world.start({ ...plan, cohortId, deploymentId });
    };
    return new Overlap(world, { all: await start('all'), other: await start('other') });
  }

  async take(it: Step): Promise<readonly string[]> {
    const { world } = this;
    switch (it.do) {
      case 'asks':
      case 'updates':
      case 'falls back': {
        const wrong = await this.#wrongOffer(idOf(it.device));
        if (it.do === 'updates') await world.updates(idOf(it.device));
        if (it.do === 'falls back') await world.boots(idOf(it.device), '1.0.0');
        return wrong;
      }
      case 'says':
        await world.says(idOf(it.device), it.state);
        return [];
      case 'moves':
        await world.fleet.devices.update(OPERATOR, idOf(it.device), { cohortId: it.to });
        return [];
      case 'waits':
        await world.tick(it.ms);
        return [];
      case 'steers':
        try {
          await world.fleet.rollouts[it.verb](OPERATOR, this.rollouts[it.of]);
          return [];
        } catch (error) {
          const isRefused = error instanceof FleetError && error.code === 'fleet/wrong-state';
          return isRefused ? [] : [String(error)];
        }
    }
  }

  /** What only the other cohort is given, and what was taken back, is offered to nobody. */
  async #wrongOffer(id: string): Promise<readonly string[]> {
    const version = await this.world.offered(id);
    const { cohortId } = await this.world.fleet.devices.get(id);
    return COHORTS.flatMap((of) => (VERSIONS[of] === version && of !== cohortId ? [of] : [])).map(
      (of) => `${id} of ${cohortId} was offered what ${of} is given`,
    );
  }

  async look(): Promise<readonly string[]> {
    const wrong: string[] = [];
    const busy: string[] = [];
    for (const of of COHORTS) {
      const rolloutId = this.rollouts[of];
      wrong.push(...(await this.world.contradictions(rolloutId)));
      const { cut } = await this.world.rollout(rolloutId);
      if (cut < this.#reached[of]) wrong.push(`${of}: cut ${cut} after ${this.#reached[of]}`);
      this.#reached[of] = cut;
      for (const { deviceId, state } of await this.world.rows(rolloutId)) {
        if (UNDER_WAY.includes(state)) busy.push(deviceId);
      }
    }
    if (new Set(busy).size < busy.length) wrong.push(`on their way in both: ${busy.join(' ')}`);
    return wrong;
  }

  /** Everybody calls, takes what there is and boots it, until both are over. */
  async end(): Promise<void> {
    const { world, rollouts } = this;
    for (let round = 0; round < 60; round += 1) {
      const states = [await world.rollout(rollouts.all), await world.rollout(rollouts.other)];
      for (const { rolloutId, state } of states) {
        if (state.kind === 'paused') await world.fleet.rollouts.resume(OPERATOR, rolloutId);
      }
      for (const id of ids) await world.updates(id);
      const isOver = states.every(({ state: { kind } }) => /completed|failed/.test(kind));
      await world.tick(isOver && round < 50 ? 24 * HOUR : HOUR);
      if (isOver && round > 30) return;
    }
  }
}

describe('two rollouts that overlap, and devices that move between their cohorts', () => {
  it('do not mix, and everybody ends with what its cohort runs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using world = await RolloutWorld.open({ alike: true });
        const overlap = await Overlap.begin(world);
        for (const one of steps) {
          expect(await overlap.take(one)).toEqual([]);
          expect(await overlap.look()).toEqual([]);
        }
        await overlap.end();
        expect(await overlap.look()).toEqual([]);
        const { list } = await world.fleet.devices.list({}, { page: 0, perPage: 100 });
        for (const { deviceId, cohortId, reported } of list) {
          const of = cohortId === 'all' ? 'all' : 'other';
          const { state } = await world.rollout(overlap.rollouts[of]);
          const runs = state.kind === 'completed' ? VERSIONS[of] : '1.0.0';
          expect([deviceId, reported['main']?.version]).toEqual([deviceId, runs]);
        }
      }),
      { numRuns: Number(process.env['OTAKIT_RUNS'] ?? 15) },
    );
  }, 600_000);
});
