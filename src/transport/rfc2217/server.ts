import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type Clock, concatBytes, OtakitError } from '../../shared/index.ts';
import type { Link } from '../link.ts';
import { ComPortSession } from './com-port-session.ts';
import { SignalIntent } from './signal-intent.ts';
import { escapeData } from './telnet.ts';

/** How long a client that calls while the port is taken waits for the other one's goodbye. */
const GRACE_MS = 1000;
/** A client whose machine vanished says no goodbye, so the network is asked after this silence. */
const KEEP_ALIVE_MS = 5000;
/** More than this is left on the network until the port has taken what came before. */
const RECEIVE_LIMIT_BYTES = 64 * 1024;

/** Which port to share, and where. */
export interface Rfc2217ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  /** Opens what a client talks to, once per connection; the server disposes of it afterwards. */
  readonly open: () => Promise<Link>;
  readonly onEvent?: (event: Rfc2217Event) => void;
}

/** What happened to a shared port: who came, went, was turned away, or failed. */
export type Rfc2217Event =
  | { readonly kind: 'connected' | 'disconnected' | 'refused'; readonly peer: string }
  | { readonly kind: 'failed'; readonly peer: string; readonly error: unknown };

/** A running server; disposing of it frees the port. */
export interface Rfc2217Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/**
 * Shares one port over RFC 2217: one client at a time, a second is told so and turned away. Clients
 * that set DTR and RTS one after the other (pyserial, so esptool too) still get a clean reset into the
 * loader, see signal-intent.ts.
 */
export async function createRfc2217Server(options: Rfc2217ServerOptions): Promise<Rfc2217Server> {
  const { onEvent = () => {}, clock } = options;
  let current: Client | null = null;
  const sockets = new Set<Socket>();
  const admit = async (socket: Socket): Promise<void> => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    // Who has hung up may still be taken care of when the next one calls: bytes that are still to go
    // out to the port, a port that is still to be closed. That takes as long as it takes.
    for (let one = current; one !== null; one = current) {
      if (!(await happensWithin(one.goodbye, GRACE_MS, clock))) {
        onEvent({ kind: 'refused', peer });
        socket.end('The port is taken: another client has it\r\n');
        return;
      }
      await one.gone;
    }
    if (socket.destroyed) return;
    onEvent({ kind: 'connected', peer });
    const goodbye = new Promise<void>((resolve) => {
      socket.once('end', resolve).once('close', resolve);
    });
    const gone = openAndServe(socket, options)
      .then(
        () => onEvent({ kind: 'disconnected', peer }),
        (error: unknown) => onEvent({ kind: 'failed', peer, error }),
      )
      .finally(() => {
        current = null;
        socket.destroySoon();
      });
    current = { goodbye, gone };
  };
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
    (socket) => void admit(socket),
  );
  const address = await listen(server, options.host, options.port);
  return {
    host: address.address,
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await current?.gone;
      await closed;
    },
  };
}

/** Who has the port. */
interface Client {
  /** It has hung up. */
  readonly goodbye: Promise<void>;
  /** Nothing of it is left: the port is closed. */
  readonly gone: Promise<void>;
}

async function happensWithin(event: Promise<void>, limitMs: number, clock: Clock) {
  const enough = new AbortController();
  // Before the clock: what has happened already has happened in time.
  const happened = event.then(() => true);
  const tooLate = clock.sleep(limitMs, enough.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([happened, tooLate]);
  } finally {
    enough.abort();
  }
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve(server.address() as AddressInfo);
    });
  });
}

async function openAndServe(socket: Socket, options: Rfc2217ServerOptions): Promise<void> {
  let opened: Link;
  try {
    opened = await options.open();
  } catch (error) {
    // As plain text before any Telnet, which is how ser2net says why it hangs up.
    if (error instanceof OtakitError && !socket.destroyed) socket.end(`${error.message}\r\n`);
    throw error;
  }
  await using link = opened;
  await serveClient(socket, link, options.clock);
}

/** Serves one client until it or the port goes away. */
async function serveClient(socket: Socket, link: Link, clock: Clock): Promise<void> {
  const closed = new AbortController();
  const received: Uint8Array[] = [];
  let receivedBytes = 0;
  let wake = () => {};
  socket.on('data', (chunk: Uint8Array) => {
    received.push(new Uint8Array(chunk));
    receivedBytes += chunk.length;
    if (receivedBytes > RECEIVE_LIMIT_BYTES) socket.pause();
    wake();
  });
  socket.on('close', () => {
    closed.abort();
    wake();
  });
  if (socket.closed) return;

  const session = new ComPortSession(link, new SignalIntent(link, clock), (bytes) => {
    if (!socket.destroyed) socket.write(bytes);
  });

  let failure: { readonly error: unknown } | null = null;
  const sending = sendToClient(socket, link, closed.signal).catch((error: unknown) => {
    if (!closed.signal.aborted) failure = { error };
    socket.destroy();
  });

  for (;;) {
    // What a client sent before it hung up still goes out.
    if (received.length > 0) {
      receivedBytes = 0;
      socket.resume();
      // What arrived together is applied together: DTR and RTS of one packet change at once.
      await session.receive(concatBytes(received.splice(0)));
    } else if (closed.signal.aborted) {
      break;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  await sending;
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** Passes on what the port says, no faster than the client takes it. */
async function sendToClient(socket: Socket, link: Link, closed: AbortSignal): Promise<void> {
  for (;;) {
    const bytes = await link.read(closed);
    if (bytes === null) break;
    if (socket.write(escapeData(bytes))) continue;
    await new Promise<void>((resolve) => {
      socket.once('drain', resolve).once('close', resolve);
    });
  }
  socket.end();
}
