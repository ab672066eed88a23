import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256Of, TABLE } from '../support/artifact-fleet.ts';
import { buildTestApp } from '../support/build-image.ts';
import { startTestServer, type TestServer } from '../support/fleet-server.ts';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

const OCTETS = { 'Content-Type': 'application/octet-stream' };

async function start(...options: Parameters<typeof startTestServer>): Promise<TestServer> {
  const host = await startTestServer(...options);
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { ask } = host;
  await ask('POST', '/api/v1/packages', { body: { packageId: 'main' } });
  const blueprint = { blueprintId: 'sensor', chip: 'esp32', flashSizeBytes: 4_194_304 };
  const made = await ask('POST', '/api/v1/blueprints', {
    body: { ...blueprint, partitionTable: TABLE },
  });
  expect(made.status).toBe(201);
  return host;
}

const artifacts = async ({ ask }: TestServer) =>
  (await ask('GET', '/api/v1/artifacts')).json['total'];

describe('uploads', () => {
  it('are checked against the hardware, by their digest, and against what is there', async () => {
    const host = await start();
    const app = await buildTestApp();
    const path = '/api/v1/artifacts?packageId=main&blueprintId=sensor';
    const upload = (query: string, body: Uint8Array) =>
      host.ask('POST', `${path}${query}`, { body, headers: OCTETS });
    const wrong = await upload(`&sha256=${'0'.repeat(64)}`, app);
    expect(wrong.json).toMatchObject({ status: 422, code: 'fleet/digest-mismatch' });
    const noImage = await upload('', new Uint8Array(1000));
    expect(noImage.json).toMatchObject({ code: 'fleet/refused-image' });
    const otherChip = await upload('', await buildTestApp({ chip: 'esp32c3' }));
    expect(otherChip.json).toMatchObject({ code: 'fleet/refused-image' });
    expect(await artifacts(host)).toBe(0);

    const made = await upload(`&sha256=${sha256Of(app)}&releaseNotes=first`, app);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      version: '1.0.0',
      blueprintIds: ['sensor'],
      sizeBytes: app.length,
      image: { chip: 'esp32' },
      releaseNotes: 'first',
    });
    expect((await upload('', app)).json).toMatchObject({ status: 409 });
    expect((await upload('&version=2', app)).status).toBe(201);
    const versions = await host.ask('GET', '/api/v1/packages/main/versions?version=2');
    expect(versions.json).toMatchObject({ total: 1, list: [{ version: '2' }] });
  });

  it('that are cut off leave nothing behind', async () => {
    const host = await start();
    const app = await buildTestApp();
    const socket = connect(host.server.port, '127.0.0.1');
    socket.write(
      `POST /api/v1/artifacts?packageId=main&blueprintId=sensor HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${host.server.localToken}\r\n` +
        `Content-Type: application/octet-stream\r\nContent-Length: ${app.length}\r\n\r\n`,
    );
    socket.write(app.subarray(0, app.length - 1000));
    await expect
      .poll(async () => (await host.ask('GET', '/metrics')).text)
      .toContain('otakit_uploads_open 1');
    socket.destroy();
    await expect
      .poll(async () => (await host.ask('GET', '/metrics')).text)
      .toContain('otakit_uploads_open 0');
    expect(await artifacts(host)).toBe(0);
  });

  it('are limited in size, by what they say and by what they are', async () => {
    const host = await start({ options: { maxArtifactBytes: 10_000 } });
    const path = '/api/v1/artifacts?packageId=main&blueprintId=sensor';
    const app = await buildTestApp();
    const answer = await host.ask('POST', path, { body: app, headers: OCTETS });
    expect(answer.status).toBe(413);
    expect(await artifacts(host)).toBe(0);
  });

  it('need a package that exists, and a token that may', async () => {
    const host = await start();
    const body = await buildTestApp();
    const viewer = { body, headers: OCTETS, token: await host.token('viewer') };
    const path = '/api/v1/artifacts?packageId=main&blueprintId=sensor';
    expect((await host.ask('POST', path, viewer)).status).toBe(403);
    const uploader = { ...viewer, token: await host.token('uploader') };
    expect((await host.ask('POST', path, uploader)).status).toBe(201);
    const other = await host.ask('POST', '/api/v1/artifacts?packageId=nothing', uploader);
    expect(other.json).toMatchObject({ status: 404, code: 'fleet/not-found' });
    const none = await host.ask('POST', '/api/v1/artifacts', uploader);
    expect(none.json).toMatchObject({ status: 422, code: 'server/invalid-request' });
  });
});

