import { describe, expect, it } from 'vitest';
import type { Repositories, Repository, SigningKey } from '../../../src/fleet/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { OpenStore } from './contract.ts';
import {
  aCohort,
  aCommand,
  aDeployment,
  aDevice,
  anArtifact,
  aPackage,
  aRelease,
  aRollout,
  aSmallFleet,
  aToken,
  aWebhook,
} from './entities.ts';

/** Reading and writing each kind of thing. */
export function describeEntities(open: OpenStore): void {
  const opened = async () => {
    const store = await open(new ManualClock());
    await store.transaction(aSmallFleet);
    return store;
  };
  const page = { page: 0, perPage: 50 };

  interface Case<Entity> {
    readonly of: (repositories: Repositories) => Repository<Entity, never>;
    readonly id: (entity: Entity) => string;
    readonly entity: Entity;
    readonly changed: Entity;
    readonly revised: boolean;
  }
  const aCase = <Entity>(
    of: (repositories: Repositories) => unknown,
    id: keyof Entity & string,
    entity: Entity,
    changes: Partial<Entity>,
  ): Case<unknown> => {
    const revised = 'revision' in (entity as object);
    return {
      of: (repositories) => of(repositories) as Repository<unknown, never>,
      id: (some) => (some as Entity)[id] as string,
      entity,
      changed: { ...entity, ...changes, ...(revised ? { revision: 2 } : {}) },
      revised,
    };
  };

  describe.each([
    [
      'packages',
      aCase((r) => r.packages, 'packageId', aPackage({ packageId: 'modem' }), {
        metadata: { __proto__: 'x', a: 'é' },
      }),
    ],
    [
      'blueprints',
      aCase(
        (r) => r.blueprints,
        'blueprintId',
        {
          blueprintId: 'sensor',
          description: '',
          chip: 'esp32c3',
          flashSizeBytes: 4 << 20,
          partitionTable: '# Name\n',
          createdAtMs: 5,
          revision: 1,
        },
        { description: 'outdoors' },
      ),
    ],
    [
      'artifacts',
      aCase((r) => r.artifacts, 'artifactId', anArtifact({ artifactId: 'art_2', version: '2' }), {
        releaseNotes: 'new',
      }),
    ],
    [
      'keys',
      aCase<SigningKey>(
        (r) => r.keys,
        'keyId',
        {
          keyId: '0123456789abcdef',
          name: 'release',
          algorithm: 'ed25519',
          publicKey: 'PEM',
          createdAtMs: 5,
          revokedAtMs: null,
        },
        { revokedAtMs: 6 },
      ),
    ],
    [
      'devices',
      aCase((r) => r.devices, 'deviceId', aDevice({ deviceId: 'other' }), {
        enabled: false,
        cohortId: 'production',
        credential: null,
      }),
    ],
    [
      'cohorts',
      aCase((r) => r.cohorts, 'cohortId', aCohort({ cohortId: 'beta' }), {
        activeDeploymentId: 'dep_1',
      }),
    ],
    [
      'releases',
      aCase((r) => r.releases, 'releaseId', aRelease(), { enabled: false, deviceTags: ['x'] }),
    ],
    [
      'rollouts',
      aCase((r) => r.rollouts, 'rolloutId', aRollout(), {
        state: { kind: 'paused', by: 'threshold', reason: 'too many' },
      }),
    ],
    [
      'commands',
      aCase((r) => r.commands, 'commandId', aCommand(), {
        state: 'succeeded',
        result: [1, { deep: null }],
      }),
    ],
    ['tokens', aCase((r) => r.tokens, 'tokenId', aToken(), { lastUsedAtMs: 9 })],
    ['webhooks', aCase((r) => r.webhooks, 'webhookId', aWebhook(), { lastError: 'HTTP 500' })],
  ])('%s', (_name, { of, id, entity, changed, revised }) => {
    it('come back as they were stored', async () => {
      const store = await opened();
      await store.transaction((r) => of(r).insert(entity));
      await expect(of(store.read).get(id(entity))).resolves.toEqual(entity);
      const { list } = await of(store.read).list({} as never, page);
      expect(list).toContainEqual(entity);
    });

    it('exist once', async () => {
      const store = await opened();
      await store.transaction((r) => of(r).insert(entity));
      await expect(store.transaction((r) => of(r).insert(entity))).rejects.toMatchObject({
        code: 'fleet/exists',
      });
    });

    it('change', async () => {
      const store = await opened();
      await store.transaction((r) => of(r).insert(entity));
      await store.transaction((r) => of(r).update(changed));
      await expect(of(store.read).get(id(entity))).resolves.toEqual(changed);
    });

    // What only ever has one writer has no revision.
    if (revised) {
      it('are not changed over the head of somebody else', async () => {
        const store = await opened();
        await store.transaction((r) => of(r).insert(entity));
        await store.transaction((r) => of(r).update(changed));
        await expect(store.transaction((r) => of(r).update(changed))).rejects.toMatchObject({
          code: 'fleet/changed-meanwhile',
          details: { revision: 2 },
        });
      });
    }

    it('are not changed when they are not there', async () => {
      const store = await opened();
      await expect(store.transaction((r) => of(r).update(changed))).rejects.toMatchObject({
        code: 'fleet/not-found',
      });
      await expect(of(store.read).get(id(entity))).resolves.toBeNull();
    });

    it('go, once', async () => {
      const store = await opened();
      await store.transaction((r) => of(r).insert(entity));
      await expect(store.transaction((r) => of(r).delete(id(entity)))).resolves.toBe(true);
      await expect(store.transaction((r) => of(r).delete(id(entity)))).resolves.toBe(false);
      await expect(of(store.read).get(id(entity))).resolves.toBeNull();
    });
  });

  it('artifacts: one per package, version and blueprint', async () => {
    const store = await opened();
    const overlapping = anArtifact({ artifactId: 'art_2', blueprintIds: ['gateway', 'sensor'] });
    await expect(store.transaction((r) => r.artifacts.insert(overlapping))).rejects.toMatchObject({
      code: 'fleet/exists',
    });
    await expect(store.read.artifacts.get('art_2')).resolves.toBeNull();
    const beside = anArtifact({ artifactId: 'art_2', blueprintIds: ['gateway'] });
    const anywhere = anArtifact({ artifactId: 'art_3', blueprintIds: [] });
    await store.transaction(async (r) => {
      await r.artifacts.insert(beside);
      await r.artifacts.insert(anywhere);
    });
    const again = anArtifact({ artifactId: 'art_4', blueprintIds: [] });
    await expect(store.transaction((r) => r.artifacts.insert(again))).rejects.toMatchObject({
      code: 'fleet/exists',
    });
    const { list } = await store.read.artifacts.list({ blueprintId: 'gateway' }, page);
    expect(list.map(({ artifactId }) => artifactId)).toEqual(['art_2']);
  });

  it('devices: found by all their tags, by cohort, by part of the name', async () => {
    const store = await opened();
    await store.transaction(async ({ tags, devices }) => {
      for (const tag of ['a', 'b']) await tags.insert({ tag, description: '' });
      await devices.insert(aDevice({ deviceId: 'x', name: '100%_Roof', tags: ['a', 'b'] }));
      await devices.insert(aDevice({ deviceId: 'y', name: 'Cellar', tags: ['a'] }));
    });
    const ids = async (filter: Parameters<typeof store.read.devices.list>[0]) =>
      (await store.read.devices.list(filter, page)).list.map(({ deviceId }) => deviceId);
    await expect(ids({ tags: ['a'] })).resolves.toEqual(['x', 'y']);
    await expect(ids({ tags: ['a', 'b'] })).resolves.toEqual(['x']);
    await expect(ids({ search: 'roof' })).resolves.toEqual(['x']);
    await expect(ids({ search: '%_r' })).resolves.toEqual(['x']);
    await expect(ids({ search: '_' })).resolves.toEqual(['x']);
    await expect(ids({ cohortId: 'production', enabled: true })).resolves.toEqual(['board-1']);
    await expect(store.read.devices.idsOfCohort('production')).resolves.toEqual(['board-1']);
    await store.transaction((r) =>
      r.devices.insert(aDevice({ deviceId: 'off', cohortId: 'production', enabled: false })),
    );
    await expect(store.read.devices.idsOfCohort('production')).resolves.toEqual(['board-1']);

    const device = await store.read.devices.get('x');
    if (device === null) throw new Error('x is gone');
    await store.transaction((r) => r.devices.update({ ...device, tags: ['b'], revision: 2 }));
    await expect(ids({ tags: ['a'] })).resolves.toEqual(['y']);
    await expect(store.read.tags.list()).resolves.toEqual([
      { tag: 'a', description: '', devices: 1 },
      { tag: 'b', description: '', devices: 1 },
    ]);
    await expect(store.transaction((r) => r.tags.delete('b'))).rejects.toMatchObject({
      code: 'fleet/in-use',
    });
    await store.transaction((r) => r.devices.delete('x'));
    await expect(store.transaction((r) => r.tags.delete('b'))).resolves.toBe(true);
    await expect(
      store.transaction((r) => r.devices.insert(aDevice({ deviceId: 'z', tags: ['b'] }))),
    ).rejects.toMatchObject({ code: 'fleet/invalid' });
  });

  it('devices: seen later, never earlier, and without a new revision', async () => {
    const store = await opened();
    await store.transaction((r) => r.devices.touch([['board-1', 50]]));
    await store.transaction((r) =>
      r.devices.touch([
        ['board-1', 40],
        ['nobody', 70],
      ]),
    );
    await expect(store.read.devices.get('board-1')).resolves.toMatchObject({
      lastSeenAtMs: 50,
      revision: 1,
    });
    await store.transaction((r) => r.devices.update(aDevice({ lastSeenAtMs: 60, revision: 2 })));
    await expect(store.read.devices.get('board-1')).resolves.toMatchObject({ lastSeenAtMs: 60 });
    await expect(store.read.devices.list({}, { page: 0, perPage: 1 })).resolves.toMatchObject({
      list: [{ deviceId: 'board-1', lastSeenAtMs: 60 }],
    });
  });

  it('webhooks: how far they are, without a new revision', async () => {
    const store = await opened();
    const webhook = aWebhook();
    const progress = { lastEventId: 99, failures: 3, retryAtMs: 70, lastError: 'it answered 500' };
    await store.transaction(async ({ webhooks }) => {
      await webhooks.insert(webhook);
      await webhooks.update({ ...webhook, url: 'https://new.example/', revision: 2 });
      await webhooks.progress(webhook.webhookId, progress);
    });
    await expect(store.read.webhooks.get(webhook.webhookId)).resolves.toEqual({
      ...webhook,
      ...progress,
      url: 'https://new.example/',
      revision: 2,
    });
    const nobody = store.transaction((r) => r.webhooks.progress('whk_none', progress));
    await expect(nobody).rejects.toMatchObject({ code: 'fleet/not-found' });
  });

  it('commands: what is to be handed out, oldest first', async () => {
    const store = await opened();
    await store.transaction(async ({ commands }) => {
      await commands.insert(aCommand({ commandId: 'z' }));
      await commands.insert(aCommand({ commandId: 'a' }));
      await commands.insert(aCommand({ commandId: 'd', state: 'delivered', redeliverAtMs: 100 }));
      await commands.insert(aCommand({ commandId: 'n', state: 'delivered', redeliverAtMs: 101 }));
      await commands.insert(aCommand({ commandId: 'o', expiresAtMs: 100 }));
      await commands.insert(aCommand({ commandId: 'l', expiresAtMs: 101 }));
      await commands.insert(aCommand({ commandId: 'c', state: 'cancelled' }));
    });
    const given = await store.read.commands.deliverable('board-1', 100);
    expect(given.map(({ commandId }) => commandId)).toEqual(['z', 'a', 'd', 'l']);
    expect(given[0]).toEqual(aCommand({ commandId: 'z' }));
    await expect(store.read.commands.deliverable('board-2', 100)).resolves.toEqual([]);
    const over = await store.read.commands.expired(100, 10);
    expect(over.map(({ commandId }) => commandId)).toEqual(['o']);
  });

  it('releases: a sequence that is never given twice', async () => {
    const store = await opened();
    await store.transaction((r) => r.releases.insert(aRelease({ sequence: 7 })));
    await store.transaction((r) => r.releases.delete('rel_1'));
    await expect(store.read.releases.lastSequence()).resolves.toBe(7);
    await store.transaction((r) => r.releases.insert(aRelease({ sequence: 8 })));
    const named = await store.read.releases.list({ tag: 'v1', enabled: true }, page);
    expect(named.total).toBe(1);
    expect((await store.read.releases.list({ tag: 'outdoor' }, page)).total).toBe(1);
    expect((await store.read.releases.list({ tag: 'indoor' }, page)).total).toBe(0);
  });

  it('deployments: found by artifact, and their last sequence', async () => {
    const store = await opened();
    await expect(store.read.deployments.lastSequence()).resolves.toBe(1);
    const clash = aDeployment({ deploymentId: 'dep_2' });
    await expect(store.transaction((r) => r.deployments.insert(clash))).rejects.toMatchObject({
      code: 'fleet/exists',
    });
    expect((await store.read.deployments.list({ artifactId: 'art_1' }, page)).total).toBe(1);
    expect((await store.read.deployments.list({ artifactId: 'art_9' }, page)).total).toBe(0);
    await expect(store.transaction((r) => r.artifacts.delete('art_1'))).rejects.toMatchObject({
      code: 'fleet/in-use',
    });
  });

  it('tokens: found by the hash of what is presented', async () => {
    const store = await opened();
    await store.transaction((r) => r.tokens.insert(aToken()));
    await expect(store.read.tokens.bySecretHash('dd'.repeat(32))).resolves.toEqual(aToken());
    await expect(store.read.tokens.bySecretHash('ee'.repeat(32))).resolves.toBeNull();
  });
}
