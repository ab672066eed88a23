import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { RpcMethods } from './method.ts';
import { decodeMessage, encodeMessage, encodeStatusMessage, encodeTrailers } from './frames.ts';
import { RpcStatus, STATUS } from './status.ts';

/** What is common to the requests of Node's HTTP/1.1 and HTTP/2 servers. */
export interface RpcHttpRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly httpVersionMajor: number;
}

/** What is common to the responses of Node's HTTP/1.1 and HTTP/2 servers. */
export interface RpcHttpResponse {
  writeHead(status: number, headers: OutgoingHttpHeaders): unknown;
  write(chunk: Uint8Array): boolean;
  addTrailers(trailers: OutgoingHttpHeaders): void;
  end(): unknown;
  on(event: 'close', listener: () => void): unknown;
}

const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
const CONTENT_TYPE = /^application\/(grpc|grpc-web|grpc-web-text)(?:\+proto)?(?:;|$)/;

type Flavour = 'grpc' | 'grpc-web' | 'grpc-web-text';

/** Answers one HTTP request as the gRPC or gRPC-Web call that it is. */
export async function respond(
  request: RpcHttpRequest,
  response: RpcHttpResponse,
  methods: RpcMethods,
  stopped: AbortSignal,
): Promise<void> {
  const contentType = request.headers['content-type'] ?? '';
  const flavour = CONTENT_TYPE.exec(contentType)?.[1] as Flavour | undefined;
  if (request.method !== 'POST' || flavour === undefined) {
    response.writeHead(request.method === 'POST' ? 415 : 405, {});
    response.end();
    return;
  }
  if (flavour === 'grpc' && request.httpVersionMajor < 2) {
    // Status and message travel in trailers, which clients of HTTP/1.1 do not read.
    response.writeHead(505, {});
    response.end();
    return;
  }
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopped]);
  const send = (bytes: Uint8Array) =>
    response.write(flavour === 'grpc-web-text' ? textOf(bytes) : bytes);
  response.writeHead(200, { 'content-type': `application/${flavour}+proto` });
  const status = await run(request, methods, flavour, signal, send);
  const trailers = {
    'grpc-status': String(status.status),
    'grpc-message': encodeStatusMessage(status.message),
  };
  if (flavour === 'grpc') response.addTrailers(trailers);
  else send(encodeTrailers(trailers));
  response.end();
}

async function run(
  request: RpcHttpRequest,
  methods: RpcMethods,
  flavour: Flavour,
  signal: AbortSignal,
  send: (bytes: Uint8Array) => void,
): Promise<RpcStatus> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  try {
    const body = await readBody(request);
    const method = methods.get(path);
    if (method === undefined) {
      throw new RpcStatus(STATUS.unimplemented, `${path} is not part of this stand-in`);
    }
    const call = { path, token: bearerOf(request.headers), signal };
    await method.admit(call);
    const message = decodeMessage(flavour === 'grpc-web-text' ? bytesOf(body) : body);
    for await (const answer of method.answer(parse(method.request, message), call)) {
      send(encodeMessage(answer.toBinary()));
    }
    return new RpcStatus(STATUS.ok, '');
  } catch (thrown) {
    if (thrown instanceof RpcStatus) return thrown;
    if (signal.aborted) return new RpcStatus(STATUS.unavailable, 'the call was given up');
    return new RpcStatus(STATUS.internal, thrown instanceof Error ? thrown.message : 'failed');
  }
}

function parse<Message>(
  type: { readonly typeName: string; fromBinary(bytes: Uint8Array): Message },
  bytes: Uint8Array,
): Message {
  try {
    return type.fromBinary(bytes);
  } catch {
    throw new RpcStatus(STATUS.invalidArgument, `the request is no ${type.typeName}`);
  }
}

async function readBody(request: RpcHttpRequest): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_REQUEST_BYTES) {
      throw new RpcStatus(STATUS.resourceExhausted, `more than ${MAX_REQUEST_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function bearerOf({ authorization }: IncomingHttpHeaders): string | null {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}

function textOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('base64'), 'latin1');
}

/** Base64 of each frame may be padded on its own, so padding can occur in the middle. */
function bytesOf(text: Uint8Array): Uint8Array {
  const parts =
    Buffer.from(text)
      .toString('latin1')
      .match(/[^=]+=*/g) ?? [];
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
}
