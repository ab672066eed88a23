import { describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer } from '../../support/fleet-server.ts';
import { ROUTES } from '../../../src/server/api/routes.ts';

const TABLE = `nvs,data,nvs,0x9000,0x5000
otadata,data,ota,0xe000,0x2000
app0,app,ota_0,0x10000,0x1e0000
app1,app,ota_1,0x1f0000,0x1e0000`;

/** What can be removed: how it is made, how it is found in the answer, and how it is changed. */
const THINGS: readonly (readonly [
  list: string,
  idField: string,
  fields: Readonly<Record<string, unknown>> | Uint8Array,
  change: Readonly<Record<string, unknown>>,
])[] = [
  ['artifacts', 'artifactId', new Uint8Array(100), { releaseNotes: 'new' }],
  [
    'blueprints',
    'blueprintId',
    { blueprintId: 'b1', chip: 'esp32', flashSizeBytes: 4_194_304, partitionTable: TABLE },
    { description: 'new' },
  ],
  ['cohorts', 'cohortId', { cohortId: 'c1' }, { description: 'new' }],
  ['devices', 'deviceId', { deviceId: 'd1' }, { name: 'new' }],
  ['packages', 'packageId', { packageId: 'p1' }, { description: 'new' }],
  ['releases', 'releaseId', { components: ['model@1'] }, { enabled: true }],
  [
    'webhooks',
    'webhookId',
    { url: 'http://127.0.0.1:9/', eventTypes: ['*'] },
    { eventTypes: ['rollout.*'] },
  ],
];

async function start() {
  const server = await startTestServer({ options: { allowPrivateAddresses: true } });
  onTestFinished(() => server[Symbol.asyncDispose]());
  await server.fleet.packages.create('system', { packageId: 'model', kind: 'binary' });
  const upload = (version: string, body: Uint8Array) =>
    server.ask('POST', `/api/v1/artifacts?packageId=model&version=${version}`, {
      body,
      headers: { 'Content-Type': 'application/octet-stream' },
    });
  await upload('1', new Uint8Array(10));
  return { ...server, upload };
}

describe('removing with If-Match', () => {
  it('is possible wherever the document says so', () => {
    const paths = ROUTES.filter(({ method, conditional }) => method === 'DELETE' && conditional);
    const lists = paths.map(({ path }) => path.split('/')[1]);
    expect(new Set(THINGS.map(([list]) => list))).toEqual(new Set(lists));
  });

  it.each(THINGS)(
    'takes one of the %s only as it was read',
    async (list, idField, fields, change) => {
      const { ask, upload } = await start();
      const isBytes = fields instanceof Uint8Array;
      const made = isBytes
        ? await upload('2', fields)
        : await ask('POST', `/api/v1/${list}`, { body: fields });
      expect(made.status).toBe(201);
      const own = (made.json['device'] ?? made.json) as Readonly<Record<string, unknown>>;
      const path = `/api/v1/${list}/${String(own[idField])}`;
      const read = (await ask('GET', path)).headers.get('etag') ?? '';
      const changed = await ask('PATCH', path, { body: change });
      expect(changed.status).toBe(200);
      const late = await ask('DELETE', path, { headers: { 'If-Match': read } });
      expect(late).toMatchObject({ status: 412, json: { code: 'fleet/changed-meanwhile' } });
      const current = changed.headers.get('etag') ?? '';
      expect((await ask('DELETE', path, { headers: { 'If-Match': current } })).status).toBe(204);
      expect((await ask('GET', path)).status).toBe(404);
    },
  );

  it('does not take what is being changed at the same moment', async () => {
    const { fleet } = await start();
    await fleet.cohorts.create('system', { cohortId: 'c1' });
    const [changed, removed] = await Promise.allSettled([
      fleet.cohorts.update('system', 'c1', { description: 'new', revision: 1 }),
      fleet.cohorts.remove('system', 'c1', 1),
    ]);
    expect(changed).toMatchObject({ status: 'fulfilled', value: { revision: 2 } });
    expect(removed).toMatchObject({ reason: { code: 'fleet/changed-meanwhile' } });
    expect((await fleet.cohorts.get('c1')).description).toBe('new');
  });
});
