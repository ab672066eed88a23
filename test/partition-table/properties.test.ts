import * as fc from '../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  inspectPartitionTable,
  type PartitionEntry,
  parsePartitionBinary,
  parsePartitionCsv,
  PartitionTableError,
  serializePartitionBinary,
  serializePartitionCsv,
  validatePartitionTable,
} from '../../src/partition-table/index.ts';
import { anyCsv } from './arbitraries.ts';
import { brief, csv } from './support.ts';

const BYTES = serializePartitionBinary(
  csv(
    'nvs,data,nvs,,16K\notadata,data,ota,,8K\nota_0,app,ota_0,,1M,encrypted\nota_1,app,ota_1,,1M',
  ),
);
/** Four rows, the MD5 row, and the end marker. */
const MEANINGFUL_BYTES = 6 * 32;

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u8 = fc.integer({ min: 0, max: 0xff });
const anyEntry: fc.Arbitrary<PartitionEntry> = fc.record({
  name: fc.string({ unit: 'binary', maxLength: 20 }),
  type: u8,
  subtype: u8,
  flashOffset: u32,
  sizeBytes: u32,
  encrypted: fc.boolean(),
  readonly: fc.boolean(),
  unknownFlags: fc.integer({ min: 1, max: 0x3fff_ffff }).map((bits) => bits * 4),
});

describe('whatever comes', () => {
  it('is inspected without a throw, and each finding has a hint', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          anyCsv.map((text) => new TextEncoder().encode(text)),
          fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const { table, issues } = inspectPartitionTable(bytes);
          expect(table === null).toBe(issues.some(({ severity }) => severity === 'error'));
          const all = table === null ? issues : validatePartitionTable(table);
          for (const { hint, message } of all) {
            expect(hint).toMatch(/[.:]/);
            expect(message).not.toBe('');
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is the same after a round trip through binary', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 94 }), (entries) => {
        const base = csv('');
        const bytes = serializePartitionBinary({ ...base, entries });
        const read = parsePartitionBinary(bytes);
        expect(serializePartitionBinary(read)).toEqual(bytes);
        expect(read.entries.map(({ unknownFlags }) => unknownFlags)).toEqual(
          entries.map(({ unknownFlags }) => unknownFlags),
        );
        expect(() => validatePartitionTable(read)).not.toThrow();
      }),
    );
  });

  it('is the same after a round trip through CSV', () => {
    fc.assert(
      fc.property(anyCsv, (text) => {
        try {
          const table = parsePartitionCsv(text);
          // Rows of bootloader and table are placed by options, not by what the CSV says.
          fc.pre(table.entries.every(({ type }) => type !== 2 && type !== 3));
          expect(brief(parsePartitionCsv(serializePartitionCsv(table)))).toEqual(brief(table));
        } catch (thrown) {
          if (!(thrown instanceof PartitionTableError)) throw thrown;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a damaged binary table', () => {
  it.each(Array.from({ length: MEANINGFUL_BYTES }, (_, length) => length))(
    'is noticed when it is cut to %d bytes',
    (length) => {
      expect(inspectPartitionTable(BYTES.subarray(0, length)).table?.entries.length ?? 0).toBe(0);
    },
  );

  it('is noticed at every flipped bit', () => {
    const missed: number[] = [];
    for (let bit = 0; bit < MEANINGFUL_BYTES * 8; bit += 1) {
      const bytes = BYTES.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (inspectPartitionTable(bytes).issues.length === 0) missed.push(bit >> 3);
    }
    // The 14 bytes of filling in the MD5 row mean nothing, to the bootloader neither.
    const filling = Array.from({ length: 14 }, (_, index) => 4 * 32 + 2 + index);
    expect([...new Set(missed)]).toEqual(filling);
  });
});
