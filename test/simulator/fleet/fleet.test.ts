import { describe, expect, it } from 'vitest';
import {
  createDeviceHttp,
  type DeviceMemory,
  factoryState,
  FAULTLESS,
  type FleetBehaviour,
  provision,
  scaledClock,
  VirtualFleet,
  type VirtualDeviceEvent,
} from '../../../src/simulator/index.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { buildTestApp } from '../../support/build-image.ts';
import { startFaceHost } from '../../support/face-host.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const COUNT = 40;
const ids = Array.from({ length: COUNT }, (_, index) => `sim-${index}`);

/** Runs a fleet until every device has come to an end with its update. */
async function campaign(behaviour: Partial<FleetBehaviour>) {
  await using host = await startFaceHost();
  using http = createDeviceHttp(host.url, 8);
  const stop = new AbortController();
  const bytes = await buildTestApp({ descriptor: { version: '2' } });
  const devices: DeviceMemory[] = [];
  for (const deviceId of ids) {
    const fields = { deviceId, name: deviceId, blueprintId: null };
    const secret = await provision(http, 'otk_provisioner', fields, stop.signal);
    const image = { version: '1', sha256: '', elfSha256: null, secureVersion: 0 };
    const main = factoryState(image);
    devices.push({ deviceId, secret, main, others: {}, secureVersion: 0, bootCount: 0 });
    host.gate.assign(deviceId, { version: '2', bytes });
  }
  const outcome = new Map<string, string>();
  const events: VirtualDeviceEvent[] = [];
  const fleet = new VirtualFleet({
    devices,
    http,
    board: {
      chip: null,
      blueprintId: null,
      chipId: 0,
      slotBytes: 1024 * 1024,
      trustedKeys: null,
      installMs: 0,
      rebootMs: 0,
    },
    behaviour: { ...FAULTLESS, seed: 'fleet', ...behaviour },
    clock: new ManualClock((durationMs) => durationMs < 60_000),
    listeningPlaces: 4,
    startWithinMs: 1000,
    onEvent: (event) => {
      events.push(event);
      const { deviceId } = event;
      if (event.kind === 'failed') outcome.set(deviceId, 'failed');
      if (event.kind === 'rolled-back') outcome.set(deviceId, 'rolled back');
      if (event.kind === 'booted' && event.updated) outcome.set(deviceId, 'updated');
      if (outcome.size === COUNT) stop.abort(new Error('enough'));
    },
  });
  await expect(fleet.run(stop.signal)).rejects.toThrow('enough');
  expect(host.bugs).toEqual([]);
  return { outcome: Object.fromEntries(outcome), events };
}

describe('a virtual fleet', () => {
  it('updates, each device by its own habits, over few connections', async () => {
    const { outcome, events } = await campaign({ chunkShare: 0.3, dropShare: 0.3, listenShare: 1 });
    expect(new Set(Object.values(outcome))).toEqual(new Set(['updated']));
    expect(events.some(({ kind }) => kind === 'resumed')).toBe(true);
  });

  it('meets the same fate with the same seed, however its devices interleave', async () => {
    const behaviour = { failShare: 0.2, bootOldShare: 0.2 };
    const first = await campaign(behaviour);
    expect(new Set(Object.values(first.outcome))).toEqual(
      new Set(['updated', 'failed', 'rolled back']),
    );
    expect((await campaign(behaviour)).outcome).toEqual(first.outcome);
    expect((await campaign({ ...behaviour, seed: 'other' })).outcome).not.toEqual(first.outcome);
  });
});

describe('scaledClock', () => {
  it('makes hours of seconds', async () => {
    const manual = new ManualClock();
    const fast = scaledClock(manual, 3600);
    const start = fast.now();
    const asleep = fast.sleep(7_200_000);
    await manual.advance(2000);
    await asleep;
    expect(fast.now() - start).toBe(7_200_000);
    expect(Math.abs(scaledClock(systemClock, 1).now() - Date.now())).toBeLessThan(1000);
  });
});
