import { type ClientHttp2Session, constants, type IncomingHttpHeaders } from 'node:http2';
import { concatBytes, type Issue } from '../../shared/index.ts';
import { checkOtaUrl, type UrlCheckOptions } from '../check-url.ts';
import { type MachineConfigCode, MachineConfigError } from '../codes.ts';
import { refusalOf } from '../refusal.ts';
import { redactUrl } from '../redact.ts';
import { connectHttp2, http1Only, unreachable } from './connect-http2.ts';

/** How the answer to the device's request begins. */
export interface DownloadStart {
  /** Where redirects led. */
  readonly url: string;
  readonly sizeBytes: number;
  /** The first bytes of the body, as many as were asked for or as there are. */
  readonly bytes: Uint8Array;
  /** How many came in one piece at first; no more than the first DATA frame. */
  readonly firstPieceBytes: number;
}

/** The device makes five requests in all, and each redirect costs one. */
const MOST_REDIRECTS = 4;

/**
 * Makes the request that the device would make, follows what it would follow, and breaks off after
 * the first bytes. Where the server allows it, it is asked with HEAD and for a part only: a download
 * that is broken off would look to `otakit serve` like a device that failed.
 *
 * @throws MachineConfigError `machine-config/preflight-…`, or a code of `checkOtaUrl` for a redirect
 */
export async function fetchStart(
  url: string,
  wantedBytes: number,
  options: UrlCheckOptions,
  signal: AbortSignal,
): Promise<DownloadStart> {
  let current = url;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const parsed = new URL(current);
    const session = await connectHttp2(parsed, signal);
    try {
      const head = await exchange(session, parsed, { method: 'HEAD', wantedBytes: 0 }, signal);
      const answer = isRedirect(head)
        ? head
        : await exchange(session, parsed, bodyRequest(head, wantedBytes), signal);
      if (!isRedirect(answer)) return { url: current, ...judge(parsed, answer, head) };
      current = redirectTarget(current, answer.headers.location, options);
    } finally {
      session.destroy();
    }
  }
  throw new MachineConfigError(
    'machine-config/preflight-redirect',
    `${redactUrl(url)} redirects more than ${MOST_REDIRECTS} times`,
    { hint: 'Give the URL that the redirects lead to.' },
  );
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Uint8Array;
  readonly firstPieceBytes: number;
}

interface Asked {
  readonly method: 'HEAD' | 'GET';
  readonly wantedBytes: number;
  readonly range?: string;
}

function isRedirect({ status }: Answer): boolean {
  return status >= 300 && status < 400;
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function hasLength({ headers }: Answer): boolean {
  return /^\d+$/.test(headers['content-length'] ?? '');
}

function bodyRequest(head: Answer, wantedBytes: number): Asked {
  const takesRanges =
    isSuccess(head) && hasLength(head) && head.headers['accept-ranges'] === 'bytes';
  // Never all of it: a device that has every byte has updated, as far as a server can tell.
  const last = Math.min(wantedBytes, Number(head.headers['content-length']) - 1) - 1;
  return takesRanges && last > 0
    ? { method: 'GET', wantedBytes: last + 1, range: `bytes=0-${last}` }
    : { method: 'GET', wantedBytes };
}

function judge(url: URL, answer: Answer, head: Answer): Omit<DownloadStart, 'url'> {
  if (!isSuccess(answer)) throw badStatus(url, answer.status);
  const whole = answer.status === 206 ? head : answer;
  if (!hasLength(whole)) throw noLength(url);
  const { bytes, firstPieceBytes } = answer;
  return { sizeBytes: Number(whole.headers['content-length']), bytes, firstPieceBytes };
}

function exchange(
  session: ClientHttp2Session,
  url: URL,
  { method, wantedBytes, range }: Asked,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The device sends these pseudo-headers and nothing else.
    const stream = session.request({
      ':method': method,
      ':scheme': url.protocol.slice(0, -1),
      ':authority': url.host,
      ':path': url.pathname + url.search,
      ...(range === undefined ? {} : { range }),
    });
    const pieces: Uint8Array[] = [];
    let received = 0;
    let headers: IncomingHttpHeaders = {};
    let status = 0;
    const fail = (error: Error) => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(error);
    };
    const complete = () => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_CANCEL);
      const bytes = concatBytes(pieces).subarray(0, wantedBytes);
      resolve({ status, headers, bytes, firstPieceBytes: pieces[0]?.length ?? 0 });
    };
    const onAbort = () => fail(unreachable(url.host, 'it did not answer in time', signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    stream.once('close', () => signal.removeEventListener('abort', onAbort));
    stream.on('response', (found) => {
      headers = found;
      status = found[':status'] ?? 0;
      // The body of anything else says nothing here, and may be long.
      if (method === 'GET' && (status > 299 || headers['content-length'] === undefined)) complete();
    });
    stream.on('data', (piece: Buffer) => {
      pieces.push(new Uint8Array(piece));
      received += piece.length;
      if (received >= wantedBytes) complete();
    });
    stream.on('end', () => {
      const due = method === 'HEAD' ? 0 : Math.min(wantedBytes, Number(headers['content-length']));
      if (status !== 0 && !(received < due)) complete();
      else fail(failed(url, new Error(`it broke off after ${received} bytes`)));
    });
    stream.on('error', (cause: NodeJS.ErrnoException) => fail(failed(url, cause)));
    session.once('error', (cause: NodeJS.ErrnoException) => fail(failed(url, cause)));
    session.once('close', () => fail(failed(url, new Error('the connection was closed'))));
    stream.end();
  });
}

/** An answer in HTTP/1.1 shows as a broken HTTP/2 preface. */
function failed({ host }: URL, cause: NodeJS.ErrnoException): MachineConfigError {
  return cause.code === 'ERR_HTTP2_ERROR' && /protocol error/i.test(cause.message)
    ? http1Only(host, cause)
    : unreachable(host, cause.message, cause);
}

function redirectTarget(
  from: string,
  location: string | undefined,
  options: UrlCheckOptions,
): string {
  if (location === undefined || !/^[a-z][a-z0-9+.-]*:\/\//i.test(location)) {
    throw new MachineConfigError(
      'machine-config/preflight-redirect',
      `${redactUrl(from)} redirects to ${location === undefined ? 'nowhere' : `"${redactUrl(location)}"`}, and the device follows whole URLs only`,
      { hint: 'Give the URL that the redirect leads to.' },
    );
  }
  const errors: readonly Issue<MachineConfigCode>[] = checkOtaUrl(location, options);
  if (errors.some(({ severity }) => severity === 'error')) throw refusalOf(errors);
  return location;
}

function badStatus({ host }: URL, status: number): MachineConfigError {
  const denied = status === 401 || status === 403;
  return new MachineConfigError(
    'machine-config/preflight-status',
    `${host} answers ${status}, and the device would report "Bad Request - Status: ${status}"`,
    {
      hint: denied
        ? 'The token in the URL is wrong or has expired; the device can send no other credentials.'
        : 'Open the URL with `curl --http2-prior-knowledge` (or --http2 for https) to see why.',
      details: { host, status },
    },
  );
}

function noLength({ host }: URL): MachineConfigError {
  return new MachineConfigError(
    'machine-config/preflight-no-length',
    `${host} answers without a content-length, which the device requires`,
    { hint: 'Turn off compression and streaming for this file on the server.', details: { host } },
  );
}
