import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkAddress, guestByNetworkCard, rankAddresses } from '../../src/serve/index.ts';

const REAL_MAC = '3c:7c:3f:11:22:33';

function info(address: string, mac = REAL_MAC): NetworkInterfaceInfo {
  const internal = address.startsWith('127.') || address === '::1';
  return address.includes(':')
    ? { address, netmask: 'ffff::', family: 'IPv6', mac, internal, cidr: null, scopeid: 0 }
    : { address, netmask: '255.255.255.0', family: 'IPv4', mac, internal, cidr: null };
}

/** Interface listings of real machines, and what of them a device should be told. */
const MACHINES: readonly {
  readonly title: string;
  readonly interfaces: Record<string, NetworkInterfaceInfo[]>;
  readonly order: readonly string[];
}[] = [
  {
    title: 'a Linux desktop with Docker, libvirt, WireGuard and Tailscale',
    interfaces: {
      lo: [info('127.0.0.1'), info('::1')],
      'br-3f2a9c0d1e77': [info('172.18.0.1', '02:42:ac:12:00:01')],
      docker0: [info('172.17.0.1', '02:42:0a:0b:0c:0d')],
      veth1a2b3c: [info('169.254.10.1')],
      virbr0: [info('192.168.122.1', '52:54:00:aa:bb:cc')],
      wg0: [info('10.8.0.2')],
      tailscale0: [info('100.101.102.103')],
      wlp3s0: [info('192.168.1.31')],
      enp4s0: [info('192.168.1.30'), info('fe80::1')],
    },
    order: [
      '192.168.1.30',
      '192.168.1.31',
      '10.8.0.2',
      '100.101.102.103',
      '192.168.122.1',
      '172.18.0.1',
      '172.17.0.1',
      '169.254.10.1',
      '127.0.0.1',
    ],
  },
  {
    title: 'a MacBook with a VPN, Parallels and internet sharing',
    interfaces: {
      lo0: [info('127.0.0.1')],
      utun4: [info('10.20.30.40')],
      bridge100: [info('192.168.64.1')],
      vnic0: [info('10.211.55.2')],
      en0: [info('192.168.178.44')],
      en5: [info('169.254.3.4')],
    },
    order: [
      '192.168.178.44',
      '10.20.30.40',
      '192.168.64.1',
      '10.211.55.2',
      '169.254.3.4',
      '127.0.0.1',
    ],
  },
  {
    title: 'Windows with WSL, Hyper-V, VirtualBox and Tailscale',
    interfaces: {
      'vEthernet (WSL)': [info('172.29.96.1', '00:15:5d:01:02:03')],
      'vEthernet (Default Switch)': [info('172.20.0.1', '00:15:5d:01:02:04')],
      'VirtualBox Host-Only Network': [info('192.168.56.1', '0a:00:27:00:00:10')],
      Tailscale: [info('100.90.80.70')],
      'Local Area Connection* 10': [info('192.168.137.1')],
      'Wi-Fi': [info('192.168.0.17')],
      Ethernet: [info('10.0.0.5')],
      'Loopback Pseudo-Interface 1': [info('127.0.0.1')],
    },
    order: [
      '10.0.0.5',
      '192.168.0.17',
      '100.90.80.70',
      '172.29.96.1',
      '172.20.0.1',
      '192.168.56.1',
      '192.168.137.1',
      '127.0.0.1',
    ],
  },
  {
    title: 'a Raspberry Pi on both networks, the wireless one listed first',
    interfaces: { wlan0: [info('192.168.1.5')], eth0: [info('192.168.1.4')] },
    order: ['192.168.1.4', '192.168.1.5'],
  },
  {
    title: 'a bridge that is the LAN (br0), beside one that is Docker',
    interfaces: {
      'br-0123456789ab': [info('172.19.0.1')],
      br0: [info('192.168.2.10')],
    },
    order: ['192.168.2.10', '172.19.0.1'],
  },
  {
    title: 'a rented server with a public address and a private network',
    interfaces: { eth0: [info('203.0.113.9')], eth1: [info('10.1.2.3')] },
    order: ['10.1.2.3', '203.0.113.9'],
  },
  {
    title: 'a machine without any network',
    interfaces: { lo: [info('127.0.0.1')] },
    order: ['127.0.0.1'],
  },
  { title: 'IPv6 only', interfaces: { eth0: [info('fd00::1')] }, order: [] },
  { title: 'nothing at all', interfaces: {}, order: [] },
];

describe('rankAddresses', () => {
  it.each(MACHINES)('of $title', ({ interfaces, order }) => {
    expect(rankAddresses(interfaces).map((candidate) => candidate.address)).toEqual(order);
  });
});

describe('checkAddress', () => {
  const codes = (...args: Parameters<typeof checkAddress>) =>
    checkAddress(...args).map((issue) => issue.code);

  it('has nothing to say about an address on the LAN, or one that was given by hand', () => {
    expect(codes('192.168.1.4', 'lan', null)).toEqual([]);
    expect(codes('203.0.113.9', 'public', null)).toEqual([]);
    expect(codes('bench-pi.local', null, null)).toEqual([]);
  });

  it('warns of loopback, however it is spelled', () => {
    expect(codes('127.0.0.1', 'loopback', null)).toEqual(['serve/address-loopback']);
    expect(codes('127.9.9.9', null, 'wsl')).toEqual(['serve/address-loopback']);
    expect(codes('localhost', null, null)).toEqual(['serve/address-loopback']);
  });

  it('warns of networks that boards are not on', () => {
    for (const kind of ['vpn', 'virtual', 'container', 'link-local'] as const) {
      expect(codes('10.8.0.2', kind, null)).toEqual(['serve/address-not-lan']);
    }
  });

  it('says once that a container is a container', () => {
    expect(codes('172.17.0.2', 'container', 'container')).toEqual(['serve/address-in-guest']);
  });

  it('warns inside WSL, containers and virtual machines', () => {
    for (const guest of ['wsl', 'container', 'virtual-machine'] as const) {
      expect(codes('172.29.100.7', 'lan', guest)).toEqual(['serve/address-in-guest']);
    }
  });
});

describe('guestByNetworkCard', () => {
  it.each([
    ['VirtualBox with NAT', '10.0.2.15', '08:00:27:12:34:56', 'virtual-machine'],
    ['KVM', '192.168.122.50', '52:54:00:12:34:56', 'virtual-machine'],
    ['a container', '172.17.0.2', '02:42:ac:11:00:02', 'container'],
    ['real hardware', '192.168.1.4', REAL_MAC, null],
  ])('knows %s', (_title, address, mac, guest) => {
    expect(guestByNetworkCard(address, { eth0: [info(address, mac)] })).toBe(guest);
  });

  it('knows nothing about an address that is not ours', () => {
    expect(guestByNetworkCard('192.168.1.99', { eth0: [info('192.168.1.4')] })).toBeNull();
  });
});
