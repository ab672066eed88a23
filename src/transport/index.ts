/**
 * Byte pipes to a chip: serial ports, raw TCP, RFC 2217; and which ports there are.
 *
 * @module
 */
export type { Access, Holder } from './access.ts';
export type { Adapter } from './adapters.ts';
export { TRANSPORT_CODES, type TransportCode, TransportError } from './codes.ts';
export { Incoming } from './incoming.ts';
export type { Link, LinkOptions, OpenLink, Signals, UsbIdentity } from './link.ts';
export { openLink, withSchemes } from './open-link.ts';
export { listPorts, type PortInfo } from './ports.ts';
export {
  createRfc2217Server,
  type Rfc2217Event,
  type Rfc2217Server,
  type Rfc2217ServerOptions,
} from './rfc2217/server.ts';
