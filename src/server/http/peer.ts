import type { ServerHttp2Stream } from 'node:http2';

/** The address alone, without the IPv6 form that dual-stack sockets give to IPv4 peers. */
export function plainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
}

/** Where an HTTP/2 request comes from. */
export function plainPeer(stream: ServerHttp2Stream): string {
  return plainAddress(stream.session?.socket.remoteAddress);
}
