import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createFleet, createMemoryBlobs, type Fleet } from '../../../src/fleet/index.ts';
import { createFront, type Front } from '../../../src/serve/index.ts';
import { createLocalToken, type LocalToken } from '../../../src/server/access/local-token.ts';
import { ROUTES } from '../../../src/server/api/routes.ts';
import { createFleetApp } from '../../../src/server/create-fleet-app.ts';
import { systemClock } from '../../../src/shared/index.ts';
import { RolloutWorld } from '../../support/rollout-world.ts';

/** What a route calls to make its thing, such as `cohorts.create`. */
type Making = `${keyof Fleet & string}.${string}`;

/**
 * The fleet of a process that is killed in the middle of a create: before anything is stored, or when it
 * is stored and nobody has been told. Whoever asks it never gets an answer.
 */
function killed(when: 'before' | 'after', fleet: Fleet, making: Making) {
  const [service, method] = making.split('.') as [keyof Fleet & string, string];
  const { promise: isKilled, resolve: kill } = Promise.withResolvers<void>();
  const hanging = new Proxy(fleet[service], {
    get: (target, name) => {
      const call: unknown = Reflect.get(target, name);
      if (name !== method || typeof call !== 'function') return call;
      return async (...args: unknown[]) => {
        if (when === 'after') await Reflect.apply(call, target, args);
        kill();
        return new Promise(() => {});
      };
    },
  });
  return { fleet: { ...fleet, [service]: hanging } as Fleet, isKilled };
}

const BYTES = Buffer.from('what is fetched');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const PUBLIC_KEY = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' });
const TABLE = `nvs,data,nvs,0x9000,0x5000
otadata,data,ota,0xe000,0x2000
app0,app,ota_0,0x10000,0x1e0000
app1,app,ota_1,0x1f0000,0x1e0000`;

/** Every route that honours the header: what it calls, and what is asked and answered. */
const CREATES: readonly (readonly [
  id: string,
  making: Making,
  path: string,
  body: Readonly<Record<string, unknown>>,
  made: Readonly<Record<string, unknown>>,
])[] = [
  ['createPackage', 'packages.create', '/packages', { packageId: 'p1' }, { packageId: 'p1' }],
  [
    'createBlueprint',
    'blueprints.create',
    '/blueprints',
    { blueprintId: 'b1', chip: 'esp32', flashSizeBytes: 4_194_304, partitionTable: TABLE },
    { blueprintId: 'b1', revision: 1 },
  ],
  ['addKey', 'keys.add', '/keys', { name: 'k1', publicKey: PUBLIC_KEY }, { name: 'k1' }],
  [
    'createTag',
    'tags.create',
    '/tags',
    { tag: 't1', description: 'one' },
    { tag: 't1', description: 'one', devices: 0 },
  ],
  [
    'createDevice',
    'devices.create',
    '/devices',
    { deviceId: 'd1' },
    { secret: expect.stringMatching(/^otd_/) as string },
  ],
  [
    'rotateDeviceSecret',
    'devices.rotateSecret',
    '/devices/d0/secret',
    {},
    { secret: expect.stringMatching(/^otd_/) as string },
  ],
  [
    'createCommand',
    'commands.create',
    '/devices/d0/commands',
    { name: 'reboot' },
    { name: 'reboot', deliveries: 0 },
  ],
  ['createCohort', 'cohorts.create', '/cohorts', { cohortId: 'c1' }, { cohortId: 'c1' }],
  [
    'createDeployment',
    'deployments.create',
    '/deployments',
    { components: ['main@2.0.0'] },
    { sequence: 2 },
  ],
  [
    'createRelease',
    'releases.create',
    '/releases',
    { components: ['main@2.0.0'] },
    { sequence: 1 },
  ],
  [
    'startRollout',
    'rollouts.start',
    '/rollouts',
    { cohortId: 'all', components: ['main@2.0.0'] },
    { cohortId: 'all' },
  ],
  [
    'coreMAddPackage',
    'artifacts.fetch',
    '/ota/packages',
    { type: 'sw', version: '1.0.0', artifact_uri: 'URI', sha256: SHA256 },
    { package_id: expect.stringMatching(/^art_/) as string, status: 'available' },
  ],
  [
    'coreMStartRollout',
    'rollouts.start',
    '/ota/rollouts',
    { package_id: 'art_main-2.0.0', target_profile_id: 'all' },
    { status: 'active', canary_percent: 5 },
  ],
  [
    'createToken',
    'tokens.create',
    '/tokens',
    { name: 'one', role: 'viewer' },
    { secret: expect.stringMatching(/^otk_/) as string },
  ],
  [
    'createWebhook',
    'webhooks.create',
    '/webhooks',
    { url: 'http://127.0.0.1:9/', eventTypes: ['*'] },
    { secret: expect.any(String) as string },
  ],
];

