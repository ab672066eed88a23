import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, sameVersion } from '../../../src/fleet/index.ts';

const semantic = fc
  .tuple(fc.nat(30), fc.nat(30), fc.nat(30), fc.constantFrom('', '-rc.1', '-rc.2', '-alpha'))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);

function compare(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left.kind === 'opaque' || right.kind === 'opaque') throw new Error(`${a} or ${b} is opaque`);
  return Math.sign(compareVersions(left, right));
}

describe('versions', () => {
  it.each([
    ['1.9.0', '1.10.0', -1],
    ['v2.0.0', '1.99.99', 1],
    ['1.0.0-rc.2', '1.0.0-rc.10', -1],
    ['1.0.0-rc.1', '1.0.0', -1],
    ['1.0.0+a', '1.0.0+b', 0],
    ['1.2.3-4-gabcdef0', '1.2.3', -1],
  ] as const)('%s against %s', (a, b, order) => {
    expect(compare(a, b)).toBe(order);
  });

  it.each(['', '1.2', '2026-11-21', 'f00dfeed', 'latest', '01.2.3', '1.2.3.4', '9'.repeat(300)])(
    'has no order for %j',
    (text) => {
      expect(parseVersion(text)).toEqual({ kind: 'opaque', text });
    },
  );

  it.each([
    ['v1.2.3', '1.2.3', true],
    ['1.2.3+a', '1.2.3+b', false],
    ['1.2.3', '1.2.4', false],
    ['night-41', 'night-41', true],
    ['1.0', '1.0.0', false],
  ])('%s and %s: the same %s', (a, b, same) => {
    expect(sameVersion(a, b)).toBe(same);
  });

  it('are ordered: what is older than the older is older, whatever their texts', () => {
    fc.assert(
      fc.property(semantic, semantic, semantic, (a, b, c) => {
        expect(compare(a, b)).toBe(0 - compare(b, a));
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  it('never fail, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(parseVersion(a).text).toBe(a);
        expect(sameVersion(a, b)).toBe(sameVersion(b, a));
        expect(sameVersion(a, a)).toBe(true);
      }),
    );
  });
});
