import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeWithPeers } from '../support/peer.ts';
import { runPeer } from '../support/run-peer.ts';
import { type AskOptions, startTestServer } from '../support/fleet-server.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** One request with any word for a method, which HTTP/1.1 clients would not send. */
async function askHttp2(url: string, method: string, path: string) {
  const session = connectHttp2(url);
  const stream = session.request({ ':method': method, ':path': path });
  let status = 0;
  stream.on('response', (headers) => (status = Number(headers[':status'])));
  stream.end();
  const text = (await stream.setEncoding('utf8').toArray()).join('');
  session.close();
  return { status, json: JSON.parse(text) as Readonly<Record<string, unknown>> };
}

async function start(...options: Parameters<typeof startTestServer>) {
  const host = await startTestServer(...options);
  onTestFinished(() => host[Symbol.asyncDispose]());
  return host;
}

describe('a fleet server', () => {
  it('says that it lives and is ready, without a token', async () => {
    const { ask } = await start();
    const nobody: AskOptions = { token: null };
    expect((await ask('GET', '/healthz', nobody)).json).toEqual({ status: 'ok' });
    expect((await ask('GET', '/readyz', nobody)).json).toEqual({ status: 'ready' });
    expect((await ask('HEAD', '/healthz', nobody)).status).toBe(200);
    expect((await ask('DELETE', '/healthz', nobody)).headers.get('allow')).toBe('HEAD, GET');
    expect((await ask('GET', '/', nobody)).json).toMatchObject({ code: 'server/no-route' });
  });

  it('has its OpenAPI document for everybody, its metrics for readers', async () => {
    const { ask, token } = await start();
    const document = await ask('GET', '/api/v1/openapi.json', { token: null });
    expect(document.json).toMatchObject({ openapi: '3.1.0', info: { version: '0.0.0' } });
    expect((await ask('GET', '/metrics', { token: null })).status).toBe(401);
    expect((await ask('GET', '/metrics', { token: await token('uploader') })).status).toBe(403);
    await ask('GET', '/api/v1/cohorts');
    const metrics = await ask('GET', '/metrics', { token: await token('viewer') });
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.text).toContain('otakit_devices 0');
    // Prometheus wants these names for counters only.
    expect(metrics.text).not.toMatch(/^# TYPE \w+_total gauge/m);
    expect(metrics.text).toMatch(
      /otakit_http_request_duration_seconds_count\{route="listCohorts",method="GET",status="200"\} 1/,
    );
  });

  it('counts methods that nobody has as one, and refuses them over HTTP/2 as over HTTP/1.1', async () => {
    const { ask, url, log } = await start();
    const long = 'X'.repeat(3000);
    for (const [method, path] of [
      ['MAKE', '/api/v1/cohorts'],
      [long, '/api/v1/cohorts'],
      ['TRACE', '/api/v1/cohorts'],
      ['MAKE', '/healthz'],
      ['MAKE', '/nothing'],
    ] as const) {
      const answer = await askHttp2(url, method, path);
      expect(answer).toMatchObject({ status: 405, json: { code: 'server/method-not-allowed' } });
      expect(answer.json['hint']).toContain('This path takes');
    }
    const { text } = await ask('GET', '/metrics');
    const methods = [...text.matchAll(/duration_seconds_count\{route="none",method="(\w+)"/g)];
    expect(methods.map(([, method]) => method)).toEqual(['other']);
    expect(log.join('')).not.toContain('X'.repeat(21));
  });

  it('says how many devices wait for something', async () => {
    const { ask, url, fleet } = await start();
    const { secret } = await fleet.devices.create('system', { deviceId: 'd1' });
    const gone = new AbortController();
    const waiting = (accept: string) =>
      fetch(`${url}/api/v1/devices/d1/commands?wait=60`, {
        headers: { Authorization: `Bearer ${secret}`, Accept: accept },
        signal: gone.signal,
      }).catch(() => null);
    const both = [waiting('application/json'), waiting('text/event-stream')];
    const open = async () =>
      [...(await ask('GET', '/metrics')).text.matchAll(/device_waits_open\{kind="(.+)"\} (\d+)/g)]
        .map(([, kind, count]) => `${kind} ${count}`)
        .join(', ');
    await expect.poll(open).toBe('long-poll 1, stream 1');
    gone.abort();
    await Promise.all(both);
    await expect.poll(open).toBe('long-poll 0, stream 0');
  });

  it('limits how fast one token registers devices, and how often wrong ones are tried', async () => {
    const few = { burst: 3, perSecond: 0.001 };
    const { ask, token } = await start({ limits: { tokenRate: few, failureRate: few } });
    const statuses = async (secret: string) => {
      const answers = [];
      for (const at of [1, 2, 3, 4]) {
        const body = { device_id: `d${at}` };
        answers.push(await ask('POST', '/api/v1/provision', { body, token: secret }));
      }
      const last = answers.at(-1);
      expect(last?.json).toMatchObject({ code: 'server/rate-limited' });
      expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(100);
      return answers.map(({ status }) => status);
    };
    expect(await statuses(await token('provisioner'))).toEqual([201, 201, 201, 429]);
    expect(await statuses(`otk_${'x'.repeat(43)}`)).toEqual([401, 401, 401, 429]);
  });

  it('keeps to its limits and waits when the clock is set back', async () => {
    const clock = new ManualClock();
    const one = { burst: 1, perSecond: 0.1 };
    const { ask, fleet, url, token } = await start({ clock, limits: { tokenRate: one } });
    const viewer = { token: await token('viewer') };
    const { secret } = await fleet.devices.create('system', { deviceId: 'd1' });
    expect((await ask('GET', '/api/v1/cohorts', viewer)).status).toBe(200);
    const waiting = fetch(`${url}/api/v1/devices/d1/commands?wait=60`, {
      headers: { Authorization: `Bearer ${secret}` },
    });
    await clock.sleeperFor(60_000);
    clock.setBack(24 * 60 * 60 * 1000);
    const refused = await ask('GET', '/api/v1/cohorts', viewer);
    expect(refused.json).toMatchObject({ code: 'server/rate-limited' });
    expect(refused.headers.get('retry-after')).toBe('10');
    await clock.advance(10_000);
    expect((await ask('GET', '/api/v1/cohorts', viewer)).status).toBe(200);
    await clock.advance(50_000);
    expect(await (await waiting).json()).toEqual({ commands: [], news: false });
  });

  it('knows its tokens by role until they are revoked', async () => {
    const { ask } = await start();
    const made = await ask('POST', '/api/v1/tokens', { body: { name: 'CI', role: 'viewer' } });
    expect(made.status).toBe(201);
    const { secret, token } = made.json as { secret: string; token: { tokenId: string } };
    const viewer: AskOptions = { token: secret };
    expect((await ask('GET', '/api/v1/cohorts', viewer)).status).toBe(200);
    const refused = await ask('POST', '/api/v1/cohorts', { ...viewer, body: { cohortId: 'a' } });
    expect(refused.status).toBe(403);
    expect((await ask('GET', '/api/v1/tokens', viewer)).status).toBe(403);
    await ask('POST', `/api/v1/tokens/${token.tokenId}/revoke`);
    expect((await ask('GET', '/api/v1/cohorts', viewer)).status).toBe(401);
  });

  it('shows secrets once and hashes never', async () => {
    const { ask, log } = await start();
    await ask('POST', '/api/v1/tokens', { body: { name: 'CI', role: 'viewer' } });
    const body = { deviceId: 'd1' };
    const device = await ask('POST', '/api/v1/devices', { body });
    expect(device.text).toContain('otd_');
    const lists = await Promise.all(
      ['tokens', 'devices', 'webhooks', 'audit', 'events'].map((path) =>
        ask('GET', `/api/v1/${path}`),
      ),
    );
    const all = [...lists.map(({ text }) => text), ...log].join('\n');
    expect(all).not.toMatch(/otk_|otd_|secretHash|[0-9a-f]{64}/);
  });

  it('creates once for each idempotency key, secrets and all', async () => {
    const { ask, token } = await start();
    const create: AskOptions = {
      body: { deviceId: 'd1' },
      headers: { 'Idempotency-Key': 'a-1' },
    };
    const first = await ask('POST', '/api/v1/devices', create);
    expect(first.status).toBe(201);
    expect((await ask('POST', '/api/v1/devices', create)).json).toEqual(first.json);
    const other = { ...create, token: await token('operator') };
    expect((await ask('POST', '/api/v1/devices', other)).json).toMatchObject({
      code: 'fleet/exists',
    });
  });

  it('lets nobody write over what somebody else has changed', async () => {
    const { ask } = await start();
    const made = await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'a' } });
    const headers = { 'If-Match': made.headers.get('etag') ?? '' };
    const change = (description: string) =>
      ask('PATCH', '/api/v1/cohorts/a', { body: { description }, headers });
    expect((await change('one')).status).toBe(200);
    expect((await change('two')).json).toMatchObject({ code: 'fleet/changed-meanwhile' });
    const removed = await ask('DELETE', '/api/v1/cohorts/a', { headers });
    expect(removed.status).toBe(412);
    expect((await ask('DELETE', '/api/v1/cohorts/a')).status).toBe(204);
    expect((await ask('GET', '/api/v1/cohorts/a')).json).toMatchObject({ code: 'fleet/not-found' });
  });

  it('lists by page, order and filter', async () => {
    const { ask } = await start();
    for (const cohortId of ['b', 'a', 'c'])
      await ask('POST', '/api/v1/cohorts', { body: { cohortId } });
    const page = await ask('GET', '/api/v1/cohorts?sort=-cohortId&perPage=2&page=1');
    expect(page.json).toMatchObject({ page: 1, perPage: 2, total: 3, list: [{ cohortId: 'a' }] });
    expect((await ask('GET', '/api/v1/cohorts?sort=nothing')).status).toBe(422);
  });

  it('is not backed up where it is in memory', async () => {
    const { ask } = await start();
    expect((await ask('POST', '/api/v1/backup')).json).toMatchObject({ code: 'server/no-archive' });
  });
});

