import { describe, expect, it } from 'vitest';
import {
  type Board,
  createDeviceHttp,
  DeviceClient,
  factoryState,
  FAULTLESS,
  type FleetBehaviour,
  FleetDevice,
} from '../../../src/simulator/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type RealFleet, startRealFleet } from '../../support/real-fleet.ts';

const BOARD: Board = {
  chip: 'esp32',
  blueprintId: 'board',
  chipId: 0,
  slotBytes: 1024 * 1024,
  trustedKeys: null,
  installMs: 0,
  rebootMs: 0,
};
const { signal } = new AbortController();
const MINUTE = 60_000;

/** A fleet server whose time stands still until it is moved. */
async function started(): Promise<RealFleet & { readonly clock: ManualClock }> {
  const clock = new ManualClock();
  return Object.assign(await startRealFleet(clock), { clock });
}

const ask = (
  server: RealFleet,
  deviceId: string,
  secret: string,
  path: string,
  init?: RequestInit,
) =>
  fetch(`${server.url}/api/v1/devices/${deviceId}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${secret}` },
  });
const codeOf = async (answer: Response) =>
  `${answer.status} ${((await answer.json()) as { code?: string }).code ?? ''}`;
const report = (server: RealFleet, deviceId: string, secret: string, body: object) =>
  ask(server, deviceId, secret, '/ota/status', { method: 'POST', body: JSON.stringify(body) });
const boot = (server: RealFleet, deviceId: string, secret: string, body: string) =>
  ask(server, deviceId, secret, '/boot', { method: 'POST', body });

/** Virtual devices that make a contact whenever the test says so. */
async function devicesOf(
  server: RealFleet,
  count: number,
  behaviour: Partial<FleetBehaviour> = {},
) {
  const http = createDeviceHttp(server.url, 8);
  const devices: FleetDevice[] = [];
  for (let index = 0; index < count; index += 1) {
    const deviceId = `sim-${String(index).padStart(3, '0')}`;
    const secret = await server.device(deviceId);
    const image = { version: '1.0.0', sha256: '', elfSha256: null, secureVersion: 0 };
    const main = factoryState(image);
    const memory = { deviceId, secret, main, others: {}, secureVersion: 0, bootCount: 0 };
    devices.push(
      new FleetDevice({
        memory,
        client: new DeviceClient(http, memory),
        board: BOARD,
        behaviour: { ...FAULTLESS, ...behaviour },
        clock: new ManualClock(() => true),
        speed: 1,
        onEvent: () => {},
        onMemory: () => {},
        takeListeningPlace: () => null,
      }),
    );
  }
  return {
    devices,
    contact: async () => {
      for (const device of devices) await device.turn(signal);
    },
    on: (version: string) => devices.filter((device) => device.version === version).length,
    [Symbol.dispose]: () => http[Symbol.dispose](),
  };
}

