import type { NetworkInterfaceInfo } from 'node:os';
import type { Issue } from '../shared/index.ts';

/** What an address belongs to, from the likeliest to be reached by a device to the least likely. */
export type AddressKind =
  | 'lan'
  | 'public'
  | 'vpn'
  | 'virtual'
  | 'container'
  | 'link-local'
  | 'loopback';

/** One IPv4 address of this machine. */
export interface AddressCandidate {
  readonly address: string;
  readonly interfaceName: string;
  readonly kind: AddressKind;
}

/** The shape of `os.networkInterfaces()`. */
export type NetworkInterfaces = Readonly<
  Record<string, readonly NetworkInterfaceInfo[] | undefined>
>;

/** What kind of machine we run in, where that keeps the LAN from reaching its addresses. */
export type Guest = 'wsl' | 'container' | 'virtual-machine';

/** Names that tell what an interface is, on Linux, macOS and Windows; the first that matches counts. */
const INTERFACE_NAMES: readonly (readonly [AddressKind, RegExp])[] = [
  ['loopback', /^lo\d*$|loopback/i],
  [
    'container',
    /^(?:docker|br-[0-9a-f]{6,}|veth(?!ernet)|cni|flannel|cali|cilium|podman|kube|nerdctl|lxc|lxd|incus|weave|crc)/i,
  ],
  [
    'vpn',
    /^(?:tun|tap|utun|wg|ppp|zt|tailscale|nordlynx|proton|ipsec|gpd|cscotun|ham\d|outline|mullvad|warp|feth)|tailscale|zerotier|wireguard|openvpn|wintun|\bvpn\b|anyconnect|hamachi|tap-windows/i,
  ],
  [
    'virtual',
    /^(?:virbr|vmnet|vboxnet|vnic|vnet|bridge\d|dummy|ifb|awdl|llw|ap\d|anpi|qemu|xenbr|vmbr)|^vethernet|virtualbox|vmware|hyper-v|default switch|host-only|parallels|^local area connection\* /i,
  ],
];

const ORDER: readonly AddressKind[] = [
  'lan',
  'public',
  'vpn',
  'virtual',
  'container',
  'link-local',
  'loopback',
];

/** The makers of virtual network cards, by the first three bytes of the address. */
const GUEST_MAC =
  /^(?:08:00:27|0a:00:27|00:0c:29|00:50:56|00:05:69|00:1c:14|00:15:5d|52:54:00|00:1c:42|00:16:3e)/i;
const DOCKER_MAC = /^02:42:/i;

/**
 * Every IPv4 address of this machine, the one that a device on the LAN most likely reaches first:
 * real interfaces before VPNs, virtual and container networks, link-local and loopback addresses.
 */
export function rankAddresses(interfaces: NetworkInterfaces): readonly AddressCandidate[] {
  const candidates = Object.entries(interfaces).flatMap(([interfaceName, infos = []]) =>
    infos
      .filter((info) => info.family === 'IPv4')
      .map((info) => ({
        address: info.address,
        interfaceName,
        kind: classify(interfaceName, info),
      })),
  );
  // The sort is stable: within a kind the system's own order stays.
  return candidates.toSorted((a, b) => rank(a) - rank(b));
}

function classify(name: string, { address, internal, mac }: NetworkInterfaceInfo): AddressKind {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (internal || a === 127) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  const byName = INTERFACE_NAMES.find(([, pattern]) => pattern.test(name))?.[0];
  if (byName !== undefined) return byName;
  // Carrier-grade NAT: on a computer of one's own that is Tailscale or the like.
  if (a === 100 && b >= 64 && b < 128) return 'vpn';
  if (DOCKER_MAC.test(mac)) return 'container';
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
  return isPrivate ? 'lan' : 'public';
}

function rank({ kind, interfaceName }: AddressCandidate): number {
  // Where both are up, a cable is the likelier way to the boards than a wireless network.
  const isWireless = /^(?:wl|wifi|wi-fi|ath|ra\d)/i.test(interfaceName);
  return ORDER.indexOf(kind) * 2 + (isWireless ? 1 : 0);
}

/** What we run in, as far as its network cards tell; WSL and containers are told by the caller. */
export function guestByNetworkCard(address: string, interfaces: NetworkInterfaces): Guest | null {
  const info = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .find((candidate) => candidate.address === address);
  if (info === undefined) return null;
  if (DOCKER_MAC.test(info.mac)) return 'container';
  return GUEST_MAC.test(info.mac) ? 'virtual-machine' : null;
}

const GUEST_NAME = {
  wsl: 'WSL',
  container: 'a container',
  'virtual-machine': 'a virtual machine',
} as const satisfies Record<Guest, string>;

const GUEST_HINT = {
  wsl: 'Set networkingMode=mirrored in .wslconfig, or forward the port on Windows and name its address with --host.',
  container:
    'Publish the port (docker run -p 3001:3001, or --network host) and name the host with --host.',
  'virtual-machine':
    'Bridge its network card to the LAN, or forward the port and name the host with --host.',
} as const satisfies Record<Guest, string>;

const KIND_NAME = {
  vpn: 'a VPN',
  virtual: 'a virtual network',
  container: 'a container network',
  'link-local': 'a link-local network',
} as const;

/** What there is to say about a URL that names this address: whether a device will reach it. */
export function checkAddress(
  address: string,
  kind: AddressKind | null,
  guest: Guest | null,
): readonly Issue[] {
  if (kind === 'loopback' || address === 'localhost' || address.startsWith('127.')) {
    return [
      warning(
        'serve/address-loopback',
        `only this machine itself reaches ${address}`,
        'Connect to the LAN and leave --bind and --host out, or name a LAN address with --host.',
      ),
    ];
  }
  const issues: Issue[] = [];
  const isOwnContainer = kind === 'container' && guest === 'container';
  if (kind !== null && kind in KIND_NAME && !isOwnContainer) {
    const name = KIND_NAME[kind as keyof typeof KIND_NAME];
    issues.push(
      warning(
        'serve/address-not-lan',
        `${address} belongs to ${name}, which devices on the LAN usually cannot reach`,
        'Connect to the network that the boards are on, or name its address with --host.',
      ),
    );
  }
  if (guest !== null) {
    issues.push(
      warning(
        'serve/address-in-guest',
        `this is ${GUEST_NAME[guest]}: ${address} may be known inside its host only`,
        GUEST_HINT[guest],
      ),
    );
  }
  return issues;
}

function warning(code: string, message: string, hint: string): Issue {
  return { code, severity: 'warning', message, hint };
}
