import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { z } from 'zod';
import type { Exchange, Front } from '../../serve/index.ts';
import { ServerError } from '../codes.ts';
import { bodyCut } from '../http/read-body.ts';
import { parseJson } from '../http/parse-json.ts';
import type { Target } from '../http/target.ts';
import { validate } from '../http/validate.ts';

/** A device has little to say: a status, a result of a command. */
const MOST_BODY_BYTES = 64 * 1024;

/** One request of a device. */
export interface FaceRequest {
  /** The way to answer; also method, headers, protocol and peer address. */
  readonly exchange: Exchange;
  /** As sent, without the query. */
  readonly path: string;
  /** The values of `:name` segments, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** @throws ServerError `server/body-too-large` beyond 64 KiB, `server/body-cut` also when it takes too long */
  body(): Promise<Uint8Array>;
  /**
   * The body as JSON of this shape, whatever its content type says.
   *
   * @throws ServerError as `body`, and `server/bad-request`, `server/invalid-request`
   */
  json<Shape extends z.ZodType>(shape: Shape): Promise<z.output<Shape>>;
  /** Answers with JSON. */
  answerJson(
    status: number,
    value: unknown,
    headers?: readonly (readonly [string, string])[],
  ): void;
}

/**
 * Collects a small body from the moment on that the request is there: an HTTP/2 stream drops what
 * nobody listens for.
 */
export function collectBody(
  source: IncomingMessage | ServerHttp2Stream,
  { mostMs, watchdog }: { readonly mostMs: number; readonly watchdog: Front['watchdog'] },
): () => Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  // Whoever refuses the request for another reason never asks for the body.
  promise.catch(() => {});
  let sinceMs: number | null = null;
  const unwatch = watchdog.watch({
    check: (now) => {
      sinceMs ??= now;
      if (now - sinceMs <= mostMs) return;
      unwatch();
      reject(bodyCut('the body came too slowly'));
    },
  });
  source.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes <= MOST_BODY_BYTES) {
      chunks.push(chunk);
      return;
    }
    chunks.length = 0;
    reject(
      new ServerError('server/body-too-large', `the body is larger than ${MOST_BODY_BYTES} bytes`, {
        hint: 'Say less: a status, a boot report or the result of a command is far smaller.',
        details: { mostBytes: MOST_BODY_BYTES },
      }),
    );
  });
  source.once('end', () => {
    unwatch();
    resolve(chunks.length === 1 ? (chunks[0] ?? EMPTY) : join(chunks));
  });
  source.once('close', () => {
    unwatch();
    reject(bodyCut('the body ended early'));
  });
  return () => promise;
}

const EMPTY = new Uint8Array();

/** For a request that cannot have one. */
export function emptyBody(): Promise<Uint8Array> {
  return Promise.resolve(EMPTY);
}

/** One request in the form that faces take. */
export function faceRequest(
  exchange: Exchange,
  target: Target,
  params: FaceRequest['params'],
  body: FaceRequest['body'],
): FaceRequest {
  return new ReadRequest(exchange, target, params, body);
}

class ReadRequest implements FaceRequest {
  readonly exchange: Exchange;
  readonly path: string;
  readonly params: FaceRequest['params'];
  readonly body: FaceRequest['body'];
  readonly #search: string;
  #query: URLSearchParams | null = null;

  constructor(
    exchange: Exchange,
    { path, search }: Target,
    params: FaceRequest['params'],
    body: FaceRequest['body'],
  ) {
    this.exchange = exchange;
    this.path = path;
    this.params = params;
    this.body = body;
    this.#search = search;
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.#search);
    return this.#query;
  }

  async json<Shape extends z.ZodType>(shape: Shape): Promise<z.output<Shape>> {
    return validate(shape, parseJson(await this.body()), 'body');
  }

  answerJson(
    status: number,
    value: unknown,
    headers: readonly (readonly [string, string])[] = [],
  ): void {
    const text = JSON.stringify(value);
    this.exchange.answer(
      status,
      [
        ['Content-Type', 'application/json'],
        ['Content-Length', String(Buffer.byteLength(text))],
        ['Cache-Control', 'no-store'],
        ...headers,
      ],
      text,
    );
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
