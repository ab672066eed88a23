import { request, type RequestOptions } from 'node:http';
import { describe, expect, it } from 'vitest';
import { inPieces } from '../../support/artifact-fleet.ts';
import { startTestServer } from '../../support/fleet-server.ts';

const SIZE = 150_000;

/** A device that is to take so many bytes as package `model`, and the events of its downloads. */
async function start(sizeBytes = SIZE) {
  const host = await startTestServer({ options: { maxArtifactBytes: 64_000_000 } });
  const { fleet, url, ask } = host;
  await fleet.packages.create('system', { packageId: 'model', kind: 'binary' });
  await fleet.cohorts.create('system', { cohortId: 'c' });
  const bytes = new Uint8Array(sizeBytes).map((_, at) => (at * 7) & 0xff);
  const fields = { packageId: 'model', version: '1.0.0', blueprintIds: [] };
  const { artifactId, sha256 } = await fleet.artifacts.upload('system', fields, inPieces(bytes));
  const made = await fleet.deployments.create('system', { components: [artifactId] });
  await fleet.cohorts.update('system', 'c', { activeDeploymentId: made.deploymentId });
  const { secret } = await fleet.devices.create('system', { deviceId: 'a', cohortId: 'c' });
  const offer = await ask('GET', '/api/v1/devices/a/ota', { token: secret });
  return {
    ...host,
    sha256,
    artifactUrl: String(offer.json['artifact_url']),
    chunk: async (offset: number, size: number, headers: Record<string, string> = {}) => {
      const path = `/api/v1/devices/a/ota/chunk?package_id=model&offset=${offset}&size=${size}`;
      const all = { authorization: `Bearer ${secret}`, ...headers };
      await (await fetch(`${url}${path}`, { headers: all })).arrayBuffer();
    },
    downloads: async () => (await fleet.events.after(0, 1000)).filter(isDownload),
    [Symbol.asyncDispose]: () => host.server.stop(0),
  };
}

const isDownload = ({ type }: { readonly type: string }) => type.startsWith('download.');

/** Over a connection of its own, since what arrived is known when that is closed. */
function take(url: string, options: RequestOptions = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, (answer) => {
      answer.resume().once('end', () => resolve());
    });
    sent.once('error', reject);
    sent.end();
  });
}

describe('what the server sent', () => {
  it('is an event once the whole artifact is out, in one piece', async () => {
    await using world = await start();
    await take(world.artifactUrl, { method: 'HEAD' });
    await take(world.artifactUrl);
    await expect.poll(world.downloads).toMatchObject([
      {
        type: 'download.completed',
        deviceId: 'a',
        data: {
          packageId: 'model',
          version: '1.0.0',
          sha256: world.sha256,
          sizeBytes: SIZE,
          sentBytes: SIZE,
          requests: 1,
        },
      },
    ]);
    expect(
      (await world.ask('GET', '/api/v1/events?deviceId=a&types=download.completed')).text,
    ).toContain('download.completed');
  });

  it('is one event for all ranges, which may overlap and come in any order', async () => {
    await using world = await start();
    for (const range of ['100000-149999', '0-59999', '50000-99999']) {
      expect(await world.downloads()).toEqual([]);
      await take(world.artifactUrl, { headers: { range: `bytes=${range}` } });
    }
    await expect
      .poll(world.downloads)
      .toMatchObject([
        { type: 'download.completed', data: { sizeBytes: SIZE, sentBytes: 160_000, requests: 3 } },
      ]);
  });

  it('is one event for all chunks, as JSON and as bytes, and no write for any of them', async () => {
    await using world = await start();
    const before = await world.fleet.events.lastId();
    await world.chunk(65_536, 65_536);
    await world.chunk(0, 65_536, { accept: 'application/octet-stream' });
    expect(await world.fleet.events.lastId()).toBe(before);
    await world.chunk(131_072, 65_536);
    await world.chunk(SIZE, 65_536);
    await expect
      .poll(world.downloads)
      .toMatchObject([
        { type: 'download.completed', data: { sizeBytes: SIZE, sentBytes: SIZE, requests: 3 } },
      ]);
    expect((await world.ask('GET', '/metrics')).text).toContain(
      `otakit_download_bytes_total ${SIZE}`,
    );
  });

  it('is an event when it is cut off, and completes with the rest', async () => {
    const size = 24_000_000;
    await using world = await start(size);
    await new Promise<void>((resolve, reject) => {
      const sent = request(world.artifactUrl, (answer) => {
        answer.once('data', () => {
          answer.destroy();
          resolve();
        });
      });
      sent.once('error', reject);
      sent.end();
    });
    await expect
      .poll(world.downloads)
      .toMatchObject([{ type: 'download.cut', data: { reason: 'peer-gone', sizeBytes: size } }]);
    await take(world.artifactUrl, { headers: { range: 'bytes=1000-' } });
    await expect
      .poll(async () => (await world.downloads()).map(({ type }) => type))
      .toEqual(['download.cut', 'download.completed']);
  });
});
