import { describe, expect, it } from 'vitest';
import {
  ByteReader,
  decodeCString,
  memorySource,
  readUpTo,
  sliceSource,
} from '../../src/shared/index.ts';

describe('ByteReader', () => {
  it('reads little-endian and counts offsets from the start of the file', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3, 4, 5, 6, 7), 32);
    expect([reader.u8('a'), reader.u16('b'), reader.u32('c')]).toEqual([1, 0x0302, 0x07060504]);
    expect(reader.fileOffset).toBe(39);
  });

  it('names the field, need, have and offset of a read past the end', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2), 24);
    expect(() => reader.u32('load address')).toThrow(
      expect.objectContaining({
        code: 'bytes/read-past-end',
        details: { need: 4, have: 2, fileOffset: 24, field: 'load address' },
      }) as Error,
    );
  });
});

describe('a byte source', () => {
  const source = memorySource(Uint8Array.of(0, 1, 2, 3, 4, 5));

  it('refuses to read past its end, and past that of a slice', async () => {
    const code = { code: 'bytes/read-past-end' };
    await expect(source.read(4, 3)).rejects.toMatchObject(code);
    await expect(source.read(-1, 2)).rejects.toMatchObject(code);
    await expect(sliceSource(source, 1, 3).read(2, 2)).rejects.toMatchObject(code);
    expect(() => sliceSource(source, 4, 3)).toThrow(expect.objectContaining(code) as Error);
  });

  it('gives what there is to one that only looks', async () => {
    expect([...(await readUpTo(source, 4, 100))]).toEqual([4, 5]);
    expect([...(await readUpTo(source, 400, 100))]).toEqual([]);
  });
});

describe('decodeCString', () => {
  it('stops at the first NUL, takes all where there is none, and answers null for non-UTF-8', () => {
    expect(decodeCString(Uint8Array.of(0x61, 0x62, 0, 0x63))).toBe('ab');
    expect(decodeCString(Uint8Array.of(0x61, 0x62))).toBe('ab');
    expect(decodeCString(Uint8Array.of(0xff, 0xff))).toBeNull();
  });
});
