import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROUTES } from '../../src/server/api/routes.ts';
import { type Answer, startTestServer, type TestServer } from '../support/fleet-server.ts';

/** Values that have no business anywhere, each for a reason. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1e308,
  '',
  ' ',
  '../../etc/passwd',
  "' OR 1=1 --",
  '\u0000',
  '\u202e',
  '\ud800',
  'x'.repeat(5000),
  [],
  [[]],
  {},
  { $ref: '#' },
  { toString: 1 },
];

/** A JSON Schema as far as this test looks into it. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
}

const UNLIMITED = { burst: 1e9, perSecond: 1e9 };

async function start(): Promise<TestServer> {
  const host = await startTestServer({ limits: { tokenRate: UNLIMITED, failureRate: UNLIMITED } });
  onTestFinished(() => host[Symbol.asyncDispose]());
  return host;
}

async function operations(host: TestServer) {
  const { json } = await host.ask('GET', '/api/v1/openapi.json', { token: null });
  const paths = json['paths'] as Record<string, Record<string, Operation>>;
  // What devices ask has its own credentials, and tests beside each protocol.
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes('management'))
      .map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation,
      })),
  );
}

/** Everything that the fleet has, to see that nothing half-made is left. */
async function inventory({ ask }: TestServer): Promise<readonly string[]> {
  const nouns = ['packages', 'blueprints', 'artifacts', 'keys', 'cohorts', 'deployments'];
  const more = [
    'tags',
    'releases',
    'rollouts',
    'devices',
    'commands',
    'webhooks',
    'tokens',
    'audit',
  ];
  const lists = await Promise.all(
    [...nouns, ...more].map(async (noun) => {
      const { json } = await ask('GET', `/api/v1/${noun}`);
      return `${noun} ${String(json['total'])}`;
    }),
  );
  return lists;
}

/** The request and what was answered beside what had to be, so that a failure says which it was. */
function expectRefused(answer: Answer, what: string): void {
  const { status, text, json } = answer;
  const isProblem =
    status >= 400 &&
    status < 500 &&
    answer.headers.get('content-type') === 'application/problem+json' &&
    /^[a-z-]+\/[a-z-]+$/.test(String(json['code'])) &&
    typeof json['hint'] === 'string' &&
    json['status'] === status;
  expect({ what, status, text, isProblem }).toEqual({ what, status, text, isProblem: true });
}

const filled = (path: string, value: string) =>
  path.replaceAll(/\{\w+\}/g, encodeURIComponent(value));

describe('every route of the management API', () => {
  it('refuses whoever has no token, or none that may', async () => {
    const host = await start();
    const provisioner = await host.token('provisioner');
    for (const { path, method } of await operations(host)) {
      const what = `${method} ${path}`;
      const nobody = await host.ask(method, filled(path, 'x'), { token: null });
      const isChallenge = nobody.headers.has('www-authenticate');
      expect({ what, status: nobody.status, isChallenge }).toEqual({
        what,
        status: 401,
        isChallenge: true,
      });
      for (const token of ['otk_', 'otk_x', 'x'.repeat(600)]) {
        const { status } = await host.ask(method, filled(path, 'x'), { token });
        expect({ what, status }).toEqual({ what, status: 401 });
      }
      const answer = await host.ask(method, filled(path, 'x'), { token: provisioner });
      expect({ what, status: answer.status }).toEqual({ what, status: 403 });
    }
  });

  it('refuses hostile values in every field and parameter, and makes nothing of them', async () => {
    const host = await start();
    await host.ask('POST', '/api/v1/packages', { body: { packageId: 'main' } });
    await host.ask('POST', '/api/v1/cohorts', { body: { cohortId: 'main' } });
    const before = await inventory(host);
    let asked = 0;
    for (const { path, method, operation } of await operations(host)) {
      if (operation.operationId === 'backup') continue;
      const schema = operation.requestBody?.content['application/json']?.schema;
      const target = filled(path, 'nothing');
      if (schema === undefined) continue;
      const type = { 'Content-Type': 'application/json' };
      for (const body of ['', '{', '[]', '"x"', 'null', '1', '{"x":1}', '{"a":1,"a":2}']) {
        const answer = await host.ask(method, target, { body, headers: type });
        // A body whose fields may all be left out may be empty; then it is the thing that is missing.
        expectRefused(answer, `${method} ${target} with ${body}`);
        asked += 1;
      }
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        for (const value of HOSTILE) {
          if (isFine(field, value)) continue;
          const answer = await host.ask(method, target, { body: { [name]: value } });
          expectRefused(answer, `${method} ${target} with ${name} = ${JSON.stringify(value)}`);
          asked += 1;
        }
      }
    }
    expect(asked).toBeGreaterThan(1000);
    expect(await inventory(host)).toEqual(before);
  });

  it('refuses hostile paths and queries', async () => {
    const host = await start();
    const before = await inventory(host);
    const ids = [
      '%00',
      '..%2f..%2fetc',
      '%ff',
      'x'.repeat(500),
      "';--",
      '%F0%9F%92%A9',
      '%2e%2e%2f',
    ];
    for (const { path, method, operation } of await operations(host)) {
      if (path.includes('{')) {
        for (const id of ids) {
          const target = path.replaceAll(/\{\w+\}/g, id);
          const options = method === 'GET' ? {} : { body: {} };
          expectRefused(await host.ask(method, target, options), `${method} ${target}`);
        }
      }
      const query = operation.parameters?.filter((one) => one.in === 'query') ?? [];
      for (const { name, schema } of query) {
        const wrong = schema.type === 'array' ? [] : [`${name}=a&${name}=b`];
        const numbers = schema.type === 'integer' ? [`${name}=x`, `${name}=-1`, `${name}=1e9`] : [];
        for (const search of [...wrong, ...numbers, `${name}=${'x'.repeat(5000)}`, 'nothing=1']) {
          const target = `${filled(path, 'nothing')}?${search}`;
          expectRefused(await host.ask(method, target), `${method} ${target}`);
        }
      }
    }
    expect(await inventory(host)).toEqual(before);
  });

  it('is in the document', () => {
    expect(ROUTES.length).toBeGreaterThan(70);
  });
});

