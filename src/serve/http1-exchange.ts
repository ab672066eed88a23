import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, PeerGone, plainAddress } from './exchange.ts';
import type { HeaderList } from './plan-response.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * How long a connection that stays open after the last byte must keep quiet before the bytes count
 * as delivered. HTTP/1.x has no acknowledgement; a peer that lost its way resets within this time.
 */
const SETTLE_MS = 3000;

/** Whom to tell that a connection's next request came in, which proves that the last answer arrived. */
const onNextRequest = new WeakMap<Socket, () => void>();

/** An HTTP/1.0 or 1.1 request as an {@link Exchange}. */
export function http1Exchange(
  request: IncomingMessage,
  response: ServerResponse,
  watchdog: Watchdog,
): Exchange {
  const { socket } = request;
  onNextRequest.get(socket)?.();
  onNextRequest.delete(socket);
  let whenGone: (() => void) | null = null;
  response.once('close', () => whenGone?.());

  return {
    protocol: request.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
    method: request.method ?? '',
    target: request.url ?? '',
    peerAddress: plainAddress(socket.remoteAddress),
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    answer: (status, headers, body) => {
      // What a refused upload still has to say is not worth waiting for.
      if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
      response.writeHead(status, flat(headers));
      response.end(body === '' ? undefined : body);
    },
    begin: (status, headers) => {
      response.writeHead(status, flat(headers));
    },
    write: (bytes, isLast) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new PeerGone());
        const taken = (error?: Error | null) => {
          whenGone = null;
          if (error) reject(new PeerGone());
          else resolve();
        };
        whenGone = () => reject(new PeerGone());
        if (isLast) response.end(bytes, taken);
        else response.write(bytes, taken);
      }),
    delivered: () => untilSettled(socket, watchdog),
    get isGone() {
      return socket.destroyed || socket.readableEnded;
    },
    abort: () => socket.destroy(),
  };
}

/**
 * The next request on the connection, its orderly end, or quiet for a while: the response was read.
 * A reset instead: it was not.
 */
function untilSettled(socket: Socket, watchdog: Watchdog): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return socket.errored ? reject(new PeerGone()) : resolve();
    let since: number | null = null;
    const unwatch = watchdog.watch({
      check: (now) => {
        since ??= now;
        if (now - since >= SETTLE_MS) settle();
      },
    });
    const settle = () => {
      unwatch();
      socket.off('end', settle);
      socket.off('close', close);
      resolve();
    };
    const close = (hadError: boolean) => {
      if (hadError) reject(new PeerGone());
      settle();
    };
    socket.once('end', settle);
    socket.once('close', close);
    onNextRequest.set(socket, settle);
  });
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return coding !== undefined || (length !== undefined && length !== '0');
}

/** Node's raw header form, which keeps the names' case. */
function flat(headers: HeaderList): string[] {
  return headers.flatMap(([name, value]) => [name, value]);
}
