import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  generateSigningKey,
  manifestOf,
  readPrivateKey,
  signManifest,
} from '../../src/fleet/index.ts';
import { ROUTES } from '../../src/server/api/routes.ts';
import type { FaceContext } from '../../src/server/faces/face.ts';
import { FACES } from '../../src/server/faces/faces.ts';
import { inPieces, sha256Of, TABLE } from '../support/artifact-fleet.ts';
import { buildTestApp } from '../support/build-image.ts';
import { startTestServer, type TestServer } from '../support/fleet-server.ts';
import { readToEnd } from '../support/http-front.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { temporaryFolder } from '../support/temp-folder.ts';
import { startServer } from './crash/server-process.ts';

/*
 * The attacks that TUF (§1.5.2) and Uptane name, as far as they need a connection. Those that are answered
 * by what is taken in and what is signed are in the tests of the fleet.
 */

/** A server with hardware, a package, a cohort and two devices. */
async function start(...options: Parameters<typeof startTestServer>) {
  const host = await startTestServer(...options);
  onTestFinished(() => host.server.stop(0));
  const { fleet } = host;
  await fleet.packages.create('system', { packageId: 'main' });
  await fleet.packages.create('system', { packageId: 'model', kind: 'binary' });
  await fleet.blueprints.create('system', {
    blueprintId: 'sensor',
    chip: 'esp32',
    flashSizeBytes: 4_194_304,
    partitionTable: TABLE,
  });
  await fleet.cohorts.create('system', { cohortId: 'c' });
  const device = async (deviceId: string) =>
    (await fleet.devices.create('system', { deviceId, blueprintId: 'sensor', cohortId: 'c' }))
      .secret;
  return { ...host, secrets: { a: await device('a'), b: await device('b') } };
}

type World = Awaited<ReturnType<typeof start>>;

/** Makes a version of `main` and a deployment of it. */
async function deployment({ fleet }: World, version: string): Promise<string> {
  const bytes = await buildTestApp({ descriptor: { version } });
  const fields = { packageId: 'main', blueprintIds: ['sensor'] };
  const { artifactId } = await fleet.artifacts.upload('system', fields, inPieces(bytes));
  const made = await fleet.deployments.create('system', { components: [artifactId] });
  return made.deploymentId;
}

/** Gives everybody `main` 1.0.0, and says which URL device `a` gets for it. */
async function offered(world: World): Promise<string> {
  const activeDeploymentId = await deployment(world, '1.0.0');
  await world.fleet.cohorts.update('system', 'c', { activeDeploymentId });
  const answer = await world.ask('GET', '/api/v1/devices/a/ota', { token: world.secrets.a });
  return String(answer.json['artifact_url']);
}

