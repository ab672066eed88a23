import { describe, expect, it } from 'vitest';
import {
  decryptNvs,
  deriveNvsKeys,
  encryptNvs,
  inspectNvs,
  parseNvs,
  parseNvsKeys,
  serializeNvsKeys,
} from '../../../src/flash-data/index.ts';
import { toHex } from '../../../src/shared/index.ts';
import { EntryCipher } from '../../../src/flash-data/nvs/xts.ts';
import { nvsOf } from './fixtures.ts';

const failsWith = (code: string) => expect.objectContaining({ code }) as Error;
const keys = Uint8Array.from({ length: 64 }, (_, index) => index);

describe('NVS keys', () => {
  it('are read from a keys partition and from 64 bare bytes', () => {
    expect(parseNvsKeys(serializeNvsKeys(keys))).toEqual(keys);
    expect(parseNvsKeys(keys)).toEqual(keys);
  });

  it('that are short, blank, cut or damaged are refused: nvs/keys-invalid', () => {
    const partition = serializeNvsKeys(keys);
    for (const bytes of [
      keys.subarray(1),
      partition.slice().fill(0xff),
      partition.subarray(0, 66),
    ]) {
      expect(() => parseNvsKeys(bytes)).toThrow(failsWith('nvs/keys-invalid'));
    }
    for (let offset = 0; offset < 68; offset += 1) {
      const flipped = partition.slice();
      flipped[offset] = (flipped[offset] ?? 0) ^ 1;
      expect(() => parseNvsKeys(flipped)).toThrow(failsWith('nvs/keys-invalid'));
    }
  });

  it('are derived from an HMAC key as the chip does', () => {
    expect(deriveNvsKeys(new Uint8Array(32))).toHaveLength(64);
    expect(toHex(deriveNvsKeys(new Uint8Array(32)).subarray(0, 32))).not.toBe(
      toHex(deriveNvsKeys(new Uint8Array(32)).subarray(32)),
    );
  });
});

describe('NVS encryption', () => {
  it('is XTS-AES-256 as the standard has it (IEEE 1619, vector 10, its first 32 bytes)', () => {
    const digits = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
    const key = digits(
      '27182818284590452353602874713526624977572470936999595749669676273141592653589793238462643383279502884197169399375105820974944592',
    );
    // The vector's data unit is number 0xff; ours are numbered by their offsets.
    const partition = new Uint8Array(0xff + 32);
    partition.set(
      Uint8Array.from({ length: 32 }, (_, index) => index),
      0xff,
    );
    new EntryCipher(key).apply('encrypt', partition, [0xff]);
    expect(toHex(partition.subarray(0xff))).toBe(
      '1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b',
    );
  });

  it('leaves headers and blank entries as they are, and is undone by the same keys only', async () => {
    const plain = nvsOf(
      's,namespace,,\na,data,hex2bin,ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n',
    );
    const encrypted = await encryptNvs(plain, keys);
    expect(encrypted.subarray(0, 64)).toEqual(plain.subarray(0, 64));
    expect(encrypted.subarray(64 + 32 * 4)).toEqual(plain.subarray(64 + 32 * 4));
    expect(inspectNvs(encrypted).issues.map(({ code }) => code)).toEqual(['nvs/encrypted']);
    expect(await decryptNvs(encrypted, keys)).toEqual(plain);
    expect(parseNvs(await decryptNvs(encrypted, keys.toReversed())).variables).toEqual([]);
  });
});
