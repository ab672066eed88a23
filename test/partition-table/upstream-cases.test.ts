import { describe, expect, it } from 'vitest';
import {
  findEntryByName,
  findEntryByType,
  otaSlots,
  appSlots,
  encodeText,
  parsePartitionBinary,
  parsePartitionTable,
  serializePartitionBinary,
  serializePartitionCsv,
  verifyPartitionTable,
} from '../../src/partition-table/index.ts';
import { toHex } from '../../src/shared/index.ts';
import { brief, csv, thrownBy } from './support.ts';

/** The cases of ESP-IDF's own test suite for its generator, which puts the table at 0. */
const AT_ZERO = { tableFlashOffset: 0 };

/** Rows up to the end marker. */
function rowsOf(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end >= 32 && bytes.subarray(end - 32, end).every((byte) => byte === 0xff)) end -= 32;
  return bytes.subarray(0, end);
}

describe('CSVParserTests', () => {
  it('simple_partition', () => {
    expect(brief(csv('factory,0,2,65536,1048576,', AT_ZERO))).toEqual(['factory 0/2 10000+100000']);
  });

  it('require_type', () => {
    const error = thrownBy(() => csv('ihavenotype,', AT_ZERO));
    expect(error.message).toMatch(/type/);
  });

  it('type_subtype_names', () => {
    const named = [
      'myapp, app, factory,, 0x100000',
      'myota_0, app, ota_0,, 0x100000',
      'myota_1, app, ota_1,, 0x100000',
      'myota_15, app, ota_15,, 0x100000',
      'mytest, app, test,, 0x100000',
      'myota_status, data, ota,, 0x2000',
    ];
    const numeric = [
      'myapp, 0, 0x00,, 0x100000',
      'myota_0, 0, 0x10,, 0x100000',
      'myota_1, 0, 0x11,, 0x100000',
      'myota_15, 0, 0x1f,, 0x100000',
      'mytest, 0, 0x20,, 0x100000',
      'myota_status, 1, 0x00,, 0x2000',
    ];
    const table = csv(named.join('\n'), AT_ZERO);
    expect(brief(table)).toEqual(brief(csv(numeric.join('\n'), AT_ZERO)));
    expect(verifyPartitionTable(table)).toEqual([]);
  });

  it('unit_suffixes', () => {
    expect(brief(csv('one_megabyte, app, factory, 64k, 1M,', AT_ZERO))).toEqual([
      'one_megabyte 0/0 10000+100000',
    ]);
  });

  it('default_offsets', () => {
    const rows = [
      'first, app, factory,, 1M,',
      'second, data, 0x15,, 1M,',
      'minidata, data, 0x40,, 32K,',
      'otherapp, app, factory,, 1M,',
    ];
    expect(csv(rows.join('\n'), AT_ZERO).entries.map(({ flashOffset }) => flashOffset)).toEqual([
      0x10000, 0x110000, 0x210000, 0x220000,
    ]);
  });

  it('negative_size_to_offset', () => {
    const table = csv('first, app, factory, 0x10000, -2M,\nsecond, data, 0x15, , 1M,', AT_ZERO);
    expect(brief(table)).toEqual(['first 0/0 10000+1f0000', 'second 1/21 200000+100000']);
  });

  it('overlapping_offsets_fail', () => {
    const error = thrownBy(() =>
      csv('first, app, factory, 0x100000, 2M,\nsecond, app, ota_0, 0x200000, 1M,', AT_ZERO),
    );
    expect(error.code).toBe('partition-table/overlap');
  });

  it('unique_name_fail', () => {
    const table = csv(
      'first, app, factory, 0x100000, 1M,\nfirst, app, ota_0, 0x200000, 1M,',
      AT_ZERO,
    );
    expect(verifyPartitionTable(table)).toMatchObject([{ code: 'partition-table/duplicate-name' }]);
  });

  it('bootloader_and_part_table_partitions_no_sdkconfig', () => {
    const error = thrownBy(() => csv('bootloader, bootloader, primary, N/A, N/A', AT_ZERO));
    expect(error.code).toBe('partition-table/bootloader-offset-unknown');
    expect(error.hint).toContain('--primary-bootloader-offset');
  });
});

