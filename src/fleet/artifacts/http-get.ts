import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

/** What to ask for, and how. */
export interface FetchTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer whose body has not been read yet. */
export interface Response {
  readonly status: number;
  readonly location: string | null;
  readonly lengthBytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection without reading on. */
  readonly drop: () => void;
}

/**
 * One request, without following anything. The connection goes to the very address that `lookup` gave,
 * since that is asked by the socket itself.
 */
export function get(
  { url, headers }: FetchTarget,
  lookup: LookupFunction,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      lookup,
      signal,
      agent: false,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'otakit', ...headers },
    });
    request.on('error', (error) => reject(error));
    request.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      const encoding = headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        request.destroy(new Error(`it answered ${encoding}-compressed, which was not asked for`));
        return;
      }
      const length = headers['content-length'];
      resolve({
        status: statusCode,
        location: headers.location ?? null,
        lengthBytes: length === undefined ? null : Number(length),
        body: response,
        drop: () => request.destroy(),
      });
    });
    request.end();
  });
}
