import { createHash } from 'node:crypto';
import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { cutFor, deviceCount, EVERYBODY, rankOf } from '../../../src/fleet/rollouts/rank.ts';

describe('the rank of a device', () => {
  it('is what anybody computes', () => {
    const digest = createHash('sha256').update('rol_a:device-1').digest('hex');
    expect(rankOf('rol_a', 'device-1')).toBe(digest.slice(0, 16));
    expect(rankOf('rol_b', 'device-1')).not.toBe(rankOf('rol_a', 'device-1'));
  });
});

describe('a percentage of devices', () => {
  it.each([
    [5, 10, 1],
    [5, 100, 5],
    [7, 100, 7],
    [1, 1, 1],
    [0.01, 100_000, 10],
    [33.3, 3, 1],
    [100, 7, 7],
    [5, 0, 0],
  ])('%d %% of %d are %d', (percent, members, count) => {
    expect(deviceCount(percent, members)).toBe(count);
  });

  it('is covered by the cut, and a higher one only adds', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 60 });
    const percent = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(ids, percent, percent, (devices, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const few = cutFor('rol', devices, low);
        expect(few.inside.length).toBe(deviceCount(low, devices.length));
        expect(few.inside).toEqual(devices.filter((id) => rankOf('rol', id) <= few.cut));
        expect(cutFor('rol', devices, high).inside).toEqual(
          expect.arrayContaining([...few.inside]),
        );
      }),
    );
    expect(cutFor('rol', ['a'], 100)).toEqual({ cut: EVERYBODY, inside: ['a'] });
    expect(cutFor('rol', [], 50)).toEqual({ cut: '', inside: [] });
  });
});
