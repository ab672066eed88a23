import { createServer as createHttpServer } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2Session,
} from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { RpcMethods } from './method.ts';
import { ViamCloudError } from '../codes.ts';
import { respond, type RpcHttpRequest, type RpcHttpResponse } from './respond.ts';

/** Certificate and key in PEM, for clients that insist on TLS. */
export interface TlsKeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A listening server. */
export interface RpcListener extends AsyncDisposable {
  readonly port: number;
}

const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2');

/**
 * Listens on one port for gRPC on HTTP/2 (with prior knowledge, or by ALPN under TLS) and for
 * gRPC-Web on HTTP/1.1 and HTTP/2.
 */
export async function listenRpc(
  methods: RpcMethods,
  { port, bind, tls }: { readonly port: number; readonly bind: string; readonly tls?: TlsKeyPair },
): Promise<RpcListener> {
  const stop = new AbortController();
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  const handle = (request: RpcHttpRequest, response: RpcHttpResponse) => {
    respond(request, response, methods, stop.signal).catch(() => {
      // The client went away while it was answered.
    });
  };
  const server =
    tls === undefined ? plainServer() : createSecureServer({ ...tls, allowHTTP1: true }, handle);
  if (tls !== undefined) server.on('session', (session: Http2Session) => sessions.add(session));
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(bind, port, cause)));
    server.listen({ port, host: bind }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };

  /** The first bytes of a connection tell whose it is. */
  function plainServer(): Server {
    const http1 = createHttpServer(handle);
    const http2 = createHttp2Server(handle);
    http2.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      session.on('error', () => {});
    });
    return createServer({ noDelay: true }, (socket) => {
      socket.once('readable', () => {
        const first = socket.read() as Buffer | null;
        if (first === null) return socket.destroy();
        socket.unshift(first);
        const start = first.subarray(0, HTTP2_PREFACE.length);
        const isHttp2 = HTTP2_PREFACE.subarray(0, start.length).equals(start);
        return (isHttp2 ? http2 : http1).emit('connection', socket);
      });
    });
  }
}

function cannotListen(bind: string, port: number, cause: Error): ViamCloudError {
  return new ViamCloudError(
    'simulator/cloud-cannot-listen',
    `the virtual cloud cannot listen on ${bind}, port ${port}: ${cause.message}`,
    { hint: 'Choose another port with --port.', details: { bind, port }, cause },
  );
}
