import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ADMINS, READERS } from '../../../src/server/access/roles.ts';
import { listQuery } from '../../../src/server/api/query.ts';
import { defineRoute, type Route } from '../../../src/server/api/route.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { startRouteHost } from '../../support/route-host.ts';

const thing = z.object({ thingId: z.string(), revision: z.int() });
let made = 0;
let received = 0;
let cut: unknown = null;

const ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/things',
    id: 'listThings',
    summary: 'Things',
    roles: READERS,
    query: listQuery({ tags: z.array(z.string()).optional(), isNew: z.boolean().optional() }),
    answer: { status: 200, schema: z.object({ query: z.unknown() }) },
    handle: async ({ query }) => ({ query }),
  }),
  defineRoute({
    method: 'POST',
    path: '/things',
    id: 'createThing',
    summary: 'Create a thing',
    roles: ADMINS,
    body: z.strictObject({ thingId: z.string().max(10), fail: z.boolean().optional() }),
    idempotent: true,
    answer: { status: 201, schema: thing.extend({ made: z.int() }) },
    handle: async ({ body }) => {
      if (body.fail) throw new Error('the password is hunter2');
      made += 1;
      // The hash is not in the schema of the answer.
      return { thingId: body.thingId, revision: 1, made, secretHash: 'abc' } as {
        thingId: string;
        revision: number;
        made: number;
      };
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/things/{thingId}',
    id: 'getThing',
    summary: 'A thing',
    roles: READERS,
    params: z.strictObject({ thingId: z.string() }),
    answer: { status: 200, schema: thing },
    handle: async ({ params }) => ({ thingId: params.thingId, revision: 7 }),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/things/{thingId}',
    id: 'updateThing',
    summary: 'Change a thing',
    roles: ADMINS,
    params: z.strictObject({ thingId: z.string() }),
    conditional: true,
    body: z.strictObject({}),
    answer: { status: 200, schema: z.object({ wanted: z.int().nullable() }) },
    handle: async ({ revision }) => ({ wanted: revision ?? null }),
  }),
  defineRoute({
    method: 'POST',
    path: '/uploads',
    id: 'upload',
    summary: 'Upload',
    roles: ADMINS,
    takesBytes: 'Bytes.',
    answer: { status: 201, schema: z.object({ bytes: z.int() }) },
    handle: async ({ bytes }) => {
      received = 0;
      try {
        for await (const chunk of bytes ?? []) received += chunk.length;
      } catch (error) {
        cut = error;
        throw error;
      }
      return { bytes: received };
    },
  }),
];

async function start(
  ...options: Parameters<typeof startRouteHost> extends [unknown, ...infer R] ? R : never
) {
  const host = await startRouteHost(ROUTES, ...options);
  onTestFinished(() => host[Symbol.asyncDispose]());
  const send = async (
    method: string,
    path: string,
    init: RequestInit & { token?: string } = {},
  ) => {
    const { token = 'otk_admin', ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token !== '') headers.set('Authorization', `Bearer ${token}`);
    if (typeof rest.body === 'string' && !headers.has('Content-Type')) {
      headers.set('Content-Type', 'application/json');
    }
    if (headers.get('Content-Type') === 'text/plain;charset=UTF-8') headers.delete('Content-Type');
    const response = await fetch(`${host.url}${path}`, { ...rest, method, headers });
    const text = await response.text();
    const json = text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, headers: response.headers, json };
  };
  return { host, send };
}

