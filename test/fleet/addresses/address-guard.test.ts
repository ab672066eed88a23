import type { lookup } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createAddressGuard, isPublicAddress } from '../../../src/fleet/index.ts';

const resolvesTo = (...addresses: readonly string[]) =>
  ((_host: string, _options: object, callback: (error: null, found: unknown) => void) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof lookup;

const looked = (guard: ReturnType<typeof createAddressGuard>, all: boolean) =>
  new Promise((resolve, reject) => {
    guard.lookup('example.test', { all }, (error, address) =>
      error ? reject(error) : resolve(address),
    );
  });

describe('addresses that the server may reach', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    'localhost',
    '',
  ])('do not include %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.63.255.255', '2606:4700::1111', '2a00::1'])(
    'include %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it('are checked where the host is an address', () => {
    const guard = createAddressGuard(false);
    for (const host of ['127.0.0.1', '[::1]', '[::ffff:7f00:1]', '169.254.169.254']) {
      expect(() => guard.check(host)).toThrow(
        expect.objectContaining({ code: 'fleet/address-refused' }),
      );
    }
    expect(() => guard.check('example.test')).not.toThrow();
    expect(() => guard.check('8.8.8.8')).not.toThrow();
    expect(() => createAddressGuard(true).check('127.0.0.1')).not.toThrow();
  });

  it('are checked after the name was resolved, all of them', async () => {
    const bad = createAddressGuard(false, resolvesTo('8.8.8.8', '10.0.0.1'));
    await expect(looked(bad, true)).rejects.toMatchObject({ code: 'fleet/address-refused' });
    const good = createAddressGuard(false, resolvesTo('8.8.8.8', '2606:4700::1111'));
    expect(await looked(good, false)).toBe('8.8.8.8');
    expect(await looked(good, true)).toHaveLength(2);
    const lax = createAddressGuard(true, resolvesTo('10.0.0.1'));
    expect(await looked(lax, false)).toBe('10.0.0.1');
  });
});