describe('live events', () => {
  /** Reads a stream until it has so many events. */
  async function read(
    url: string,
    token: string,
    count: number,
    headers: Record<string, string> = {},
  ) {
    const stop = new AbortController();
    const response = await fetch(url, {
      headers: { Accept: 'text/event-stream', Authorization: `Bearer ${token}`, ...headers },
      signal: stop.signal,
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if ([...text.matchAll(/^data: /gm)].length >= count) break;
    }
    stop.abort();
    return [...text.matchAll(/^id: (\d+)\nevent: (\S+)$/gm)].map((match) => [
      Number(match[1]),
      match[2],
    ]);
  }

  it('come as they happen, and what was missed is replayed', async () => {
    const { ask, url, server } = await start();
    const events = `${url}/api/v1/events`;
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'a' } });
    const live = read(events, server.localToken, 1);
    await expect
      .poll(async () => (await ask('GET', '/metrics')).text)
      .toContain('otakit_event_streams_open 1');
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'b' } });
    expect(await live).toEqual([[2, 'cohort.created']]);
    const missed = await read(events, server.localToken, 2, { 'Last-Event-ID': '0' });
    expect(missed).toEqual([
      [1, 'cohort.created'],
      [2, 'cohort.created'],
    ]);
  });

  it('come as a list, too, by type and device', async () => {
    const { ask } = await start();
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'a' } });
    await ask('POST', '/api/v1/devices', { body: { deviceId: 'd1' } });
    const all = await ask('GET', '/api/v1/events?after=1');
    expect(all.json).toMatchObject({ lastId: 2, list: [{ type: 'device.created' }] });
    const some = await ask('GET', '/api/v1/events?types=cohort.created');
    expect(some.json['list']).toHaveLength(1);
    expect((await ask('GET', '/api/v1/events?deviceId=d2')).json['list']).toEqual([]);
  });

  it('are kept alive, and end when the token does', async () => {
    const clock = new ManualClock();
    const { fleet, url } = await start({ clock });
    const { secret, token } = await fleet.tokens.create('system', { name: 'a', role: 'viewer' });
    const response = await fetch(`${url}/api/v1/events`, {
      headers: { Accept: 'text/event-stream', Authorization: `Bearer ${secret}` },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('retry: ');
    await clock.advance(16_000);
    expect((await reader?.read())?.value).toBe(': still here\n\n');
    await fleet.tokens.revoke('system', token.tokenId);
    await clock.advance(16_000);
    expect((await reader?.read())?.done).toBe(true);
  });

  it('end when the token does, also while there is always something to say', async () => {
    const clock = new ManualClock();
    const { fleet, url } = await start({ clock });
    const { secret, token } = await fleet.tokens.create('system', { name: 'a', role: 'viewer' });
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${secret}` };
    const response = await fetch(`${url}/api/v1/events`, { headers });
    const over = new AbortController();
    void response.text().then(() => over.abort());
    await fleet.tokens.revoke('system', token.tokenId);
    for (let count = 0; !over.signal.aborted && count < 60; count += 1) {
      await fleet.cohorts.create('system', { cohortId: `c${count}` });
      await clock.advance(1000);
    }
    await expect.poll(() => over.signal.aborted).toBe(true);
  });

  it('are bounded', async () => {
    const { ask, url, server } = await start({ limits: { eventStreams: 1 } });
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${server.localToken}` };
    const first = await fetch(`${url}/api/v1/events`, { headers });
    const second = await ask('GET', '/api/v1/events', { headers: { Accept: headers.Accept } });
    expect(second.json).toMatchObject({ code: 'server/busy' });
    expect(second.headers.get('retry-after')).toBe('30');
    await first.body?.cancel();
  });
});

