import {
  createServer,
  type IncomingMessage,
  METHODS,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Fleet, FleetStore } from '../fleet/index.ts';
import { type Front, http1Exchange, http2Exchange } from '../serve/index.ts';
import type { Clock } from '../shared/index.ts';
import { Authorizer, FailedTries } from './access/authorizer.ts';
import { presentsManagementToken } from './access/credentials.ts';
import type { LocalToken } from './access/local-token.ts';
import { API_ROOT, mountRoutes } from './api/mount.ts';
import { openApiDocument } from './api/openapi.ts';
import { ROUTES } from './api/routes.ts';
import type { ApiServices, Archive } from './api/services.ts';
import { ServerError } from './codes.ts';
import { EventStreams } from './events/event-streams.ts';
import type { Face } from './faces/face.ts';
import { createFaceContext } from './faces/face-context.ts';
import { answerByFace } from './faces/answer-by-face.ts';
import { collectBody, emptyBody } from './faces/face-request.ts';
import { type FaceMatch, FaceRouter } from './faces/face-router.ts';
import { FACES } from './faces/faces.ts';
import { createSystemFace } from './faces/system-face.ts';
import { bridgeToHttp1 } from './http/bridge.ts';
import { methodNotAllowed } from './http/method-not-allowed.ts';
import { asServerError, problemAnswer } from './http/problem.ts';
import { sendProblem } from './http/send-problem.ts';
import { splitTarget } from './http/target.ts';
import { Counted } from './limits/counted.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits/limits.ts';
import { createAccounting } from './observe/accounting.ts';
import { type Log, SILENT_LOG } from './observe/log.ts';
import { createMetrics, type Metrics } from './observe/metrics.ts';
import { Readiness } from './observe/readiness.ts';
import { Ongoing, Unfinished } from './ongoing.ts';

/** What a {@link FleetApp} is made from. */
export interface FleetAppOptions {
  readonly fleet: Fleet;
  /** For what the fleet's services do not have: idempotency keys, webhook positions. */
  readonly store: FleetStore;
  readonly clock: Clock;
  readonly watchdog: Front['watchdog'];
  /** Signs download URLs. */
  readonly tokenKey: Uint8Array;
  /** Of the package, for the OpenAPI document. */
  readonly version: string;
  readonly limits?: Partial<ServerLimits>;
  readonly maxArtifactBytes: number;
  readonly log?: Log;
  readonly localToken?: LocalToken | null;
  readonly archive?: Archive | null;
  /** What URLs for devices begin with; by default the address by which they came. */
  readonly publicUrl?: string | null;
  /** Room on the disk that everything is kept on; where there is none, nobody asks. */
  readonly freeBytes?: () => Promise<number>;
  /** How many connections the front has, for the metrics. */
  readonly connections?: () => number;
}

