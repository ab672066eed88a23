import { crc32 as zlibCrc32 } from 'node:zlib';
import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/shared/index.ts';

describe('crc32', () => {
  it('has the check value of the standard, and goes on from a previous one', () => {
    const check = new TextEncoder().encode('123456789');
    expect(crc32(check)).toBe(0xcbf43926);
    expect(crc32(check.subarray(4), crc32(check.subarray(0, 4)))).toBe(0xcbf43926);
  });

  it('is what zlib computes', () => {
    const seeds = fc.constantFrom(0, 0xffffffff, 0x12345678);
    fc.assert(
      fc.property(fc.uint8Array(), seeds, (bytes, seed) => {
        expect(crc32(bytes, seed)).toBe(zlibCrc32(bytes, seed));
      }),
    );
  });
});
