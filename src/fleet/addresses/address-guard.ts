import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { FleetError } from '../codes.ts';

/**
 * Keeps the server from being used to reach what only it can reach: every address that a connection is
 * about to be made to is looked at, after the name was resolved, so that a name which changes its
 * meaning in between (DNS rebinding) gains nothing.
 */
export interface AddressGuard {
  /** For `lookup` of a socket, `http.request` and the like: fails for addresses that are not allowed. */
  readonly lookup: LookupFunction;
  /**
   * For hosts that are addresses already, which nobody looks up.
   *
   * @param host as a URL has it: IPv6 in brackets
   * @throws FleetError `fleet/address-refused`
   */
  check(host: string): void;
}

/** IANA's registries of special-purpose addresses: everything that is not globally reachable. */
const IPV4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Of IPv6 only the global unicast block is let through, without what lies in it for other purposes. */
const IPV6_INSIDE_GLOBAL: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4 carries an IPv4 address, which may be a private one.
  ['2002::', 16],
  ['3fff::', 20],
];

const refused = new BlockList();
for (const [network, prefix] of IPV4) refused.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of IPV6_INSIDE_GLOBAL) refused.addSubnet(network, prefix, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Whether the whole internet would reach the same machine under this address. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, 'ipv4');
  if (family === 6) {
    // Mapped IPv4 addresses are outside the global block, as are loopback, link-local and private ones.
    return globalUnicast.check(address, 'ipv6') && !refused.check(address, 'ipv6');
  }
  return false;
}

/** @param allowPrivate lets everything through */
export function createAddressGuard(
  allowPrivate: boolean,
  resolve: typeof systemLookup = systemLookup,
): AddressGuard {
  const refusal = (host: string, address: string) => {
    const name = host === address ? host : `${host} (${address})`;
    return new FleetError('fleet/address-refused', `${name} is no public address`, {
      hint: 'Start the server with --allow-private-uris to let it reach its own network.',
      details: { host, address },
    });
  };
  return {
    check: (host) => {
      const bare = host.replace(/^\[(.*)\]$/, '$1');
      if (!allowPrivate && isIP(bare) !== 0 && !isPublicAddress(bare)) throw refusal(host, bare);
    },
    lookup: (host, options, callback) => {
      resolve(host, { ...options, all: true }, (error, found) => {
        if (error) return callback(error, '', 4);
        const [first] = found;
        const bad = allowPrivate
          ? undefined
          : found.find(({ address }) => !isPublicAddress(address));
        // All of them have to be good: which one is connected to is decided elsewhere.
        if (bad !== undefined) return callback(refusal(host, bad.address), '', 4);
        if (options.all) return callback(null, found);
        return callback(null, first?.address ?? '', first?.family ?? 4);
      });
    },
  };
}