describe('every list', () => {
  it('has pages, and is sorted by nothing that is hidden', async () => {
    const { ask } = await start();
    for (const tag of ['b', 'a', 'c']) await ask('POST', '/api/v1/tags', { body: { tag } });
    await ask('POST', '/api/v1/devices', { body: { deviceId: 'd', tags: ['b'] } });
    const { json } = await ask('GET', '/api/v1/tags?page=1&perPage=2');
    expect(json).toEqual({
      list: [{ tag: 'c', description: '', devices: 0 }],
      page: 1,
      perPage: 2,
      total: 3,
    });
    const names = async (search: string) =>
      ((await ask('GET', `/api/v1/tags?${search}`)).json['list'] as { tag: string }[])
        .map(({ tag }) => tag)
        .join('');
    expect(await names('sort=-tag')).toBe('cba');
    expect(await names('sort=-devices')).toBe('bca');
    expect(await names('search=a')).toBe('a');
    const hidden = await ask('GET', '/api/v1/tokens?sort=secretHash');
    expect(hidden.json).toMatchObject({ status: 422, code: 'fleet/invalid' });
    expect(hidden.json['hint']).not.toContain('secretHash');
  });
});

describe('webhooks', () => {
  it('are told at once, also while another one does not answer', async () => {
    const { ask } = await start({ options: { allowPrivateAddresses: true } });
    const told: string[] = [];
    let hanging = 0;
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        if (request.url === '/hangs') {
          hanging += 1;
          response.once('close', () => (hanging -= 1));
          return;
        }
        told.push(body);
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      receiver.closeAllConnections();
      receiver.close();
    });
    const { port } = receiver.address() as AddressInfo;
    for (const path of ['hangs', 'answers']) {
      const body = { url: `http://127.0.0.1:${port}/${path}`, eventTypes: ['cohort.*'] };
      expect((await ask('POST', '/api/v1/webhooks', { body })).status).toBe(201);
    }
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'one' } });
    await expect.poll(() => [hanging, told.length]).toEqual([1, 1]);
    await ask('POST', '/api/v1/cohorts', { body: { cohortId: 'two' } });
    await expect.poll(() => told.length).toBe(2);
    // It was not given up before that.
    expect(hanging).toBe(1);
  });
});

