import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  nextStep,
  parseVersion,
  type Standing,
  type Step,
} from '../../../src/fleet/index.ts';

const step = (version: string, minVersion: string | null = null, secureVersion = 0): Step => ({
  version,
  minVersion,
  secureVersion,
});
const at = (version: string | null, secureVersion: number | null = 0): Standing => ({
  version,
  secureVersion,
});

function shown(device: Standing, target: Step, history: readonly Step[] = []): string {
  const next = nextStep(device, target, history);
  if (next.kind === 'no-path') return next.reason;
  return next.kind === 'target'
    ? `target ${next.step.version}`
    : next.path.map(({ version }) => version).join(' → ');
}

describe('the next step to a target', () => {
  const history = [step('1.0.0'), step('1.5.0', '1.0.0'), step('1.9.0', '1.5.0')];

  it.each([
    ['needs nothing', at('1.0.0'), step('2.0.0'), 'target 2.0.0'],
    ['is new enough', at('1.9.0'), step('2.0.0', '1.9.0'), 'target 2.0.0'],
    [
      'is the very version in another spelling',
      at('v1.9.0'),
      step('2.0.0', '1.9.0'),
      'target 2.0.0',
    ],
    ['is not compared as text', at('1.10.0'), step('2.0.0', '1.9.0'), 'target 2.0.0'],
    ['goes over one stone', at('1.6.0'), step('2.0.0', '1.9.0'), '1.9.0 → 2.0.0'],
    ['goes over a chain', at('1.2.0'), step('2.0.0', '1.9.0'), '1.5.0 → 1.9.0 → 2.0.0'],
    [
      'goes over a long chain',
      at('0.1.0'),
      step('2.0.0', '1.9.0'),
      '1.0.0 → 1.5.0 → 1.9.0 → 2.0.0',
    ],
    ['goes back directly', at('3.0.0'), step('2.0.0', '1.9.0'), 'target 2.0.0'],
    ['never said what it runs', at(null), step('2.0.0', '1.9.0'), '1.0.0 → 1.5.0 → 1.9.0 → 2.0.0'],
    [
      'runs something without order',
      at('dev'),
      step('2.0.0', '1.9.0'),
      '1.0.0 → 1.5.0 → 1.9.0 → 2.0.0',
    ],
    ['runs exactly the opaque one asked for', at('dev'), step('2.0.0', 'dev'), 'target 2.0.0'],
  ])('where the device %s', (_, device, target, expected) => {
    expect(shown(device, target, history)).toBe(expected);
  });

  it.each([
    [
      'no stone',
      at('1.0.0'),
      step('2.0.0', '1.5.0'),
      [],
      '2.0.0 needs 1.5.0 or newer, the device runs 1.0.0, and no artifact of the package leads there',
    ],
    [
      'a gap in the chain',
      at('1.0.0'),
      step('2.0.0', '1.9.0'),
      [step('1.9.0', '1.5.0')],
      '2.0.0 needs 1.9.0 or newer, the device runs 1.0.0, and no artifact of the package leads there',
    ],
    [
      'a stone beyond the target',
      at('1.0.0'),
      step('2.0.0', '1.5.0'),
      [step('2.1.0')],
      '2.0.0 needs 1.5.0 or newer, the device runs 1.0.0, and no artifact of the package leads there',
    ],
    [
      'a version without order',
      at('dev'),
      step('2.0.0', '1.5.0'),
      [],
      '2.0.0 needs 1.5.0 or newer, and dev cannot be compared with that, and no artifact of the package leads there',
    ],
    [
      'anti-rollback',
      at('2.1.0', 3),
      step('2.0.0', null, 2),
      [],
      'its bootloader refuses 2.0.0: that has secure version 2, the device is at 3',
    ],
  ])('says why there is none: %s', (_, device, target, stones, reason) => {
    expect(shown(device, target, stones)).toBe(reason);
  });

  it('does not walk into a stone whose secure version the rest of the way has not', () => {
    const stones = [step('1.5.0', null, 2), step('1.4.0', null, 1), step('1.8.0', '1.4.0', 1)];
    expect(shown(at('1.0.0', 1), step('2.0.0', '1.8.0', 2), stones)).toBe('1.4.0 → 1.8.0 → 2.0.0');
  });

  const version = fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.nat(4))
    .map(([major, minor]) => `${major}.${minor}.0`);
  const anyStep = fc.record({
    version,
    minVersion: fc.option(version),
    secureVersion: fc.nat(3),
  });

  it('arrives, and every step on the way is allowed, rises and stays bootable', () => {
    fc.assert(
      fc.property(version, fc.nat(2), anyStep, fc.array(anyStep), (from, fuse, target, history) => {
        let device = at(from, fuse);
        for (let taken = 0; taken <= history.length + 1; taken += 1) {
          const next = nextStep(device, target, history);
          if (next.kind === 'no-path') {
            expect(taken).toBe(0);
            return;
          }
          expect(next.step.secureVersion).toBeGreaterThanOrEqual(device.secureVersion ?? 0);
          const [has, least] = [device.version ?? '', next.step.minVersion ?? '0.0.0'];
          expect(older(has, least)).toBe(false);
          if (next.kind === 'target') return;
          expect(older(has, next.step.version)).toBe(true);
          expect(older(next.step.version, target.version)).toBe(true);
          device = next.step;
        }
        expect.unreachable('it never arrived');
      }),
      { numRuns: 500 },
    );
  });
});

function older(a: string, b: string): boolean {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left.kind === 'opaque' || right.kind === 'opaque') throw new Error('has no order');
  return compareVersions(left, right) < 0;
}
