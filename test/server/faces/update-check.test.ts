import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type FaceHost, startFaceHost } from '../../support/face-host.ts';

const bytes = new Uint8Array(5000).fill(3);
const basic = { authorization: `Basic ${btoa('one:otd_one')}` };

async function host(): Promise<FaceHost> {
  const started = await startFaceHost();
  started.gate.add('one', 'otd_one');
  started.gate.add('two', 'otd_two');
  return started;
}

const check = (server: FaceHost, query: string, headers: Record<string, string> = basic) =>
  fetch(`${server.url}/api/updates/check?${query}`, { headers });
const report = (server: FaceHost, body: unknown) =>
  fetch(`${server.url}/api/updates/status`, {
    method: 'POST',
    headers: basic,
    body: JSON.stringify(body),
  });
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

describe('GET /api/updates/check', () => {
  it("answers with the guide's fields", async () => {
    await using server = await host();
    server.gate.assign('one', { version: '1.10.0', bytes });
    const answer = await check(server, 'device_id=one&current_version=1.9.0');
    expect(await json(answer)).toEqual({
      update_available: true,
      update: {
        deployment_id: 'rol_small',
        artifact_id: expect.stringMatching(/^art_/) as string,
        version: '1.10.0',
        download_url: expect.stringContaining('/d/') as string,
        size_bytes: 5000,
        sha256_hash: createHash('sha256').update(bytes).digest('hex'),
        signature: null,
      },
    });
    expect(answer.headers.get('retry-after')).toBe('300');
  });

  it('takes a current version that is new for what booted', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '1.1.0', bytes });
    for (const version of ['1.0.0', '1.0.0', '1.1.0', '1.1.0']) {
      await check(server, `device_id=one&current_version=${version}`);
    }
    expect(server.gate.boots.map(({ version, sinceBoot }) => [version, sinceBoot])).toEqual([
      ['1.0.0', true],
      ['1.0.0', false],
      ['1.1.0', true],
      ['1.1.0', false],
    ]);
    const done = await check(server, 'device_id=one&current_version=1.1.0');
    expect(await json(done)).toEqual({ update_available: false, update: null });
  });

  it.each([
    ['without a credential', 'device_id=one&current_version=1', {}],
    ["with another device's", 'device_id=two&current_version=1', basic],
  ])('is denied %s', async (_, query, headers: Record<string, string>) => {
    await using server = await host();
    expect((await check(server, query, headers)).status).toBe(401);
  });

  it.each([
    'device_id=one',
    'device_id=one&current_version=',
    `device_id=one&current_version=${'1'.repeat(129)}`,
  ])('refuses %s', async (query) => {
    await using server = await host();
    const answer = await check(server, query);
    expect(answer.status).toBe(422);
    expect(await json(answer)).toMatchObject({ code: 'server/invalid-request' });
  });
});

describe('POST /api/updates/status', () => {
  it("translates the guide's states; `completed` is only said before the restart", async () => {
    await using server = await host();
    const states = [
      'pending',
      'downloading',
      'verifying',
      'installing',
      'completed',
      'failed',
      'rolled_back',
    ];
    for (const status of states) {
      const answer = await report(server, {
        device_id: 'one',
        deployment_id: 'rol_small',
        status,
        error: null,
      });
      expect(answer.status).toBe(200);
    }
    expect(server.gate.progressed.map(({ state, rolloutId }) => [state, rolloutId])).toEqual(
      ['downloading', 'verifying', 'installing', 'rebooting', 'failed', 'rolled-back'].map(
        (state) => [state, 'rol_small'],
      ),
    );
    expect(server.gate.boots).toEqual([]);
  });

  it('is about the device itself only', async () => {
    await using server = await host();
    const answer = await report(server, { device_id: 'two', status: 'failed' });
    expect(answer.status).toBe(401);
    expect((await report(server, { device_id: 'one', status: 'PENDING' })).status).toBe(422);
    expect(server.gate.progressed).toEqual([]);
  });
});