/** Whether a value is one that a field takes, whatever else is wrong with the request. */
function isFine(field: Schema, value: unknown): boolean {
  return field.type === undefined && value !== undefined;
}

describe('a body that', () => {
  const deep = (text: string) =>
    `{"name":"x","payload":${'['.repeat(100_000)}${text}${']'.repeat(100_000)}}`;
  it.each([
    ['says a thing twice', '/tokens', '{"name":"x","role":"viewer","role":"admin"}', 400],
    ['is nested without end', '/devices/d/commands', deep('1'), 400],
    ['has a number beyond numbers', '/devices/d/commands', '{"name":"x","payload":1e309}', 400],
    ['has half a character', '/cohorts', '{"cohortId":"c","description":"\\ud800"}', 400],
    ['has a control character', '/cohorts', '{"cohortId":"c","description":"a\\u0000b"}', 422],
    ['recolours a terminal', '/tokens', '{"name":"\\u001b[31mx","role":"viewer"}', 422],
    ['names what every object has', '/packages', '{"packageId":"valueOf"}', 422],
    ['describes too much', '/cohorts', `{"cohortId":"c","description":"${'x'.repeat(1001)}"}`, 422],
    [
      'has devices join by a token that registers none',
      '/tokens',
      '{"name":"x","role":"viewer","provisions":{"cohortId":"c"}}',
      422,
    ],
    ['would change all objects', '/packages', '{"packageId":"p","__proto__":{"x":1}}', 422],
  ])('%s is refused', async (_, path, body, status) => {
    const host = await start();
    await host.ask('POST', '/api/v1/devices', { body: { deviceId: 'd' } });
    const before = await inventory(host);
    const answer = await host.ask('POST', `/api/v1${path}`, { body });
    expectRefused(answer, `POST ${path}`);
    expect(answer.status).toBe(status);
    expect(await inventory(host)).toEqual(before);
  });
});

describe('a connection', () => {
  const raw = async (host: TestServer, text: string): Promise<string> => {
    const socket = connect(host.server.port, '127.0.0.1');
    socket.end(text);
    let answer = '';
    for await (const chunk of socket.setEncoding('latin1')) answer += String(chunk);
    return answer;
  };

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'a header that is too large',
      `GET /healthz HTTP/1.1\r\nHost: x\r\nA: ${'x'.repeat(70_000)}\r\n\r\n`,
      /^HTTP\/1\.1 4/,
    ],
    [
      'two lengths',
      'POST /api/v1/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    [
      'length and chunks',
      'POST /api/v1/tags HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    [
      'a whole URL',
      'GET http://other/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
  ])('with %s is refused', async (_, text, expected) => {
    const host = await start();
    expect(await raw(host, text)).toMatch(expected);
  });

  it.each(['GET', 'DELETE'])(
    'with the body of a %s over HTTP/2 has no second request',
    async (method) => {
      const host = await start();
      await host.ask('POST', '/api/v1/packages', { body: { packageId: 'main' } });
      const authorization = `Bearer ${host.server.localToken}`;
      const tag = '{"tag":"smuggled"}';
      const fields = [
        'Host: x',
        `Authorization: ${authorization}`,
        'Content-Type: application/json',
      ];
      const length = `Content-Length: ${tag.length}`;
      const inner = ['POST /api/v1/tags HTTP/1.1', ...fields, length, '', tag].join('\r\n');
      const session = connectHttp2(host.url);
      onTestFinished(() => session.destroy());
      const head = { ':method': method, ':path': '/api/v1/packages/main', authorization };
      const stream = session.request(head, { endStream: false });
      stream.end(inner);
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      expect(headers[':status']).toBe(method === 'GET' ? 200 : 204);
      stream.resume();
      await once(stream, 'close');
      expect((await host.ask('GET', '/api/v1/tags')).text).not.toContain('smuggled');
    },
  );
});