/** Serves bytes on loopback, as some build server does. */
async function buildServer(bytes: Uint8Array): Promise<string> {
  const server = createServer((_request, response) => response.end(bytes));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/app.bin`;
}

describe('CORE-M packages', () => {
  it('are fetched, verified, and available', async () => {
    const host = await start({ options: { allowPrivateAddresses: true } });
    const app = await buildTestApp();
    const body = {
      version: '1.2.0',
      artifact_uri: await buildServer(app),
      sha256: sha256Of(app),
      size_bytes: app.length,
      compatibility: { device_type: 'sensor', min_version: '1.0.0' },
      release_notes: 'better',
      type: 'fw',
    };
    const path = '/api/v1/ota/packages';
    const made = await host.ask('POST', path, { body });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      package_id: expect.stringMatching(/^art_/) as string,
      status: 'available',
      checksum_verified: true,
    });
    const artifact = await host.ask('GET', `/api/v1/artifacts/${String(made.json['package_id'])}`);
    expect(artifact.json).toMatchObject({
      packageId: 'main',
      version: '1.2.0',
      minVersion: '1.0.0',
      blueprintIds: ['sensor'],
    });
    const mismatch = { ...body, version: '1.3.0', sha256: '1'.repeat(64) };
    const refused = await host.ask('POST', path, { body: mismatch });
    expect(refused.json).toMatchObject({ status: 422, code: 'fleet/digest-mismatch' });
    expect(await artifacts(host)).toBe(1);
  });

  it('are not fetched from the own network unless that is allowed', async () => {
    const host = await start();
    const app = await buildTestApp();
    const body = {
      version: '1.2.0',
      artifact_uri: await buildServer(app),
      sha256: sha256Of(app),
      compatibility: { device_type: 'sensor' },
    };
    const refused = await host.ask('POST', '/api/v1/ota/packages', { body });
    expect(refused.json).toMatchObject({ status: 422, code: 'fleet/address-refused' });
  });
});

describe('CORE-M rollouts', () => {
  it('start, pause, resume and are taken back', async () => {
    const host = await start();
    const { ask } = host;
    const upload = async (version: string) => {
      const path = `/api/v1/artifacts?packageId=main&blueprintId=sensor&version=${version}`;
      const made = await ask('POST', path, { body: await buildTestApp(), headers: OCTETS });
      return String(made.json['artifactId']);
    };
    const [older, newer] = [await upload('1.0.0'), await upload('1.1.0')];
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'field' } });
    for (const deviceId of ['d1', 'd2', 'd3', 'd4']) {
      const body = { deviceId, blueprintId: 'sensor', cohortId: 'field' };
      expect((await ask('POST', '/api/v1/devices', { body })).status).toBe(201);
    }
    const rollouts = '/api/v1/ota/rollouts';
    const started = await ask('POST', rollouts, {
      body: {
        package_id: newer,
        target_profile_id: 'field',
        canary_percent: 50,
        failure_threshold_percent: 10,
        rollback_package_id: older,
      },
    });
    expect(started.status).toBe(201);
    expect(started.json).toEqual({
      rollout_id: expect.stringMatching(/^rol_/) as string,
      status: 'active',
      canary_percent: 50,
      scheduled_count: 2,
    });
    const one = `${rollouts}/${String(started.json['rollout_id'])}`;
    expect((await ask('POST', `${one}/pause`)).json).toMatchObject({ status: 'paused' });
    expect((await ask('GET', one)).json).toMatchObject({ status: 'paused' });
    expect((await ask('POST', `${one}/resume`)).json).toMatchObject({ status: 'active' });
    const back = await ask('POST', `${one}/rollback`);
    expect(back.status).toBe(200);
    expect(['rolling_back', 'failed']).toContain(back.json['status']);
    const nothing = await ask('POST', rollouts, {
      body: { package_id: newer, target_profile_id: 'nothing' },
    });
    expect(nothing.json).toMatchObject({ status: 404, code: 'fleet/not-found' });
  });

  it('start with what the native routes make of components, and leave nothing where refused', async () => {
    const host = await start();
    const { ask } = host;
    const path = '/api/v1/artifacts?packageId=main&blueprintId=sensor&version=1.0.0';
    const made = await ask('POST', path, { body: await buildTestApp(), headers: OCTETS });
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'field' } });
    const native = { cohortId: 'field', components: ['main@1.0.0'] };
    const started = await ask('POST', '/api/v1/rollouts', { body: native });
    expect(started.status).toBe(201);
    const theirs = { package_id: made.json['artifactId'], target_profile_id: 'field' };
    for (const [where, body] of [
      ['/api/v1/rollouts', native],
      ['/api/v1/ota/rollouts', theirs],
    ] as const) {
      const second = await ask('POST', where, { body });
      expect(second.json).toMatchObject({ status: 409, code: 'fleet/rollout-active' });
    }
    const { json } = await ask('GET', '/api/v1/deployments');
    expect(json['list']).toMatchObject([{ deploymentId: started.json['deploymentId'] }]);
  });
});

describeWithPeers(['curl'], 'curl brings artifacts in and out', ([curl = '']) => {
  it.each(['--http1.1', '--http2-prior-knowledge'])('%s', async (protocol) => {
    const host = await start();
    const folder = await temporaryFolder();
    const app = await buildTestApp({ codeBytes: 200_000 });
    const file = join(folder, 'app.bin');
    await writeFile(file, app);
    const run = async (...args: readonly string[]) => {
      const token = ['-H', `Authorization: Bearer ${host.server.localToken}`];
      const { stdout, stderr } = await runPeer(curl, ['-sS', protocol, ...token, ...args]);
      expect(stderr).toBe('');
      return stdout;
    };
    const upload = `${host.url}/api/v1/artifacts?packageId=main&blueprintId=sensor`;
    const octets = ['-H', 'Content-Type: application/octet-stream'];
    const made = await run('--data-binary', `@${file}`, ...octets, upload);
    const { artifactId } = JSON.parse(made.toString()) as { artifactId: string };
    const content = `${host.url}/api/v1/artifacts/${artifactId}/content`;
    expect(new Uint8Array(await run(content))).toEqual(new Uint8Array(app));
    const part = await run('-r', '1000-1999', '-i', content);
    expect(part.toString('latin1')).toMatch(/^HTTP\/\S+ 206[^]*content-range: bytes 1000-1999\//i);
    expect(new Uint8Array(part.subarray(-1000))).toEqual(new Uint8Array(app.subarray(1000, 2000)));
    const head = (await run('-I', content)).toString();
    expect(head).toMatch(new RegExp(`content-length: ${app.length}`, 'i'));
    const known = await run('-i', '-H', `If-None-Match: "${sha256Of(app)}"`, content);
    expect(known.toString()).toMatch(/^HTTP\/\S+ 304/);
    const beyond = await run('-i', '-r', '99999999-', content);
    expect(beyond.toString()).toMatch(/^HTTP\/\S+ 416/);
  });
});
