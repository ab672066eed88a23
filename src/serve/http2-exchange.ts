import {
  constants,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Exchange, PeerGone, plainAddress } from './exchange.ts';
import { http2Delivery } from './http2-delivery.ts';
import type { HeaderList } from './plan-response.ts';
import { streamWindows } from './stream-windows.ts';
import type { Watchdog } from './watchdog.ts';

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/**
 * What micro-RDK parses out of the first DATA frame alone: image header, segment header and app
 * descriptor. A shorter first frame makes it read the header out of the second one.
 */
export const FIRST_FRAME_BYTES = 288;

const WINDOW_POLL_MS = 10;

/** An HTTP/2 stream as an {@link Exchange}. */
export function http2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  watchdog: Watchdog,
): Exchange {
  return new Http2Exchange(stream, headers, watchdog);
}

// A class for the same reason as its sibling for HTTP/1.
class Http2Exchange implements Exchange {
  readonly protocol = 'HTTP/2';
  readonly peerAddress: string;
  readonly #stream: ServerHttp2Stream;
  readonly #session: Http2Session | undefined;
  readonly #headers: IncomingHttpHeaders;
  readonly #watchdog: Watchdog;
  #isFirst = true;
  #whenGone: (() => void) | null = null;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, watchdog: Watchdog) {
    const { session } = stream;
    this.#stream = stream;
    this.#session = session;
    this.#headers = headers;
    this.#watchdog = watchdog;
    this.peerAddress = plainAddress(session?.socket?.remoteAddress);
    stream.once('close', () => {
      this.#whenGone?.();
      if (session !== undefined) streamWindows.get(session)?.forget(stream.id ?? 0);
    });
    // Drops what an upload that is refused still has to say.
    stream.resume();
  }

  get method(): string {
    return String(this.#headers[HTTP2_HEADER_METHOD] ?? '');
  }

  get target(): string {
    return String(this.#headers[HTTP2_HEADER_PATH] ?? '');
  }

  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  answer(status: number, headers: HeaderList, body: string): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    const isEmpty = body === '' || this.method === 'HEAD';
    stream.respond({ ':status': status, ...lowerCase(headers) }, { endStream: isEmpty });
    if (!isEmpty) stream.end(body);
  }

  begin(status: number, headers: HeaderList): void {
    const stream = this.#stream;
    if (!stream.destroyed) stream.respond({ ':status': status, ...lowerCase(headers) });
  }

  write(bytes: Uint8Array, isLast: boolean): Promise<void> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      if (stream.destroyed) return reject(new PeerGone());
      // A peer that closes at once ends the stream before it reports that the last bytes were taken.
      const gone = () => {
        this.#whenGone = null;
        if (isLast && stream.closed && stream.rstCode === NGHTTP2_NO_ERROR) resolve();
        else reject(new PeerGone());
      };
      this.#whenGone = gone;
      const taken = (error?: Error | null) => {
        if (error) return gone();
        this.#whenGone = null;
        return resolve();
      };
      const send = () => {
        if (isLast) stream.end(bytes, taken);
        else stream.write(bytes, taken);
      };
      if (!this.#isFirst) return send();
      this.#isFirst = false;
      return this.#whenWindowOpens(Math.min(FIRST_FRAME_BYTES, bytes.length), send);
    });
  }

  delivered(): Promise<void> {
    if (this.#stream.rstCode === NGHTTP2_CANCEL) return Promise.reject(new PeerGone());
    return this.#session === undefined
      ? Promise.resolve()
      : http2Delivery(this.#session, this.#watchdog);
  }

  abort(): void {
    this.#stream.close(NGHTTP2_CANCEL);
  }

  /** Waits while the window of the connection or of the stream is too small for such a frame. */
  #whenWindowOpens(bytes: number, send: () => void): void {
    const stream = this.#stream;
    const session = this.#session;
    const windows = session === undefined ? undefined : streamWindows.get(session);
    const isOpen = () =>
      session === undefined ||
      session.destroyed ||
      ((session.state.remoteWindowSize ?? bytes) >= bytes &&
        (windows?.of(stream.id ?? 0) ?? bytes) >= bytes);
    if (isOpen()) return send();
    // Node does not say when a window opens.
    const timer = setInterval(() => {
      if (!isOpen() && !stream.destroyed) return;
      clearInterval(timer);
      if (!stream.destroyed) send();
    }, WINDOW_POLL_MS);
    stream.once('close', () => clearInterval(timer));
    return undefined;
  }
}

function lowerCase(headers: HeaderList): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}
