import type { Clock } from '../../shared/index.ts';
import { resolveDeviceUrl } from './device-url.ts';
import { type Dial, DialFailure } from './dial.ts';
import { UpdateFailure } from './failure.ts';
import { Http2Client, type Http2Response } from './http2/client.ts';
import { Http2Failure } from './http2/errors.ts';
import type { Logger } from '../boot/logger.ts';
import { type DeviceUri, formatUri } from './uri.ts';

const MAX_ATTEMPTS = 5;
const RETRY_DELAY_MS = 1000;

/** What the device needs to fetch something. */
export interface Network {
  readonly clock: Clock;
  readonly dial: Dial;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A response that is good enough to be read, and the connection that it comes on. */
export interface Download {
  readonly client: Http2Client;
  readonly response: Http2Response;
}

/**
 * Connects and asks for the URL: five attempts in all, one second apart where the connection does
 * not come about, at once where the server redirects. Any other answer ends it.
 *
 * @throws UpdateFailure
 */
export async function requestImage(url: string, network: Network): Promise<Download> {
  const { clock, log, signal } = network;
  const resolve = (target: string) => resolveDeviceUrl(target, url, (line) => log.error(line));
  let uri = resolve(url);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    log.info(`OTA connection attempt ${attempt}: \`${formatUri(uri)}\` `);
    const client = await connect(uri, network);
    if (client === null) {
      log.warn(`attempting to retry connection to \`${formatUri(uri)}\` in 1 seconds`);
      await clock.sleep(RETRY_DELAY_MS, signal);
      continue;
    }
    const response = await request(client, uri, network);
    if (response.status < 300) return { client, response };
    client.close();
    if (response.status >= 400) {
      throw new UpdateFailure(`Bad Request - Status: ${statusText(response.status)}`);
    }
    log.info('OTA connection received a redirection...');
    const location = redirectTarget(response, log);
    log.info(`OTA target has been redirected from \`${formatUri(uri)}\` to \`${location}\``);
    uri = resolve(location);
  }
  throw new UpdateFailure('failed to establish connection');
}

async function connect(
  uri: DeviceUri,
  { dial, log, signal }: Network,
): Promise<Http2Client | null> {
  try {
    if (uri.scheme === 'http') log.info(`insecurely connecting to ${formatUri(uri)}`);
    return new Http2Client(await dial(uri, signal));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DialFailure)) throw error;
    const what = error.stage === 'connect' ? 'create http connection' : 'create tcp stream';
    log.error(`failed to ${what}: ${error.message}`);
    return null;
  }
}

async function request(
  client: Http2Client,
  uri: DeviceUri,
  { log, signal }: Network,
): Promise<Http2Response> {
  log.info('ota connected, beginning download');
  using _hangUp = hangUpOnAbort(client, signal);
  try {
    return await client.get({
      scheme: uri.scheme ?? 'https',
      authority: uri.authority,
      path: uri.path,
    });
  } catch (error) {
    client.close();
    signal.throwIfAborted();
    if (!(error instanceof Http2Failure)) throw error;
    log.error(`connection failed: ${error.detail}`);
    throw new UpdateFailure(error.message);
  }
}

/** Closes the connection when the device is switched off, so that nothing waits for ever. */
export function hangUpOnAbort(client: Http2Client, signal: AbortSignal): Disposable {
  const hangUp = () => client.close();
  signal.addEventListener('abort', hangUp, { once: true });
  if (signal.aborted) hangUp();
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', hangUp) };
}

function redirectTarget({ headers }: Http2Response, log: Logger): string {
  const location = headers.find(([name]) => name === 'location')?.[1];
  if (location !== undefined) return location;
  log.error('`location` not found in redirection response header');
  throw new UpdateFailure(
    `invalid redirection response header: ${JSON.stringify(Object.fromEntries(headers))}`,
  );
}

const STATUS_TEXTS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function statusText(status: number): string {
  return `${status} ${STATUS_TEXTS[status] ?? '<unknown status code>'}`;
}