/** The fleet's HTTP side without a port: what the front of `serve` (or any other) hands requests to. */
export interface FleetApp {
  onHttp1(request: IncomingMessage, response: ServerResponse): void;
  onHttp2(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  readonly metrics: Metrics;
  /**
   * Ends event streams and long polls, refuses new requests, and waits for those that are going on;
   * what is not over after `graceMs` is broken off.
   *
   * @param except how many requests may go on: 1 for the one that asked for it
   */
  stop(graceMs: number, except?: number): Promise<void>;
}

const STOPPING_RETRY_MS = 5000;
const SETTLE_MS = 1000;

/** Puts the management API and the device protocols in front of a fleet. It starts no timers. */
export function createFleetApp(options: FleetAppOptions): FleetApp {
  const { fleet, store, clock, watchdog, tokenKey, log = SILENT_LOG } = options;
  const limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
  const { freeBytes = null } = options;
  const bodyBounds = { mostMs: limits.jsonMs, watchdog };
  const stopping = new AbortController();
  const broken = new AbortController();
  const ongoing = new Ongoing();
  const answering = new Unfinished();
  const failures = new FailedTries(limits, clock);
  const authorizer = new Authorizer({
    tokens: fleet.tokens,
    localToken: options.localToken ?? null,
    clock,
    limits,
    failures,
  });
  const uploads = new Counted(limits.uploads, 'uploads');
  const eventStreams = new EventStreams({
    events: fleet.events,
    clock,
    watchdog,
    signal: stopping.signal,
    most: limits.eventStreams,
  });
  const faceContext = createFaceContext({
    fleet,
    clock,
    watchdog,
    tokenKey,
    limits,
    failures,
    authorizer,
    metrics: () => metrics,
    signal: stopping.signal,
    hardSignal: broken.signal,
    publicUrl: options.publicUrl ?? null,
  });
  const metrics = createMetrics({
    store: () => store.read,
    downloads: faceContext.openDownloads,
    uploads: () => uploads.open,
    eventStreams: () => eventStreams.open,
    connections: options.connections ?? null,
    freeBytes,
    waits: faceContext.waits,
  });
  const services: ApiServices = {
    fleet,
    store,
    clock,
    watchdog,
    limits,
    maxArtifactBytes: options.maxArtifactBytes,
    authorizer,
    eventStreams,
    uploads,
    metrics,
    log,
    signal: broken.signal,
    archive: options.archive ?? null,
  };
  const express = mountRoutes(ROUTES, services);
  const { accountHttp1, accountHttp2 } = createAccounting(metrics, log);
  const bridged: Server = createServer((request, response) => {
    accountHttp1(request, response, splitTarget(request.url ?? ''), 'HTTP/2');
    express(request, response);
  });
  const { leastFreeBytes } = limits;
  const readiness = new Readiness({ store, clock, freeBytes, leastFreeBytes });
  const system = createSystemFace({
    authorizer,
    metrics,
    checkReady: () => readiness.check(),
    openApi: () => openApiDocument(ROUTES, [system, ...faces], options.version),
  });
  const faces = FACES.map((create) => create(faceContext));
  const router = new FaceRouter([system, ...faces]);
  const api = new FaceRouter([apiPaths()]);

  /** The device protocol that a request is for; `null` leaves it to the management API. */
  const faceOf = (
    method: string,
    path: string,
    authorization: string | undefined,
  ): FaceMatch | null => {
    const match = router.find(method, path);
    if (match === null || match.face === system) return match;
    const isForApi = presentsManagementToken(authorization) && api.find(method, path) !== null;
    return isForApi ? null : match;
  };

  const refuse = () => {
    if (!stopping.signal.aborted) return;
    throw new ServerError('server/stopping', 'the server is being stopped', {
      hint: 'Try again in a moment.',
      details: { retryAfterMs: STOPPING_RETRY_MS },
    });
  };

  return {
    metrics,
    onHttp1: (request, response) => {
      const target = splitTarget(request.url ?? '');
      const done = ongoing.begin(() => request.socket.destroy());
      response.once('close', done);
      const account = accountHttp1(request, response, target);
      try {
        refuse();
        const { authorization } = request.headers;
        const match = faceOf(request.method ?? '', target.path, authorization);
        if (match === null) {
          checkMethod(router, api, request.method ?? '', target.path);
          express(request, response);
          return;
        }
        account.route = match.face.name;
        const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
        const body = hasBody ? collectBody(request, bodyBounds) : emptyBody;
        const exchange = http1Exchange(request, response, watchdog);
        answering.add(answerByFace(match, exchange, target, body, log));
      } catch (error) {
        sendProblem(request, response, error, log);
      }
    },
    onHttp2: (stream, headers) => {
      const method = String(headers[':method']);
      const target = splitTarget(String(headers[':path']));
      const done = ongoing.begin(() => stream.close());
      stream.once('close', done);
      const account = accountHttp2(stream, method, target);
      try {
        refuse();
        const match = faceOf(method, target.path, headers.authorization);
        if (match === null) {
          checkMethod(router, api, method, target.path);
          // It is counted behind the bridge.
          account.route = null;
          bridgeToHttp1(stream, headers, bridged);
          return;
        }
        account.route = match.face.name;
        const body = collectBody(stream, bodyBounds);
        const exchange = http2Exchange(stream, headers, watchdog);
        answering.add(answerByFace(match, exchange, target, body, log));
      } catch (error) {
        const { status, headers: fields, body } = problemAnswer(asServerError(error));
        http2Exchange(stream, headers, watchdog).answer(status, fields, body);
      }
    },
    stop: async (graceMs, except = 0) => {
      stopping.abort(new ServerError('server/stopping', 'the server is being stopped'));
      const over = new AbortController();
      await Promise.race([
        ongoing.whenAtMost(except),
        clock.sleep(graceMs, over.signal).catch(() => {}),
      ]);
      over.abort();
      broken.abort(new ServerError('server/stopping', 'the server is being stopped'));
      if (except === 0) ongoing.breakOff();
      // What was broken off may have that to write down yet, while there is something to write to.
      const settled = new AbortController();
      await Promise.race([
        answering.whenDone(),
        clock.sleep(SETTLE_MS, settled.signal).catch(() => {}),
      ]);
      settled.abort();
    },
  };
}

/** The paths of the management API in the form of the router, to ask whether it has one. */
function apiPaths(): Face {
  return {
    name: 'api',
    routes: ROUTES.map(({ method, path }) => ({
      method,
      path: `${API_ROOT}${path}`.replaceAll(/\{(\w+)\}/g, ':$1'),
      handle: () => {},
    })),
  };
}

/**
 * @throws ServerError `server/method-not-allowed` for a path of a device protocol alone, and for a method
 *   of nobody's, which only HTTP/2 lets through and no HTTP/1.1 parser behind it would take
 */
function checkMethod(faces: FaceRouter, api: FaceRouter, method: string, path: string): void {
  const allowed = faces.methodsOf(path);
  const own = api.methodsOf(path);
  if (METHODS.includes(method) && (allowed.length === 0 || own.includes(method))) return;
  const all = [...new Set([...allowed, ...own])];
  throw methodNotAllowed(method, all);
}
