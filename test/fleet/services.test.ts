import { beforeEach, describe, expect, it } from 'vitest';
import type { Artifact } from '../../src/fleet/index.ts';
import { generateSigningKey } from '../../src/fleet/signature/signing-keys.ts';
import { parsePartitionCsv, serializePartitionBinary } from '../../src/partition-table/index.ts';
import { memoryFleet } from '../support/memory-fleet.ts';

const ALL = { page: 0, perPage: 100 };
const LOCAL = 'token:tok_test';

describe('services of the fleet', () => {
  let world: Awaited<ReturnType<typeof memoryFleet>>;
  beforeEach(async () => {
    world = await memoryFleet();
    return () => world[Symbol.asyncDispose]();
  });

  /** An artifact without bytes, as the store has it. */
  async function artifact(version: string, fields: Partial<Artifact> = {}): Promise<Artifact> {
    const made: Artifact = {
      artifactId: `art_${version}`,
      packageId: 'main',
      version,
      blueprintIds: [],
      sizeBytes: 1,
      sha256: 'aa'.repeat(32),
      md5: 'bb'.repeat(16),
      releaseNotes: '',
      minVersion: null,
      image: null,
      signatures: [],
      createdAtMs: world.clock.now(),
      revision: 1,
      ...fields,
    };
    await world.store.transaction(async ({ packages, artifacts }) => {
      if ((await packages.get(made.packageId)) === null) {
        await packages.insert({
          packageId: made.packageId,
          kind: 'binary',
          description: '',
          metadata: {},
          createdAtMs: 0,
          revision: 1,
        });
      }
      await artifacts.insert(made);
    });
    return made;
  }

  const audited = async () =>
    (await world.fleet.audit.list({}, ALL)).list.map(({ actor, action, subject }) =>
      [actor, action, subject].join(' '),
    );
  const told = async () => (await world.fleet.events.after(0, 100)).map(({ type }) => type);

  describe('tags', () => {
    it('can be made, counted and removed, and each is audited', async () => {
      const { tags, devices } = world.fleet;
      await tags.create(LOCAL, 'beta', 'early birds');
      await devices.create(LOCAL, { deviceId: 'd1', tags: ['beta'] });
      expect(await tags.list()).toEqual([{ tag: 'beta', description: 'early birds', devices: 1 }]);
      await expect(tags.remove(LOCAL, 'beta')).rejects.toMatchObject({ code: 'fleet/in-use' });
      await devices.update(LOCAL, 'd1', { removeTags: ['beta'] });
      await tags.remove(LOCAL, 'beta');
      expect(await tags.list()).toEqual([]);
      expect(await audited()).toContain('token:tok_test tag.create tag/beta');
    });

    it.each([
      ['a name with a slash', 'a/b', 'fleet/invalid'],
      ['an empty name', '', 'fleet/invalid'],
      ['a second of the same name', 'beta', 'fleet/exists'],
    ])('refuse %s', async (_what, tag, code) => {
      await world.fleet.tags.create(LOCAL, 'beta');
      await expect(world.fleet.tags.create(LOCAL, tag)).rejects.toMatchObject({ code });
    });

    it('that do not exist cannot be given to a device', async () => {
      const made = world.fleet.devices.create(LOCAL, { deviceId: 'd1', tags: ['betta'] });
      await expect(made).rejects.toMatchObject({ code: 'fleet/not-found' });
      expect((await world.fleet.devices.list({}, ALL)).total).toBe(0);
    });
  });

  describe('devices', () => {
    it('get a secret that is shown once and stored as a hash', async () => {
      const { device, secret } = await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      expect(secret).toMatch(/^otd_[\w-]{43}$/);
      expect(JSON.stringify(device)).not.toContain(secret);
      expect(JSON.stringify(await world.fleet.devices.get('d1'))).not.toContain(secret.slice(4));
    });

    it('keep the old hash beside the new one when the secret is rotated', async () => {
      const first = await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      const second = await world.fleet.devices.rotateSecret(LOCAL, 'd1');
      expect(second.secret).not.toBe(first.secret);
      expect(second.device.credential?.previousSecretHash).toBe(
        first.device.credential?.secretHash,
      );
    });

    it('are in at most one cohort, and a move is an event', async () => {
      const { cohorts, devices } = world.fleet;
      await cohorts.create(LOCAL, { cohortId: 'a' });
      await cohorts.create(LOCAL, { cohortId: 'b' });
      await devices.create(LOCAL, { deviceId: 'd1', cohortId: 'a' });
      const moved = await devices.update(LOCAL, 'd1', { cohortId: 'b' });
      expect(moved.cohortId).toBe('b');
      expect((await devices.list({ cohortId: 'a' }, ALL)).total).toBe(0);
      expect(await told()).toContain('device.moved');
      expect((await devices.update(LOCAL, 'd1', { cohortId: null })).cohortId).toBeNull();
    });

    it('refuse an update of what somebody else changed', async () => {
      const { device } = await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      await world.fleet.devices.update(LOCAL, 'd1', { name: 'first' });
      const late = world.fleet.devices.update(LOCAL, 'd1', {
        name: 'second',
        revision: device.revision,
      });
      await expect(late).rejects.toMatchObject({ code: 'fleet/changed-meanwhile' });
      expect((await world.fleet.devices.get('d1')).name).toBe('first');
    });

    it.each([
      ['cohortId', { cohortId: 'none' }],
      ['blueprintId', { blueprintId: 'none' }],
      ['pinnedDeploymentId', { pinnedDeploymentId: 'dep_none' }],
    ])('refuse a %s that is not there', async (_field, changes) => {
      await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      const update = world.fleet.devices.update(LOCAL, 'd1', changes);
      await expect(update).rejects.toMatchObject({ code: 'fleet/not-found' });
    });

    it('are gone when removed', async () => {
      await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      await world.fleet.devices.remove(LOCAL, 'd1');
      await expect(world.fleet.devices.get('d1')).rejects.toMatchObject({
        code: 'fleet/not-found',
      });
      await expect(world.fleet.devices.remove(LOCAL, 'd1')).rejects.toMatchObject({
        code: 'fleet/not-found',
      });
    });
  });

  describe('deployments', () => {
    it('bundle artifacts under a strictly rising sequence', async () => {
      await artifact('1.0.0');
      await artifact('1.1.0');
      const first = await world.fleet.deployments.create(LOCAL, { components: ['main@1.0.0'] });
      const second = await world.fleet.deployments.create(LOCAL, { components: ['art_1.1.0'] });
      expect([first.sequence, second.sequence]).toEqual([1, 2]);
      expect(second.components).toEqual([
        { packageId: 'main', version: '1.1.0', artifactId: 'art_1.1.0' },
      ]);
      expect((await world.fleet.deployments.list({ artifactId: 'art_1.0.0' }, ALL)).total).toBe(1);
    });

    it('give every one of many at once a sequence of its own', async () => {
      await artifact('1.0.0');
      const all = await Promise.all(
        Array.from({ length: 20 }, () =>
          world.fleet.deployments.create(LOCAL, { components: ['main@1.0.0'] }),
        ),
      );
      expect(new Set(all.map(({ sequence }) => sequence)).size).toBe(20);
    });

    it('refuse two artifacts of one package', async () => {
      await artifact('1.0.0');
      await artifact('1.1.0');
      const both = world.fleet.deployments.create(LOCAL, {
        components: ['main@1.0.0', 'main@1.1.0'],
      });
      await expect(both).rejects.toMatchObject({ code: 'fleet/invalid' });
    });

    it.each([
      ['none at all', [], 'fleet/invalid'],
      ['an unknown version', ['main@9.9.9'], 'fleet/not-found'],
      ['an unknown id', ['art_none'], 'fleet/not-found'],
    ])('refuse %s', async (_what, components, code) => {
      await artifact('1.0.0');
      const made = world.fleet.deployments.create(LOCAL, { components });
      await expect(made).rejects.toMatchObject({ code });
      expect((await world.fleet.deployments.list({}, ALL)).total).toBe(0);
    });

    it('ask which one is meant where a version is for several kinds of hardware', async () => {
      await world.store.transaction(async ({ blueprints }) => {
        for (const blueprintId of ['a', 'b']) {
          await blueprints.insert({
            blueprintId,
            description: '',
            chip: 'esp32',
            flashSizeBytes: 4_194_304,
            partitionTable: '',
            createdAtMs: 0,
            revision: 1,
          });
        }
      });
      await artifact('1.0.0', { artifactId: 'art_a', blueprintIds: ['a'] });
      await artifact('1.0.0', { artifactId: 'art_b', blueprintIds: ['b'] });
      const made = world.fleet.deployments.create(LOCAL, { components: ['main@1.0.0'] });
      await expect(made).rejects.toMatchObject({ code: 'fleet/invalid', message: /2 artifacts/ });
      const one = await world.fleet.deployments.create(LOCAL, { components: ['art_b'] });
      expect(one.components).toHaveLength(1);
    });
  });

  describe('cohorts', () => {
    it('deliver a deployment to all of their devices, as an event', async () => {
      await artifact('1.0.0');
      const { deploymentId } = await world.fleet.deployments.create(LOCAL, {
        components: ['main@1.0.0'],
      });
      await world.fleet.cohorts.create(LOCAL, { cohortId: 'production' });
      const cohort = await world.fleet.cohorts.update(LOCAL, 'production', {
        activeDeploymentId: deploymentId,
      });
      expect(cohort.activeDeploymentId).toBe(deploymentId);
      expect(await told()).toContain('cohort.deployed');
    });

    it('keep what they run when the deployment is not there', async () => {
      await world.fleet.cohorts.create(LOCAL, { cohortId: 'production' });
      const update = world.fleet.cohorts.update(LOCAL, 'production', {
        activeDeploymentId: 'dep_none',
      });
      await expect(update).rejects.toMatchObject({ code: /fleet\/(not-found|invalid)/ });
      expect((await world.fleet.cohorts.get('production')).activeDeploymentId).toBeNull();
    });

    it('cannot be removed with devices in them', async () => {
      await world.fleet.cohorts.create(LOCAL, { cohortId: 'production' });
      await world.fleet.devices.create(LOCAL, { deviceId: 'd1', cohortId: 'production' });
      const removed = world.fleet.cohorts.remove(LOCAL, 'production');
      await expect(removed).rejects.toMatchObject({ code: 'fleet/in-use' });
    });
  });

  describe('releases', () => {
    it('are switched on and off, with names that are unique', async () => {
      await artifact('1.0.0');
      const { deploymentId } = await world.fleet.deployments.create(LOCAL, {
        components: ['main@1.0.0'],
      });
      const release = await world.fleet.releases.create(LOCAL, {
        deploymentId,
        releaseTags: ['1.0.0'],
      });
      expect(release).toMatchObject({ enabled: false, sequence: 1, deviceTags: [] });
      const on = await world.fleet.releases.update(LOCAL, release.releaseId, { enabled: true });
      expect(on.enabled).toBe(true);
      const named = await world.fleet.releases.update(LOCAL, release.releaseId, {
        addReleaseTags: ['b', 'a', '1.0.0'],
        removeReleaseTags: ['b', 'none'],
      });
      expect(named.releaseTags).toEqual(['1.0.0', 'a']);
      const unknown = world.fleet.releases.update(LOCAL, release.releaseId, {
        addDeviceTags: ['nobody'],
      });
      await expect(unknown).rejects.toMatchObject({ code: 'fleet/not-found' });
      const again = world.fleet.releases.create(LOCAL, { deploymentId, releaseTags: ['1.0.0'] });
      await expect(again).rejects.toMatchObject({ code: 'fleet/exists' });
      await world.fleet.releases.remove(LOCAL, release.releaseId);
      expect((await world.fleet.releases.list({}, ALL)).total).toBe(0);
    });
  });

  describe('tokens', () => {
    it('let their owner in until they expire or are revoked', async () => {
      const { token, secret } = await world.fleet.tokens.create('system', {
        name: 'ci',
        role: 'uploader',
        expiresInMs: 3_600_000,
      });
      expect(secret).toMatch(/^otk_/);
      expect(await world.fleet.tokens.authenticate(secret)).toMatchObject({ role: 'uploader' });
      expect(await world.fleet.tokens.authenticate(`${secret}x`)).toBeNull();
      await world.fleet.tokens.revoke('system', token.tokenId);
      expect(await world.fleet.tokens.authenticate(secret)).toBeNull();
      const short = await world.fleet.tokens.create('system', {
        name: 'short',
        role: 'viewer',
        expiresInMs: 1000,
      });
      await world.clock.advance(1000);
      expect(await world.fleet.tokens.authenticate(short.secret)).toBeNull();
    });

    it('remember when they were last used, to the minute', async () => {
      const { token, secret } = await world.fleet.tokens.create('system', {
        name: 'ops',
        role: 'operator',
      });
      await world.fleet.tokens.authenticate(secret);
      const first = (await world.fleet.tokens.get(token.tokenId)).lastUsedAtMs;
      expect(first).toBe(world.clock.now());
      await world.clock.advance(30_000);
      await world.fleet.tokens.authenticate(secret);
      expect((await world.fleet.tokens.get(token.tokenId)).lastUsedAtMs).toBe(first);
    });
  });

  describe('commands', () => {
    async function queued(fields: { expiresInMs?: number; maxDeliveries?: number } = {}) {
      await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      return await world.fleet.commands.create(LOCAL, 'd1', { name: 'reboot', ...fields });
    }

    it('wait, are handed out once, and end with what the device answers', async () => {
      const { commandId } = await queued();
      expect(await world.fleet.commands.deliver('d1')).toMatchObject([
        { commandId, state: 'delivered', deliveries: 1 },
      ]);
      expect(await world.fleet.commands.deliver('d1')).toEqual([]);
      const outcome = { succeeded: true, result: { uptime: 3 } };
      const done = await world.fleet.commands.acknowledge('d1', commandId, outcome);
      expect(done).toMatchObject({ state: 'succeeded', result: { uptime: 3 } });
      const late = await world.fleet.commands.acknowledge('d1', commandId, { succeeded: false });
      expect(late.state).toBe('succeeded');
    });

    it('are handed out again when no answer comes, later each time, and then given up', async () => {
      const { commandId } = await queued({ maxDeliveries: 2 });
      await world.fleet.commands.deliver('d1');
      await world.clock.advance(59_999);
      expect(await world.fleet.commands.deliver('d1')).toEqual([]);
      await world.clock.advance(1);
      expect(await world.fleet.commands.deliver('d1')).toHaveLength(1);
      await world.clock.advance(120_000);
      expect(await world.fleet.commands.deliver('d1')).toEqual([]);
      expect(await world.fleet.commands.get(commandId)).toMatchObject({
        state: 'failed',
        result: { error: 'not answered after 2 deliveries' },
      });
    });

    it('expire', async () => {
      const { commandId } = await queued({ expiresInMs: 1000 });
      await world.clock.advance(1000);
      expect(await world.fleet.commands.deliver('d1')).toEqual([]);
      expect(await world.fleet.commands.expire()).toBe(1);
      expect(await world.fleet.commands.expire()).toBe(0);
      expect((await world.fleet.commands.get(commandId)).state).toBe('expired');
    });

    it('can be taken back until they are done', async () => {
      const { commandId } = await queued();
      await world.fleet.commands.cancel(LOCAL, commandId);
      expect(await world.fleet.commands.deliver('d1')).toEqual([]);
      const again = world.fleet.commands.cancel(LOCAL, commandId);
      await expect(again).rejects.toMatchObject({ code: 'fleet/wrong-state' });
    });

    it('of another device cannot be acknowledged', async () => {
      const { commandId } = await queued();
      await world.fleet.devices.create(LOCAL, { deviceId: 'd2' });
      const foreign = world.fleet.commands.acknowledge('d2', commandId, { succeeded: true });
      await expect(foreign).rejects.toMatchObject({ code: 'fleet/not-found' });
    });

    it.each([
      ['name', { name: 'rm -rf' }],
      ['payload', { name: 'x', payload: 'y'.repeat(5000) }],
      ['expiresInMs', { name: 'x', expiresInMs: 0 }],
      ['maxDeliveries', { name: 'x', maxDeliveries: 1.5 }],
    ])('refuse a bad %s', async (field, fields) => {
      await world.fleet.devices.create(LOCAL, { deviceId: 'd1' });
      const made = world.fleet.commands.create(LOCAL, 'd1', fields);
      await expect(made).rejects.toMatchObject({ code: 'fleet/invalid', details: { field } });
    });
  });

  describe('packages', () => {
    it('are made, changed and removed', async () => {
      const { packages } = world.fleet;
      const made = await packages.create(LOCAL, { packageId: 'main', metadata: { team: 'a' } });
      expect(made).toMatchObject({ kind: 'app-image', metadata: { team: 'a' }, revision: 1 });
      const changed = await packages.update(LOCAL, 'main', { description: 'the app', revision: 1 });
      expect(changed).toMatchObject({
        description: 'the app',
        metadata: { team: 'a' },
        revision: 2,
      });
      await artifact('1.0.0');
      await expect(packages.remove(LOCAL, 'main')).rejects.toMatchObject({ code: 'fleet/in-use' });
    });

    it.each([
      ['a bad id', { packageId: '../etc' }],
      ['too much metadata', { packageId: 'm', metadata: { long: 'x'.repeat(501) } }],
    ])('refuse %s', async (_what, fields) => {
      const made = world.fleet.packages.create(LOCAL, fields);
      await expect(made).rejects.toMatchObject({ code: 'fleet/invalid' });
    });
  });

  describe('blueprints', () => {
    const TABLE =
      'nvs,data,nvs,,0x6000\notadata,data,ota,,0x2000\nota_0,app,ota_0,,1M\nota_1,app,ota_1,,1M\n';
    const fields = { blueprintId: 'b', chip: 'esp32c3', flashSizeBytes: 4_194_304 } as const;

    it('keep the CSV as it was uploaded, and write a binary table out as CSV', async () => {
      const { blueprints } = world.fleet;
      const csv = await blueprints.create(LOCAL, { ...fields, partitionTable: `# ours\n${TABLE}` });
      expect(csv.partitionTable).toBe(`# ours\n${TABLE}`);
      const binary = serializePartitionBinary(parsePartitionCsv(TABLE));
      const other = { ...fields, blueprintId: 'c', partitionTable: binary };
      const made = await blueprints.create(LOCAL, other);
      expect(parsePartitionCsv(made.partitionTable).entries.map(({ name }) => name)).toEqual([
        'nvs',
        'otadata',
        'ota_0',
        'ota_1',
      ]);
    });

    it.each([
      ['a table that is none', 'hello', 'fleet/bad-partition-table'],
      ['a table larger than the flash', `${TABLE}big,data,fat,,8M\n`, 'fleet/bad-partition-table'],
      ['a table without OTA slots', 'factory,app,factory,,1M\n', 'fleet/bad-partition-table'],
    ])('refuse %s', async (_what, partitionTable, code) => {
      const made = world.fleet.blueprints.create(LOCAL, { ...fields, partitionTable });
      await expect(made).rejects.toMatchObject({ code });
      expect((await world.fleet.blueprints.list({}, ALL)).total).toBe(0);
    });

    it('refuse a flash that no chip has', async () => {
      const odd = { ...fields, flashSizeBytes: 5_000_000, partitionTable: TABLE };
      const made = world.fleet.blueprints.create(LOCAL, odd);
      await expect(made).rejects.toMatchObject({ code: 'fleet/invalid' });
    });
  });

  describe('keys', () => {
    it('are public ones, and stay listed when revoked', async () => {
      const { publicKey, privateKey, keyId } = generateSigningKey('ed25519');
      const added = await world.fleet.keys.add(LOCAL, { name: 'release', publicKey });
      expect(added).toMatchObject({ keyId, algorithm: 'ed25519', revokedAtMs: null });
      const secret = world.fleet.keys.add(LOCAL, { name: 'oops', publicKey: privateKey });
      await expect(secret).rejects.toMatchObject({ code: 'fleet/bad-key' });
      const revoked = await world.fleet.keys.revoke(LOCAL, keyId);
      expect(revoked.revokedAtMs).toBe(world.clock.now());
      expect((await world.fleet.keys.list({ revoked: true }, ALL)).total).toBe(1);
    });
  });

  describe('webhooks', () => {
    it('begin with the next event, and forget failures when somebody changes them', async () => {
      await world.fleet.cohorts.create(LOCAL, { cohortId: 'before' });
      const made = await world.fleet.webhooks.create(LOCAL, {
        url: 'https://example.com/hook-with-a-secret',
        eventTypes: ['rollout.*'],
      });
      expect(made.lastEventId).toBe(await world.fleet.events.lastId());
      const changed = await world.fleet.webhooks.update(LOCAL, made.webhookId, { enabled: false });
      expect(changed).toMatchObject({ enabled: false, failures: 0, secret: made.secret });
      const audit = JSON.stringify((await world.fleet.audit.list({}, ALL)).list);
      expect(audit).toContain('https://example.com');
      expect(audit).not.toContain('hook-with-a-secret');
    });

    it.each([
      ['url', { url: 'ftp://example.com', eventTypes: ['*'] }],
      ['url', { url: 'https://user:secret@example.com', eventTypes: ['*'] }],
      ['url', { url: 'https://:secret@example.com', eventTypes: ['*'] }],
      ['eventTypes', { url: 'https://example.com', eventTypes: ['Rollout!'] }],
      ['eventTypes', { url: 'https://example.com', eventTypes: [] }],
    ])('refuse a bad %s', async (field, fields) => {
      const made = world.fleet.webhooks.create(LOCAL, fields);
      await expect(made).rejects.toMatchObject({ code: 'fleet/invalid', details: { field } });
    });
  });
});