describe('BinaryOutputTests', () => {
  it('binary_entry', () => {
    const bytes = serializePartitionBinary(csv('first, 0x30, 0xEE, 0x100400, 0x300000,'));
    const rows = rowsOf(bytes);
    expect(rows).toHaveLength(64);
    expect([...rows.subarray(0, 17)]).toEqual([
      0xaa,
      0x50,
      0x30,
      0xee,
      0x00,
      0x04,
      0x10,
      0x00,
      0x00,
      0x00,
      0x30,
      0x00,
      ...new TextEncoder().encode('first'),
    ]);
    expect(toHex(rows.subarray(32, 48))).toBe('ebeb'.padEnd(32, 'f'));
    expect(toHex(rows.subarray(48))).toBe('43033f334087575169839b4061b12726');
  });

  it('multiple_entries', () => {
    const table = csv('first, 0x30, 0xEE, 0x100400, 0x300000,\nsecond, 0x31, 0xEF, , 0x100000,');
    const rows = rowsOf(serializePartitionBinary(table));
    expect(rows).toHaveLength(96);
    expect(rows.subarray(0, 64)).toEqual(rowsOf(serializePartitionBinary(table, { md5: false })));
    expect(brief(parsePartitionTable(serializePartitionBinary(table)))).toEqual(brief(table));
  });

  it('encrypted_flag', () => {
    const table = csv('factory, app, factory, , 0x20000, encrypted');
    const bytes = serializePartitionBinary(table);
    expect(bytes[28]).toBe(1);
    expect(parsePartitionBinary(bytes).entries[0]?.encrypted).toBe(true);
  });

  it('only_empty_subtype_is_not_0', () => {
    const table = csv(
      'otadata, data, ota, , 0x2000\nempty, data, , , 4K\nundef, data, undefined, , 4K',
    );
    expect(table.entries.map(({ subtype }) => subtype)).toEqual([0, 6, 6]);
  });
});

describe('UTFCodingTests', () => {
  const TEXT = 'nvs,data,nvs,,24K\nphy_инит_,data,phy,,4K\nfactory,app,factory,,1M\n';

  it('takes text with and without a byte order mark for the same', () => {
    const plain = parsePartitionTable(encodeText(TEXT, 'utf-8'));
    const marked = parsePartitionTable(encodeText(TEXT, 'utf-8-bom'));
    expect(serializePartitionBinary(marked)).toEqual(serializePartitionBinary(plain));
    expect(parsePartitionBinary(serializePartitionBinary(plain)).entries[1]?.name).toBe(
      'phy_инит_',
    );
  });

  it('keeps a byte order mark that got into a name of a binary table', () => {
    const bytes = serializePartitionBinary(csv('\ufeffnvs,data,nvs,,24K'));
    expect(parsePartitionBinary(bytes).entries[0]?.name).toBe('\ufeffnvs');
  });
});

describe('BinaryParserTests', () => {
  const row = (type: number, subtype: number, offset: number, size: number, name: string) => {
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    bytes.set([0xaa, 0x50, type, subtype]);
    view.setUint32(4, offset, true);
    view.setUint32(8, size, true);
    bytes.set(new TextEncoder().encode(name), 12);
    return bytes;
  };
  const end = new Uint8Array(32).fill(0xff);
  const joined = (...rows: readonly Uint8Array[]) =>
    Uint8Array.from(rows.flatMap((row) => [...row]));

  it('parse_one_entry, without an MD5 row', () => {
    const table = parsePartitionBinary(
      joined(row(0x30, 0xee, 0x100000, 0x200000, '0123456789abc'), end),
    );
    expect(brief(table)).toEqual(['0123456789abc 48/238 100000+200000']);
    expect(table.hasMd5).toBe(false);
  });

  it('multiple_entries', () => {
    const rows = [
      row(0x00, 0x00, 0x10000, 0x100000, 'factory'),
      row(0x01, 0x20, 0x110000, 0x200, 'data'),
      row(0x10, 0x00, 0x150000, 0x1000, 'second'),
    ];
    const md5 = new Uint8Array(32).fill(0xff);
    md5.set([0xeb, 0xeb]);
    md5.set(Buffer.from('f9bd061b45686f86571a2cd52a1da65b', 'hex'), 16);
    const table = parsePartitionBinary(joined(...rows, md5, end));
    expect(brief(table)).toEqual([
      'factory 0/0 10000+100000',
      'data 1/32 110000+200',
      'second 16/0 150000+1000',
    ]);
    expect(rowsOf(serializePartitionBinary(table))).toEqual(joined(...rows, md5));
  });

  it('bad_magic', () => {
    expect(thrownBy(() => parsePartitionBinary(new Uint8Array(32).fill(0x22))).code).toBe(
      'partition-table/bad-magic',
    );
  });

  it('bad_length', () => {
    const bytes = joined(row(0, 0, 0x10000, 0x10000, 'a'), Uint8Array.of(1));
    expect(thrownBy(() => parsePartitionBinary(bytes)).code).toBe('partition-table/bad-length');
  });
});

