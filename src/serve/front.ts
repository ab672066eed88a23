import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Clock } from '../shared/index.ts';
import { Connection, type ConnectionLimits, DEFAULT_LIMITS } from './connection.ts';
import { Crowd, type CrowdOptions, DEFAULT_PER_ADDRESS } from './crowd.ts';
import { plainAddress } from './exchange.ts';
import { onFirstBytes } from './first-bytes.ts';
import { lastAnswerArrived } from './http1-exchange.ts';
import { FIRST_FRAME_BYTES } from './http2-exchange.ts';
import { listenError } from './listen-error.ts';
import { ObservedSocket } from './observed-socket.ts';
import { StreamWindows, streamWindows } from './stream-windows.ts';
import { Door } from './turn-away.ts';
import { Watchdog } from './watchdog.ts';

// Importing it would read all its exports, of which one loads a whole HTTP client: 15 MB, for nothing.
const { createServer: createHttpServer } = process.getBuiltinModule('node:http');

/** Why a connection was turned away before there was a request to answer. */
export type RefusedConnection =
  /** It began a TLS handshake, on a port that speaks plain HTTP. */
  | 'tls'
  /** What it sent is no HTTP. */
  | 'malformed'
  /** It did not bring a request head to its end in time. */
  | 'too-slow'
  /** Its address has as many connections as one may have. */
  | 'too-many'
  /** All addresses together have as many as the front takes. */
  | 'full';

/** What becomes of requests, by protocol, and of connections that are neither. */
export interface FrontOptions {
  readonly clock: Clock;
  readonly onHttp1: (request: IncomingMessage, response: ServerResponse) => void;
  readonly onHttp2: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  readonly onRefused?: (peerAddress: string, why: RefusedConnection) => void;
  readonly limits?: ConnectionLimits;
  readonly crowd?: CrowdOptions;
}

/** One TCP port that speaks HTTP/1.0, HTTP/1.1 and HTTP/2 with prior knowledge. */
export interface Front extends AsyncDisposable {
  readonly watchdog: Watchdog;
  /** How many connections are open. */
  readonly connections: number;
  /**
   * @param port 0 for any that is free
   * @throws ServeError `serve/port-taken`, `serve/cannot-listen`
   */
  listen(port: number, bind: string): Promise<AddressInfo>;
}

/** More than a LAN has devices, and few enough to keep below the usual limit on open files. */
const MOST_CONNECTIONS = 4000;
const MOST_STREAMS = 100;
const BAD_REQUEST =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nBad Request\n';

/**
 * Creates the server side of one port. The first bytes of each connection tell which protocol it
 * speaks; it is then handed over to Node's own implementation of that one.
 */
export function createFront(options: FrontOptions): Front {
  const { clock, limits = DEFAULT_LIMITS, crowd = { perAddress: DEFAULT_PER_ADDRESS } } = options;
  const watchdog = new Watchdog(clock);
  const counted = new Crowd(crowd);
  const door = new Door(watchdog, crowd.answer);
  const connections = new Map<Socket, Connection>();
  const refused = (socket: Socket, why: RefusedConnection) =>
    options.onRefused?.(plainAddress(socket.remoteAddress), why);

  // All deadlines are the watchdog's: Node's own would drop a reader that erases its flash.
  const http1 = createHttpServer({
    keepAliveTimeout: 0,
    headersTimeout: 0,
    requestTimeout: 0,
  });
  // A client may close its sending side after the request and still read the answer.
  Object.assign(http1, { httpAllowHalfOpen: true });
  http1.on('request', (request, response) => {
    const connection = connections.get(request.socket);
    connection?.requestStarted(response);
    lastAnswerArrived(request.socket);
    response.once('close', () => connection?.requestEnded(response));
    response.on('error', () => {});
    options.onHttp1(request, response);
  });
  http1.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
    refused(socket as Socket, 'malformed');
    return socket.end(BAD_REQUEST);
  });

  const acceptHttp2 = (socket: Socket, firstBytes: Uint8Array, connection: Connection) => {
    // HTTP/2 has no half-closed connections: the end of one side is the end.
    socket.allowHalfOpen = false;
    const windows = new StreamWindows();
    windows.feed(firstBytes);
    // Hardly any peer begins with a window that is too small for the first frame; only those are worth
    // the detour, on which every byte that comes in is looked at.
    const isTiny = windows.initialBytes < FIRST_FRAME_BYTES;
    const observed = new StreamWindows();
    const transport = isTiny ? new ObservedSocket(socket, (chunk) => observed.feed(chunk)) : socket;
    const session = performServerHandshake(transport, {
      maxOutstandingPings: MOST_STREAMS,
      // One response a connection leaves nothing to compress against.
      maxDeflateDynamicTableSize: 0,
      settings: { maxConcurrentStreams: MOST_STREAMS, enablePush: false },
    });
    if (isTiny) streamWindows.set(session, observed);
    session.on('error', () => {});
    session.on('stream', (stream, headers) => {
      connection.requestStarted(stream);
      stream.once('close', () => connection.requestEnded(stream));
      stream.on('error', () => {});
      options.onHttp2(stream, headers);
    });
  };

  const accept = (socket: Socket) => {
    const leave = counted.enter(socket.remoteAddress);
    if (leave === null) {
      refused(socket, 'too-many');
      door.turnAway(socket);
      return;
    }
    const connection = new Connection(
      socket,
      limits,
      () => clock.monotonicMs(),
      () => refused(socket, 'too-slow'),
    );
    const unwatch = watchdog.watch(connection);
    connections.set(socket, connection);
    socket.on('error', () => {});
    socket.once('close', () => {
      unwatch();
      leave();
      connections.delete(socket);
    });
    onFirstBytes(socket, (protocol, firstBytes) => {
      if (protocol === 'tls') {
        refused(socket, 'tls');
        socket.destroy();
        return;
      }
      socket.unshift(firstBytes);
      if (protocol === 'http2') acceptHttp2(socket, firstBytes, connection);
      else http1.emit('connection', socket);
    });
  };

  const tcp = createServer({ noDelay: true, allowHalfOpen: true }, accept);
  tcp.maxConnections = MOST_CONNECTIONS;
  tcp.on('drop', (dropped) => options.onRefused?.(plainAddress(dropped?.remoteAddress), 'full'));

  return {
    watchdog,
    get connections() {
      return connections.size;
    },
    listen: (port, bind) =>
      new Promise((resolve, reject) => {
        tcp.once('error', (error) => reject(listenError(error, port, bind)));
        tcp.listen({ port, host: bind, exclusive: true, backlog: 1024 }, () =>
          resolve(tcp.address() as AddressInfo),
        );
      }),
    [Symbol.asyncDispose]: async () => {
      watchdog[Symbol.dispose]();
      const closed = new Promise<void>((resolve) => tcp.close(() => resolve()));
      for (const socket of connections.keys()) socket.destroy();
      door.close();
      await closed;
    },
  };
}
