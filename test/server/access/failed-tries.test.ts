import { expect, it } from 'vitest';
import { FailedTries } from '../../../src/server/access/authorizer.ts';
import { DEFAULT_SERVER_LIMITS } from '../../../src/server/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('wrong credentials are counted for whoever has the address, however it is written', () => {
  const limits = { ...DEFAULT_SERVER_LIMITS, failureRate: { burst: 2, perSecond: 0.001 } };
  const tries = new FailedTries(limits, new ManualClock());
  const refused = (address: string) => {
    try {
      tries.count(address);
      return false;
    } catch {
      return true;
    }
  };
  // One host has all addresses of such a /64 to choose from.
  const addresses = ['2001:db8:1:2::1', '2001:db8:1:2:a:b:c:d', '2001:db8:1:2::3'];
  expect(addresses.map(refused)).toEqual([false, false, true]);
  expect(refused('2001:db8:1:3::1')).toBe(false);
  // The same, as the sockets of two families name it.
  expect(['192.0.2.1', '::ffff:192.0.2.1', '192.0.2.1'].map(refused)).toEqual([false, false, true]);
});
