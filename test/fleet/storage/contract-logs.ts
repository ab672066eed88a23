import { describe, expect, it } from 'vitest';
import type { FleetEvent } from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { OpenStore } from './contract.ts';
import { aRollout, aRolloutDevice, aSmallFleet } from './entities.ts';

const anEvent = (fields: Partial<Omit<FleetEvent, 'eventId'>> = {}) => ({
  atMs: 1,
  type: 'device.booted',
  deviceId: null,
  rolloutId: null,
  data: { a: 1 },
  ...fields,
});

/** What is only ever added to, and what is kept beside the entities. */
export function describeLogs(open: OpenStore): void {
  const ids = (events: readonly FleetEvent[]) => events.map(({ eventId }) => eventId);

  describe('events', () => {
    it('are numbered, filtered, and forgotten without numbers coming again', async () => {
      const store = await open(new ManualClock());
      await expect(store.read.events.lastId()).resolves.toBe(0);
      const stored = await store.transaction(({ events }) =>
        events.append([
          anEvent({ deviceId: 'x' }),
          anEvent({ type: 'rollout.paused', rolloutId: 'r', atMs: 2 }),
          anEvent({ type: 'rollout.resumed', rolloutId: 'r', atMs: 3 }),
          anEvent({ type: 'rolloutx', atMs: 3 }),
        ]),
      );
      expect(ids(stored)).toEqual([1, 2, 3, 4]);
      const { events } = store.read;
      await expect(events.after(0, 2)).resolves.toEqual(stored.slice(0, 2));
      expect(ids(await events.after(2, 9))).toEqual([3, 4]);
      expect(ids(await events.after(0, 9, { types: ['rollout.*'] }))).toEqual([2, 3]);
      expect(ids(await events.after(0, 9, { types: ['*'] }))).toEqual([1, 2, 3, 4]);
      expect(ids(await events.after(0, 9, { types: [] }))).toEqual([]);
      expect(ids(await events.after(0, 9, { types: ['device.booted', 'rollout.paused'] }))).toEqual(
        [1, 2],
      );
      expect(ids(await events.after(0, 9, { deviceId: 'x' }))).toEqual([1]);
      expect(ids(await events.after(1, 9, { rolloutId: 'r' }))).toEqual([2, 3]);

      await expect(store.transaction((r) => r.events.prune(3, 1))).resolves.toBe(1);
      await expect(store.transaction((r) => r.events.prune(9, 10))).resolves.toBe(3);
      await expect(events.lastId()).resolves.toBe(4);
      const next = await store.transaction((r) => r.events.append([anEvent()]));
      expect(ids(next)).toEqual([5]);
    });

    it('of a transaction that failed leave no hole', async () => {
      const store = await open(new ManualClock());
      await expect(
        store.transaction(async (r) => {
          await r.events.append([anEvent()]);
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      const stored = await store.transaction((r) => r.events.append([anEvent()]));
      expect(ids(stored)).toEqual([1]);
    });
  });

  it('the audit log is kept in order and listed by actor and subject', async () => {
    const store = await open(new ManualClock());
    const entry = { atMs: 1, actor: 'system', action: 'a.b', subject: 'x/1', details: { n: 1 } };
    await store.transaction(async ({ audit }) => {
      await audit.append(entry);
      await audit.append({ ...entry, actor: 'token:tok_1' });
      await audit.append({ ...entry, subject: 'x/2' });
    });
    const page = { page: 0, perPage: 10 };
    const all = await store.read.audit.list({}, { ...page, sort: '-auditId' });
    expect(all.list.map(({ auditId }) => auditId)).toEqual([3, 2, 1]);
    const own = await store.read.audit.list({ actor: 'system', subject: 'x/1' }, page);
    expect(own).toEqual({ ...page, list: [{ ...entry, auditId: 1 }], total: 1 });
  });

  it('devices of a rollout are put, listed, due and counted', async () => {
    const store = await open(new ManualClock());
    await store.transaction(async (r) => {
      await aSmallFleet(r);
      await r.rollouts.insert(aRollout());
      await r.rolloutDevices.put(aRolloutDevice());
      await r.rolloutDevices.put(aRolloutDevice({ state: 'failed', reason: 'no', dueAtMs: 5 }));
      await r.rolloutDevices.put(aRolloutDevice({ deviceId: 'b', dueAtMs: 4, sinceMs: 9 }));
    });
    const { rolloutDevices } = store.read;
    const failed = aRolloutDevice({ state: 'failed', reason: 'no', dueAtMs: 5 });
    await expect(rolloutDevices.get('rol_1', 'board-1')).resolves.toEqual(failed);
    await expect(rolloutDevices.get('rol_2', 'board-1')).resolves.toBeNull();
    const page = { page: 0, perPage: 10 };
    const some = await rolloutDevices.list('rol_1', { states: ['failed'] }, page);
    expect(some).toEqual({ ...page, list: [failed], total: 1 });
    const back = await rolloutDevices.list('rol_1', { direction: 'back' }, page);
    expect(back.total).toBe(0);
    const due = await rolloutDevices.due('rol_1', 5, 10);
    expect(due.map(({ deviceId }) => deviceId)).toEqual(['b', 'board-1']);
    expect(await rolloutDevices.due('rol_1', 4, 10)).toHaveLength(1);
    await expect(rolloutDevices.count('rol_1')).resolves.toEqual({ failed: 1, offered: 1 });
    await expect(rolloutDevices.historyOf('board-1', 5)).resolves.toEqual([failed]);
  });

  it('the log of each rollout has positions of its own', async () => {
    const store = await open(new ManualClock());
    const entry = { rolloutId: 'rol_1', atMs: 1, deviceId: null, what: 'phase', data: { n: 1 } };
    await store.transaction(async (r) => {
      await aSmallFleet(r);
      await r.rollouts.insert(aRollout());
      await r.rollouts.insert(aRollout({ rolloutId: 'rol_2' }));
      await r.rolloutLog.append([entry, { ...entry, rolloutId: 'rol_2' }, entry]);
      await r.rolloutLog.append([entry]);
    });
    const log = await store.read.rolloutLog.read('rol_1', 1, 10);
    expect(log).toEqual([
      { ...entry, position: 2 },
      { ...entry, position: 3 },
    ]);
  });

  it('answers to idempotency keys are kept once, and forgotten by age', async () => {
    const clock = new ManualClock();
    const store = await open(clock);
    const value = { requestHash: 'h', answer: '{}' };
    await store.transaction((r) => r.idempotency.put('tok', 'k', value));
    await expect(store.read.idempotency.get('tok', 'k')).resolves.toEqual(value);
    await expect(store.read.idempotency.get('other', 'k')).resolves.toBeNull();
    await expect(
      store.transaction((r) => r.idempotency.put('tok', 'k', value)),
    ).rejects.toMatchObject({ code: 'fleet/exists' });
    const later = { requestHash: 'h2', answer: '[]' };
    await store.transaction((r) => r.idempotency.replace('tok', 'k', later));
    await expect(store.read.idempotency.get('tok', 'k')).resolves.toEqual(later);
    const prune = (beforeMs: number) => store.transaction((r) => r.idempotency.prune(beforeMs));
    await expect(prune(clock.now())).resolves.toBe(0);
    await expect(prune(clock.now() + 1)).resolves.toBe(1);
  });

  it('settings are set and set again', async () => {
    const store = await open(new ManualClock());
    await expect(store.read.settings.get('a')).resolves.toBeNull();
    await store.transaction((r) => r.settings.set('a', '1'));
    await store.transaction((r) => r.settings.set('a', '2'));
    await expect(store.read.settings.get('a')).resolves.toBe('2');
  });
}