describe('a create with an Idempotency-Key', () => {
  let world: RolloutWorld;
  const blobs = createMemoryBlobs();
  beforeEach(async () => {
    world = await RolloutWorld.open();
    await world.artifact('2.0.0');
    await world.fleet.devices.create('system', { deviceId: 'd0' });
    return () => world[Symbol.asyncDispose]();
  });

  /** What a process makes of the store that it finds. */
  const started = () =>
    createFleet({
      store: world.store,
      blobs,
      clock: world.clock,
      options: { allowPrivateAddresses: true },
    });

  /** A server over the store of the world, and a way to ask it with the same key each time. */
  async function serve(fleet: Fleet, localToken: LocalToken | null = null) {
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
      localToken,
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

  /** An address that has the bytes. */
  async function serveBytes(): Promise<string> {
    const server = createServer((_, response) => void response.end(BYTES));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/fw.bin`;
  }

  const admin = async () =>
    (await world.fleet.tokens.create('system', { name: 'ci', role: 'admin' })).secret;
  const everything = async () => {
    const { total } = await world.store.read.audit.list({}, { page: 0, perPage: 1 });
    return { audited: total, events: await world.fleet.events.lastId() };
  };

  it('is possible wherever the document says so', () => {
    const ids = ROUTES.filter((route) => route.idempotent).map(({ id }) => id);
    expect(CREATES.map(([id]) => id).toSorted()).toEqual(ids.toSorted());
  });

  it.each(CREATES)(
    '%s is answered after a kill as it would have been before',
    async (_, making, path, fields, made) => {
      const secret = await admin();
      const uri = await serveBytes();
      const body = 'artifact_uri' in fields ? { ...fields, artifact_uri: uri } : fields;

      // Killed before there was anything: nobody has to look whether there is.
      const early = killed('before', started(), making);
      void (await serve(early.fleet))(path, body, secret).catch(() => {});
      await early.isKilled;
      // Killed when it was there: nobody heard of it.
      const late = killed('after', started(), making);
      void (await serve(late.fleet))(path, body, secret).catch(() => {});
      await late.isKilled;

      const ask = await serve(started());
      const before = await everything();
      const first = await ask(path, body, secret);
      expect(first.json).toMatchObject(made);
      expect(first.status).toBeLessThan(300);
      expect(await ask(path, body, secret)).toEqual(first);
      expect(await everything()).toEqual(before);
    },
  );

  it('goes on where an earlier version had begun and was killed', async () => {
    const secret = await admin();
    const ask = await serve(started());
    const { list } = await world.fleet.tokens.list({}, { page: 0, perPage: 1 });
    const scope = `${list[0]?.tokenId} createCohort`;
    const key = createHash('sha256').update('once').digest('hex');
    await world.store.transaction(({ idempotency }) =>
      idempotency.put(scope, key, { requestHash: 'as it was', answer: 'begun' }),
    );
    const first = await ask('/cohorts', { cohortId: 'c1' }, secret);
    expect(first).toMatchObject({ status: 201, json: { cohortId: 'c1' } });
    expect(await ask('/cohorts', { cohortId: 'c1' }, secret)).toEqual(first);
  });

  it('may be asked otherwise where it was refused', async () => {
    const secret = await admin();
    const ask = await serve(started());
    expect((await ask('/cohorts', { cohortId: 'all' }, secret)).status).toBe(409);
    expect((await ask('/cohorts', { cohortId: 'c1' }, secret)).status).toBe(201);
    expect(await ask('/cohorts', { cohortId: 'c2' }, secret)).toMatchObject({
      status: 422,
      json: { code: 'server/idempotency-reused' },
    });
  });

  it('is not answered to another credential of the same name', async () => {
    const [first, second] = [createLocalToken(0), createLocalToken(0)];
    const asked = ['/devices', { deviceId: 'd1' }] as const;
    const before = await serve(started(), first);
    expect(await before(...asked, first.secret)).toMatchObject({ status: 201 });
    const restarted = await serve(started(), second);
    expect(await restarted(...asked, second.secret)).toMatchObject({
      status: 422,
      json: { code: 'server/idempotency-reused' },
    });
  });
});
