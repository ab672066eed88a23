import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../support/rollout-world.ts';

const MINUTE = 60_000;

describe('the gate for devices', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    return () => world[Symbol.asyncDispose]();
  });

  it('lets in the device with its secret, and nobody else', async () => {
    const { gate, devices } = world.fleet;
    const { secret } = await devices.create(OPERATOR, { deviceId: 'one' });
    const other = await devices.create(OPERATOR, { deviceId: 'two' });
    expect(await gate.authenticate('one', secret)).toMatchObject({ device: { deviceId: 'one' } });
    expect(await gate.authenticate('one', other.secret)).toBeNull();
    expect(await gate.authenticate('one', '')).toBeNull();
    expect(await gate.authenticate('three', secret)).toBeNull();
    await devices.update(OPERATOR, 'one', { enabled: false });
    expect(await gate.authenticate('one', secret)).toBeNull();
    expect(await gate.identify('one')).toBeNull();
  });

  it('takes the old secret until the new one was used', async () => {
    const { gate, devices } = world.fleet;
    const { secret: old } = await devices.create(OPERATOR, { deviceId: 'one' });
    const { secret } = await devices.rotateSecret(OPERATOR, 'one');
    expect(await gate.authenticate('one', old)).not.toBeNull();
    expect(await gate.authenticate('one', secret)).not.toBeNull();
    expect(await gate.authenticate('one', old)).toBeNull();
    expect(await gate.authenticate('one', secret)).not.toBeNull();
  });

  it('registers a device for a provisioner token, as the token says', async () => {
    const { gate, tokens } = world.fleet;
    const { token } = await tokens.create(OPERATOR, {
      name: 'line 1',
      role: 'provisioner',
      provisions: { cohortId: 'all' },
    });
    const made = await gate.register(token, { deviceId: 'aa:bb', name: 'desk' });
    expect(made.device).toMatchObject({ deviceId: 'aa:bb', name: 'desk', cohortId: 'all' });
    expect(await gate.authenticate('aa:bb', made.secret)).not.toBeNull();
    await expect(gate.register(token, { deviceId: 'aa:bb' })).rejects.toMatchObject({
      code: 'fleet/exists',
    });
    await expect(
      gate.register({ ...token, role: 'viewer' }, { deviceId: 'cc' }),
    ).rejects.toMatchObject({ code: 'fleet/invalid' });
  });

  it('gives out bytes of what a device is to take, and of nothing else', async () => {
    await world.devices(1);
    await world.start({ canaryPercent: 100 });
    const { gate } = world.fleet;
    const open = async (packageId: string, artifactId?: string) =>
      gate.openAssigned(await world.contact('d000'), packageId, artifactId);
    await expect(open('modem')).rejects.toMatchObject({ code: 'fleet/not-assigned' });
    await expect(open('main', 'art_main-1.0.0')).rejects.toMatchObject({
      code: 'fleet/not-assigned',
    });
    // Let through, up to the bytes that this fleet does not have.
    await expect(open('main', 'art_main-2.0.0')).rejects.not.toMatchObject({
      code: 'fleet/not-assigned',
    });
    await world.boots('d000', '2.0.0');
    await expect(open('main')).rejects.toMatchObject({
      code: 'fleet/not-assigned',
      message: expect.stringContaining('runs 2.0.0 already') as string,
    });
  });

  it('varies when devices ask again, and brings them in when a phase begins', async () => {
    const ids = await world.devices(40);
    const usual = await Promise.all(ids.map(async (id) => (await world.asks(id)).pollAfterMs));
    expect(new Set(usual).size).toBeGreaterThan(30);
    expect(Math.min(...usual)).toBeGreaterThanOrEqual(4 * MINUTE);
    expect(Math.max(...usual)).toBeLessThanOrEqual(6 * MINUTE);
    await world.start({ canaryPercent: 1, stepPercent: null, phaseMs: 2 * MINUTE });
    const soon = await Promise.all(ids.map(async (id) => (await world.asks(id)).pollAfterMs));
    expect(soon.filter((ms) => ms >= 2 * MINUTE && ms <= 3 * MINUTE).length).toBe(39);
  });

  it('notes when devices were seen for many at once', async () => {
    await world.devices(2);
    await world.clock.advance(MINUTE);
    await world.asks('d000');
    await world.fleet.rollouts.tick();
    expect((await world.fleet.devices.get('d000')).lastSeenAtMs).toBe(world.clock.now());
    expect((await world.fleet.devices.get('d001')).lastSeenAtMs).toBe(world.clock.now() - MINUTE);
  });

  it('keeps what a device runs and when it booted that', async () => {
    await world.devices(1);
    const reported = async () => (await world.fleet.devices.get('d000')).reported['main'];
    const bootedAtMs = world.clock.now();
    await world.clock.advance(MINUTE);
    await world.boots('d000', '1.0.0', { sinceBoot: false });
    expect(await reported()).toMatchObject({ version: '1.0.0', bootedAtMs });
    await world.boots('d000', '1.1.0', { sinceBoot: false, appElfSha256: 'ab'.repeat(32) });
    expect(await reported()).toMatchObject({ imageHash: 'ab'.repeat(32), bootedAtMs: null });
    for (let at = 0; at < 31; at += 1) {
      await world.boots('d000', '1', { packageId: `p${at}` });
    }
    await expect(world.boots('d000', '1', { packageId: 'p31' })).rejects.toMatchObject({
      code: 'fleet/invalid',
    });
  });

  it('leaves a device alone that is rolled back by its bootloader, also without a rollout', async () => {
    await world.devices(1);
    const deploymentId = await world.deployment('2.0.0');
    await world.fleet.devices.update(OPERATOR, 'd000', { pinnedDeploymentId: deploymentId });
    expect(await world.offered('d000')).toBe('2.0.0');
    await world.says('d000', 'downloading');
    await world.says('d000', 'rebooting');
    await world.boots('d000', '1.0.0');
    expect(await world.waits('d000')).toBe(
      'failed it before and is left alone with it for a while',
    );
    await world.clock.advance(10 * MINUTE);
    expect(await world.offered('d000')).toBe('2.0.0');
    await world.says('d000', 'failed');
    await world.clock.advance(19 * MINUTE);
    expect(await world.offered('d000')).toBeNull();
    await world.clock.advance(MINUTE);
    await world.updates('d000');
    expect((await world.asks('d000')).packages).toEqual([
      { kind: 'up-to-date', packageId: 'main', version: '2.0.0' },
    ]);
  });

  it('says in words why a device runs what it runs', async () => {
    await world.devices(2);
    const rolloutId = await world.start({ canaryPercent: 100 });
    const { devices } = world.fleet;
    expect(await devices.explain('d000')).toMatchObject({
      source: 'rollout',
      packages: [{ reported: '1.0.0', target: '2.0.0', why: 'takes 2.0.0 when it next asks' }],
      history: [],
    });
    // Looking is not asking.
    expect(await world.row(rolloutId, 'd000')).toBeNull();
    await world.says('d001', 'downloading');
    await world.asks('d001');
    await world.says('d001', 'failed', { error: 'no space' });
    expect(await devices.explain('d001')).toMatchObject({
      packages: [{ why: 'waits: failed it before and is left alone with it for a while' }],
      history: [{ state: 'failed', reason: 'says that it failed: no space' }],
    });
    await expect(devices.explain('nobody')).rejects.toMatchObject({ code: 'fleet/not-found' });
  });
});
