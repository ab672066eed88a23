import type { Clock } from '../../shared/index.ts';
import { formatDuration } from '../../shared/index.ts';
import { type AddressGuard, createAddressGuard } from '../addresses/address-guard.ts';
import { tooLarge } from '../blobs/too-large.ts';
import { FleetError } from '../codes.ts';
import { invalid } from './check-fields.ts';
import { type FetchTarget, get, type Response } from './http-get.ts';
import { type S3Access, signS3 } from './s3.ts';

const MOST_REDIRECTS = 5;
const LONGEST_URI = 2048;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** How far a fetch may go. */
export interface FetchLimits {
  readonly guard: AddressGuard;
  readonly clock: Clock;
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  /** `null` where `s3:` is not set up. */
  readonly s3: S3Access | null;
  readonly signal?: AbortSignal;
}

/**
 * The bytes behind `http:`, `https:` or `s3:`. Nothing is connected to before the guard saw its address;
 * every redirect is looked at anew.
 *
 * @throws FleetError `fleet/invalid`, `fleet/address-refused`, `fleet/fetch-failed`, `fleet/too-large`
 */
export async function* fetchUri(uri: string, limits: FetchLimits): AsyncGenerator<Uint8Array> {
  const { clock, maxBytes, timeoutMs, signal } = limits;
  const first = parseUri(uri);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  const ended = new AbortController();
  let coming: Coming | null = null;
  const tooLong = () => {
    const after = coming === null ? '' : `, after ${howFar(first, coming)}`;
    return failed(first, `it took longer than ${formatDuration(timeoutMs)}${after}`);
  };
  clock.sleep(timeoutMs, ended.signal).then(
    () => stop.abort(tooLong()),
    () => undefined,
  );
  try {
    const { response, from } = await follow(first, limits, stop.signal);
    const { lengthBytes } = response;
    if (lengthBytes !== null && lengthBytes > maxBytes) throw tooLarge(maxBytes);
    coming = { from, lengthBytes, receivedBytes: 0 };
    for await (const chunk of response.body) {
      coming.receivedBytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    if (error instanceof FleetError) throw error;
    const { message } = error as Error;
    // Node says no more of a connection that ends too early than that it does.
    const why = coming === null ? message : `it was cut off after ${howFar(first, coming)}`;
    throw failed(first, why, error);
  } finally {
    ended.abort();
    signal?.removeEventListener('abort', onAbort);
    // Closes the connection wherever it stands; without effect on one that is through.
    stop.abort();
  }
}

/** A body that is being read. */
interface Coming {
  /** Where all redirects have led. */
  readonly from: URL;
  readonly lengthBytes: number | null;
  receivedBytes: number;
}

/** Such as `100 of 2000 bytes from https://cdn.example.com/fw.bin`. */
function howFar(first: URL, { from, lengthBytes, receivedBytes }: Coming): string {
  const all = lengthBytes === null ? '' : ` of ${lengthBytes}`;
  const bytes = (lengthBytes ?? receivedBytes) === 1 ? 'byte' : 'bytes';
  return `${receivedBytes}${all} ${bytes}${from === first ? '' : ` from ${shownUri(from.href)}`}`;
}

async function follow(
  first: URL,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<{ readonly response: Response; readonly from: URL }> {
  const { s3, clock } = limits;
  // An endpoint of one's own is named by whoever starts the server, not by who asks for the artifact.
  const isOwnStore = first.protocol === 's3:' && s3?.endpoint !== undefined;
  const guard = isOwnStore ? createAddressGuard(true) : limits.guard;
  let url = first;
  for (let hops = 0; hops <= MOST_REDIRECTS; hops += 1) {
    const target: FetchTarget =
      url.protocol === 's3:' ? await signS3(url, s3, clock.now()) : { url, headers: {} };
    guard.check(target.url.hostname);
    const response = await get(target, guard.lookup, signal);
    if (!REDIRECTS.has(response.status)) {
      if (response.status === 200) return { response, from: url };
      throw failed(url, `it answered ${response.status}`);
    }
    response.drop();
    url = redirected(url, response.location);
  }
  throw failed(first, `it redirects more than ${MOST_REDIRECTS} times`);
}

/** Where a redirect leads: to another web address, and from S3 nowhere, since it had a signed request. */
function redirected(from: URL, location: string | null): URL {
  if (from.protocol === 's3:')
    throw failed(from, 'it redirects, so the region is not the right one');
  if (location === null || !URL.canParse(location, from.href)) {
    throw failed(from, 'it redirects to nowhere');
  }
  const to = new URL(location, from);
  if (to.protocol === 'http:' || to.protocol === 'https:') return to;
  throw failed(from, `it redirects to ${to.protocol}, and only http and https are followed`);
}

function parseUri(uri: string): URL {
  const url = uri.length <= LONGEST_URI && URL.canParse(uri) ? new URL(uri) : null;
  if (url === null || !['http:', 'https:', 's3:'].includes(url.protocol)) {
    throw invalid(
      'artifactUri',
      `${JSON.stringify(uri.slice(0, 80))} cannot be fetched.`,
      'Take http://, https:// or s3://bucket/key.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'artifactUri',
      'The address has a user and password in it.',
      'Use a signed URL instead: what stands in an address ends up in logs.',
    );
  }
  return url;
}

/** An address without its query, which may be a signature. */
export function shownUri(uri: string): string {
  const { protocol, host, pathname } = parseUri(uri);
  return `${protocol}//${host}${pathname}`;
}

/** What TLS says of a certificate that nobody whom it knows vouches for. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
const OWN_CA_HINT =
  'For a CA of your own, start the server with NODE_EXTRA_CA_CERTS=ca.pem, its certificate.';

function isUntrusted(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  return typeof code === 'string' && UNTRUSTED.has(code);
}

function failed(url: URL, why: string, cause?: unknown): FleetError {
  const shown = shownUri(url.href);
  return new FleetError('fleet/fetch-failed', `${shown} could not be fetched: ${why}.`, {
    hint: isUntrusted(cause)
      ? OWN_CA_HINT
      : 'Check the address from the machine that the server runs on.',
    details: { uri: shown, why },
    cause,
  });
}
