import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/shared/index.ts';
import type { FleetStore } from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { describeEntities } from './contract-entities.ts';
import { describeLogs } from './contract-logs.ts';
import { describePaging } from './contract-paging.ts';
import { aCohort, aDevice, aSmallFleet } from './entities.ts';

/** Opens an empty store that is closed when the test is over. */
export type OpenStore = (clock: Clock) => Promise<FleetStore>;

/** What every store has to do, whatever it keeps its data in. */
export function describeStore(name: string, open: OpenStore): void {
  describe(name, () => {
    describeTransactions(open);
    describeEntities(open);
    describePaging(open);
    describeLogs(open);
  });
}

function describeTransactions(open: OpenStore): void {
  describe('a transaction', () => {
    it('gives back what its work gives', async () => {
      const store = await open(new ManualClock());
      await expect(store.transaction(async () => 42)).resolves.toBe(42);
    });

    it('leaves nothing behind when its work throws', async () => {
      const store = await open(new ManualClock());
      const failure = new Error('changed my mind');
      await expect(
        store.transaction(async (repositories) => {
          await aSmallFleet(repositories);
          await repositories.settings.set('a', 'b');
          throw failure;
        }),
      ).rejects.toBe(failure);
      await expect(store.read.devices.get('board-1')).resolves.toBeNull();
      await expect(store.read.settings.get('a')).resolves.toBeNull();
      await store.transaction(aSmallFleet);
      await expect(store.read.devices.get('board-1')).resolves.not.toBeNull();
    });

    it('sees what it wrote itself', async () => {
      const store = await open(new ManualClock());
      await store.transaction(async ({ cohorts }) => {
        await cohorts.insert(aCohort());
        await expect(cohorts.get('production')).resolves.toEqual(aCohort());
      });
    });

    it('can go on after a refused insert', async () => {
      const store = await open(new ManualClock());
      await store.transaction(async ({ cohorts }) => {
        await cohorts.insert(aCohort());
        await expect(cohorts.insert(aCohort())).rejects.toMatchObject({ code: 'fleet/exists' });
        await cohorts.insert(aCohort({ cohortId: 'beta' }));
      });
      await expect(store.read.cohorts.get('beta')).resolves.not.toBeNull();
    });

    it('runs alone: of fifty that count up at once none is lost', async () => {
      const store = await open(new ManualClock());
      await store.transaction(({ settings }) => settings.set('count', '0'));
      await Promise.all(
        Array.from({ length: 50 }, () =>
          store.transaction(async ({ settings }) => {
            const count = Number(await settings.get('count'));
            await new Promise((resolve) => setImmediate(resolve));
            await settings.set('count', String(count + 1));
          }),
        ),
      );
      await expect(store.read.settings.get('count')).resolves.toBe('50');
    });

    it('that throws takes nothing with it of those that run beside it', async () => {
      const store = await open(new ManualClock());
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, (_, number) =>
          store.transaction(async ({ settings, cohorts }) => {
            await settings.set(`s${number}`, 'here');
            await cohorts.insert(aCohort({ cohortId: `c${number}` }));
            if (number % 3 === 0) throw new Error(`not ${number}`);
            if (number % 7 === 0) await cohorts.insert(aCohort({ cohortId: `c${number}` }));
            return number;
          }),
        ),
      );
      for (const [number, outcome] of outcomes.entries()) {
        const isRefused = number % 3 === 0 || number % 7 === 0;
        expect(outcome.status).toBe(isRefused ? 'rejected' : 'fulfilled');
        if (outcome.status === 'fulfilled') expect(outcome.value).toBe(number);
        if (number % 3 === 0)
          expect(outcome).toMatchObject({ reason: { message: `not ${number}` } });
        const setting = await store.read.settings.get(`s${number}`);
        expect(setting).toBe(isRefused ? null : 'here');
        const cohort = await store.read.cohorts.get(`c${number}`);
        expect(cohort === null).toBe(isRefused);
      }
    });

    it('is stored when its promise resolves, for whoever asks in that very moment', async () => {
      const store = await open(new ManualClock());
      const seen = await Promise.all(
        Array.from({ length: 100 }, async (_, number) => {
          await store.transaction(({ settings }) => settings.set(`s${number}`, 'here'));
          return await store.read.settings.get(`s${number}`);
        }),
      );
      expect(new Set(seen)).toEqual(new Set(['here']));
    });

    it('runs in the asynchronous context of whoever asked for it', async () => {
      const store = await open(new ManualClock());
      const asking = new AsyncLocalStorage<number>();
      const found = await Promise.all(
        [1, 2, 3].map((number) =>
          asking.run(number, () =>
            store.transaction(async ({ settings }) => {
              await settings.set('a', 'b');
              return asking.getStore();
            }),
          ),
        ),
      );
      expect(found).toEqual([1, 2, 3]);
    });

    it('that is under way when the store closes is finished first', async () => {
      const store = await open(new ManualClock());
      const writing = store.transaction(async ({ settings }) => {
        await new Promise((resolve) => setImmediate(resolve));
        await settings.set('a', 'b');
        return 'stored';
      });
      await store[Symbol.asyncDispose]();
      await expect(writing).resolves.toBe('stored');
      await expect(store.transaction(() => Promise.resolve())).rejects.toThrow('destroyed');
    });

    it('shows nothing of itself to readers before it is over', async () => {
      const store = await open(new ManualClock());
      const halfway = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const writing = store.transaction(async ({ settings }) => {
        await settings.set('a', 'uncommitted');
        halfway.resolve();
        await goOn.promise;
        throw new Error('not after all');
      });
      await halfway.promise;
      const reading = store.read.settings.get('a');
      goOn.resolve();
      await expect(writing).rejects.toThrow('not after all');
      await expect(reading).resolves.toBeNull();
    });

    it('refuses to be nested, and to be read past', async () => {
      const store = await open(new ManualClock());
      await expect(
        store.transaction(() => store.transaction(() => Promise.resolve())),
      ).rejects.toThrow('inside a transaction');
      await expect(store.transaction(() => store.read.cohorts.get('production'))).rejects.toThrow(
        'inside a transaction',
      );
      await expect(store.read.cohorts.get('production')).resolves.toBeNull();
    });

    it('refuses a reference to what is not there, and removing what is referred to', async () => {
      const store = await open(new ManualClock());
      await expect(
        store.transaction(({ devices }) => devices.insert(aDevice({ cohortId: 'nowhere' }))),
      ).rejects.toMatchObject({ code: 'fleet/invalid' });
      await store.transaction(aSmallFleet);
      await expect(
        store.transaction(({ cohorts }) => cohorts.delete('production')),
      ).rejects.toMatchObject({ code: 'fleet/in-use' });
      await expect(store.read.cohorts.get('production')).resolves.not.toBeNull();
    });
  });
}
