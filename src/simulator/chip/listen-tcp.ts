import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { VirtualChip } from './chip.ts';

/** A listener that a host can connect to. */
export interface ChipListener extends AsyncDisposable {
  /** The port string to give to a host. */
  readonly target: string;
}

/**
 * Puts a chip's UART on a TCP port. A raw pipe has no modem lines, so connecting resets the chip into
 * its application, and a SYNC packet takes it into the loader.
 */
export async function listenTcp(
  chip: VirtualChip,
  host: string,
  port: number,
): Promise<ChipListener> {
  let current: Socket | null = null;
  const server = createServer({ noDelay: true }, (socket) => {
    // The newest cable is the one that is plugged in: a host that has just closed its connection and
    // opens another must not be refused because its goodbye is still under way.
    current?.destroy();
    current = socket;
    chip.replug();
    socket.on('error', () => {});
    socket.on('close', () => {
      if (current === socket) current = null;
    });
    chip.onOutput((bytes) => {
      if (!socket.destroyed) socket.write(bytes.slice());
    });
    chip.reset('app');
    const receive = async (chunk: Uint8Array) => {
      await chip.receive(new Uint8Array(chunk), null);
      if (chip.isUnplugged) socket.destroy();
    };
    socket.on('data', (chunk: Uint8Array) => void receive(chunk));
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
      current?.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
