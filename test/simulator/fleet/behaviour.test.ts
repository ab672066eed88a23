import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { FAULTLESS, fateOf, habitsOf } from '../../../src/simulator/fleet/behaviour.ts';
import { draw } from '../../../src/simulator/fleet/chance.ts';

const ids = Array.from({ length: 2000 }, (_, index) => `dev-${index}`);
const share = (counts: (id: string) => boolean) => ids.filter(counts).length / ids.length;

describe('what the seed has in store', () => {
  it('is the same for the same names, and a number from 0 up to 1', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), (names) => {
        const value = draw(...names);
        expect(value).toBe(draw(...names));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(1);
      }),
    );
  });

  it('hits the share of devices that was asked for, others with another seed', () => {
    const fails = (seed: string) => (id: string) =>
      fateOf({ ...FAULTLESS, seed, failShare: 0.1 }, id, 'main', '2').kind !== 'fine';
    expect(share(fails('a'))).toBeCloseTo(0.1, 1);
    expect(ids.filter(fails('a'))).not.toEqual(ids.filter(fails('b')));
  });

  it('raising the share only ever adds devices', () => {
    const failing = (failShare: number) =>
      ids.filter((id) => fateOf({ ...FAULTLESS, failShare }, id, 'main', '2').kind !== 'fine');
    const more = new Set(failing(0.2));
    expect(failing(0.1).every((id) => more.has(id))).toBe(true);
  });

  it('lets a bad version crash on everybody, and no other version', () => {
    const behaviour = { ...FAULTLESS, crashes: new Map([['2.0.0', 1]]) };
    expect(share((id) => fateOf(behaviour, id, 'main', '2.0.0').kind === 'boots-old')).toBe(1);
    expect(share((id) => fateOf(behaviour, id, 'main', '2.0.1').kind === 'boots-old')).toBe(0);
  });

  it('never lets a sleeping device listen', () => {
    const behaviour = { ...FAULTLESS, sleepShare: 0.5, sleepMs: 60_000, listenShare: 1 };
    const habits = ids.map((id) => habitsOf(behaviour, id));
    expect(habits.some(({ sleepMs }) => sleepMs === 60_000)).toBe(true);
    expect(habits.every(({ sleepMs, listens }) => listens === (sleepMs === null))).toBe(true);
  });
});
