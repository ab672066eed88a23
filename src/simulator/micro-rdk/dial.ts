import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, rootCertificates } from 'node:tls';
import type { DeviceUri } from './uri.ts';

/** Where a connection attempt broke: at the socket, or in what follows on it. */
export type DialStage = 'connect' | 'handshake';

/** A connection that did not come about. */
export class DialFailure extends Error {
  readonly stage: DialStage;

  constructor(stage: DialStage, message: string) {
    super(message);
    this.stage = stage;
  }
}

/** Opens the byte stream to a server; tests and other networks put their own here. */
export type Dial = (uri: DeviceUri, signal: AbortSignal) => Promise<Duplex>;

/** How the device gives up a TLS handshake. */
const TLS_TIMEOUT_MS = 50_000;

/** How {@link createDial} reaches a server. */
export interface DialOptions {
  /**
   * The roots that TLS servers must chain to. By default public ones only: the device's bundle is
   * compiled in, so a certificate of the local network is never accepted.
   */
  readonly trustedRoots?: readonly string[];
  /** How names become addresses; the machine's resolver by default. */
  readonly lookup?: LookupFunction;
}

/**
 * Dials as the device does. The host is *everything* before the last colon of the authority, user
 * info included, so `user:password@host` is looked up as a name and not found. Exactly the scheme
 * `http` is plain TCP; anything else is TLS that offers `h2` alone.
 */
export function createDial(options: DialOptions = {}): Dial {
  const { trustedRoots = rootCertificates, lookup } = options;
  return async (uri, signal) => {
    const address = dialledAddress(uri);
    const socket = await openTcp(address, lookup, signal);
    if (uri.scheme === 'http') return socket;
    return openTls(socket, address.serverName, trustedRoots, signal);
  };
}

/** The host and port that an authority makes the device dial. */
export function dialledAddress({ authority }: Pick<DeviceUri, 'authority'>): {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
} {
  const colon = authority.lastIndexOf(':');
  const host = authority.slice(0, colon);
  const isIpv6 = host.startsWith('[') && host.endsWith(']');
  const plainHost = isIpv6 ? host.slice(1, -1) : host;
  return { host: plainHost, port: Number(authority.slice(colon + 1)), serverName: plainHost };
}

function openTcp(
  { host, port }: { readonly host: string; readonly port: number },
  lookup: LookupFunction | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  return settle('connect', signal, (resolve, fail) => {
    const socket = connectTcp({ host, port, noDelay: true, ...(lookup && { lookup }) });
    socket.once('connect', () => resolve(socket)).once('error', fail);
    return socket;
  });
}

function openTls(
  socket: Socket,
  serverName: string,
  trustedRoots: readonly string[],
  signal: AbortSignal,
): Promise<Duplex> {
  return settle('handshake', signal, (resolve, fail) => {
    const secure = connectTls({
      socket,
      host: serverName,
      // A server name indication must be a name.
      ...(/^[\d.]+$|:/.test(serverName) ? {} : { servername: serverName }),
      ALPNProtocols: ['h2'],
      ca: [...trustedRoots],
      timeout: TLS_TIMEOUT_MS,
    });
    secure.once('timeout', () => secure.destroy(new Error('TLS handshake timed out')));
    secure.once('error', fail);
    secure.once('secureConnect', () => {
      secure.setTimeout(0);
      resolve(secure);
    });
    return secure;
  });
}

function settle<Stream extends Duplex>(
  stage: DialStage,
  signal: AbortSignal,
  open: (resolve: (stream: Stream) => void, fail: (error: NodeJS.ErrnoException) => void) => Stream,
): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const done = () => signal.removeEventListener('abort', abort);
    const stream = open(
      (opened) => {
        done();
        resolve(opened);
      },
      (error) => {
        done();
        reject(new DialFailure(stage, reason(error)));
      },
    );
    const abort = () => {
      stream.destroy();
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** Errors in the words of the device's standard library where users will know them. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
};

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return 'failed to lookup address information: Name does not resolve';
  }
  return REASONS[error.code ?? ''] ?? error.message;
}
