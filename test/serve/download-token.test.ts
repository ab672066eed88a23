import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import { checkDownloadToken, mintDownloadToken } from '../../src/serve/index.ts';

const KEY = new Uint8Array(32).fill(1);
const SHA256 = '0a'.repeat(32);
const NOW = Date.UTC(2026, 5, 1);
const token = mintDownloadToken(KEY, SHA256, NOW + 60_000);

describe('a download token', () => {
  it('is 28 characters that a URL carries as they are', () => {
    expect(token).toMatch(/^[A-Za-z0-9_-]{28}$/);
  });

  it('is valid until it expires', () => {
    expect(checkDownloadToken(KEY, SHA256, token, NOW)).toBe('valid');
    expect(checkDownloadToken(KEY, SHA256, token, NOW + 59_999)).toBe('valid');
    expect(checkDownloadToken(KEY, SHA256, token, NOW + 60_000)).toBe('expired');
  });

  it('is good for one image and one key only', () => {
    expect(checkDownloadToken(KEY, '0b'.repeat(32), token, NOW)).toBe('wrong');
    expect(checkDownloadToken(new Uint8Array(32), SHA256, token, NOW)).toBe('wrong');
  });

  it('does not say "expired" of a token that was never ours', () => {
    const old = mintDownloadToken(new Uint8Array(32), SHA256, NOW - 1000);
    expect(checkDownloadToken(KEY, SHA256, old, NOW)).toBe('wrong');
  });

  it('is spoiled by any other character at any place, so nobody can stretch its expiry', () => {
    for (let index = 0; index < token.length; index += 1) {
      for (const other of ['A', 'Z', '0', '_', '-', '%', '=']) {
        if (token[index] === other) continue;
        const forged = token.slice(0, index) + other + token.slice(index + 1);
        expect(checkDownloadToken(KEY, SHA256, forged, NOW)).toBe('wrong');
      }
    }
  });

  it('is never anything that somebody made up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(checkDownloadToken(KEY, SHA256, text, NOW)).toBe('wrong');
      }),
    );
  });

  it('holds for every expiry and image', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (at, sha) => {
          const hex = Buffer.from(sha).toString('hex');
          const minted = mintDownloadToken(KEY, hex, at);
          expect(checkDownloadToken(KEY, hex, minted, at - 1)).toBe('valid');
          expect(checkDownloadToken(KEY, hex, minted, at + 1000)).toBe('expired');
        },
      ),
    );
  });
});
