import { describe, expect, it } from 'vitest';
import { addressGroup, isLoopback } from '../../src/serve/address-group.ts';

describe('an address', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    // A whole LAN has the same first half here.
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['fe80::2%eth0', 'fe80::2%eth0'],
    [undefined, 'unknown'],
  ])('%s counts as %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
    ['12.7.0.1', false],
    ['::2', false],
    ['192.0.2.1', false],
  ])('%s is of this machine: %s', (address, isOwn) => {
    expect(isLoopback(address)).toBe(isOwn);
  });
});
