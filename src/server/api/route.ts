import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { AccessToken, Actor, Fleet } from '../../fleet/index.ts';
import type { Exchange } from '../../serve/index.ts';
import type { Roles } from '../access/roles.ts';
import type { ApiServices } from './services.ts';

/** Of a route that has none. */
type NoFields = z.ZodObject<Readonly<Record<string, never>>>;

/** The parameters of a path or a query. */
export type Fields = z.ZodObject;

/** What a handler may return for a schema: the same, but it may be read-only. */
export type DeepReadonly<Value> = unknown extends Value
  ? unknown
  : Value extends string | number | boolean | null | undefined
    ? Value
    : Value extends readonly (infer Item)[]
      ? readonly DeepReadonly<Item>[]
      : { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> };

/** How a route answers when all is well. */
export type AnswerSpec<Answer extends z.ZodType> =
  | { readonly status: 200 | 201 | 202; readonly schema: Answer; readonly description?: string }
  | { readonly status: 204; readonly schema?: never; readonly description?: string }
  /** The handler writes the response itself. */
  | {
      readonly status: 200;
      readonly schema?: never;
      readonly contentTypes: readonly string[];
      /** Of those that are JSON. */
      readonly schemas?: Readonly<Record<string, z.ZodType>>;
      readonly description: string;
    };

/** One method of one path: what it takes, who may, what it answers. All that OpenAPI says comes from it. */
export interface RouteSpec<
  Params extends Fields,
  Query extends Fields,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Such as `/packages/{packageId}`, below `/api/v1`. */
  readonly path: string;
  /** Unique over all routes: OpenAPI's `operationId`. */
  readonly id: string;
  readonly summary: string;
  /** `null`: no token is needed. */
  readonly roles: Roles | null;
  readonly params?: Params;
  readonly query?: Query;
  /** A JSON body. */
  readonly body?: Body;
  /** The route (also) takes these bytes as `application/octet-stream`, as they come. */
  readonly takesBytes?: string;
  /** Those bytes may be as many as they like, rather than an artifact's worth. */
  readonly isUnbounded?: true;
  /** Honours `If-Match`. */
  readonly conditional?: true;
  /** Honours `Idempotency-Key`. */
  readonly idempotent?: true;
  /** The answer out of what the change of an idempotent route gave, where that is not the answer itself. */
  readonly ofChange?: (made: unknown) => unknown;
  readonly answer: AnswerSpec<Answer>;
  readonly handle: (
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<DeepReadonly<z.input<Answer>> | undefined | void>;
}

/** One request, checked, with what its handler may use. */
export interface Call<Params, Query, Body> {
  readonly fleet: Fleet;
  readonly services: ApiServices;
  readonly token: AccessToken;
  readonly actor: Actor;
  readonly params: Params;
  readonly query: Query;
  /** `undefined` where bytes are sent instead. */
  readonly body: Body;
  /** What `If-Match` names, `undefined` without one. */
  readonly revision: number | undefined;
  /** The body as it comes, for routes that take bytes. */
  readonly bytes: AsyncIterable<Uint8Array> | null;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Makes it into what the download handler takes. */
  readonly exchange: () => Exchange;
}

/** A route of any shape, as the list of all of them holds it. */
export type Route = RouteSpec<Fields, Fields, z.ZodType, z.ZodType>;

/** Lets the compiler work out the shapes of one route, and forgets them for the list. */
export function defineRoute<
  Params extends Fields = NoFields,
  Query extends Fields = NoFields,
  Body extends z.ZodType = z.ZodUndefined,
  Answer extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Params, Query, Body, Answer>): Route {
  return spec;
}
