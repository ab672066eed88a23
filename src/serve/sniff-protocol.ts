/** What the first bytes of a connection say that it speaks; `more` where they cannot tell yet. */
export type SniffedProtocol = 'http1' | 'http2' | 'tls' | 'more';

/** How every HTTP/2 connection with prior knowledge begins (RFC 9113 §3.4). */
const PREFACE = new TextEncoder().encode('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * As many bytes of the preface as no HTTP/1 request line can begin with: `PRI` is a method that
 * RFC 9113 reserves, so that the rest need not be waited for.
 */
const DECISIVE_LENGTH = 'PRI * HTTP/2.0'.length;

/** The record type of a TLS handshake: somebody typed `https://`. */
const TLS_HANDSHAKE = 0x16;

/** Tells HTTP/2 with prior knowledge from HTTP/1.x by the first bytes that a client sent. */
export function sniffProtocol(firstBytes: Uint8Array): SniffedProtocol {
  if (firstBytes[0] === TLS_HANDSHAKE) return 'tls';
  const known = Math.min(firstBytes.length, DECISIVE_LENGTH);
  for (let index = 0; index < known; index += 1) {
    if (firstBytes[index] !== PREFACE[index]) return 'http1';
  }
  return known < DECISIVE_LENGTH ? 'more' : 'http2';
}