function raw({ server }: Pick<TestServer, 'server'>): Socket {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

const head = (line: string, ...fields: readonly string[]) =>
  [`${line} HTTP/1.1`, 'Host: x', ...fields, '', ''].join('\r\n');
const kept = async ({ fleet }: World) =>
  (await fleet.artifacts.list({}, { page: 0, perPage: 1 })).total;

describe('endless data', () => {
  it.each([
    ['an artifact', '/api/v1/artifacts?packageId=model&version=1', 'application/octet-stream'],
    ['JSON', '/api/v1/cohorts', 'application/json'],
    ['a report of a device', '/api/v1/devices/a/boot', 'text/plain'],
  ])('as %s without a length ends at the limit', async (_, path, type) => {
    const world = await start({ options: { maxArtifactBytes: 1_000_000 } });
    const socket = raw(world);
    const token = type === 'text/plain' ? world.secrets.a : world.server.localToken;
    const fields = [`Authorization: Bearer ${token}`, `Content-Type: ${type}`];
    socket.write(head(`POST ${path}`, ...fields, 'Transfer-Encoding: chunked'));
    const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    let sent = 0;
    const pour = () => {
      while (!socket.destroyed && socket.writable && socket.write(piece)) sent += piece.length;
      if (!socket.destroyed && sent < 500_000_000) socket.once('drain', pour);
    };
    pour();
    const answer = (await readToEnd(socket)).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(100_000_000);
    expect(await kept(world)).toBe(0);
    expect((await world.ask('GET', '/metrics')).text).toContain('otakit_uploads_open 0');
  });

  it('as headers ends before there is a request', async () => {
    const world = await start();
    const socket = raw(world);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\n`);
    const pour = () => {
      for (let count = 0; count < 64 && socket.writable; count += 1) {
        socket.write(`X-${count}: ${'y'.repeat(1000)}\r\n`);
      }
      if (!socket.destroyed) socket.once('drain', pour);
    };
    pour();
    expect((await readToEnd(socket)).toString()).not.toMatch(/^HTTP\/1\.1 [25]/);
    expect((await world.ask('GET', '/healthz')).status).toBe(200);
  });
});

describe('slow retrieval and slow senders', () => {
  it('a head that never ends is not waited for', async () => {
    const clock = new ManualClock();
    const world = await start({ clock });
    const socket = raw(world);
    socket.write('GET /healthz HTTP/1.1\r\nHo');
    const ended = readToEnd(socket);
    await expect
      .poll(async () => {
        if (socket.writable) socket.write('x');
        await clock.advance(2000);
        return socket.destroyed || socket.closed || socket.readableEnded;
      })
      .toBe(true);
    expect((await ended).length).toBe(0);
    expect(world.log.join('')).toContain('too-slow');
  });

  it.each([
    ['an upload', '/api/v1/artifacts?packageId=model&version=1', 'application/octet-stream'],
    ['JSON', '/api/v1/cohorts', 'application/json'],
    ['a report of a device', '/api/v1/devices/a/boot', 'text/plain'],
  ])('%s of a byte now and then is not waited for', async (_, path, type) => {
    const clock = new ManualClock();
    const world = await start({ clock });
    const socket = raw(world);
    const token = type === 'text/plain' ? world.secrets.a : world.server.localToken;
    const fields = [`Authorization: Bearer ${token}`, `Content-Type: ${type}`];
    socket.write(head(`POST ${path}`, ...fields, 'Content-Length: 100000'));
    const ended = readToEnd(socket);
    let isOver = false;
    void ended.then(() => (isOver = true));
    await expect
      .poll(async () => {
        if (socket.writable) socket.write('1');
        await clock.advance(5000);
        return isOver;
      })
      .toBe(true);
    expect((await ended).toString()).not.toMatch(/^HTTP\/1\.1 2/);
    expect(await kept(world)).toBe(0);
    expect((await world.ask('GET', '/metrics')).text).toContain('otakit_uploads_open 0');
  });

  it.each([
    ['a document', '/api/v1/openapi.json', ''],
    ['a refusal', '/api/v1/packages', ''],
    ['a list', '/api/v1/devices?perPage=1000', 'a token'],
  ])('%s that an HTTP/2 client does not read is not kept for ever', async (_, path, needs) => {
    const clock = new ManualClock();
    const world = await start({ clock });
    for (let count = 0; count < 60; count += 1) {
      const name = 'x'.repeat(200);
      await world.fleet.devices.create('system', { deviceId: `many-${count}`, name });
    }
    const session = connectHttp2(world.url, { settings: { initialWindowSize: 0 } });
    session.on('error', () => {});
    onTestFinished(() => session.destroy());
    const authorization = needs === '' ? 'none' : `Bearer ${world.server.localToken}`;
    const stream = session.request({ ':path': path, authorization });
    stream.on('error', () => {});
    let isOver = false;
    stream.once('close', () => (isOver = true));
    await new Promise((resolve) => void stream.once('response', resolve));
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return isOver;
      })
      .toBe(true);
  });

  it('a device has few downloads at a time, and none that nobody reads goes on for ever', async () => {
    const clock = new ManualClock();
    const world = await start({ clock, options: { maxArtifactBytes: 64_000_000 } });
    const fields = { packageId: 'model', version: '1.0.0', blueprintIds: [] };
    const bytes = new Uint8Array(24_000_000);
    const { artifactId } = await world.fleet.artifacts.upload('system', fields, inPieces(bytes));
    const made = await world.fleet.deployments.create('system', { components: [artifactId] });
    const activeDeploymentId = made.deploymentId;
    await world.fleet.cohorts.update('system', 'c', { activeDeploymentId });
    const offer = await world.ask('GET', '/api/v1/devices/a/ota', { token: world.secrets.a });
    const url = String(offer.json['artifact_url']);
    const path = new URL(url).pathname;
    const readers = [1, 2, 3, 4].map(() => raw(world));
    // They ask, and then do not read.
    for (const socket of readers) socket.pause().write(head(`GET ${path}`));
    const open = async () => (await world.ask('GET', '/metrics')).text;
    await expect.poll(open).toContain('otakit_downloads_open 4');
    const fifth = await fetch(url);
    expect(fifth.status).toBe(503);
    expect(Number(fifth.headers.get('retry-after'))).toBeGreaterThan(0);
    // Others are not in its way.
    const other = await world.ask('GET', '/api/v1/devices/b/ota', { token: world.secrets.b });
    const theirs = await fetch(String(other.json['artifact_url']), { method: 'HEAD' });
    expect(theirs.status).toBe(200);
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return open();
      })
      .toContain('otakit_downloads_open 0');
  });
});

/*
 * Only a clock that is signed offline, time and again, would tell a device that its server keeps quiet on
 * purpose, or was taken over and goes on offering what is old. This server holds public keys alone, so it
 * cannot vouch for its own freshness, and does not pretend to: nothing of what it offers says until when it
 * is good. What it can do is to make an old answer recognisable where something between it and the device
 * kept one, and to refuse whatever would take a fleet back.
 */
describe('freeze and fast-forward', () => {
  it('an answer that something on the way kept is told by the nonce', async () => {
    const world = await start();
    await offered(world);
    const ask = (query: string, headers = {}) =>
      world.ask('GET', `/api/v1/devices/a/ota${query}`, { token: world.secrets.a, headers });
    const first = await ask('?nonce=7b1c');
    expect(first.json).toMatchObject({ nonce: '7b1c', update_available: true });
    expect((await ask('')).json['nonce']).toBeUndefined();
    // Nothing that was kept can stand for an answer to it.
    const etag = first.headers.get('etag') ?? '';
    expect((await ask('', { 'if-none-match': etag })).status).toBe(304);
    const again = await ask('?nonce=7b1d', { 'if-none-match': etag });
    expect([again.status, again.json['nonce']]).toEqual([200, '7b1d']);
    for (const wrong of ['', 'x'.repeat(65), '%0d%0aSet-Cookie:x', '%c3%a4', '7b1e&nonce=7b1f']) {
      expect((await ask(`?nonce=${wrong}`)).status).toBe(422);
    }
  });

  it('what is signed has no time of its own, and is for a deployment and all later ones', async () => {
    const world = await start();
    const pair = generateSigningKey('ed25519');
    await world.fleet.keys.add('system', { name: 'release', publicKey: pair.publicKey });
    await offered(world);
    const { list } = await world.fleet.artifacts.list({}, { page: 0, perPage: 1 });
    const [artifact] = list;
    if (artifact === undefined) throw new Error('nothing was offered');
    const signature = signManifest(manifestOf(artifact, 1), readPrivateKey(pair.privateKey));
    await world.fleet.artifacts.addSignature('system', artifact.artifactId, signature);
    const { json } = await world.ask('GET', '/api/v1/devices/a/ota', { token: world.secrets.a });
    const [{ manifest }] = json['signatures'] as readonly [{ readonly manifest: string }];
    expect(
      Object.keys(JSON.parse(manifest) as object)
        .toSorted()
        .join(' '),
    ).toBe('blueprints chip format package secureVersion sequence sha256 size version');
  });

  it('an answer says when it was made, and its sequence only rises', async () => {
    const world = await start();
    await offered(world);
    const ask = () => world.ask('GET', '/api/v1/devices/a/ota', { token: world.secrets.a });
    const before = await ask();
    expect(Date.parse(before.headers.get('date') ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(before.headers.get('cache-control')).toContain('no-store');
    const activeDeploymentId = await deployment(world, '1.1.0');
    await world.fleet.cohorts.update('system', 'c', { activeDeploymentId });
    const after = await ask();
    expect(Number(after.json['sequence'])).toBeGreaterThan(Number(before.json['sequence']));
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
  });
});

describe('replay', () => {
  it('of reports, late and out of order, undoes nothing and counts nobody twice', async () => {
    const world = await start();
    const { fleet, ask, secrets } = world;
    const say = async (deviceId: 'a' | 'b', path: string, body: unknown) =>
      (
        await ask('POST', `/api/v1/devices/${deviceId}/${path}`, {
          token: secrets[deviceId],
          body,
        })
      ).status;
    const first = await deployment(world, '1.0.0');
    await fleet.cohorts.update('system', 'c', { activeDeploymentId: first });
    expect(await say('a', 'boot', { version: '1.0.0' })).toBe(204);
    const deploymentId = await deployment(world, '1.1.0');
    const plan = { deploymentId, cohortId: 'c', canaryPercent: 100, soakMs: 0 };
    const { rolloutId } = await fleet.rollouts.start('system', plan);
    await ask('GET', '/api/v1/devices/a/ota', { token: secrets.a });
    const counters = async () => (await fleet.rollouts.get(rolloutId)).counters;
    // Another device, which was offered nothing yet, cannot speak for this one or for itself.
    expect(await say('b', 'ota/status', { rollout_id: rolloutId, status: 'failed' })).toBe(204);
    expect(await counters()).toMatchObject({ offered: 1, failed: 0 });
    expect(await say('a', 'boot', { version: '1.1.0' })).toBe(204);
    expect(await counters()).toMatchObject({ succeeded: 1 });
    const settled = await counters();
    for (const status of ['downloading', 'failed', 'rebooting', 'successful', 'failed']) {
      expect(await say('a', 'ota/status', { rollout_id: rolloutId, status })).toBe(204);
    }
    for (let count = 0; count < 3; count += 1) await say('a', 'boot', { version: '1.1.0' });
    expect(await counters()).toEqual(settled);
    const log = await fleet.rollouts.log(rolloutId, 0, 100);
    const successes = log.filter(({ data }) => data['to'] === 'succeeded');
    expect(successes).toHaveLength(1);
  });
});

describe('replay of a recorded request', () => {
  it('does not count as a fall-back where the device counts its boots', async () => {
    const world = await start();
    const { fleet, ask, secrets } = world;
    const post = async (path: string, body: string) =>
      fetch(`${world.url}/api/v1/devices/a/${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${secrets.a}` },
        body,
      });
    const first = await deployment(world, '1.0.0');
    await fleet.cohorts.update('system', 'c', { activeDeploymentId: first });
    const recorded = 'main=1.0.0&_boot_count=7';
    expect((await post('boot', recorded)).status).toBe(204);
    const deploymentId = await deployment(world, '1.1.0');
    const plan = { deploymentId, cohortId: 'c', canaryPercent: 100, soakMs: 0 };
    const { rolloutId } = await fleet.rollouts.start('system', plan);
    await ask('GET', '/api/v1/devices/a/ota', { token: secrets.a });
    const failed = JSON.stringify({ status: 'rolled_back', boot_count: 7 });
    expect((await post('boot', 'main=1.1.0&_boot_count=8')).status).toBe(204);
    for (const [path, body] of [
      ['boot', recorded],
      ['boot', 'main=1.0.0&_boot_count=8'],
      ['ota/status', failed],
      ['ota/status', '{"status":"successful","firmware_version":"1.0.0","boot_count":7}'],
    ] as const) {
      const answer = await post(path, body);
      const { code } = (await answer.json()) as { readonly code: string };
      expect([body, answer.status, code]).toEqual([body, 409, 'fleet/report-outdated']);
    }
    const check = await ask(
      'GET',
      '/api/updates/check?device_id=a&current_version=1.0.0&boot_count=7',
      { token: secrets.a },
    );
    expect(check.json['code']).toBe('fleet/report-outdated');
    expect((await fleet.rollouts.get(rolloutId)).counters).toMatchObject({ succeeded: 1 });
    expect((await fleet.devices.get('a')).reported['main']?.version).toBe('1.1.0');
  });
});

describe('somebody else’s device', () => {
  const values: Readonly<Record<string, string>> = {
    deviceId: 'a',
    commandId: `cmd_${'a'.repeat(20)}`,
  };
  const filled = (path: string) =>
    path.replaceAll(
      /:(\w+)|\{(\w+)\}/g,
      (_, one: string, two: string) => values[one ?? two] ?? 'x',
    );
  const paths = FACES.flatMap((create) => create({} as FaceContext).routes)
    .filter(({ path }) => path.includes(':deviceId'))
    .map(({ method, path }) => [method, filled(path)] as const);

  it('there are paths to try', () => {
    expect(paths.length).toBeGreaterThanOrEqual(6);
  });

  it.each(paths)('cannot be asked or spoken for: %s %s', async (method, path) => {
    const world = await start();
    await offered(world);
    const tokens = [
      world.secrets.b,
      null,
      'otd_',
      `otd_${'A'.repeat(43)}`,
      await world.token('provisioner'),
    ];
    const answers = [];
    for (const token of tokens) {
      const body = method === 'GET' ? {} : { body: { version: '9', status: 'failed' } };
      const real = await world.ask(method, path, { token, ...body });
      expect(real.status).toBeGreaterThanOrEqual(401);
      expect(real.status).toBeLessThanOrEqual(405);
      const nobody = await world.ask(method, path.replace('/a/', '/nobody/'), { token, ...body });
      // Whether a device of that name exists cannot be learnt.
      expect([nobody.status, nobody.json['code']]).toEqual([real.status, real.json['code']]);
      answers.push(real.status);
    }
    expect(answers.slice(0, 4)).toEqual([401, 401, 401, 401]);
    expect((await world.fleet.devices.get('a')).reported).toEqual({});
  });

  it('has commands that nobody else can acknowledge', async () => {
    const { fleet, ask, secrets } = await start();
    const made = await fleet.commands.create('system', 'a', { name: 'reboot' });
    const path = `/api/v1/devices/b/commands/${made.commandId}/ack`;
    expect((await ask('POST', path, { token: secrets.b, body: {} })).status).toBe(404);
    expect((await fleet.commands.get(made.commandId)).state).toBe('queued');
  });

  it('has a URL that is good for it alone, unchanged, as long as it is assigned', async () => {
    const world = await start();
    const url = await offered(world);
    expect((await fetch(url)).status).toBe(200);
    const [, token = ''] = /\/d\/([^/]+)\//.exec(url) ?? [];
    const tried = [0, 8, 20, token.length - 1].map((at) =>
      url.replace(
        token,
        token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1),
      ),
    );
    for (const forged of [...tried, url.replace(token, ''), url.replace(token, `${token}A`)]) {
      const { status } = await fetch(forged);
      expect([403, 404]).toContain(status);
    }
    await world.fleet.devices.update('system', 'a', { cohortId: null });
    expect((await fetch(url)).status).toBe(403);
  });

  it('a device’s secret opens nothing of the management API', async () => {
    const { ask, secrets } = await start();
    for (const { method, path, roles } of ROUTES) {
      if (roles === null) continue;
      const target = `/api/v1${filled(path.replace('{deviceId}', 'b'))}`;
      const body = method === 'GET' ? {} : { body: {} };
      const { status } = await ask(method, target, { token: secrets.a, ...body });
      // After so many wrong tries the address is told to wait.
      expect([method, target, [401, 429].includes(status)]).toEqual([method, target, true]);
    }
  });
});

describe('path traversal', () => {
  it.each([
    '/d/../../../../etc/passwd',
    '/d/..%2f..%2f..%2fetc%2fpasswd/fw.bin',
    '/d/%2e%2e/%2e%2e/download.key',
    '/d/%00/x.bin',
    '/d/%c0%ae%c0%ae/x.bin',
    '//etc/passwd',
    '/..',
    'http://169.254.169.254/latest',
    '/api/v1/artifacts/..%2f..%2fdownload.key/content',
    '/api/v1/artifacts/%2e%2e%5c%2e%2e/content',
    '/api/v1/artifacts/art_..%2f..%2f..%2ffleet.db/content',
    '/api/v1/devices/..%2f..%2fx/ota',
    '/api/v1/devices/%00/ota',
    '/api/v1/devices/a%0d%0aSet-Cookie:x/ota',
    '/api/v1/devices/a/ota/chunk?package_id=..%2f..%2fmain&artifact_id=..',
    '/api/v1/packages/__proto__',
    '/api/v1/packages/constructor/versions',
  ])('GET %s', async (target) => {
    const world = await start();
    for (const token of [world.server.localToken, world.secrets.a]) {
      const socket = raw(world);
      socket.write(head(`GET ${target}`, `Authorization: Bearer ${token}`, 'Connection: close'));
      const answer = (await readToEnd(socket)).toString();
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toMatch(/root:|SQLite|\nSet-Cookie/);
    }
    expect(world.log.join('')).not.toContain('"level":"error"');
  });
});

describe('a thundering herd', () => {
  it('is spread by the answers, and a device that keeps asking is told to wait', async () => {
    const clock = new ManualClock();
    const { ask, secrets } = await start({ clock });
    const poll = () => ask('GET', '/api/v1/devices/a/ota', { token: secrets.a });
    const hints = new Set<number>();
    let last = await poll();
    for (let count = 0; count < 200 && last.status === 200; count += 1) {
      hints.add(Number(last.json['poll_after_seconds']));
      last = await poll();
    }
    expect(hints.size).toBeGreaterThan(20);
    expect(last.status).toBe(429);
    expect(last.json['code']).toBe('server/rate-limited');
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await ask('GET', '/api/v1/devices/b/ota', { token: secrets.b });
    expect(other.status).toBe(200);
    await clock.advance(10_000);
    expect((await poll()).status).toBe(200);
  });
});

describe('requests that the server makes for others', () => {
  /** A service of the own network that has to stay unreached. */
  async function inside(): Promise<{ readonly port: number; readonly reached: () => number }> {
    let reached = 0;
    const server = createServer((_, response) => {
      reached += 1;
      response.end('secret');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { port: (server.address() as AddressInfo).port, reached: () => reached };
  }

  it.each(['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433', '[::ffff:127.0.0.1]', '0'])(
    'do not reach %s by artifact_uri',
    async (address) => {
      const world = await start();
      const { port, reached } = await inside();
      const { status, json } = await world.ask('POST', '/api/v1/artifacts', {
        body: {
          packageId: 'model',
          version: '1',
          sha256: sha256Of(new TextEncoder().encode('secret')),
          artifactUri: `http://${address}:${port}/`,
        },
      });
      expect([status, json['code']]).toEqual([422, 'fleet/address-refused']);
      expect([reached(), await kept(world)]).toEqual([0, 0]);
    },
  );

  it('do not reach the own network by webhooks', async () => {
    const { ask } = await start();
    const { port, reached } = await inside();
    for (const address of [`127.0.0.1:${port}`, '[::1]', '0x7f.1', '169.254.169.254']) {
      const body = { url: `http://${address}/hook`, eventTypes: ['*'] };
      const { status, json } = await ask('POST', '/api/v1/webhooks', { body });
      expect([status, json['code']]).toEqual([422, 'fleet/address-refused']);
    }
    // What a name means is seen when it is asked for.
    const url = `http://localhost:${port}/hook`;
    const made = await ask('POST', '/api/v1/webhooks', { body: { url, eventTypes: ['*'] } });
    expect(made.status).toBe(201);
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'news' } });
    const path = `/api/v1/webhooks/${String(made.json['webhookId'])}`;
    await expect.poll(async () => (await ask('GET', path)).json['failures']).toBeGreaterThan(0);
    expect((await ask('GET', path)).json['lastError']).toContain('no public address');
    expect(reached()).toBe(0);
    // What delivery notes is no change of the webhook: who read it before may still change it.
    const headers = { 'If-Match': made.headers.get('etag') ?? '' };
    const changed = await ask('PATCH', path, { body: { enabled: false }, headers });
    expect([changed.status, changed.json['revision']]).toEqual([200, 2]);
  });
});

