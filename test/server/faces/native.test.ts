import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type FaceHost, startFaceHost } from '../../support/face-host.ts';

const bytes = new Uint8Array(150_000).map((_, index) => (index * 31) & 0xff);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const auth = { authorization: 'Bearer otd_one' };

async function host(): Promise<FaceHost> {
  const started = await startFaceHost();
  started.gate.add('one', 'otd_one');
  started.gate.add('two', 'otd_two');
  return started;
}

const get = (server: FaceHost, path: string, headers: Record<string, string> = auth) =>
  fetch(`${server.url}/api/v1/devices/one${path}`, { headers });
const post = (server: FaceHost, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1/devices/one${path}`, {
    method: 'POST',
    headers: { ...auth, ...headers },
    body,
  });
const json = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

describe('GET …/ota', () => {
  it('says in snake case what to fetch, and when to ask again', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '1.1.0', bytes });
    const answer = await get(server, '/ota');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('retry-after')).toBe('300');
    expect(await json(answer)).toEqual({
      update_available: true,
      package_id: 'main',
      type: 'fw',
      version: '1.1.0',
      artifact_id: expect.stringMatching(/^art_/) as string,
      size_bytes: bytes.length,
      checksum: sha256,
      checksum_algorithm: 'sha256',
      signature: null,
      signatures: [],
      rollout_id: 'rol_small',
      artifact_url: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/d\/[\w-]+\/main-1\.1\.0\.bin$/,
      ) as string,
      secure_version: null,
      release_notes: 'better',
      deployment_id: 'dep_small',
      sequence: 1,
      poll_after_seconds: 300,
      waiting: [],
    });
  });

  it('lists all packages where there are several', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes }, { packageId: 'modem', version: '7', bytes });
    const answer = await json(await get(server, '/ota'));
    expect(answer).toMatchObject({
      package_id: 'main',
      packages: [
        { package_id: 'main', type: 'fw' },
        { package_id: 'modem', type: 'sw' },
      ],
    });
  });

  it('has a body also when there is nothing, with the time of the next poll', async () => {
    await using server = await host();
    expect(await json(await get(server, '/ota'))).toMatchObject({
      update_available: false,
      poll_after_seconds: 300,
    });
  });

  it('answers 304 while nothing changed, though the polls are spread', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '1.1.0', bytes });
    const etag = (await get(server, '/ota')).headers.get('etag') ?? '';
    server.gate.pollAfterMs = 77_000;
    const same = await get(server, '/ota', { ...auth, 'if-none-match': etag });
    expect(same.status).toBe(304);
    expect(same.headers.get('retry-after')).toBe('77');
    server.gate.assign('one', { version: '1.2.0', bytes: bytes.subarray(1) });
    const other = await get(server, '/ota', { ...auth, 'if-none-match': etag });
    expect(other.status).toBe(200);
  });

  it('gives the same URL at the next poll, so that a download can go on', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '1.1.0', bytes });
    const [first, second] = [await get(server, '/ota'), await get(server, '/ota')];
    expect((await json(first))['artifact_url']).toBe((await json(second))['artifact_url']);
  });

  it.each([
    ['no credential', {}],
    ['a wrong secret', { authorization: 'Bearer otd_nobody' }],
    ["another device's secret", { authorization: 'Bearer otd_two' }],
    ["another device's name and secret", { authorization: `Basic ${btoa('two:otd_two')}` }],
  ])('is denied with %s: server/unauthorized', async (_, headers: Record<string, string>) => {
    await using server = await host();
    const denied = await get(server, '/ota', headers);
    expect(denied.status).toBe(401);
    const unknown = await fetch(`${server.url}/api/v1/devices/nobody/ota`, { headers });
    expect(await unknown.text()).toBe(await denied.text());
  });

  it('is denied to a disabled device', async () => {
    await using server = await host();
    server.gate.disable('one');
    expect((await get(server, '/ota')).status).toBe(401);
  });
});

describe('GET …/ota/chunk', () => {
  it('gives pieces of any size in any order, `complete` on the last', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const got = new Uint8Array(bytes.length);
    for (const offset of [100_000, 0, 50_000]) {
      const query = `/ota/chunk?package_id=main&offset=${offset}&size=50000`;
      const chunk = await json(await get(server, query));
      expect(chunk).toMatchObject({ offset, total_bytes: bytes.length, checksum: sha256 });
      expect(chunk['complete']).toBe(offset === 100_000);
      got.set(Buffer.from(chunk['data'] as string, 'base64'), offset);
    }
    expect(got).toEqual(bytes);
  });

  it('never gives more than 64 KiB', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    for (const size of ['', '&size=65537', '&size=999999999999']) {
      const chunk = await json(await get(server, `/ota/chunk?offset=1${size}`));
      expect(chunk['size']).toBe(65_536);
    }
  });

  it('gives bare bytes to those who ask for them', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const accept = { ...auth, accept: 'application/octet-stream' };
    const answer = await get(server, '/ota/chunk?offset=149000&size=5000', accept);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000',
      'x-offset': '149000',
      'x-total-bytes': '150000',
      'x-complete': 'true',
      etag: `"${sha256}"`,
    });
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes.subarray(149_000));
  });

  it('tells a device that has everything so, and one beyond that server/no-such-range', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    expect(await json(await get(server, '/ota/chunk?offset=150000'))).toMatchObject({
      size: 0,
      data: '',
      complete: true,
    });
    const beyond = await get(server, '/ota/chunk?offset=150001');
    expect(beyond.status).toBe(416);
    expect(await json(beyond)).toMatchObject({ code: 'server/no-such-range' });
  });

  it('can be pinned to what the download began with', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const stale = { ...auth, 'if-match': `"${'0'.repeat(64)}"` };
    expect((await get(server, '/ota/chunk', stale)).status).toBe(412);
    expect((await get(server, '/ota/chunk?artifact_id=art_other')).status).toBe(403);
  });

  it.each([
    'offset=-1',
    'offset=x',
    'offset=1e9',
    'size=0',
    'size=1.5',
    'offset=9999999999999999',
    'package_id=',
    'package_id=..%2F..',
    `package_id=${'p'.repeat(65)}`,
  ])('refuses %s', async (query) => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const answer = await get(server, `/ota/chunk?${query}`);
    expect(answer.status).toBe(422);
    expect(await json(answer)).toMatchObject({ code: 'server/invalid-request' });
    expect(server.bugs).toEqual([]);
  });
});

describe('POST …/ota/status', () => {
  it('hands on how far an update is', async () => {
    await using server = await host();
    const body = {
      rollout_id: 'rol_x',
      package_id: 'main',
      status: 'downloading',
      firmware_version: '1.0.0',
      progress: 40,
    };
    expect((await post(server, '/ota/status', JSON.stringify(body))).status).toBe(204);
    expect(server.gate.progressed).toEqual([
      {
        deviceId: 'one',
        packageId: 'main',
        rolloutId: 'rol_x',
        targetVersion: null,
        state: 'downloading',
        bootCount: null,
        error: null,
        percent: 40,
      },
    ]);
    expect(server.gate.boots).toEqual([]);
  });

  it('hands on the words of a device without what a terminal would obey', async () => {
    await using server = await host();
    const body = { status: 'failed', error: 'E (1)\n\u001b[2J\u0000\u202eboom' };
    await post(server, '/ota/status', JSON.stringify(body));
    expect(server.gate.progressed[0]).toMatchObject({ error: 'E (1)\n\\x1b[2J\\x00\\x202eboom' });
  });

  it('takes success for no more than what runs', async () => {
    await using server = await host();
    await post(server, '/ota/status', '{"status":"successful"}');
    expect(server.gate.boots).toEqual([]);
    const proof = '{"status":"successful","firmware_version":"1.1.0"}';
    await post(server, '/ota/status', proof);
    await post(server, '/ota/status', proof);
    expect(server.gate.boots).toMatchObject([
      { packageId: 'main', version: '1.1.0', sinceBoot: true },
      { packageId: 'main', version: '1.1.0', sinceBoot: false },
    ]);
    expect(server.gate.progressed).toEqual([]);
  });

  it('cuts what a device says at length', async () => {
    await using server = await host();
    const error = 'x'.repeat(5000);
    await post(server, '/ota/status', JSON.stringify({ status: 'failed', error }));
    expect(server.gate.progressed[0]?.error).toHaveLength(512);
  });

  it.each([
    '',
    '[]',
    '{}',
    '{"status":"fine"}',
    '{"status":"failed","progress":101}',
    '{"status":"failed","progress":"1"}',
    '{"status":"failed","package_id":"a/b"}',
    '{"status":"failed","device_id":"two"}',
    '{"status":"failed","firmware_version":"\\u0007"}',
    `{"status":"failed","error":"${'x'.repeat(20_000)}"}`,
    '\u0000',
  ])('refuses %j', async (body) => {
    await using server = await host();
    const answer = await post(server, '/ota/status', body);
    expect([400, 422]).toContain(answer.status);
    expect(await json(answer)).toHaveProperty('code');
    expect(server.gate.progressed).toEqual([]);
    expect(server.bugs).toEqual([]);
  });

  it('refuses a body beyond all reason: server/body-too-large', async () => {
    await using server = await host();
    const answer = await post(server, '/ota/status', `{"status":"${'x'.repeat(100_000)}"}`);
    expect(answer.status).toBe(413);
    expect(await json(answer)).toMatchObject({ code: 'server/body-too-large' });
  });
});

describe('POST …/boot', () => {
  it('says what booted', async () => {
    await using server = await host();
    expect((await post(server, '/boot', 'main=1.1.0&modem=7')).status).toBe(204);
    expect(server.gate.boots).toMatchObject([
      { packageId: 'main', version: '1.1.0', sinceBoot: true },
      { packageId: 'modem', version: '7' },
    ]);
  });
});

describe('GET /d/<token>/<name>.bin', () => {
  const urlFor = async (server: FaceHost) =>
    (await json(await get(server, '/ota')))['artifact_url'] as string;

  it('needs no other credential, and takes ranges that end one past the end', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const url = await urlFor(server);
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('150000');
    const range = { range: `bytes=100000-${bytes.length}` };
    const part = await fetch(url, { headers: range });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 100000-149999/150000');
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(100_000));
    // Only a download from the start shows that one began.
    expect(server.gate.progressed).toEqual([]);
  });

  it('shows the download of a device that reports nothing', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    await (await fetch(await urlFor(server))).arrayBuffer();
    expect(server.gate.progressed[0]).toMatchObject({ state: 'downloading', percent: 0 });
  });

  it('ends with the assignment, and with the device: server/link-invalid', async () => {
    await using server = await host();
    server.gate.assign('one', { version: '2', bytes });
    const url = await urlFor(server);
    server.gate.assign('one', { version: '3', bytes: bytes.subarray(1) });
    expect((await fetch(url)).status).toBeGreaterThanOrEqual(403);
    const newUrl = await urlFor(server);
    server.gate.disable('one');
    const gone = await fetch(newUrl);
    expect(gone.status).toBe(403);
    expect(await json(gone)).toMatchObject({ code: 'server/link-invalid' });
  });

  it.each(['AAAA', '..%2f..', 'x'.repeat(5000), '%00'])(
    'is nothing to guess: %s',
    async (token) => {
      await using server = await host();
      const answer = await fetch(`${server.url}/d/${token}/fw.bin`);
      expect(answer.status).toBe(403);
      expect(server.bugs).toEqual([]);
    },
  );
});

describe('POST /api/v1/provision', () => {
  const provision = (server: FaceHost, token: string, body: string) =>
    fetch(`${server.url}/api/v1/provision`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body,
    });

  it('makes a device of its own out of the common token, once', async () => {
    await using server = await host();
    const made = await provision(server, 'otk_provisioner', '{"device_id":"three"}');
    expect(made.status).toBe(201);
    expect(await json(made)).toMatchObject({ device_id: 'three', secret: 'otd_three' });
    const again = await provision(server, 'otk_provisioner', '{"device_id":"three"}');
    expect(again.status).toBe(409);
  });

  it('is for provisioners only', async () => {
    await using server = await host();
    expect((await provision(server, 'otk_nobody', '{"device_id":"x"}')).status).toBe(401);
    expect((await provision(server, 'otk_admin', '{"device_id":"x"}')).status).toBe(403);
  });

  it.each([
    '{}',
    '{"device_id":""}',
    '{"device_id":"../x"}',
    '{"device_id":"a b"}',
    '{"device_id":7}',
  ])('refuses %s', async (body) => {
    await using server = await host();
    expect((await provision(server, 'otk_provisioner', body)).status).toBe(422);
  });
});