describe('CSVOutputTests', () => {
  it('writes two comments, then names and round sizes', () => {
    const text = serializePartitionCsv(csv('factory,0,2,65536,1048576,'));
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^#/),
      expect.stringMatching(/^#/),
      'factory,app,2,0x10000,1M,',
      '',
    ]);
    expect(brief(csv(text))).toEqual(['factory 0/2 10000+100000']);
  });
});

describe('VerificationTests', () => {
  const codes = (text: string, options: Parameters<typeof verifyPartitionTable>[1] = {}) =>
    verifyPartitionTable(csv(text), options).map(({ code, message }) => `${code}: ${message}`);

  it('check_secure_app_size', () => {
    const text = [
      'nvs, data, nvs, 0x9000, 0x4000',
      'otadata, data, ota, , 0x2000',
      'phy_init, data, phy, , 0x1000',
      'ota_0, app, ota_0, , 0x101000',
      'ota_1, app, ota_1, , 0x100800',
    ].join('\n');
    expect(codes(text)).toEqual([
      expect.stringMatching(/^.*size-unaligned: ota_1 is 0x100800.* 0x1000$/),
    ]);
    expect(codes(text, { secure: 'v1' })[0]).toMatch(
      /size-unaligned: ota_0 is 0x101000.* 0x10000$/,
    );
    expect(codes(text, { secure: 'v2' })).toEqual([
      expect.stringMatching(/ota_1 is 0x100800.* 0x1000$/),
    ]);
  });

  it('bad_alignment', () => {
    expect(codes('app,app, factory, 32K, 1M'.replace('32K', '0x18000'))[0]).toMatch(
      /offset-unaligned/,
    );
    expect(codes('nvs, data, nvs, 0x9420, 0x4000')[0]).toMatch(/offset-unaligned/);
  });

  it('overlap_part_table', () => {
    const error = thrownBy(() => csv('# c\n\nnvs, data, nvs, 0x0, 0x5000'));
    expect(error).toMatchObject({ code: 'partition-table/overlaps-table', details: { line: 3 } });
    expect(error.message).toContain('begins at 0x0');
  });

  it('only_one_otadata, otadata_must_have_fixed_size', () => {
    expect(codes('a, data, ota, , 0x2000\nb, data, ota, , 0x2000')[0]).toMatch(/multiple-otadata/);
    expect(codes('otadata, data, ota, , 0x3000')[0]).toMatch(/otadata-size/);
  });

  it('size_error', () => {
    const found = codes('storage, data, spiffs, , 20M', { flashSizeBytes: 16 * 1024 * 1024 });
    expect(found[0]).toMatch(/exceeds-flash/);
  });
});

describe('PartToolTests', () => {
  const TABLE = csv(
    [
      'nvs, data, nvs, 0x9000, 0x4000',
      'otadata, data, ota, 0xd000, 0x2000',
      'phy_init, data, phy, 0xf000, 0x1000',
      'factory, app, factory, 0x10000, 1M',
      'nvs_key1, data, nvs_keys, 0x110000, 0x1000, encrypted',
    ].join('\n'),
  );

  it('find_basic', () => {
    expect(findEntryByType(TABLE, 1, 2)).toMatchObject({
      name: 'nvs',
      flashOffset: 0x9000,
      sizeBytes: 0x4000,
      encrypted: false,
    });
    expect(findEntryByName(TABLE, 'nvs_key1')?.encrypted).toBe(true);
    expect(findEntryByName(TABLE, 'nope')).toBeNull();
    expect(findEntryByType(TABLE, 0, 0x10)).toBeNull();
    expect(appSlots(TABLE)[0]?.flashOffset).toBe(0x10000);
  });

  it('fallback', () => {
    const rows = (first: string) =>
      csv(`${first}, app, ${first}, 0x30000, 1M\nota_1, app, ota_1, , 1M`);
    expect(appSlots(rows('ota_0'))[0]).toMatchObject({ name: 'ota_0', flashOffset: 0x30000 });
    expect(findEntryByName(rows('ota_0'), 'ota_1')?.flashOffset).toBe(0x130000);
    expect(otaSlots(rows('ota_2')).map(({ name }) => name)).toEqual(['ota_1', 'ota_2']);
  });
});
