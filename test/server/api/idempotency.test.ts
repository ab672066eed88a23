import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Fleet } from '../../../src/fleet/index.ts';
import { createFront, type Front } from '../../../src/serve/index.ts';
import { createFleetApp } from '../../../src/server/create-fleet-app.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { RolloutWorld } from '../../support/rollout-world.ts';

/** The services whose changes are stored, and who then never hear of it: as if the process were killed there. */
function killedAfterChanges(fleet: Fleet): Fleet {
  const hanging = <Service extends object>(service: Service): Service =>
    new Proxy(service, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function' || !/^(?:create|start)$/.test(String(name))) return method;
        return async (...args: unknown[]) => {
          await Reflect.apply(method, target, args);
          return new Promise(() => {});
        };
      },
    });
  const { cohorts, devices, deployments, rollouts } = fleet;
  return {
    ...fleet,
    cohorts: hanging(cohorts),
    devices: hanging(devices),
    deployments: hanging(deployments),
    rollouts: hanging(rollouts),
  };
}

describe('a create with an Idempotency-Key', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    await world.artifact('2.0.0');
    return () => world[Symbol.asyncDispose]();
  });

  /** A server over the store of the world, and a way to ask it with the same key each time. */
  async function serve(fleet: Fleet) {
    const front: Front = createFront({
      clock: systemClock,
      onHttp1: (request, response) => app.onHttp1(request, response),
      onHttp2: (stream, headers) => app.onHttp2(stream, headers),
    });
    const app = createFleetApp({
      fleet,
      store: world.store,
      clock: systemClock,
      watchdog: front.watchdog,
      tokenKey: new Uint8Array(32),
      version: '0.0.0',
      maxArtifactBytes: 1000,
    });
    const { port } = await front.listen(0, '127.0.0.1');
    onTestFinished(() => front[Symbol.asyncDispose]());
    return async (path: string, body: object, secret: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${secret}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': 'once',
        },
        body: JSON.stringify(body),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    };
  }

  it.each([
    ['/cohorts', { cohortId: 'c1' }, { cohortId: 'c1', revision: 1 }],
    ['/devices', { deviceId: 'd1' }, { secret: expect.stringMatching(/^otd_/) as string }],
    ['/deployments', { components: ['main@2.0.0'] }, { sequence: 2 }],
    [
      '/ota/rollouts',
      { package_id: 'art_main-2.0.0', target_profile_id: 'all' },
      { status: 'active', canary_percent: 5 },
    ],
    ['/rollouts', { cohortId: 'all', components: ['main@2.0.0'] }, { cohortId: 'all' }],
  ])('%s is answered after a kill as it would have been before', async (path, body, made) => {
    const { secret } = await world.fleet.tokens.create('system', { name: 'ci', role: 'operator' });
    const killed = await serve(killedAfterChanges(world.fleet));
    const events = await world.fleet.events.lastId();
    // Nobody hears of it any more, but it is there.
    void killed(path, body, secret).catch(() => {});
    await expect.poll(() => world.fleet.events.lastId()).toBeGreaterThan(events);

    world.restart();
    const ask = await serve(world.fleet);
    const before = await world.fleet.events.lastId();
    const first = await ask(path, body, secret);
    expect(first).toMatchObject({ status: 201, json: made });
    expect(await ask(path, body, secret)).toEqual(first);
    expect(await world.fleet.events.lastId()).toBe(before);
    const another = await ask(path, { ...body, other: 1 }, secret);
    expect(another.status).toBe(422);
  });
});
