import { expect, it, onTestFinished } from 'vitest';
import type { Role } from '../../../src/fleet/index.ts';
import { roleSchema } from '../../../src/server/schemas/things.ts';
import { startTestServer } from '../../support/fleet-server.ts';

/** What only admins see and touch. */
const SECRET = /^\/(?:tokens|webhooks|backup|restore)\b/;
/** What CI has to see, to know what is there already. */
const OF_BUILDS = /^\/(?:packages|artifacts|blueprints|keys)\b/;
/** How artifacts come in. */
const UPLOADS: ReadonlySet<string> = new Set([
  'POST /artifacts',
  'PATCH /artifacts/{artifactId}',
  'POST /artifacts/{artifactId}/signatures',
  'POST /ota/packages',
]);

/** Who may, said once more and in another way than the routes say it. */
function allowed(method: string, path: string): readonly Role[] {
  if (SECRET.test(path)) return ['admin'];
  if (method === 'GET') {
    if (path === '/audit') return ['admin', 'operator'];
    const readers: readonly Role[] = ['admin', 'operator', 'viewer'];
    return OF_BUILDS.test(path) ? [...readers, 'uploader'] : readers;
  }
  if (path.startsWith('/keys')) return ['admin'];
  return UPLOADS.has(`${method} ${path}`)
    ? ['admin', 'operator', 'uploader']
    : ['admin', 'operator'];
}

it('each role may do what it is for on every path of the document, and nothing else', async () => {
  const roles = roleSchema.options;
  const limits = { failureRate: { burst: 1e9, perSecond: 1e9 } };
  const host = await startTestServer({ limits });
  onTestFinished(() => host.server.stop(0));
  const { secret } = await host.fleet.devices.create('system', { deviceId: 'd' });
  const tokens = new Map<Role, string>();
  for (const role of roles) tokens.set(role, await host.token(role));
  const { json } = await host.ask('GET', '/api/v1/openapi.json');
  const paths = Object.entries(json['paths'] as Record<string, Record<string, object>>);
  const wrong: string[] = [];
  let asked = 0;
  for (const [path, methods] of paths) {
    for (const [name, operation] of Object.entries(methods)) {
      // What devices ask has no roles.
      if (!('x-roles' in operation)) continue;
      const method = name.toUpperCase();
      const target = path.replaceAll(/\{\w+\}/g, 'nothing');
      const options = method === 'GET' ? {} : { body: {} };
      const may = allowed(method, path.replace('/api/v1', ''));
      for (const [role, token] of tokens) {
        const { status, text } = await host.ask(method, target, { ...options, token });
        const isRefused = status === 403 && text.includes('"server/forbidden"');
        if (isRefused === may.includes(role)) wrong.push(`${role}: ${method} ${path}: ${status}`);
        asked += 1;
      }
      // What a device may is not behind these paths, whatever it asks for in the name of others.
      for (const token of [null, secret]) {
        const { status } = await host.ask(method, target, { ...options, token });
        if (status !== 401)
          wrong.push(`${token === null ? 'nobody' : 'device'}: ${method} ${path}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(70 * roles.length);
});
