import { describe, expect, it } from 'vitest';
import {
  encodeText,
  inspectPartitionTable,
  parsePartitionCsv,
  parsePartitionTable,
  type TextEncoding,
} from '../../src/partition-table/index.ts';
import { brief, csv, thrownBy } from './support.ts';

describe('the grammar', () => {
  it('takes numbers in every form that Python does', () => {
    const table = csv(
      [
        'a,0x40,0b1_1,0x1_0000,1 M',
        'b,0o101,+2,,0x10K',
        'c,data,nvs,,24K',
        'd,data,,,１６k',
        'e,DATA,NVS_KEYS,,0x1000,encrypted:readonly',
        'f,app,ota_15,,-0x300000',
      ].join('\n'),
    );
    expect(brief(table)).toEqual([
      'a 64/3 10000+100000',
      'b 65/2 110000+4000',
      'c 1/2 114000+6000',
      'd 1/6 11a000+4000',
      'e 1/4 11e000+1000 encrypted readonly',
      'f 0/31 120000+1e0000',
    ]);
  });

  it('skips comments and blank lines, and takes every line end and missing trailing commas', () => {
    const text = '# c\r\n\r\n  # indented\rnvs,data,nvs,,16K\u2028\tphy,data,phy,,4K,,ignored,# so';
    expect(brief(csv(text))).toEqual(['nvs 1/2 9000+4000', 'phy 1/1 d000+1000']);
  });

  it('replaces variables', () => {
    const variables = { SIZE: '1M', EMPTY: '' };
    expect(brief(csv('${EMPTY}app0,app,factory,,$SIZE', { variables }))).toEqual([
      'app0 0/0 10000+100000',
    ]);
  });

  it.each<TextEncoding>(['utf-8', 'utf-8-bom', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'takes text in %s',
    (encoding) => {
      const bytes = encodeText('phy_инит,data,phy,,4K\n', encoding);
      const table = parsePartitionTable(bytes);
      expect(brief(table)).toEqual(['phy_инит 1/1 9000+1000']);
      expect(table.document?.encoding).toBe(encoding);
    },
  );

  it('takes NUL in a name for part of it, as ESP-IDF does', () => {
    const table = parsePartitionTable(new TextEncoder().encode('n\0s,data,nvs,,16K'));
    expect(brief(table)).toEqual(['n\0s 1/2 9000+4000']);
  });

  it('knows the subtype names of a project', () => {
    const extraSubtypes = ['app, rescue, 0x40', 'data,certs,41'];
    expect(brief(csv('r,app,rescue,,1M\nc,data,certs,,4K', { extraSubtypes }))).toEqual([
      'r 0/64 10000+100000',
      'c 1/65 110000+1000',
    ]);
  });

  it('places bootloader and table entries where the project has them', () => {
    const text = [
      'bootloader, bootloader, primary, N/A, N/A',
      'partition_table, partition_table, primary, N/A, N/A',
      'FactoryApp, app, factory, , 1M',
      'OtaBTLDR, bootloader, ota, , N/A',
      'OtaPrtTable, partition_table, ota, , N/A',
      'RecoveryBTLDR, bootloader, recovery, N/A, N/A',
    ].join('\n');
    const options = {
      tableFlashOffset: 0x9000,
      primaryBootloaderOffset: 0x1000,
      recoveryBootloaderOffset: 0x200000,
    };
    expect(brief(csv(text, options))).toEqual([
      'bootloader 2/0 1000+8000',
      'partition_table 3/0 9000+1000',
      'FactoryApp 0/0 10000+100000',
      'OtaBTLDR 2/1 110000+8000',
      'OtaPrtTable 3/1 118000+1000',
      'RecoveryBTLDR 2/2 200000+8000',
    ]);
  });
});

describe('what it refuses', () => {
  it.each([
    ['nvs,', 'partition-table/type-missing', 5],
    ['x, foo, 1, , 1M', 'partition-table/unknown-keyword', 4],
    ['x, custom, 1, , 1M', 'partition-table/unknown-keyword', 4],
    ['x,app,,,1M', 'partition-table/subtype-missing', 7],
    ['x,data,zzz,,1M', 'partition-table/unknown-keyword', 8],
    ['x,0x40,zzz,,1M', 'partition-table/invalid-number', 8],
    ['x,data,nvs,,', 'partition-table/size-missing', 13],
    ['x,data,nvs', 'partition-table/size-missing', 11],
    ['x,data,nvs,024576,4K', 'partition-table/invalid-number', 12],
    ['x,data,nvs,,1.5M', 'partition-table/invalid-number', 13],
    ['x,data,nvs,,4K,ENCRYPTED', 'partition-table/unknown-flag', 16],
    ['x,data,nvs,,4K,# note', 'partition-table/unknown-flag', 16],
    ['x,0x100,1,,4K', 'partition-table/value-out-of-range', 3],
    ['x,nvsk,1,,4K', 'partition-table/unknown-keyword', 3],
    ['x,data,nvsk,,4K', 'partition-table/value-out-of-range', 8],
    ['x,data,nvs,,0x100000001', 'partition-table/value-out-of-range', 13],
    ['x,data,nvs,0x20000,-0x10000', 'partition-table/value-out-of-range', 20],
    ['x,data,nvs,0x8000,4K', 'partition-table/overlaps-table', 12],
    ['$NOPE,data,nvs,,4K', 'partition-table/unknown-variable', 1],
    ['b,bootloader,primary,,', 'partition-table/bootloader-offset-unknown', 3],
  ])('%s', (row, code, column) => {
    const error = thrownBy(() => csv(`# one\n\n${row}\n`));
    expect(error).toMatchObject({ code, details: { line: 3, column } });
    expect(error.message).toContain(`line 3, column ${column}: `);
    expect(error.hint).toMatch(/\.$/);
  });

  it('names the entry that the next one runs into', () => {
    const error = thrownBy(() => csv('a,app,factory,0x10000,1M\nb,data,nvs,0x20000,16K'));
    expect(error).toMatchObject({
      code: 'partition-table/overlap',
      message: 'line 2, column 12: b begins at 0x20000, but a before it ends at 0x110000',
      details: { line: 2, column: 12 },
    });
  });

  it('tells text that is not text', () => {
    expect(thrownBy(() => parsePartitionCsv(Uint8Array.of(0x61, 0xc3, 0x28)))).toMatchObject({
      code: 'partition-table/not-text',
    });
  });

  it('tells prose by one finding, and a table with a single good row by all of its faults', () => {
    const codes = (lines: readonly string[]) =>
      inspectPartitionTable(new TextEncoder().encode(lines.join('\n'))).issues.map(
        ({ code }) => code,
      );
    const prose = Array.from({ length: 6 }, (_, index) => `one of many lines, of text ${index}`);
    expect(codes(['# title', '', ...prose])).toEqual(['partition-table/not-a-table']);
    expect(new Set(codes(prose.slice(1)))).not.toContain('partition-table/not-a-table');
    expect(codes([...prose, 'nvs,data,nvs,,16K']).length).toBeGreaterThanOrEqual(6);
  });

  it('tells options that make no sense', () => {
    const options = { primaryBootloaderOffset: 0x8000 };
    expect(thrownBy(() => csv('', options)).code).toBe('partition-table/bootloader-above-table');
    for (const extra of ['app, x', 'foo, x, 0x40', 'app, x, 0x100', 'data, x, 0x02']) {
      expect(thrownBy(() => csv('', { extraSubtypes: [extra] })).code).toBe(
        'partition-table/bad-extra-subtype',
      );
    }
  });
});
