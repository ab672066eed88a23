import { describe, expect, it } from 'vitest';
import * as fc from '../support/property.ts';
import {
  insertCsvRow,
  parseCsvDocument,
  parsePartitionCsv,
  removeCsvLine,
  serializeCsvDocument,
  setCsvField,
} from '../../src/partition-table/index.ts';
import { anyCsv } from './arbitraries.ts';
import { brief, csv, thrownBy } from './support.ts';

const TEXT = [
  '# who it is for\r\n',
  '# Name,   Type, SubType, Offset,   Size, Flags\r\n',
  'nvs,      data, nvs,     0x9000,   16K,\r\n',
  '\r\n',
  'ota_0,    app,  ota_0,   0x10000,  1M,  encrypted\r\n',
  'a,b_is_no_type',
].join('');
const edited = (line: number, change: (text: ReturnType<typeof parseCsvDocument>) => unknown) =>
  serializeCsvDocument(change(parseCsvDocument(TEXT)) as ReturnType<typeof parseCsvDocument>).split(
    '\r\n',
  )[line - 1];

describe('a CSV document', () => {
  it('gives back every character, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(anyCsv, fc.string({ unit: 'binary' })), (text) => {
        expect(serializeCsvDocument(parseCsvDocument(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['size', '24K', 'nvs,      data, nvs,     0x9000,   24K,'],
    ['size', '0x14000', 'nvs,      data, nvs,     0x9000,   0x14000,'],
    ['offset', '', 'nvs,      data, nvs,     ,         16K,'],
    ['offset', '0x110000', 'nvs,      data, nvs,     0x110000, 16K,'],
    ['name', 'settings_nvs', 'settings_nvs, data, nvs,     0x9000,   16K,'],
    ['flags', 'readonly', 'nvs,      data, nvs,     0x9000,   16K,readonly'],
  ] as const)('keeps the layout when %s becomes "%s"', (column, value, expected) => {
    expect(edited(3, (document) => setCsvField(document, 3, column, value))).toBe(expected);
  });

  it('takes flags away, and fills rows that were short', () => {
    expect(edited(5, (document) => setCsvField(document, 5, 'flags', ''))).toBe(
      'ota_0,    app,  ota_0,   0x10000,  1M,  ',
    );
    expect(edited(6, (document) => setCsvField(document, 6, 'size', '4K'))).toBe(
      'a,b_is_no_type, , , 4K',
    );
  });

  it('leaves all other lines as they are', () => {
    const text = serializeCsvDocument(setCsvField(parseCsvDocument(TEXT), 3, 'size', '24K'));
    expect(text).toBe(TEXT.replace('16K', '24K'));
  });

  it('adds rows laid out like the one before, and takes rows out', () => {
    const row = { name: 'ota_1', type: 'app', subtype: 'ota_1', size: '1M' };
    expect(edited(6, (document) => insertCsvRow(document, 5, row))).toBe(
      'ota_1,    app,  ota_1,   ,         1M,  ',
    );
    expect(edited(1, (document) => insertCsvRow(document, 0, row))).toBe('ota_1, app, ota_1, , 1M');
    expect(edited(7, (document) => insertCsvRow(document, 6, row))).toContain('ota_1,');
    expect(edited(3, (document) => removeCsvLine(document, 3))).toBe('');
  });

  it('can be parsed after any edit to what was written', () => {
    const table = csv('nvs,data,nvs,,16K\nfs,data,fat,,64K\n');
    const document = setCsvField(table.document ?? parseCsvDocument(''), 2, 'offset', '0x20000');
    expect(brief(parsePartitionCsv(serializeCsvDocument(document)))).toEqual([
      'nvs 1/2 9000+4000',
      'fs 1/129 20000+10000',
    ]);
  });

  it.each(['a,b', 'a\nb', ' a', '#a'])('refuses to write %j', (text) => {
    const document = parseCsvDocument(TEXT);
    expect(thrownBy(() => setCsvField(document, 3, 'name', text)).code).toBe(
      'partition-table/not-in-csv',
    );
  });
});
