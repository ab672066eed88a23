import { describe, expect, it } from 'vitest';
import { checkChosenId, newId } from '../../src/fleet/ids.ts';

describe('ids that the fleet makes up', () => {
  it('have a prefix and 20 base32 letters', () => {
    expect(newId('dep', (count) => new Uint8Array(count))).toBe('dep_aaaaaaaaaaaaaaaaaaaa');
    const id = newId('cmd', (count) => crypto.getRandomValues(new Uint8Array(count)));
    expect(id).toMatch(/^cmd_[a-z2-7]{20}$/);
  });

  it('use all 32 letters equally', () => {
    let next = 0;
    const counted = new Map<string, number>();
    for (let round = 0; round < 64; round += 1) {
      const id = newId('art', (count) => Uint8Array.from({ length: count }, () => next++ % 256));
      for (const letter of id.slice(4)) counted.set(letter, (counted.get(letter) ?? 0) + 1);
    }
    expect([...counted.values()]).toEqual(Array.from({ length: 32 }, () => 40));
  });
});

describe('ids that people choose', () => {
  it.each(['a', 'Sensor-v2', '24:6f:28:aa:00:01', '1.2_x', 'x'.repeat(64)])('%s', (id) => {
    expect(checkChosenId('deviceId', id)).toBe(id);
  });

  it.each([
    '',
    ' a',
    '.a',
    '-a',
    'a/b',
    'a b',
    'ü',
    'a\n',
    'x'.repeat(65),
    '../x',
    'valueOf',
    'constructor',
  ])('not %j', (id) => {
    expect(() => checkChosenId('cohortId', id)).toThrow(
      expect.objectContaining({
        code: 'fleet/invalid',
        message: expect.stringContaining('cohortId') as string,
      }),
    );
  });
});
