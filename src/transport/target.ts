import { TransportError } from './codes.ts';

/** A port string, taken apart. */
export type Target =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp' | 'rfc2217'; readonly host: string; readonly port: number }
  | { readonly kind: 'other'; readonly scheme: string };

/** The port that RFC 2217 servers for ESP boards listen on unless told otherwise. */
const DEFAULT_RFC2217_PORT = 4000;

/**
 * Takes a port string apart: a device path or `COM3`, `tcp://host:port` (also spelled `socket://`,
 * as pyserial does), `rfc2217://host[:port]`, or another scheme.
 *
 * @throws TransportError `transport/bad-target`
 */
export function parseTarget(target: string): Target {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(target);
  if (match === null) {
    if (target.trim() === '') throw badTarget(target, 'it is empty');
    return { kind: 'serial', path: target };
  }
  const scheme = (match[1] ?? '').toLowerCase();
  if (scheme === 'tcp' || scheme === 'socket') {
    return { kind: 'tcp', ...hostAndPort(target, match[2] ?? '', null) };
  }
  if (scheme === 'rfc2217') {
    return { kind: 'rfc2217', ...hostAndPort(target, match[2] ?? '', DEFAULT_RFC2217_PORT) };
  }
  return { kind: 'other', scheme };
}

function hostAndPort(
  target: string,
  rest: string,
  defaultPort: number | null,
): { readonly host: string; readonly port: number } {
  // pyserial's options (`?ign_set_control`) follow the address; none of them matters to us.
  const address = rest.split(/[/?]/)[0] ?? '';
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d+))?$/i.exec(address);
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (match === null || port === null || port < 1 || port > 65_535) {
    throw badTarget(target, 'a host and a port from 1 to 65535 are needed');
  }
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, ''), port };
}

/** An error that lists the forms a port may take. */
export function badTarget(target: string, why: string): TransportError {
  return new TransportError('transport/bad-target', `"${target}" is not a port: ${why}`, {
    hint: 'Give a device path (/dev/ttyUSB0, COM3), tcp://host:port, rfc2217://host:port or sim://esp32c3. `otakit ports` lists what is plugged in.',
    details: { target },
  });
}
