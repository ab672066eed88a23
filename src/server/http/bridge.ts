import type { RequestOptions, Server } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { duplexPair } from 'node:stream';
import { plainPeer } from './peer.ts';

const { request: httpRequest } = process.getBuiltinModule('node:http');
const { constants } = process.getBuiltinModule('node:http2');

/** What belongs to one connection and must not be passed on (RFC 9113 §8.2.2). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Answers an HTTP/2 request by Express, which takes HTTP/1.1 only: the request is made once more over
 * a pair of streams in memory, bodies piped in both directions. Devices do not come this way.
 */
export function bridgeToHttp1(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  server: Server,
): void {
  const [clientSide, serverSide] = duplexPair();
  Object.defineProperty(serverSide, 'remoteAddress', { value: plainPeer(stream) });
  const method = String(headers[':method']);
  const inner = httpRequest({
    // What it needs of a socket is that it is a stream; the types say more than that.
    createConnection: (() => clientSide) as unknown as NonNullable<
      RequestOptions['createConnection']
    >,
    method,
    path: String(headers[':path']),
    headers: forwarded(headers),
    setHost: false,
  });
  server.emit('connection', serverSide);
  inner.on('response', (answer) => {
    if (stream.destroyed) return;
    const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
    const isEmpty = method === 'HEAD' || answer.statusCode === 204 || answer.statusCode === 304;
    stream.respond(
      { ':status': answer.statusCode ?? 500, ...Object.fromEntries(kept) },
      { endStream: isEmpty },
    );
    if (isEmpty) answer.resume();
    else answer.pipe(stream);
    answer.once('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  });
  inner.on('error', () => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  stream.once('close', () => {
    inner.destroy();
    serverSide.destroy();
  });
  if (hasBody(method)) {
    stream.pipe(inner);
    return;
  }
  // HTTP/1.1 has no end for it where no length is given: what follows would be read as a request of its own.
  stream.resume();
  inner.end();
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = { host: headers[':authority'] ?? '' };
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':') && !HOP_BY_HOP.has(name) && value !== undefined) kept[name] = value;
  }
  if (!hasBody(String(headers[':method']))) delete kept['content-length'];
  else if (kept['content-length'] === undefined) kept['transfer-encoding'] = 'chunked';
  return kept;
}

function hasBody(method: string): boolean {
  return !['GET', 'HEAD', 'DELETE'].includes(method);
}
