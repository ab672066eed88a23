import { type ClientHttp2Session, connect as connectSession } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { connect as connectTcp, type Socket } from 'node:net';
import { MachineConfigError } from '../codes.ts';

const DEFAULT_TLS_PORT = 443;

/** Certificate faults by OpenSSL's names and Node's own. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/;

/**
 * Connects as the device does: HTTP/2 with prior knowledge over TCP for `http`, and over TLS with
 * nothing but `h2` offered for `https`.
 *
 * @throws MachineConfigError `machine-config/preflight-unreachable`, `…-certificate`, `…-http1-only`
 */
export async function connectHttp2(url: URL, signal: AbortSignal): Promise<ClientHttp2Session> {
  const socket = await (url.protocol === 'https:' ? overTls(url, signal) : overTcp(url, signal));
  const session = connectSession(url.origin, { createConnection: () => socket });
  session.on('error', () => {
    // Shows as the failure of the request that is made on it.
  });
  return session;
}

function overTcp({ hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host: bare(hostname), port: Number(port || 80) });
  return established(socket, 'connect', hostname, signal);
}

async function overTls({ hostname, port }: URL, signal: AbortSignal): Promise<Socket> {
  const host = bare(hostname);
  const socket = connectTls({
    host,
    port: Number(port || DEFAULT_TLS_PORT),
    ALPNProtocols: ['h2'],
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
  });
  await established(socket, 'secureConnect', hostname, signal);
  if (socket.alpnProtocol === 'h2') return socket;
  socket.destroy();
  throw http1Only(hostname);
}

function established(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  host: string,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      socket.destroy();
      reject(unreachable(host, 'it did not answer in time', signal.reason));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      signal.removeEventListener('abort', onAbort);
      reject(connectionError(host, cause));
    });
  });
}

function connectionError(host: string, cause: NodeJS.ErrnoException): MachineConfigError {
  const { code = '', message } = cause;
  if (code.includes('NO_APPLICATION_PROTOCOL')) return http1Only(host);
  if (CERTIFICATE.test(code)) {
    return new MachineConfigError(
      'machine-config/preflight-certificate',
      `the device would not trust ${host}: ${message}`,
      {
        hint: 'The device takes certificates of the usual public authorities only. On a LAN, serve plain http with a port.',
        details: { host, reason: code },
        cause,
      },
    );
  }
  return unreachable(host, message, cause);
}

/** The server is there and does not speak HTTP/2. */
export function http1Only(host: string, cause?: unknown): MachineConfigError {
  return new MachineConfigError(
    'machine-config/preflight-http1-only',
    `${host} does not speak HTTP/2, and the device speaks nothing else`,
    {
      hint: 'Serve the image with `otakit serve`, or from a host with HTTP/2.',
      details: { host },
      cause,
    },
  );
}

/** The server is not there, from here. */
export function unreachable(host: string, why: string, cause?: unknown): MachineConfigError {
  return new MachineConfigError(
    'machine-config/preflight-unreachable',
    `${host} cannot be reached from here: ${why}`,
    {
      hint: 'Check that the server runs. If only the device can reach it, add --no-preflight.',
      details: { host },
      cause,
    },
  );
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
