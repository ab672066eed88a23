import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { VirtualChip } from './chip.ts';
import { type ChipListener, keepListening, type ListenerOptions } from './listener.ts';

/**
 * Puts a chip's UART on a TCP port. A raw pipe has no modem lines, so connecting resets the chip into
 * its application, and a SYNC packet takes it into the loader.
 */
export async function listenTcp(
  chip: VirtualChip,
  host: string,
  port: number,
  options: ListenerOptions = {},
): Promise<ChipListener> {
  return keepListening(chip, (again) => listenOnce(chip, host, again ? 0 : port), options);
}

async function listenOnce(chip: VirtualChip, host: string, port: number): Promise<ChipListener> {
  /** Whose bytes arrive; a socket is none any more once its cable was pulled. */
  let plugged: Socket | null = null;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    // The newest cable is the one that is plugged in: a host that has just closed its connection and
    // opens another must not be refused because its goodbye is still under way.
    for (const old of sockets) old.destroy();
    sockets.add(socket);
    plugged = socket;
    chip.replug();
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (plugged === socket) plugged = null;
    });
    chip.onOutput((bytes) => {
      if (!socket.destroyed) socket.write(bytes.slice());
    });
    // What it was still sending was for another host.
    chip.powerOff();
    chip.reset('app');
    socket.on('data', (chunk: Uint8Array) => {
      if (plugged === socket) void chip.receive(new Uint8Array(chunk), null);
    });
  });
  const stopWatching = chip.onCut((kind) => {
    if (kind === 'unplugged') plugged?.destroy();
    plugged = null;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const address = server.address() as AddressInfo;
  const shownHost = address.address.includes(':') ? `[${address.address}]` : address.address;
  return {
    target: `tcp://${shownHost}:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      stopWatching();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
