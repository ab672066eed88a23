import type { HeaderList, RequestHead } from './plan-response.ts';

/** The version of HTTP that a request came in. */
export type HttpProtocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';

/**
 * One request with the means to answer it, the same for HTTP/1.x and HTTP/2, so that one handler
 * serves both. Exactly one of `answer` and `begin` is called, once.
 */
export interface Exchange extends RequestHead {
  readonly protocol: HttpProtocol;
  /** The request target as it was sent: path and query. */
  readonly target: string;
  readonly peerAddress: string;
  /** A whole short response: head, and a body unless it is empty. */
  answer(status: number, headers: HeaderList, body: string | Uint8Array): void;
  /** Sends the head of a response whose body `write` brings. */
  begin(status: number, headers: HeaderList): void;
  /**
   * Hands over the next bytes; resolves once the network took them, which is the pace of the reader.
   * Rejects with PeerGone when the peer went away first.
   */
  write(bytes: Uint8Array, isLast: boolean): Promise<void>;
  /**
   * Resolves once the peer has *everything*, as far as the protocol can tell: the end of `write` only
   * says that our own machine took the bytes. Rejects with PeerGone when it went away instead.
   */
  delivered(): Promise<void>;
  /** Whether the peer has closed the connection or the stream, or its own side of it. */
  readonly isGone: boolean;
  /** Breaks the connection or the stream off. */
  abort(): void;
}

/** The peer closed or reset the connection before it had everything. */
export class PeerGone extends Error {
  override readonly name = 'PeerGone';

  constructor() {
    super('the peer went away');
  }
}

/** The address alone, without the IPv6 form that dual-stack sockets give to IPv4 peers. */
export function plainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:(?=\d+\.)/, '');
}
