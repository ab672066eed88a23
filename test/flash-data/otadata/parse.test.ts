import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  applyRecordWrites,
  inspectOtadata,
  parseOtadata,
  recordCrc,
} from '../../../src/flash-data/index.ts';
import { otadataBytes, tableOf, tableWith } from './fixtures.ts';

const VALID = 2;
const record = { sequence: 1, state: VALID };

function codes(bytes: Uint8Array, { rollback = false, table = tableOf(2) } = {}): string[] {
  return inspectOtadata(bytes, table, { rollback }).issues.map((issue) => issue.code);
}

describe('otadata', () => {
  it('has the CRC of its sequence number alone, started from all ones', () => {
    expect([1, 2, 3, 4].map(recordCrc)).toEqual([0x4743989a, 0x55f63774, 0xed4a5011, 0x709d68a8]);
  });

  it('is read into its two records', () => {
    expect(parseOtadata(otadataBytes({ sequence: 7, state: 0 }, null)).records).toMatchObject([
      { sequence: 7, state: 'new', crcValid: true, blank: false, eligible: true },
      { state: 'undefined', blank: true, eligible: false },
    ]);
  });

  it('is fine when blank or in use', () => {
    expect(codes(otadataBytes(null, null))).toEqual([]);
    expect(codes(otadataBytes(record, { sequence: 2, state: 3 }))).toEqual([]);
  });

  it.each([
    ['otadata/crc-mismatch', otadataBytes({ ...record, crc: 5 }, null)],
    ['otadata/unknown-state', otadataBytes({ ...record, state: 9 }, null)],
    ['otadata/equal-sequences', otadataBytes(record, record)],
    ['otadata/stray-bytes', otadataBytes(null, null).fill(0, 0x800, 0x801)],
    ['otadata/wrong-size', new Uint8Array(0x1000)],
  ])('that is odd is reported as %s', (code, bytes) => {
    expect(codes(bytes)).toEqual([code]);
  });

  it('warns of the record that the next boot gives up, with rollback', () => {
    const pending = otadataBytes(record, { sequence: 2, state: 1 });
    expect(codes(pending)).toEqual([]);
    expect(codes(pending, { rollback: true })).toEqual(['otadata/will-abort']);
  });

  it('with a table that has no app cannot boot', () => {
    expect(codes(otadataBytes(null, null), { table: tableWith([]) })).toEqual([
      'otadata/nothing-boots',
    ]);
  });

  it('of any other length is refused', () => {
    const whole = otadataBytes(record, null);
    for (let length = 0; length < whole.length; length += 1) {
      expect(inspectOtadata(whole.subarray(0, length), tableOf(2)).kind).toBe('unreadable');
    }
    expect(() => parseOtadata(new Uint8Array(0x2001))).toThrow(
      expect.objectContaining({
        code: 'otadata/wrong-size',
        details: { needBytes: 0x2000, haveBytes: 0x2001 },
      }) as Error,
    );
  });

  it('notices every flipped byte of a record but the label, which nothing covers, and keeps it', () => {
    const whole = otadataBytes(record, { sequence: 2, state: VALID });
    const before = JSON.stringify(parseOtadata(whole).records);
    for (let offset = 0; offset < whole.length; offset += 1) {
      const flipped = whole.slice();
      flipped[offset] = (flipped[offset] ?? 0) ^ 0xff;
      const otadata = parseOtadata(flipped);
      const inRecord = offset % 0x1000;
      const inLabel = inRecord >= 4 && inRecord < 24;
      const noticed = codes(flipped).length > 0 || JSON.stringify(otadata.records) !== before;
      expect(noticed).toBe(!inLabel);
      expect(Buffer.compare(applyRecordWrites(otadata, []), flipped)).toBe(0);
    }
  });

  it('never makes the inspection throw, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 }),
        fc.boolean(),
        (junk, first, second, subtypes, rollback) => {
          const table = tableWith(subtypes);
          expect(inspectOtadata(junk, table).kind).toBe('unreadable');
          const bytes = new Uint8Array(0x2000).fill(0xff);
          bytes.set(first);
          bytes.set(second, 0x1000);
          expect(inspectOtadata(bytes, table, { rollback }).kind).toBe('otadata');
        },
      ),
    );
  });
});
