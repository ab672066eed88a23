import type { AccessToken, Fleet } from '../../src/fleet/index.ts';
import {
  createFront,
  type Exchange,
  http1Exchange,
  http2Exchange,
  sendArtifact,
} from '../../src/serve/index.ts';
import { ServerError } from '../../src/server/codes.ts';
import type { FaceContext } from '../../src/server/faces/face.ts';
import { collectBody, type FaceRequest, faceRequest } from '../../src/server/faces/face-request.ts';
import { FaceRouter } from '../../src/server/faces/face-router.ts';
import { FACES } from '../../src/server/faces/faces.ts';
import { asServerError, problemAnswer } from '../../src/server/http/problem.ts';
import { OpenWaits } from '../../src/server/observe/open-waits.ts';
import { type Clock, systemClock } from '../../src/shared/index.ts';
import { SmallGate } from './small-gate.ts';

/** The faces on a port of their own, in front of a {@link SmallGate}. */
export interface FaceHost extends AsyncDisposable {
  readonly url: string;
  readonly gate: SmallGate;
  /** What handlers threw that no device was to blame for. */
  readonly bugs: readonly unknown[];
}

/** Tokens that the host knows, by what is presented. */
const TOKENS: Readonly<Record<string, AccessToken['role']>> = {
  otk_provisioner: 'provisioner',
  otk_admin: 'admin',
};

export async function startFaceHost(clock: Clock = systemClock): Promise<FaceHost> {
  const gate = new SmallGate(clock);
  const bugs: unknown[] = [];
  const stop = new AbortController();
  const fleet = {
    gate,
    artifacts: { get: async (id: string) => gate.artifact(id) },
  } as unknown as Fleet;

  const context: FaceContext = {
    fleet,
    clock,
    get watchdog() {
      return front.watchdog;
    },
    waits: new OpenWaits(),
    tokenKey: new Uint8Array(32).fill(1),
    signal: stop.signal,
    authenticate: async (request, deviceId) => {
      const [id, secret] = credentials(request);
      const contact = await gate.authenticate(deviceId ?? id ?? '', secret ?? '');
      if (contact !== null && (id === null || id === contact.device.deviceId)) return contact;
      throw new ServerError('server/unauthorized', 'a credential of the device is needed');
    },
    authorize: async (request, roles) => {
      const secret = /^bearer (.*)$/i.exec(request.exchange.header('authorization') ?? '')?.[1];
      const token = tokenOf(secret ?? '');
      if (token === null) throw new ServerError('server/unauthorized', 'a token is needed');
      if (roles.includes(token.role)) return token;
      throw new ServerError('server/forbidden', `a token of the role ${token.role} may not`);
    },
    sent: () => Promise.resolve(),
    download: async (exchange, _, open, observe) => {
      await using artifact = await open();
      return sendArtifact(exchange, artifact, {
        clock,
        watchdog: front.watchdog,
        signal: stop.signal,
        ...observe,
      });
    },
    baseUrl: ({ exchange }) =>
      `http://${exchange.header('host') ?? exchange.header(':authority') ?? ''}`,
  };
  const router = new FaceRouter(FACES.map((create) => create(context)));

  const handle = async (exchange: Exchange, body: FaceRequest['body']) => {
    try {
      const [path = '', query = ''] = exchange.target.split('?', 2);
      const match = router.find(exchange.method, path);
      if (match === null) throw new ServerError('server/no-route', `nothing under ${path}`);
      const request = faceRequest(exchange, { path, search: query }, match.params, body);
      await match.route.handle(request);
    } catch (thrown) {
      const error = asServerError(thrown);
      if (error.kind === 'bug') bugs.push(thrown);
      const { status, headers, body: text } = problemAnswer(error);
      exchange.answer(status, headers, text);
    }
  };
  const collect = (source: Parameters<typeof collectBody>[0]) =>
    collectBody(source, { mostMs: 30_000, watchdog: front.watchdog });
  const front = createFront({
    clock,
    onHttp1: (request, response) =>
      void handle(http1Exchange(request, response, front.watchdog), collect(request)),
    onHttp2: (stream, headers) => {
      const body = collect(stream);
      void handle(http2Exchange(stream, headers, front.watchdog), body);
    },
  });
  const { port } = await front.listen(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    gate,
    bugs,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await front[Symbol.asyncDispose]();
    },
  };
}

function tokenOf(secret: string): AccessToken | null {
  const role = TOKENS[secret];
  if (role === undefined) return null;
  return {
    tokenId: 'tok_small',
    name: role,
    role,
    provisions: { blueprintId: null, cohortId: null },
    secretHash: '',
    createdAtMs: 0,
    expiresAtMs: null,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };
}

function credentials({ exchange }: FaceRequest): readonly [string | null, string | null] {
  const header = exchange.header('authorization') ?? '';
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') return [null, value];
  if (scheme.toLowerCase() !== 'basic') return [null, null];
  const [id = '', secret = ''] = Buffer.from(value, 'base64').toString().split(':');
  return [id, secret];
}
