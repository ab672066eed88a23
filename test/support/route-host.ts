import type { AccessToken, Fleet, FleetStore, Role } from '../../src/fleet/index.ts';
import { createFront, type Front } from '../../src/serve/index.ts';
import type { ServerLimits } from '../../src/server/index.ts';
import { Authorizer, FailedTries } from '../../src/server/access/authorizer.ts';
import { mountRoutes } from '../../src/server/api/mount.ts';
import type { Route } from '../../src/server/api/route.ts';
import type { ApiServices } from '../../src/server/api/services.ts';
import { DEFAULT_SERVER_LIMITS } from '../../src/server/limits/limits.ts';
import { createLog } from '../../src/server/observe/log.ts';
import type { Clock } from '../../src/shared/index.ts';
import { ManualClock } from './manual-clock.ts';

/** Routes of a test's own on a loopback port, with a token for each role: `otk_admin`, `otk_viewer`, … */
export interface RouteHost extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly log: readonly string[];
}

const ROLES: readonly Role[] = ['admin', 'operator', 'viewer', 'uploader', 'provisioner'];

/** Serves routes that do not use a fleet; what they keep for idempotency is in memory. */
export async function startRouteHost(
  routes: readonly Route[],
  limits: Partial<ServerLimits> = {},
  clock: Clock = new ManualClock(),
  maxArtifactBytes = 1_000_000,
): Promise<RouteHost> {
  const all = { ...DEFAULT_SERVER_LIMITS, ...limits };
  const lines: string[] = [];
  const log = createLog('debug', { write: (line) => lines.push(line) });
  const tokens = {
    authenticate: async (secret: string) => {
      const role = ROLES.find((one) => secret === `otk_${one}`);
      return role === undefined ? null : tokenOf(role);
    },
  };
  const failures = new FailedTries(all, clock);
  const authorizer = new Authorizer({ tokens, localToken: null, clock, limits: all, failures });
  const front: Front = createFront({
    clock,
    onHttp1: (request, response) => express(request, response),
    onHttp2: (stream) => stream.close(),
  });
  const services = {
    fleet: { tokens } as unknown as Fleet,
    store: idempotencyStore(),
    clock,
    watchdog: front.watchdog,
    limits: all,
    maxArtifactBytes,
    authorizer,
    log,
    signal: new AbortController().signal,
    archive: null,
  } as unknown as ApiServices;
  const express = mountRoutes(routes, services);
  const { port } = await front.listen(0, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}/api/v1`,
    port,
    log: lines,
    [Symbol.asyncDispose]: () => front[Symbol.asyncDispose](),
  };
}

function tokenOf(role: Role): AccessToken {
  return {
    tokenId: `tok_${role}`,
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

/** As much of a store as idempotency keys need. */
function idempotencyStore(): FleetStore {
  const kept = new Map<string, { requestHash: string; answer: string }>();
  const set = async (
    scope: string,
    key: string,
    value: { requestHash: string; answer: string },
  ) => {
    kept.set(`${scope} ${key}`, value);
  };
  const idempotency = {
    get: async (scope: string, key: string) => kept.get(`${scope} ${key}`) ?? null,
    put: set,
    replace: set,
  };
  const repositories = { idempotency };
  return {
    read: repositories,
    transaction: async (work: (all: unknown) => Promise<unknown>) => work(repositories),
  } as unknown as FleetStore;
}