describe('a stop', () => {
  it('ends streams, lets what is going on finish, and frees the port', async () => {
    const host = await start();
    const stream = await fetch(`${host.url}/api/v1/events`, {
      headers: {
        Accept: 'text/event-stream',
        Authorization: `Bearer ${host.server.localToken}`,
      },
    });
    const rest = stream.text();
    await host.server.stop();
    expect(await rest).toContain('retry: ');
    const refused = new Promise((resolve) => {
      connect(host.server.port, '127.0.0.1').once('error', resolve);
    });
    expect(await refused).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('while it is stopping, a server', () => {
  it('refuses what is new and finishes what is going on', async () => {
    const { server, ask } = await start();
    await ask('POST', '/api/v1/packages', { body: { packageId: 'model', kind: 'binary' } });
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.write(
      'POST /api/v1/artifacts?packageId=model&version=1 HTTP/1.1\r\nHost: x\r\n' +
        `Authorization: Bearer ${server.localToken}\r\nConnection: close\r\n` +
        'Content-Type: application/octet-stream\r\nContent-Length: 10\r\n\r\n12345',
    );
    await expect
      .poll(async () => (await ask('GET', '/metrics')).text)
      .toContain('otakit_uploads_open 1');
    const stopped = server.stop();
    const refused = await ask('GET', '/readyz');
    expect(refused.json).toMatchObject({ status: 503, code: 'server/stopping' });
    expect(refused.headers.get('retry-after')).toBe('5');
    socket.write('67890');
    await stopped;
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 201/);
  });
});

describeWithPeers(['curl'], 'curl asks over HTTP/2', ([curl = '']) => {
  it('and gets from the management API what it gets over HTTP/1.1', async () => {
    const { url, server, log } = await start();
    const ask = async (...args: readonly string[]) => {
      const all = ['-sS', '-i', '-H', `Authorization: Bearer ${server.localToken}`, ...args];
      return (await runPeer(curl, ['--http2-prior-knowledge', ...all])).stdout.toString();
    };
    const json = ['-H', 'Content-Type: application/json'];
    const made = await ask(...json, '-d', '{"tag":"x"}', `${url}/api/v1/tags`);
    expect(made).toMatch(/^HTTP\/2 201/);
    expect(made).toContain('{"tag":"x","description":"","devices":0}');
    expect(await ask(`${url}/api/v1/tags`)).toContain('"tag":"x"');
    expect(await ask('-I', `${url}/api/v1/tags`)).toMatch(/^HTTP\/2 200[^]*content-length: /);
    expect(await ask('-X', 'DELETE', `${url}/api/v1/tags/x`)).toMatch(/^HTTP\/2 204/);
    expect(await ask('-X', 'PUT', `${url}/api/v1/tags`)).toMatch(/^HTTP\/2 405[^]*allow: /);
    expect(await ask(`${url}/healthz`)).toContain('{"status":"ok"}');
    expect(await ask(`${url}/nothing`)).toContain('server/no-route');
    expect(log.filter((line) => line.includes('"protocol":"HTTP/2"')).length).toBeGreaterThan(6);
  });
});
