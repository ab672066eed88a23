import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
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
  const { session } = stream;
  const method = String(headers[HTTP2_HEADER_METHOD] ?? '');
  let isFirst = true;
  let whenGone: (() => void) | null = null;
  stream.once('close', () => {
    whenGone?.();
    if (session !== undefined) streamWindows.get(session)?.forget(stream.id ?? 0);
  });
  // Drops what an upload that is refused still has to say.
  stream.resume();

  return {
    protocol: 'HTTP/2',
    method,
    target: String(headers[HTTP2_HEADER_PATH] ?? ''),
    peerAddress: plainAddress(session?.socket?.remoteAddress),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    answer: (status, responseHeaders, body) => {
      if (stream.destroyed) return;
      const isEmpty = body === '' || method === 'HEAD';
      stream.respond({ ':status': status, ...lowerCase(responseHeaders) }, { endStream: isEmpty });
      if (!isEmpty) stream.end(body);
    },
    begin: (status, responseHeaders) => {
      if (!stream.destroyed) stream.respond({ ':status': status, ...lowerCase(responseHeaders) });
    },
    write: (bytes, isLast) =>
      new Promise((resolve, reject) => {
        if (stream.destroyed) return reject(new PeerGone());
        // A peer that closes at once ends the stream before it reports that the last bytes were taken.
        const gone = () => {
          whenGone = null;
          if (isLast && stream.closed && stream.rstCode === NGHTTP2_NO_ERROR) resolve();
          else reject(new PeerGone());
        };
        whenGone = gone;
        const taken = (error?: Error | null) => {
          if (error) return gone();
          whenGone = null;
          return resolve();
        };
        const send = () => {
          if (isLast) stream.end(bytes, taken);
          else stream.write(bytes, taken);
        };
        if (!isFirst) return send();
        isFirst = false;
        return whenWindowOpens(Math.min(FIRST_FRAME_BYTES, bytes.length), send);
      }),
    delivered: () => {
      if (stream.rstCode === NGHTTP2_CANCEL) return Promise.reject(new PeerGone());
      return session === undefined ? Promise.resolve() : http2Delivery(session, watchdog);
    },
    get isGone() {
      return stream.destroyed || stream.closed;
    },
    abort: () => stream.close(NGHTTP2_CANCEL),
  };

  /** Waits while the window of the connection or of the stream is too small for such a frame. */
  function whenWindowOpens(bytes: number, send: () => void): void {
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
