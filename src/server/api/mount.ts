import type { IncomingMessage } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { z } from 'zod';
import type { AccessToken, Actor } from '../../fleet/index.ts';
import { http1Exchange } from '../../serve/index.ts';
import { ServerError } from '../codes.ts';
import { boundLeftover } from '../http/leftover.ts';
import { methodNotAllowed } from '../http/method-not-allowed.ts';
import { parseJson } from '../http/parse-json.ts';
import { readBody } from '../http/read-body.ts';
import { sendProblem } from '../http/send-problem.ts';
import { uploadBody } from '../http/upload-body.ts';
import { validate } from '../http/validate.ts';
import { ifMatch, isKnown, revisionTag } from './conditions.ts';
import { idempotent } from './idempotency.ts';
import { parseQuery } from './query.ts';
import type { Call, Route } from './route.ts';
import type { ApiServices } from './services.ts';

/** Where all routes are. */
export const API_ROOT = '/api/v1';

const NOTHING = z.strictObject({});
const NOBODY: AccessToken = {
  tokenId: 'none',
  name: '',
  role: 'viewer',
  provisions: { blueprintId: null, cohortId: null },
  secretHash: '',
  createdAtMs: 0,
  expiresAtMs: null,
  revokedAtMs: null,
  lastUsedAtMs: null,
};

/** An Express app that answers these routes, and everything else with a problem document. */
export function mountRoutes(routes: readonly Route[], services: ApiServices): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.enable('strict routing').enable('case sensitive routing');
  app.set('query parser', false);
  app.use((request: Request, response: Response, next: NextFunction) => {
    boundLeftover(request, response, services.watchdog);
    next();
  });
  const methods = new Map<string, string[]>();
  for (const route of routes) {
    const path = expressPath(route.path);
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
    const method = route.method.toLowerCase() as 'get' | 'post' | 'patch' | 'delete';
    app[method](path, (request, response) => answer(route, services, request, response));
  }
  for (const [path, known] of methods) {
    const allow = known.includes('GET') ? ['HEAD', ...known] : known;
    app.all(path, (request) => {
      throw methodNotAllowed(request.method, allow);
    });
  }
  app.use((request: Request) => {
    throw new ServerError('server/no-route', `there is nothing at ${request.path.slice(0, 200)}`, {
      hint: `GET ${API_ROOT}/openapi.json lists all paths.`,
    });
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    sendProblem(request, response, asRequestError(error), services.log);
  });
  return app;
}

/** `/packages/{packageId}` as Express writes it. */
export function expressPath(path: string): string {
  return `${API_ROOT}${path}`.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function answer(
  route: Route,
  services: ApiServices,
  request: Request,
  response: Response,
): Promise<void> {
  const { fleet, authorizer, watchdog, limits } = services;
  response.locals['route'] = route.id;
  const token =
    route.roles === null
      ? NOBODY
      : await authorizer.authorize(
          request.headers.authorization,
          request.socket.remoteAddress ?? '',
          route.roles,
        );
  const actor: Actor = `token:${token.tokenId}`;
  response.locals['actor'] = actor;
  const search = request.url.includes('?') ? request.url.slice(request.url.indexOf('?') + 1) : '';
  const given = {
    params: validate(route.params ?? NOTHING, request.params, 'path'),
    query: parseQuery(route.query ?? NOTHING, new URLSearchParams(search)),
    revision: route.conditional ? ifMatch(request) : undefined,
  };
  const isBytes = route.takesBytes !== undefined && isType(request, 'application/octet-stream');
  const body = isBytes ? undefined : await jsonBody(route, services, request);
  const mostBytes = route.isUnbounded ? Infinity : services.maxArtifactBytes;
  const gone = new AbortController();
  response.once('close', () => gone.abort(new ServerError('server/body-cut', 'the client left')));
  const call: Call<never, never, never> = {
    ...(given as { params: never; query: never; revision: number | undefined }),
    fleet,
    services,
    token,
    actor,
    body: body as never,
    bytes: isBytes ? uploadBody(request, mostBytes, limits, watchdog) : null,
    signal: AbortSignal.any([services.signal, gone.signal]),
    request,
    response,
    exchange: () => http1Exchange(request, response, watchdog),
  };
  const run = (): Promise<unknown> => route.handle(call);
  const result = route.idempotent
    ? await idempotent({ route, request, token, body, search }, services, run)
    : await run();
  if (response.headersSent || 'contentTypes' in route.answer) return;
  send(route, request, response, result);
}

function send(route: Route, request: Request, response: Response, result: unknown): void {
  const { status, schema } = route.answer;
  response.statusCode = status;
  response.setHeader('Cache-Control', 'no-store');
  if (schema === undefined) {
    response.end();
    return;
  }
  // What the schema does not name never leaves: no hash of a secret by mistake.
  const value: unknown = schema.parse(result);
  const revision = (value as { revision?: unknown }).revision;
  if (typeof revision === 'number') {
    const tag = revisionTag(revision);
    response.setHeader('ETag', tag);
    if (request.method === 'GET' && isKnown(request, tag)) {
      response.statusCode = 304;
      response.end();
      return;
    }
  }
  const text = `${JSON.stringify(value)}\n`;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

async function jsonBody(
  route: Route,
  { limits, watchdog }: ApiServices,
  request: IncomingMessage,
): Promise<unknown> {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0;
  if (route.body === undefined) {
    if (route.takesBytes === undefined) return undefined;
    throw unsupported(request, ['application/octet-stream']);
  }
  // A body whose fields may all be left out may be left out itself.
  if (!hasBody && route.takesBytes === undefined) return validate(route.body, {}, 'body');
  if (!isType(request, 'application/json')) {
    const taken = route.takesBytes === undefined ? [] : ['application/octet-stream'];
    throw unsupported(request, ['application/json', ...taken]);
  }
  const { jsonBytes: mostBytes, jsonMs: mostMs } = limits;
  return validate(
    route.body,
    parseJson(await readBody(request, { mostBytes, mostMs, watchdog })),
    'body',
  );
}

function isType(request: IncomingMessage, type: string): boolean {
  const given = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return given === type && request.headers['content-encoding'] === undefined;
}

function unsupported(request: IncomingMessage, taken: readonly string[]): ServerError {
  const given = request.headers['content-type'] ?? 'no Content-Type';
  return new ServerError('server/unsupported-type', `this does not take ${given.slice(0, 100)}`, {
    hint: `Send ${taken.join(' or ')}, not compressed.`,
    details: { taken },
  });
}

/** Express refuses paths that are no percent-encoded UTF-8 with an error of its own. */
function asRequestError(error: unknown): unknown {
  if (!(error instanceof URIError)) return error;
  return new ServerError('server/bad-request', 'the path is not percent-encoded UTF-8', {
    hint: 'Write what is not ASCII as the %xx of its UTF-8.',
  });
}