describe('the device protocol in front of a whole fleet', () => {
  it('takes a cohort through a canary to everybody, counting boots', async () => {
    await using server = await started();
    const { fleet, clock } = server;
    using sims = await devicesOf(server, 20);
    await sims.contact();
    const { deploymentId } = await server.deployment('1.1.0');
    const { rolloutId } = await fleet.rollouts.start('system', {
      deploymentId,
      cohortId: 'production',
      canaryPercent: 10,
      stepPercent: 45,
      phaseMs: 10 * MINUTE,
      soakMs: MINUTE,
    });
    await sims.contact();
    expect(sims.on('1.1.0')).toBe(2);
    for (let turn = 0; turn < 40 && sims.on('1.1.0') < 20; turn += 1) {
      await clock.advance(2 * MINUTE);
      await fleet.rollouts.tick();
      await sims.contact();
    }
    expect(sims.on('1.1.0')).toBe(20);
    await clock.advance(2 * MINUTE);
    await sims.contact();
    await fleet.rollouts.tick();
    const rollout = await fleet.rollouts.get(rolloutId);
    expect(rollout.counters).toMatchObject({ succeeded: 20, failed: 0 });
  });

  it('stops at a bad version and takes the canary back', async () => {
    await using server = await started();
    const { fleet, clock } = server;
    using sims = await devicesOf(server, 20, { crashes: new Map([['2.0.0', 0.5]]) });
    await sims.contact();
    const good = await server.deployment('1.0.0');
    await fleet.cohorts.update('system', 'production', { activeDeploymentId: good.deploymentId });
    const bad = await server.deployment('2.0.0');
    const { rolloutId } = await fleet.rollouts.start('system', {
      deploymentId: bad.deploymentId,
      cohortId: 'production',
      canaryPercent: 50,
      failureThresholdPercent: 10,
      minSample: 2,
      autoRollback: true,
      soakMs: MINUTE,
    });
    for (let turn = 0; turn < 10; turn += 1) {
      await sims.contact();
      await clock.advance(2 * MINUTE);
      await fleet.rollouts.tick();
    }
    expect(sims.on('1.0.0')).toBe(20);
    const { state } = await fleet.rollouts.get(rolloutId);
    expect(state).toMatchObject({ kind: 'failed', rolledBack: true });
  });

  it('offers bytes to whom they are assigned, and to nobody else', async () => {
    await using server = await started();
    const { fleet } = server;
    const [one, two] = [await server.device('one'), await server.device('two')];
    const { deploymentId } = await server.deployment('1.1.0');
    await fleet.cohorts.update('system', 'production', { activeDeploymentId: deploymentId });
    await boot(server, 'one', one, 'main=1.0.0');
    const offer = (await (await ask(server, 'one', one, '/ota')).json()) as {
      artifact_url: string;
    };
    expect((await fetch(offer.artifact_url)).status).toBe(200);
    expect((await ask(server, 'one', one, '/ota/chunk')).status).toBe(200);
    expect(await codeOf(await ask(server, 'one', one, '/ota/chunk?package_id=modem'))).toBe(
      '403 fleet/not-assigned',
    );
    expect(await codeOf(await ask(server, 'one', one, '/ota/chunk?package_id=nothing'))).toBe(
      '403 fleet/not-assigned',
    );
    const foreign = await codeOf(await ask(server, 'one', two, '/ota'));
    expect(foreign).toBe('401 server/unauthorized');
    expect(await codeOf(await ask(server, 'nobody', two, '/ota'))).toBe(foreign);
    await fleet.devices.update('system', 'one', { enabled: false });
    expect(await codeOf(await ask(server, 'one', one, '/ota'))).toBe('401 server/unauthorized');
    expect(await codeOf(await fetch(offer.artifact_url))).toBe('403 server/link-invalid');
  });

  it('takes duplicates, late reports and reports out of order as they are', async () => {
    await using server = await started();
    const { fleet, clock } = server;
    const one = await server.device('one');
    await boot(server, 'one', one, 'main=1.0.0');
    const { deploymentId } = await server.deployment('1.1.0');
    const { rolloutId } = await fleet.rollouts.start('system', {
      deploymentId,
      cohortId: 'production',
      canaryPercent: 100,
      soakMs: 0,
    });
    await ask(server, 'one', one, '/ota');
    const say = async (status: string, more: object = {}) =>
      (await report(server, 'one', one, { rollout_id: rolloutId, status, ...more })).status;
    const words = [
      'verifying',
      'downloading',
      'downloading',
      'rebooting',
      'installing',
      'rebooting',
    ];
    for (const word of words) expect(await say(word)).toBe(204);
    for (let turn = 0; turn < 3; turn += 1) await boot(server, 'one', one, 'main=1.1.0');
    await say('downloading');
    await clock.advance(MINUTE);
    await fleet.rollouts.tick();
    const { counters } = await fleet.rollouts.get(rolloutId);
    expect(counters).toMatchObject({ succeeded: 1, downloading: 0, rebooting: 0, failed: 0 });
    expect(await say('failed', { rollout_id: 'rol_aaaaaaaaaaaaaaaaaaaa' })).toBeLessThan(500);
  });

  it('lets a device that lost its boot counter go on from what is known of it', async () => {
    await using server = await started();
    const { fleet } = server;
    using sims = await devicesOf(server, 1);
    await sims.contact();
    const last = async () => (await fleet.devices.get('sim-000')).counting?.last;
    expect(await last()).toEqual({ main: 1 });
    const contact = await fleet.gate.identify('sim-000');
    if (contact === null) throw new Error('it is there');
    const report = { packageId: 'main', version: '1.0.0', imageHash: null, appElfSha256: null };
    await fleet.gate.booted(contact, {
      ...report,
      secureVersion: null,
      sinceBoot: true,
      bootCount: 40,
    });
    const { deploymentId } = await server.deployment('1.1.0');
    await fleet.cohorts.update('system', 'production', { activeDeploymentId: deploymentId });
    await sims.contact();
    expect(sims.on('1.1.0')).toBe(1);
    expect(await last()).toEqual({ main: 41 });
  });

  it('tells a waiting device at once that it joined a cohort', async () => {
    await using server = await started();
    const { fleet, clock } = server;
    const { secret } = await fleet.devices.create('system', {
      deviceId: 'late',
      blueprintId: 'board',
    });
    const { deploymentId } = await server.deployment('1.1.0');
    await fleet.cohorts.update('system', 'production', { activeDeploymentId: deploymentId });
    const waiting = ask(server, 'late', secret, '/commands?wait=55');
    await clock.sleeperFor(55_000);
    await fleet.devices.update('system', 'late', { cohortId: 'production' });
    expect(await (await waiting).json()).toMatchObject({ news: true });
    expect(await (await ask(server, 'late', secret, '/ota')).json()).toMatchObject({
      update_available: true,
      version: '1.1.0',
    });
  });

  it('delivers commands once they are there, and hears what became of them', async () => {
    await using server = await started();
    const { fleet } = server;
    const one = await server.device('one');
    const { commandId } = await fleet.commands.create('system', 'one', { name: 'reboot' });
    const answer = await ask(server, 'one', one, '/commands');
    expect(await answer.json()).toMatchObject({ commands: [{ command_id: commandId }] });
    const path = `/commands/${commandId}/ack`;
    for (let turn = 0; turn < 2; turn += 1) {
      expect((await ask(server, 'one', one, path, { method: 'POST' })).status).toBe(204);
    }
    expect(await fleet.commands.get(commandId)).toMatchObject({ state: 'succeeded' });
    const two = await server.device('two');
    const stolen = await ask(server, 'two', two, path.replace('one', 'two'), { method: 'POST' });
    expect(stolen.status).toBe(404);
  });

  it('asks ESP-IDF for Basic credentials, which it sends only then', async () => {
    await using server = await started();
    const answer = await fetch(`${server.url}/api/v1/devices/one/ota`);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    expect(await codeOf(answer)).toBe('401 server/unauthorized');
  });

  it('speaks the staged-deployment guide to the end', async () => {
    await using server = await started();
    const { fleet } = server;
    const one = await server.device('one');
    const { deploymentId } = await server.deployment('1.10.0');
    const { rolloutId } = await fleet.rollouts.start('system', {
      deploymentId,
      cohortId: 'production',
      canaryPercent: 100,
      soakMs: 0,
    });
    const headers = { authorization: `Basic ${btoa(`one:${one}`)}` };
    const check = async (version: string) => {
      const query = `device_id=one&current_version=${version}`;
      const answer = await fetch(`${server.url}/api/updates/check?${query}`, { headers });
      return (await answer.json()) as {
        update_available: boolean;
        update: { deployment_id: string; version: string; download_url: string } | null;
      };
    };
    const { update } = await check('1.9.0');
    expect(update).toMatchObject({ deployment_id: rolloutId, version: '1.10.0' });
    expect((await fetch(update?.download_url ?? '')).status).toBe(200);
    for (const status of ['downloading', 'verifying', 'installing', 'completed']) {
      const body = JSON.stringify({ device_id: 'one', deployment_id: rolloutId, status });
      const answer = await fetch(`${server.url}/api/updates/status`, {
        method: 'POST',
        headers,
        body,
      });
      expect(answer.status).toBe(200);
    }
    expect((await fleet.rollouts.get(rolloutId)).counters).toMatchObject({ succeeded: 0 });
    expect(await check('1.10.0')).toEqual({ update_available: false, update: null });
    await fleet.rollouts.tick();
    expect((await fleet.rollouts.get(rolloutId)).counters).toMatchObject({ succeeded: 1 });
  });
});
