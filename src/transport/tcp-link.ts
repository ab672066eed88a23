import { connect, type Socket } from 'node:net';
import { TransportError } from './codes.ts';
import { Incoming } from './incoming.ts';
import type { Link, LinkOptions } from './link.ts';

/** Connects, without Nagle's delay: every command waits for its answer. */
export function connectTcp(
  host: string,
  port: number,
  signal: AbortSignal | undefined,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = connect({ host, port, noDelay: true });
    const abort = () => {
      socket.destroy();
      reject(signal?.reason as Error);
    };
    const failed = (cause: NodeJS.ErrnoException) => {
      signal?.removeEventListener('abort', abort);
      reject(
        new TransportError(
          'transport/unreachable',
          `${host}:${port} does not answer (${cause.code ?? cause.message})`,
          {
            hint: 'Check that the serial server, emulator or simulator runs there, and that no firewall is between.',
            details: { host, port },
            cause,
          },
        ),
      );
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      signal?.removeEventListener('abort', abort);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

/** What a link that lost its peer says. */
export function lost(target: string, cause?: Error): TransportError {
  return new TransportError(
    'transport/port-lost',
    `${target} went away${cause === undefined ? '' : ` (${cause.message})`}`,
    {
      hint: 'Plug the board in again (a data cable, no hub), then run the same command again.',
      details: { target },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Hands bytes to a socket; resolves when the operating system took them. */
export function writeSocket(socket: Socket, bytes: Uint8Array, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) {
      reject(lost(target));
      return;
    }
    socket.write(bytes, (error) => (error ? reject(lost(target, error)) : resolve()));
  });
}

/** Ends a socket and resolves when it is closed. */
export function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) {
      resolve();
      return;
    }
    socket.once('close', () => resolve());
    socket.destroySoon();
  });
}

/**
 * A raw TCP byte pipe, as QEMU's `-serial tcp:` and esptool's `socket://` use. It has no modem lines
 * and no rate: the far end must already be in the mode that is wanted.
 */
export async function openTcpLink(
  target: string,
  host: string,
  port: number,
  { signal }: LinkOptions,
): Promise<Link> {
  const socket = await connectTcp(host, port, signal);
  const incoming = new Incoming();
  let disposed = false;
  let failure: Error | undefined;
  socket.on('data', (chunk: Uint8Array) => incoming.push(new Uint8Array(chunk)));
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => incoming.end(disposed ? null : lost(target, failure)));
  return {
    target,
    usb: null,
    hasSignals: false,
    hasBaudRate: false,
    write: (bytes) => writeSocket(socket, bytes, target),
    read: (readSignal) => incoming.read(readSignal),
    setBaudRate: () => Promise.resolve(),
    setSignals: () => Promise.resolve(),
    discardInput: () => incoming.discard(),
    [Symbol.asyncDispose]: async () => {
      disposed = true;
      incoming.end();
      await closeSocket(socket);
    },
  };
}
