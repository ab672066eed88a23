import {
  createFleet,
  createMemoryBlobs,
  type Fleet,
  type FleetOptions,
  openStore,
  type Role,
} from '../../src/fleet/index.ts';
import {
  createFleetServer,
  createLog,
  type FleetServer,
  type ServerLimits,
} from '../../src/server/index.ts';
import { type Clock, systemClock } from '../../src/shared/index.ts';

/** A fleet server on loopback, over a store in memory, with a way to ask it. */
export interface TestServer extends AsyncDisposable {
  readonly server: FleetServer;
  readonly fleet: Fleet;
  readonly url: string;
  readonly log: readonly string[];
  /** Asks the management API as an admin, or with a token. */
  readonly ask: (method: string, path: string, options?: AskOptions) => Promise<Answer>;
  /** A new token of a role. */
  readonly token: (role: Role) => Promise<string>;
}

/** What is sent along. */
export interface AskOptions {
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

export async function startTestServer({
  clock = systemClock,
  limits = {},
  options = {},
  isProxy,
}: {
  readonly clock?: Clock;
  readonly limits?: Partial<ServerLimits>;
  readonly options?: Partial<FleetOptions>;
  readonly isProxy?: (address: string) => boolean;
} = {}): Promise<TestServer> {
  const log: string[] = [];
  const server = await createFleetServer({
    homes: {
      open: async () => {
        const store = await openStore({ file: ':memory:', clock });
        const fleet = createFleet({ store, blobs: createMemoryBlobs(), clock, options });
        return {
          fleet,
          store,
          tokenKey: new Uint8Array(32).fill(7),
          maxArtifactBytes: 4_000_000,
          backup: null,
          [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
        };
      },
      receive: null,
    },
    port: 0,
    bind: '127.0.0.1',
    clock,
    version: '0.0.0',
    limits,
    ...(isProxy === undefined ? {} : { isProxy }),
    allowPrivateAddresses: options.allowPrivateAddresses ?? false,
    log: createLog('debug', { write: (line) => log.push(line) }),
  });
  const { url } = server;
  const ask = async (method: string, path: string, options: AskOptions = {}): Promise<Answer> => {
    const { body, token = server.localToken } = options;
    const headers = new Headers(options.headers);
    if (token !== null) headers.set('Authorization', `Bearer ${token}`);
    if (body !== undefined && !headers.has('Content-Type')) {
      headers.set('Content-Type', 'application/json');
    }
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const init = body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, ...(init as RequestInit) });
    const text = await response.text();
    let json: Answer['json'] = {};
    try {
      json = JSON.parse(text) as Answer['json'];
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, text, json };
  };
  const { fleet } = server.home;
  return {
    server,
    fleet,
    url,
    log,
    ask,
    token: async (role) => (await fleet.tokens.create('system', { name: role, role })).secret,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
