import { beforeEach, describe, expect, it } from 'vitest';
import { OPERATOR, RolloutWorld } from '../../support/rollout-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Everybody at once, so that a test need not think of phases. */
const ALL_AT_ONCE = { canaryPercent: 100, stepPercent: null, minSample: 100 } as const;

describe('a rollout', () => {
  let world: RolloutWorld;
  beforeEach(async () => {
    world = await RolloutWorld.open();
    return () => world[Symbol.asyncDispose]();
  });

  it('goes from the canary to everybody by itself, and then the cohort runs it', async () => {
    const ids = await world.devices(10);
    const rolloutId = await world.start({ canaryPercent: 5, stepPercent: 50, phaseMs: 4 * HOUR });
    const updated: string[] = [];
    const round = async () => {
      for (const id of ids) if (await world.updates(id)) updated.push(id);
      return updated.length;
    };
    expect(await round()).toBe(1);
    expect(await round()).toBe(1);
    await world.tick(4 * HOUR - 1);
    expect(await round()).toBe(1);
    await world.tick(1);
    expect(await round()).toBe(6);
    await world.tick(4 * HOUR);
    expect(await round()).toBe(10);
    const { deploymentId } = await world.rollout(rolloutId);
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'completed' },
      percent: 100,
      counters: { succeeded: 10 },
    });
    expect((await world.fleet.cohorts.get('all')).activeDeploymentId).toBe(deploymentId);
    expect(await round()).toBe(10);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('stops where 11 of 100 canaries failed against a threshold of 10 %, and not at 10', async () => {
    const ids = await world.devices(100);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, failureThresholdPercent: 10 });
    for (const id of ids.slice(11)) expect(await world.updates(id)).toBe(true);
    for (const id of ids.slice(1, 11)) {
      expect(await world.offered(id)).toBe('2.0.0');
      await world.says(id, 'failed', { error: 'no space' });
    }
    // 10 of 99 is more than 10 %, but there are not 100 finished ones yet.
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    await world.asks('d000');
    await world.boots('d000', '2.0.0');
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    await world.boots('d000', '1.0.0');
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: {
        kind: 'paused',
        by: 'threshold',
        reason: '11 of 100 finished devices failed (11 %), more than 10 %',
      },
      counters: { succeeded: 89, failed: 10, 'rolled-back': 1 },
    });
    const events = await world.fleet.events.after(0, 10_000, { types: ['rollout.paused'] });
    expect(events).toMatchObject([{ rolloutId, data: { by: 'threshold' } }]);
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('that is paused by its threshold takes no further device, and goes on when told to', async () => {
    const ids = await world.devices(4);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, minSample: 1 });
    await world.asks('d000');
    await world.says('d000', 'failed');
    for (const id of ids.slice(1)) {
      expect(await world.waits(id)).toContain('paused: 1 of 1 finished device failed (100 %)');
    }
    await world.tick(DAY);
    expect((await world.rollout(rolloutId)).state.kind).toBe('paused');
    await world.fleet.rollouts.resume(OPERATOR, rolloutId);
    for (const id of ids.slice(1)) expect(await world.updates(id)).toBe(true);
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('takes its devices back by itself, tracked like the way forward', async () => {
    const ids = await world.devices(20);
    const before = (await world.fleet.cohorts.get('all')).activeDeploymentId;
    const rolloutId = await world.start({
      ...ALL_AT_ONCE,
      minSample: 10,
      autoRollback: true,
      failureThresholdPercent: 10,
    });
    const { deploymentId } = await world.rollout(rolloutId);
    for (const id of ids.slice(0, 8)) await world.updates(id);
    for (const id of ids.slice(8, 10)) {
      await world.asks(id);
      await world.says(id, 'rebooting');
      await world.boots(id, '1.0.0');
    }
    const stopped = await world.rollout(rolloutId);
    expect(stopped.state).toMatchObject({ kind: 'rolling-back', by: 'threshold' });
    // Nobody else is offered it any more, and what was never offered stays.
    for (const id of ids.slice(10)) expect(await world.offered(id)).toBeNull();

    await world.tick();
    await world.tick();
    expect(await world.contradictions(rolloutId)).toEqual([]);
    expect((await world.rollout(rolloutId)).counters).toMatchObject({ scheduled: 10 });
    for (const id of ids.slice(0, 8)) {
      const back = await world.asks(id);
      expect(back.packages).toMatchObject([{ kind: 'update', version: '1.0.0', rolloutId }]);
      const made = await world.fleet.deployments.get(back.deploymentId ?? '');
      expect(made).toMatchObject({ restores: before, sequence: 3 });
      await world.says(id, 'downloading');
      await world.boots(id, '1.0.0');
    }
    for (const id of ids.slice(8, 10)) expect(await world.offered(id)).toBeNull();
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: {
        kind: 'failed',
        rolledBack: true,
        reason: expect.stringContaining('2 of 10 finished devices failed (20 %)') as string,
      },
      counters: { succeeded: 10 },
    });
    // It had not moved on: what was never offered anything is left alone.
    expect((await world.fleet.cohorts.get('all')).activeDeploymentId).toBe(before);
    for (const id of ids) expect(await world.offered(id)).toBeNull();
    expect(await world.contradictions(rolloutId)).toEqual([]);

    await expect(
      world.fleet.rollouts.start(OPERATOR, { deploymentId, cohortId: 'all' }),
    ).rejects.toMatchObject({ code: 'fleet/deployment-outdated' });
  });

  it('says of a device that runs the target and reports no boot why that is no success', async () => {
    await world.devices(1);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, deviceTimeoutMs: HOUR });
    await world.asks('d000');
    const offeredAtMs = world.clock.now();
    await world.clock.advance(20 * MINUTE);
    const claim = 'reports running main@2.0.0, but never reported a boot into it';
    await world.boots('d000', '2.0.0', { sinceBoot: false });
    const row = { state: 'offered', sinceMs: offeredAtMs, dueAtMs: offeredAtMs + HOUR };
    expect(await world.row(rolloutId, 'd000')).toMatchObject({ ...row, reason: claim });
    const { revision } = await world.rollout(rolloutId);
    await world.boots('d000', '2.0.0', { sinceBoot: false });
    await world.asks('d000');
    expect((await world.rollout(rolloutId)).revision).toBe(revision);
    await world.tick(40 * MINUTE);
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'timed-out',
      reason: `offered for 1 h 0 min: ${claim}`,
    });
    // A boot is what was missing.
    await world.boots('d000', '2.0.0');
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'succeeded',
      reason: 'booted main@2.0.0, late',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('sends back what slept through the rollback when it wakes up days later', async () => {
    await world.devices(3);
    const rolloutId = await world.start(ALL_AT_ONCE);
    await world.updates('d000');
    await world.updates('d001');
    await world.fleet.rollouts.rollback(OPERATOR, rolloutId, 'wrong colours');
    await world.updates('d000');
    await world.tick(HOUR);
    expect((await world.rollout(rolloutId)).state.kind).toBe('rolling-back');
    await world.tick(DAY);
    expect((await world.rollout(rolloutId)).state).toMatchObject({
      kind: 'failed',
      reason:
        'wrong colours; 1 runs what it ran before; 1 has not called since and goes back when it does',
    });
    expect(await world.updates('d001')).toBe(true);
    expect(await world.row(rolloutId, 'd001')).toMatchObject({
      state: 'succeeded',
      direction: 'back',
      reason: 'booted main@1.0.0',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('takes a device back that left and returns while the others go back', async () => {
    await world.devices(2);
    const rolloutId = await world.start(ALL_AT_ONCE);
    await world.updates('d000');
    await world.updates('d001');
    await world.fleet.rollouts.rollback(OPERATOR, rolloutId, 'wrong colours');
    await world.fleet.devices.update(OPERATOR, 'd000', { cohortId: null });
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'skipped',
      direction: 'back',
      reason: 'left cohort all',
    });
    expect(await world.offered('d000')).toBeNull();
    await world.fleet.devices.update(OPERATOR, 'd000', { cohortId: 'all' });
    expect(await world.offered('d000')).toBe('1.0.0');
    expect(await world.state(rolloutId, 'd000')).toBe('offered');
    await world.updates('d001');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('rolling-back');
    await world.updates('d000');
    await world.tick();
    expect(await world.rollout(rolloutId)).toMatchObject({
      state: { kind: 'failed', reason: 'wrong colours; 2 run what they ran before' },
      counters: { succeeded: 2, skipped: 0 },
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('counts a device that falls back after it had succeeded', async () => {
    await world.devices(2);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, soakMs: 10 * MINUTE });
    await world.updates('d000');
    expect(await world.state(rolloutId, 'd000')).toBe('soaking');
    await world.asks('d000');
    expect(await world.state(rolloutId, 'd000')).toBe('soaking');
    await world.clock.advance(10 * MINUTE);
    await world.asks('d000');
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'succeeded',
      reason: 'still ran it 10 min 0 s after it booted it',
    });
    await world.boots('d000', '1.0.0');
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'rolled-back',
      reason: 'runs 1.0.0 again after it had succeeded: rolled back by its bootloader',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('counts a device that falls back within its soak time, and one that is not heard of again', async () => {
    await world.devices(3);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, soakMs: 10 * MINUTE });
    await world.updates('d000');
    await world.updates('d001');
    await world.boots('d000', '1.0.0', { sinceBoot: false });
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'rolled-back',
      reason: 'runs 1.0.0 again within its soak time: rolled back by its bootloader',
    });
    await world.tick(HOUR + 10 * MINUTE);
    expect(await world.row(rolloutId, 'd001')).toMatchObject({
      state: 'timed-out',
      reason: 'booted it, and was not heard of once its soak time was over',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('gives up on a device that never boots it, and still takes it when it comes late', async () => {
    await world.devices(2);
    const rolloutId = await world.start(ALL_AT_ONCE);
    await world.asks('d000');
    await world.says('d000', 'downloading');
    await world.tick(HOUR);
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'timed-out',
      reason: 'downloading for 1 h 0 min without having booted it',
    });
    // Never asked, so never waited for.
    expect(await world.row(rolloutId, 'd001')).toBeNull();
    await world.boots('d000', '2.0.0');
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'succeeded',
      reason: 'booted main@2.0.0, late',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('leaves a device that failed alone for a growing time', async () => {
    await world.devices(1);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, deviceTimeoutMs: 30 * DAY });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 10; attempt += 1) {
      expect(await world.offered('d000')).toBe('2.0.0');
      await world.says('d000', 'failed', { error: 'bad flash' });
      const [own] = (await world.asks('d000')).packages;
      if (own?.kind !== 'wait') throw new Error('it was offered again at once');
      waits.push((own.retryAfterMs ?? 0) / MINUTE);
      expect((await world.rollout(rolloutId)).counters.failed).toBe(1);
      await world.clock.advance(own.retryAfterMs ?? 0);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    expect(await world.offered('d000')).toBe('2.0.0');
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      attempts: 11,
      reason: 'offered main@2.0.0, for the 11th time',
    });
    expect(await world.rollout(rolloutId)).toMatchObject({ retrying: 1, counters: { failed: 0 } });
    await world.updates('d000');
    expect(await world.rollout(rolloutId)).toMatchObject({
      retrying: 0,
      counters: { succeeded: 1 },
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('tries failed devices again at once when somebody asks for it', async () => {
    await world.devices(3);
    const rolloutId = await world.start(ALL_AT_ONCE);
    await world.asks('d000');
    await world.says('d000', 'failed');
    await world.asks('d001');
    await world.tick(HOUR);
    await world.updates('d002');
    expect(await world.waits('d000')).toBeNull();
    await world.says('d000', 'failed');
    expect(await world.waits('d000')).not.toBeNull();
    expect(await world.fleet.rollouts.retryFailed(OPERATOR, rolloutId)).toMatchObject({
      devices: 2,
      rollout: { counters: { scheduled: 2, succeeded: 1 } },
    });
    expect(await world.updates('d000')).toBe(true);
    expect(await world.updates('d001')).toBe(true);
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    await expect(world.fleet.rollouts.retryFailed(OPERATOR, rolloutId)).rejects.toMatchObject({
      code: 'fleet/wrong-state',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('tries a device again at once by hand that never said what it runs', async () => {
    await world.fleet.devices.create(OPERATOR, { deviceId: 'new', cohortId: 'all' });
    const rolloutId = await world.start(ALL_AT_ONCE);
    expect(await world.offered('new')).toBe('2.0.0');
    await world.says('new', 'failed');
    expect(await world.waits('new')).not.toBeNull();
    await world.fleet.rollouts.retryFailed(OPERATOR, rolloutId);
    expect(await world.updates('new')).toBe(true);
    expect(await world.state(rolloutId, 'new')).toBe('succeeded');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('lets no more devices update at the same time than it may', async () => {
    await world.devices(4);
    const rolloutId = await world.start({ ...ALL_AT_ONCE, maxConcurrent: 2 });
    expect(await world.offered('d000')).toBe('2.0.0');
    expect(await world.offered('d001')).toBe('2.0.0');
    expect(await world.waits('d002')).toContain('fewer than 2 devices');
    expect(await world.waits('d002')).toContain('fewer than 2 devices');
    expect(await world.state(rolloutId, 'd002')).toBe('scheduled');
    await world.boots('d000', '2.0.0');
    expect(await world.offered('d002')).toBe('2.0.0');
    expect(await world.offered('d003')).toBeNull();
    // Whoever is stuck does not hold a place for ever.
    await world.tick(HOUR);
    expect(await world.offered('d003')).toBe('2.0.0');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('offers within its window only, and begins there', async () => {
    await world.devices(2);
    const window = { fromMinute: 60, toMinute: 300, timeZone: 'UTC' };
    const rolloutId = await world.start({ ...ALL_AT_ONCE, window });
    // The clock of the tests stands at midnight.
    expect((await world.rollout(rolloutId)).state.kind).toBe('pending');
    expect(await world.offered('d000')).toBeNull();
    expect((await world.asks('d000')).pollAfterMs).toBeLessThanOrEqual(6 * MINUTE);
    await world.tick(HOUR);
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
    expect(await world.offered('d000')).toBe('2.0.0');
    await world.clock.advance(4 * HOUR);
    expect(await world.waits('d001')).toBe('waits for the window 01:00-05:00 UTC');
    expect(await world.state(rolloutId, 'd001')).toBe('scheduled');
    // What was offered may be finished outside of it.
    await world.boots('d000', '2.0.0');
    await world.clock.advance(20 * HOUR);
    expect(await world.offered('d001')).toBe('2.0.0');
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('is refused beside another one of its cohort, or takes its place', async () => {
    await world.devices(4);
    const first = await world.start({ ...ALL_AT_ONCE });
    await world.updates('d000');
    await world.asks('d001');
    const third = await world.deployment('3.0.0');
    const plan = { ...ALL_AT_ONCE, canaryPercent: 25, deploymentId: third };
    await expect(world.start(plan)).rejects.toMatchObject({ code: 'fleet/rollout-active' });
    const second = await world.start({ ...plan, supersede: true });
    expect((await world.rollout(first)).state).toMatchObject({
      kind: 'failed',
      reason: `superseded by ${second}`,
      rolledBack: false,
    });
    expect(await world.state(first, 'd001')).toBe('skipped');
    // Nobody is taken back to 1.0.0 meanwhile.
    const offers = [];
    for (const id of ['d000', 'd001', 'd002', 'd003']) offers.push(await world.offered(id));
    expect(offers.filter((version) => version === '3.0.0').length).toBe(1);
    expect(offers.filter((version) => version === null).length).toBe(3);
    expect(await world.contradictions(first)).toEqual([]);
    expect(await world.contradictions(second)).toEqual([]);
  });

  it('goes on beside one of another cohort, and a device that moves is not taken back', async () => {
    await world.fleet.cohorts.create(OPERATOR, { cohortId: 'other' });
    await world.devices(2);
    await world.devices(2, 'other', 'o');
    const first = await world.start(ALL_AT_ONCE);
    const third = await world.deployment('3.0.0');
    const second = await world.start({ ...ALL_AT_ONCE, cohortId: 'other', deploymentId: third });
    await world.asks('d000');
    await world.fleet.devices.update(OPERATOR, 'd000', { cohortId: 'other' });
    expect(await world.row(first, 'd000')).toMatchObject({
      state: 'skipped',
      reason: 'left cohort all',
    });
    expect(await world.updates('d000')).toBe(true);
    expect(await world.state(second, 'd000')).toBe('succeeded');
    await world.updates('d001');
    await world.fleet.devices.update(OPERATOR, 'd001', { cohortId: null });
    expect(await world.state(first, 'd001')).toBe('succeeded');
    expect(await world.offered('d001')).toBeNull();
    expect(await world.contradictions(first)).toEqual([]);
    expect(await world.contradictions(second)).toEqual([]);
  });

  it('takes in devices that join, and skips those that run it already or cannot', async () => {
    await world.fleet.blueprints.create(OPERATOR, {
      blueprintId: 'sensor',
      chip: 'esp32',
      flashSizeBytes: 4 * 1024 * 1024,
      partitionTable: 'nvs,data,nvs,0x9000,0x6000\nota_0,app,ota_0,0x10000,1M\n',
    });
    await world.devices(1);
    const deploymentId = await world.deployment('2.0.0', { blueprintIds: ['sensor'] });
    const rolloutId = await world.start({ ...ALL_AT_ONCE, deploymentId });
    expect(await world.offered('d000')).toBeNull();
    expect(await world.row(rolloutId, 'd000')).toMatchObject({
      state: 'skipped',
      reason: 'main@2.0.0 is for sensor, and the device has no blueprint',
    });
    for (const deviceId of ['new', 'newer']) {
      await world.fleet.devices.create(OPERATOR, {
        deviceId,
        cohortId: 'all',
        blueprintId: 'sensor',
      });
    }
    expect(await world.updates('new')).toBe(true);
    await world.boots('newer', '2.0.0');
    expect(await world.offered('newer')).toBeNull();
    expect(await world.row(rolloutId, 'newer')).toMatchObject({
      state: 'skipped',
      reason: 'runs main@2.0.0 already',
    });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });

  it('goes by hand: advance, pause, resume', async () => {
    const ids = await world.devices(10);
    const rolloutId = await world.start({ canaryPercent: 10, stepPercent: null, phaseMs: null });
    await world.tick(30 * DAY);
    expect(await world.rollout(rolloutId)).toMatchObject({ percent: 10, nextPhaseAtMs: null });
    const { rollouts } = world.fleet;
    await rollouts.pause(OPERATOR, rolloutId, 'lunch');
    for (const id of ids) expect(await world.offered(id)).toBeNull();
    await expect(rollouts.advance(OPERATOR, rolloutId)).rejects.toMatchObject({
      code: 'fleet/wrong-state',
    });
    await rollouts.resume(OPERATOR, rolloutId);
    await rollouts.advance(OPERATOR, rolloutId);
    for (const id of ids) expect(await world.offered(id)).toBe('2.0.0');
    await expect(rollouts.advance(OPERATOR, rolloutId)).rejects.toMatchObject({
      code: 'fleet/wrong-state',
    });
  });

  it('refuses to go back below what anti-rollback allows, before anything happens', async () => {
    const image = {
      chip: 'esp32',
      projectName: null,
      descriptorVersion: null,
      secureVersion: 0,
      imageHash: null,
      appElfSha256: null,
    } as const;
    await world.fleet.blueprints.create(OPERATOR, {
      blueprintId: 'sensor',
      chip: 'esp32',
      flashSizeBytes: 4 * 1024 * 1024,
      partitionTable: 'nvs,data,nvs,0x9000,0x6000\nota_0,app,ota_0,0x10000,1M\n',
    });
    const old = await world.deployment('1.1.0', { image, blueprintIds: ['sensor'] });
    await world.fleet.cohorts.update(OPERATOR, 'all', { activeDeploymentId: old });
    await world.fleet.devices.create(OPERATOR, {
      deviceId: 'd000',
      cohortId: 'all',
      blueprintId: 'sensor',
    });
    await world.boots('d000', '1.1.0');
    const deploymentId = await world.deployment('2.0.0', {
      image: { ...image, secureVersion: 1 },
      blueprintIds: ['sensor'],
    });
    await expect(
      world.start({ ...ALL_AT_ONCE, deploymentId, autoRollback: true }),
    ).rejects.toMatchObject({ code: 'fleet/rollback-impossible' });
    const rolloutId = await world.start({ ...ALL_AT_ONCE, deploymentId, deviceTimeoutMs: DAY });
    await world.updates('d000');
    expect((await world.fleet.devices.get('d000')).secureVersion).toBe(1);
    await expect(world.fleet.rollouts.rollback(OPERATOR, rolloutId)).rejects.toMatchObject({
      code: 'fleet/rollback-impossible',
    });
    expect((await world.rollout(rolloutId)).state.kind).toBe('active');
  });

  it('goes back after it was completed, and the cohort with it', async () => {
    await world.devices(2);
    const rolloutId = await world.start(ALL_AT_ONCE);
    await world.updates('d000');
    await world.updates('d001');
    await world.tick();
    expect((await world.rollout(rolloutId)).state.kind).toBe('completed');
    await world.fleet.rollouts.rollback(OPERATOR, rolloutId);
    const { activeDeploymentId } = await world.fleet.cohorts.get('all');
    expect((await world.rollout(rolloutId)).state).toMatchObject({
      kind: 'rolling-back',
      deploymentId: activeDeploymentId,
    });
    expect(await world.updates('d000')).toBe(true);
    expect(await world.updates('d001')).toBe(true);
    await world.tick();
    expect((await world.rollout(rolloutId)).state).toMatchObject({ kind: 'failed' });
    expect(await world.contradictions(rolloutId)).toEqual([]);
  });
});