describe('what the process writes to its log', () => {
  it('has no credential in it, wherever somebody put one', async () => {
    const folder = await temporaryFolder();
    await using server = startServer(folder, 'debug');
    const listening = await server.listening;
    const url = listening?.url ?? '';
    const token = listening?.firstToken ?? '';
    const ask = (path: string, authorization: string, init: RequestInit = {}) =>
      fetch(`${url}${path}`, { ...init, headers: { Authorization: authorization } });
    const made = await fetch(`${url}/api/v1/devices`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ deviceId: 'a' }),
    });
    const { secret } = (await made.json()) as { secret: string };
    const link = 'c2VjcmV0bGlua3RoYXRub2JvZHlzaG91bGRzZWU';
    await ask(`/d/${link}/fw.bin`, '');
    await ask(`/api/v1/cohorts?token=${token}`, `Bearer ${token}`);
    await ask('/api/v1/devices/a/ota', `Bearer ${secret}`);
    await ask(`/api/v1/devices/a/ota?secret=${secret}`, `Basic ${btoa(`a:${secret}`)}`);
    await ask('/api/v1/cohorts', `Bearer ${secret}`);
    await ask(`/api/v1/cohorts/${token}`, `Bearer ${token}`);
    await ask(`/api/v1/nowhere/${secret}`, `Bearer ${token}x`);
    expect(await server.stop()).toBe(0);
    expect(server.log).toContain('/d/-');
    for (const word of [token, secret, link, btoa(`a:${secret}`)]) {
      expect(server.log).not.toContain(word);
    }
  });
});
