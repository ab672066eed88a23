import type { Socket } from 'node:net';
import { type SniffedProtocol, sniffProtocol } from './sniff-protocol.ts';

/** Reads of a new connection until it is clear what it speaks; one that ends before is destroyed. */
export function onFirstBytes(
  socket: Socket,
  then: (protocol: Exclude<SniffedProtocol, 'more'>, firstBytes: Buffer) => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  const sniff = () => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) {
      socket.destroy();
      return;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const protocol = sniffProtocol(held);
    if (protocol === 'more') socket.once('readable', sniff);
    else then(protocol, held);
  };
  socket.once('readable', sniff);
}
