import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, type HttpProtocol, PeerGone, plainAddress } from './exchange.ts';
import type { HeaderList } from './plan-response.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * How long a connection that stays open after the last byte must keep quiet before the bytes count
 * as delivered. HTTP/1.x has no acknowledgement; a peer that lost its way resets within this time.
 */
const SETTLE_MS = 3000;

/** Whom to tell that a connection's next request came in. */
const onNextRequest = new WeakMap<Socket, () => void>();

/**
 * To be called for each request, whoever answers it: it proves that the answer before it arrived. From
 * then on the connection belongs to the new request, and nothing that the old one waits for may end it.
 */
export function lastAnswerArrived(socket: Socket): void {
  onNextRequest.get(socket)?.();
  onNextRequest.delete(socket);
}

/** An HTTP/1.0 or 1.1 request as an {@link Exchange}. */
export function http1Exchange(
  request: IncomingMessage,
  response: ServerResponse,
  watchdog: Watchdog,
): Exchange {
  return new Http1Exchange(request, response, watchdog);
}

// A class, not an object with a getter that knows its request: for each of those V8 makes a hidden class
// that lives, with all that the getter knows, until the next big garbage collection.
class Http1Exchange implements Exchange {
  readonly peerAddress: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  readonly #watchdog: Watchdog;
  #whenGone: (() => void) | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, watchdog: Watchdog) {
    this.#request = request;
    this.#response = response;
    this.#socket = request.socket;
    this.#watchdog = watchdog;
    // The socket forgets it when it is closed.
    this.peerAddress = plainAddress(request.socket.remoteAddress);
    response.once('close', () => this.#whenGone?.());
  }

  get protocol(): HttpProtocol {
    return this.#request.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1';
  }

  get method(): string {
    return this.#request.method ?? '';
  }

  get target(): string {
    return this.#request.url ?? '';
  }

  get isGone(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  answer(status: number, headers: HeaderList, body: string): void {
    // What a refused upload still has to say is not worth waiting for.
    if (hasBody(this.#request) && !this.#request.complete) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, flat(headers));
    this.#response.end(body === '' ? undefined : body);
  }

  begin(status: number, headers: HeaderList): void {
    this.#response.writeHead(status, flat(headers));
  }

  write(bytes: Uint8Array, isLast: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new PeerGone());
      const taken = (error?: Error | null) => {
        this.#whenGone = null;
        if (error) reject(new PeerGone());
        else resolve();
      };
      this.#whenGone = () => reject(new PeerGone());
      if (isLast) this.#response.end(bytes, taken);
      else this.#response.write(bytes, taken);
    });
  }

  delivered(): Promise<void> {
    return untilSettled(this.#socket, this.#watchdog);
  }

  abort(): void {
    this.#socket.destroy();
  }
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
  const raw: string[] = [];
  for (const [name, value] of headers) raw.push(name, value);
  return raw;
}
