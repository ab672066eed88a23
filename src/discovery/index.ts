/**
 * mDNS: announces the server on the LAN, and finds servers and ESP devices there.
 *
 * @module
 */
export { advertise, type Advertisement, type AdvertiseOptions } from './advertise.ts';
export { DISCOVERY_CODES, type DiscoveryCode, DiscoveryError } from './codes.ts';
export {
  discover,
  type DiscoveredService,
  type DiscoverOptions,
  type FoundDevice,
  type FoundServer,
} from './discover.ts';
export type { ServerFacts } from './server-facts.ts';
export type { Firmware } from './service-types.ts';