describe('who may', () => {
  it('asks for a token, and says how', async () => {
    const { send } = await start();
    const answer = await send('GET', '/things', { token: '' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="otakit"');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ code: 'server/unauthorized', status: 401 });
  });

  it('refuses a wrong token, and after many of them the address', async () => {
    const { send } = await start({ failureRate: { burst: 2, perSecond: 0.1 } });
    expect((await send('GET', '/things', { token: 'otk_wrong' })).status).toBe(401);
    expect((await send('GET', '/things', { token: 'otk_wrong' })).status).toBe(401);
    const third = await send('GET', '/things', { token: 'otk_wrong' });
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('10');
    expect((await send('GET', '/things')).status).toBe(200);
  });

  it('refuses a role that may not', async () => {
    const { send } = await start();
    const answer = await send('POST', '/things', { token: 'otk_viewer', body: '{"thingId":"a"}' });
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ code: 'server/forbidden', details: { role: 'viewer' } });
    expect((await send('GET', '/things', { token: 'otk_provisioner' })).status).toBe(403);
  });

  it('limits how often a token asks', async () => {
    const { send } = await start({ tokenRate: { burst: 1, perSecond: 0.5 } });
    expect((await send('GET', '/things')).status).toBe(200);
    const answer = await send('GET', '/things');
    expect(answer.status).toBe(429);
    expect(answer.json).toMatchObject({ code: 'server/rate-limited' });
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

describe('what there is', () => {
  it('answers 404 for another path, 405 with Allow for another method', async () => {
    const { send } = await start();
    expect((await send('GET', '/nothing')).json).toMatchObject({ code: 'server/no-route' });
    expect((await send('GET', '/things/')).status).toBe(404);
    const answer = await send('DELETE', '/things');
    expect(answer.status).toBe(405);
    expect(answer.json).toMatchObject({ code: 'server/method-not-allowed' });
    expect(answer.headers.get('allow')).toBe('HEAD, GET, POST');
  });

  it('answers HEAD as GET without the body', async () => {
    const { send } = await start();
    const answer = await send('HEAD', '/things/a');
    expect([answer.status, answer.json, answer.headers.get('etag')]).toEqual([200, null, '"7"']);
  });

  it('answers 400 for a path that is no UTF-8', async () => {
    const { send } = await start();
    expect((await send('GET', '/things/%ff')).json).toMatchObject({ code: 'server/bad-request' });
  });
});

describe('queries', () => {
  it('are read by their shape', async () => {
    const { send } = await start();
    const { json } = await send('GET', '/things?page=2&tags=a&tags=b&isNew=true&sort=-name');
    const query = { page: 2, perPage: 50, tags: ['a', 'b'], isNew: true, sort: '-name' };
    expect(json).toEqual({ query });
  });

  it.each([
    'page=-1',
    'page=1.5',
    'page=x',
    'page=',
    'perPage=0',
    'perPage=1001',
    'perPage=1e2',
    'isNew=1',
    'sort=a;drop',
    'unknown=1',
    'page=1&page=2',
    '__proto__=1',
  ])('refuse %s', async (query) => {
    const { send } = await start();
    const answer = await send('GET', `/things?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: 'server/invalid-request', details: { in: 'query' } });
  });
});

describe('bodies', () => {
  it.each([
    ['{', 400, 'server/bad-request'],
    ['', 422, 'server/invalid-request'],
    ['[]', 422, 'server/invalid-request'],
    ['{"thingId":1}', 422, 'server/invalid-request'],
    ['{"thingId":"a","x":1}', 422, 'server/invalid-request'],
    ['{"thingId":"a","__proto__":{"x":1}}', 422, 'server/invalid-request'],
    ['{"thingId":"12345678901"}', 422, 'server/invalid-request'],
    [`{"thingId":"${'x'.repeat(2000)}"}`, 413, 'server/body-too-large'],
  ])('%.40s is %i', async (body, status, code) => {
    const { send } = await start({ jsonBytes: 1000 });
    const before = made;
    const answer = await send('POST', '/things', { body });
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ code });
    expect(made).toBe(before);
  });

  it('refuse bytes that are no UTF-8, other types, and compression', async () => {
    const { send } = await start();
    const headers = { 'Content-Type': 'application/json' };
    const latin = new Uint8Array([0x22, 0xe4, 0x22]);
    expect((await send('POST', '/things', { headers, body: latin })).status).toBe(400);
    const typed = (type: string) => ({
      headers: { 'Content-Type': type },
      body: '{"thingId":"a"}',
    });
    const answer = await send('POST', '/things', typed('text/plain'));
    expect(answer.json).toMatchObject({ code: 'server/unsupported-type' });
    expect(answer.status).toBe(415);
    const zipped = { headers: { ...headers, 'Content-Encoding': 'gzip' }, body: '{"thingId":"a"}' };
    expect((await send('POST', '/things', zipped)).status).toBe(415);
  });

  it('are refused when they come too slowly', async () => {
    const clock = new ManualClock();
    const { host } = await start({ jsonMs: 5000 }, clock);
    const socket = connect(host.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const answered = new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(data.toString()));
    });
    socket.write(
      'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer otk_admin\r\n' +
        'Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    );
    // The watchdog looks about once a second; how soon the head has been read is not known here.
    await expect
      .poll(async () => {
        await clock.advance(1000);
        return Promise.race([answered, Promise.resolve('none yet')]);
      })
      .toContain('server/body-cut');
  });
});

describe('conditions', () => {
  it('say the revision as an ETag, and answer 304 to who has it', async () => {
    const { send } = await start();
    expect((await send('GET', '/things/a')).headers.get('etag')).toBe('"7"');
    const known = await send('GET', '/things/a', { headers: { 'If-None-Match': '"6", W/"7"' } });
    expect([known.status, known.json]).toEqual([304, null]);
  });

  it.each([
    ['"7"', 7],
    ['*', null],
    ['W/"7"', -1],
    ['"abc"', -1],
    ['"1", "x"', 1],
  ])('If-Match %s asks for revision %s', async (header, wanted) => {
    const { send } = await start();
    const answer = await send('PATCH', '/things/a', {
      headers: { 'If-Match': header },
      body: '{}',
    });
    expect(answer.json).toEqual({ wanted });
  });

  it('refuse an If-Match that is none', async () => {
    const { send } = await start();
    const answer = await send('PATCH', '/things/a', { headers: { 'If-Match': '7' }, body: '{}' });
    expect(answer.status).toBe(400);
  });
});

describe('idempotency keys', () => {
  const post = (key: string, body: string) => ({ headers: { 'Idempotency-Key': key }, body });

  it('give a repeat the same answer without doing it again', async () => {
    const { send } = await start();
    const first = await send('POST', '/things', post('k1', '{"thingId":"a"}'));
    const again = await send('POST', '/things', post('k1', '{"thingId":"a"}'));
    expect(first.status).toBe(201);
    expect(again.status).toBe(201);
    expect(again.json).toEqual(first.json);
    const other = await send('POST', '/things', post('k2', '{"thingId":"a"}'));
    expect(other.json?.['made']).toBe(Number(first.json?.['made']) + 1);
  });

  it('are refused for another request', async () => {
    const { send } = await start();
    await send('POST', '/things', post('k', '{"thingId":"a"}'));
    const answer = await send('POST', '/things', post('k', '{"thingId":"b"}'));
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: 'server/idempotency-reused' });
  });

  it('may be used again after a refusal', async () => {
    const { send } = await start();
    const failed = await send('POST', '/things', post('k', '{"thingId":"a","fail":true}'));
    expect(failed.status).toBe(500);
    expect((await send('POST', '/things', post('k', '{"thingId":"a"}'))).status).toBe(201);
  });

  it('must be visible characters', async () => {
    const { send } = await start();
    const answer = await send('POST', '/things', post('x'.repeat(256), '{"thingId":"a"}'));
    expect(answer.status).toBe(400);
  });
});

describe('answers', () => {
  it('have only what their schema names', async () => {
    const { send } = await start();
    const { json } = await send('POST', '/things', { body: '{"thingId":"a"}' });
    expect(Object.keys(json ?? {}).sort()).toEqual(['made', 'revision', 'thingId']);
  });

  it('say nothing of what went wrong inside; the log does', async () => {
    const { host, send } = await start();
    const answer = await send('POST', '/things', { body: '{"thingId":"a","fail":true}' });
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.json)).not.toContain('hunter2');
    expect(host.log.join('')).toContain('hunter2');
    expect(host.log.join('')).not.toContain('otk_admin');
  });
});

describe('uploads', () => {
  const bytes = { 'Content-Type': 'application/octet-stream' };

  it('come as a stream', async () => {
    const { send } = await start();
    const body = new Uint8Array(300_000);
    expect((await send('POST', '/uploads', { headers: bytes, body })).json).toEqual({
      bytes: 300_000,
    });
  });

  it('are refused by their declared length, or when there are too many', async () => {
    const { send } = await start({}, new ManualClock(), 1000);
    const body = new Uint8Array(5000);
    const declared = await send('POST', '/uploads', { headers: bytes, body });
    expect(declared.json).toMatchObject({ code: 'server/body-too-large' });
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(body);
        controller.close();
      },
    });
    const init = { headers: bytes, body: stream, duplex: 'half' } as RequestInit;
    const chunked = await send('POST', '/uploads', init);
    expect(chunked.status).toBe(413);
  });

  it('that are cut off end in an error for whoever reads them', async () => {
    const { host } = await start();
    cut = null;
    const socket = connect(host.port, '127.0.0.1');
    socket.write(
      'POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer otk_admin\r\n' +
        'Content-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\n12345',
    );
    await expect.poll(() => received).toBe(5);
    socket.destroy();
    await expect.poll(() => cut).toMatchObject({ code: 'server/body-cut' });
  });

  it('do not take JSON', async () => {
    const { send } = await start();
    expect((await send('POST', '/uploads', { body: '{}' })).status).toBe(415);
  });
});
