import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import { mintDeviceLink, readDeviceLink } from '../../../src/server/faces/downloads/device-link.ts';

const key = new Uint8Array(32).fill(7);
const link = { artifactId: 'art_abcdefghijklmnopqrst', deviceId: 'dev.1-a:b' };
const NOW = 1_800_000_000_000;

describe('a device link', () => {
  it('says what it is for, until it expires', () => {
    const token = mintDeviceLink(key, link, NOW + 1000);
    expect(readDeviceLink(key, token, NOW)).toEqual({ kind: 'valid', link });
    expect(readDeviceLink(key, token, NOW + 1000)).toEqual({ kind: 'expired' });
  });

  it('is worth nothing under another key', () => {
    const token = mintDeviceLink(key, link, NOW);
    expect(readDeviceLink(new Uint8Array(32), token, 0)).toEqual({ kind: 'wrong' });
  });

  it('fits with the longest ids into a URL of 200 characters', () => {
    const token = mintDeviceLink(key, { ...link, deviceId: 'd'.repeat(64) }, NOW);
    expect(`http://255.255.255.255:65535/d/${token}/fw.bin`.length).toBeLessThanOrEqual(200);
  });

  it('has one spelling only, and every changed character is noticed', () => {
    const token = mintDeviceLink(key, link, NOW);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.base64String({ minLength: 1 }), (at, other) => {
        const letter = other[0] ?? 'A';
        fc.pre(token[at] !== letter);
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        expect(readDeviceLink(key, changed, 0).kind).toBe('wrong');
      }),
    );
    expect(readDeviceLink(key, `${token}=`, 0).kind).toBe('wrong');
    expect(readDeviceLink(key, '', 0).kind).toBe('wrong');
    expect(readDeviceLink(key, 'A'.repeat(100_000), 0).kind).toBe('wrong');
  });
});
