import { beforeEach, describe, expect, it } from 'vitest';
import { createLastSeen, type LastSeen } from '../../src/fleet/devices/last-seen.ts';
import { type FleetStore, openStore } from '../../src/fleet/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aDevice } from './storage/entities.ts';

const SECOND = 1000;
const idOf = (at: number) => `d${String(at).padStart(4, '0')}`;

describe('when devices were last seen', () => {
  let clock: ManualClock;
  let store: FleetStore;
  let seen: LastSeen;
  const stored = async (at: number) => (await store.read.devices.get(idOf(at)))?.lastSeenAtMs;
  const fill = (count: number) =>
    store.transaction(async ({ devices }) => {
      for (let at = 0; at < count; at += 1) await devices.insert(aDevice({ deviceId: idOf(at) }));
    });

  beforeEach(async () => {
    clock = new ManualClock();
    store = await openStore({ file: ':memory:', clock });
    const onError = (error: unknown) => {
      throw error;
    };
    seen = createLastSeen({ store, clock, onError });
    return () => store[Symbol.asyncDispose]();
  });

  it('is stored for a few after seconds', async () => {
    await fill(2);
    seen.note(idOf(1), clock.now());
    await clock.advance(4 * SECOND);
    await seen.flushDue();
    expect(await stored(1)).toBeNull();
    await clock.advance(SECOND);
    await seen.flushDue();
    expect([await stored(0), await stored(1)]).toEqual([null, clock.now() - 5 * SECOND]);
  });

  it('is stored for many less often, and for each of them', async () => {
    const many = 2600;
    await fill(many);
    const atMs = clock.now();
    for (let at = many - 1; at >= 0; at -= 1) seen.note(idOf(at), atMs);
    await clock.advance(29 * SECOND);
    await seen.flushDue();
    expect(await stored(0)).toBeNull();
    await clock.advance(SECOND);
    await seen.flushDue();
    const all = await Promise.all(Array.from({ length: many }, (_, at) => stored(at)));
    expect(new Set(all)).toEqual(new Set([atMs]));
  });

  it('is stored after a clock was set back, too', async () => {
    await fill(1);
    clock.setBack(60 * 60 * SECOND);
    seen.note(idOf(0), clock.now());
    await clock.advance(60 * SECOND);
    await seen.flushDue();
    expect(await stored(0)).toBe(clock.now() - 60 * SECOND);
  });
});
