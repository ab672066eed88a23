import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../src/serve/byte-range.ts';

const SIZE = 10_000;

describe('parseRange', () => {
  it.each([
    ['bytes=0-', 0, SIZE],
    ['bytes=0-0', 0, 1],
    ['bytes=0-9999', 0, SIZE],
    // ESP-IDF's resumption asks for one byte past the last.
    ['bytes=9000-10000', 9000, SIZE],
    ['bytes=0-99999999999999999999999', 0, SIZE],
    ['bytes=1000-', 1000, SIZE],
    ['bytes=9999-', 9999, SIZE],
    ['bytes=-1000', 9000, SIZE],
    ['bytes=-1', 9999, SIZE],
    ['bytes=-10000', 0, SIZE],
    ['bytes=-20000', 0, SIZE],
    ['BYTES = 5-6', 5, 7],
    ['bytes= 5-6 ,', 5, 7],
  ])('%s is a part', (header, start, end) => {
    expect(parseRange(header, SIZE)).toEqual({ kind: 'part', range: { start, end } });
  });

  it.each([
    'bytes=10000-',
    'bytes=10000-10001',
    'bytes=99999999999999999999-',
    'bytes=-0',
    'bytes=10000-,-0',
  ])('%s is unsatisfiable', (header) => {
    expect(parseRange(header, SIZE)).toEqual({ kind: 'unsatisfiable' });
  });

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=0x10-',
    'bytes=1.5-2',
    'bytes=--1',
    'bytes=0-1;2-3',
    'items=0-5',
    'bytes=0-1,a-b',
    'bytes=0-0,2-3',
    'bytes=0-,0-,0-,0-',
    'bytes=0-5,10000-',
  ])('%s is answered whole', (header) => {
    expect(parseRange(header, SIZE)).toEqual({ kind: 'whole' });
  });

  it('never leaves the representation, whatever is asked for', () => {
    const bound = fc.oneof(fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 80n }), fc.constant(''));
    fc.assert(
      fc.property(bound, bound, fc.integer({ min: 1, max: 1e9 }), (first, last, size) => {
        const asked = parseRange(`bytes=${first}-${last}`, size);
        if (asked.kind !== 'part') return;
        expect(asked.range.start).toBeGreaterThanOrEqual(0);
        expect(asked.range.end).toBeGreaterThan(asked.range.start);
        expect(asked.range.end).toBeLessThanOrEqual(size);
      }),
    );
  });

  it('re-assembles the whole from consecutive parts', () => {
    let position = 0;
    for (let part = 0; part < 50; part += 1) {
      const asked = parseRange(`bytes=${part * 200}-${part * 200 + 199}`, SIZE);
      if (asked.kind !== 'part') throw new Error('not a part');
      expect(asked.range.start).toBe(position);
      position = asked.range.end;
    }
    expect(position).toBe(SIZE);
  });
});
