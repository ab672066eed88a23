import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { HEAD_BYTES, readImageHead } from '../../../src/simulator/fleet/image-head.ts';
import { buildTestApp } from '../../support/build-image.ts';

describe('readImageHead', () => {
  it('reads chip, secure version and ELF hash out of the first bytes', async () => {
    const app = await buildTestApp({
      chip: 'esp32c3',
      descriptor: { secureVersion: 7, appElfSha256: new Uint8Array(32).fill(0xab) },
    });
    expect(readImageHead(app.subarray(0, HEAD_BYTES))).toEqual({
      isImage: true,
      chipId: 5,
      secureVersion: 7,
      elfSha256: 'ab'.repeat(32),
    });
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: HEAD_BYTES + 8 }), (bytes) => {
        const { isImage, elfSha256 } = readImageHead(bytes);
        expect(isImage || elfSha256 === null).toBe(true);
      }),
    );
  });
});
