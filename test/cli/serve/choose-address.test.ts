import { describe, expect, it } from 'vitest';
import { chooseAddress } from '../../../src/cli/serve/choose-address.ts';

function card(address: string, mac = '3c:7c:3f:11:22:33') {
  const internal = address.startsWith('127.');
  return [
    { address, netmask: '255.255.255.0', family: 'IPv4', mac, internal, cidr: null } as const,
  ];
}

const LAN = {
  lo: card('127.0.0.1'),
  docker0: card('172.17.0.1', '02:42:00:00:00:01'),
  wlan0: card('192.168.1.5'),
  eth0: card('192.168.1.4'),
};

describe('chooseAddress', () => {
  it('takes the best, and lists the others', () => {
    const { host, others, issues } = chooseAddress({ bind: '0.0.0.0' }, LAN, null);
    expect(host).toBe('192.168.1.4');
    expect(others.map(({ address }) => address)).toEqual(['192.168.1.5', '172.17.0.1']);
    expect(issues).toEqual([]);
  });

  it('takes the address that it is bound to, or told', () => {
    expect(chooseAddress({ bind: '172.17.0.1' }, LAN, null)).toMatchObject({
      host: '172.17.0.1',
      others: [],
      issues: [{ code: 'serve/address-not-lan' }],
    });
    const told = chooseAddress({ bind: '0.0.0.0', host: 'bench.local' }, LAN, 'container');
    expect(told).toEqual({ host: 'bench.local', others: [], issues: [] });
  });

  it('warns where the address is that of a guest', () => {
    const codes = chooseAddress({ bind: '0.0.0.0' }, LAN, 'wsl').issues.map(({ code }) => code);
    expect(codes).toEqual(['serve/address-in-guest']);
  });

  it('warns where there is loopback only', () => {
    const { host, issues } = chooseAddress({ bind: '0.0.0.0' }, { lo: LAN.lo }, null);
    expect(host).toBe('127.0.0.1');
    expect(issues.map(({ code }) => code)).toEqual(['serve/address-loopback']);
  });

  it('gives up where there is no address at all: serve/no-address', () => {
    expect(() => chooseAddress({ bind: '::' }, {}, null)).toThrow(
      expect.objectContaining({ code: 'serve/no-address' }),
    );
  });
});
