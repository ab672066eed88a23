import { describe, expect, it } from 'vitest';
import {
  inspectPartitionTable,
  parsePartitionBinary,
  parsePartitionTable,
  serializePartitionBinary,
  serializePartitionCsv,
} from '../../src/partition-table/index.ts';
import { brief, csv, thrownBy } from './support.ts';

const TWO_ROWS = csv('nvs,data,nvs,,16K\nfactory,app,factory,,1M,encrypted');
const BYTES = serializePartitionBinary(TWO_ROWS);
const changed = (offset: number, ...values: readonly number[]) => {
  const bytes = BYTES.slice();
  bytes.set(values, offset);
  return bytes;
};

describe('reading', () => {
  it('gives back what was written, and the same bytes again', () => {
    const table = parsePartitionTable(BYTES);
    expect(brief(table)).toEqual(brief(TWO_ROWS));
    expect(table).toMatchObject({ source: 'binary', hasMd5: true, document: null });
    expect(serializePartitionBinary(table)).toEqual(BYTES);
    expect(BYTES).toHaveLength(0xc00);
  });

  it('keeps whether there was an MD5 row', () => {
    const plain = serializePartitionBinary(TWO_ROWS, { md5: false });
    expect(parsePartitionBinary(plain).hasMd5).toBe(false);
    expect(serializePartitionBinary(parsePartitionBinary(plain))).toEqual(plain);
  });

  it('keeps unknown flags and names that are no text', () => {
    const bytes = serializePartitionBinary(TWO_ROWS, { md5: false });
    bytes.set([0xff, 0x41, 0, 0x42], 12);
    bytes.set([0x05, 0, 0, 0x80], 28);
    const table = parsePartitionBinary(bytes);
    expect(table.entries[0]).toMatchObject({ name: '\ufffdA', unknownFlags: 0x80000004 });
    expect(serializePartitionBinary(table)).toEqual(bytes);
    expect(thrownBy(() => serializePartitionCsv(table)).code).toBe('partition-table/not-in-csv');
  });

  it('ignores what follows the end, such as a signature', () => {
    const signed = new Uint8Array(0x1000).fill(0x5a);
    signed.set(BYTES);
    expect(brief(parsePartitionTable(signed))).toEqual(brief(TWO_ROWS));
  });
});

describe('what it refuses', () => {
  it.each([
    ['a damaged row', changed(40, 7), 'partition-table/md5-mismatch', 64],
    ['a damaged MD5', changed(80, 7), 'partition-table/md5-mismatch', 64],
    ['no entry where one must be', changed(32, 1), 'partition-table/bad-magic', 32],
    ['a cut row', BYTES.subarray(0, 50), 'partition-table/bad-length', 32],
    ['no end', BYTES.subarray(0, 96), 'partition-table/no-end-marker', 96],
    ['two MD5 rows', changed(96, ...BYTES.subarray(64, 96)), 'partition-table/second-md5', 96],
  ])('%s', (_, bytes, code, fileOffset) => {
    const error = thrownBy(() => parsePartitionBinary(bytes));
    expect(error).toMatchObject({ code, details: { fileOffset } });
    expect(inspectPartitionTable(bytes)).toMatchObject({
      form: 'binary',
      table: null,
      issues: [{ code, location: { kind: 'binary', fileOffset } }],
    });
  });

  it('takes a wrong MD5 when told to', () => {
    expect(parsePartitionBinary(changed(80, 7), { md5: 'ignore' }).entries).toHaveLength(2);
  });

  it.each([
    ['an app image', [0xe9, 1, 2, 3]],
    ['an ELF file', [0x7f, 0x45, 0x4c, 0x46]],
    ['bytes with NUL in them', [1, 2, 0, 4]],
  ])('%s', (_, bytes) => {
    expect(thrownBy(() => parsePartitionTable(Uint8Array.from(bytes)))).toMatchObject({
      code: 'partition-table/not-a-table',
    });
  });

  it('points at the table inside a flash dump', () => {
    const dump = new Uint8Array(0x10000).fill(0xff);
    dump.set(BYTES, 0x8000);
    expect(thrownBy(() => parsePartitionTable(dump)).hint).toContain('--offset 0x8000');
  });
});

describe('what it cannot write', () => {
  const rows = (count: number) =>
    csv(Array.from({ length: count }, (_, index) => `n${index},data,fat,,4K`).join('\n'));

  it('takes 94 entries with the MD5 row and 95 without', () => {
    expect(serializePartitionBinary(rows(94))).toHaveLength(0xc00);
    expect(thrownBy(() => serializePartitionBinary(rows(95)))).toMatchObject({
      code: 'partition-table/too-many-entries',
      details: { entries: 95, most: 94 },
    });
    expect(serializePartitionBinary(rows(95), { md5: false })).toHaveLength(0xc00);
    expect(thrownBy(() => serializePartitionBinary(rows(96), { md5: false })).code).toBe(
      'partition-table/too-many-entries',
    );
  });

  it('refuses values that do not fit', () => {
    const [entry] = TWO_ROWS.entries;
    if (entry === undefined) throw new Error('no entry');
    const table = { ...TWO_ROWS, entries: [{ ...entry, sizeBytes: 2 ** 32 }] };
    expect(thrownBy(() => serializePartitionBinary(table)).code).toBe(
      'partition-table/value-out-of-range',
    );
  });
});
