import { describe, expect, it } from 'vitest';
import {
  lintPartitionTable,
  parsePartitionBinary,
  serializePartitionBinary,
  validatePartitionTable,
  type ValidateOptions,
} from '../../src/partition-table/index.ts';
import type { Severity } from '../../src/shared/index.ts';
import { csv } from './support.ts';

const HEALTHY = [
  'nvs,data,nvs,,16K',
  'otadata,data,ota,,8K',
  'phy_init,data,phy,,4K',
  'ota_0,app,ota_0,,1M',
  'ota_1,app,ota_1,,1M',
];
/** A table without fault, with some rows replaced and some added. */
const rows = (replaced: Readonly<Record<number, string>>, ...added: readonly string[]) =>
  [...HEALTHY.map((row, index) => replaced[index] ?? row), ...added].join('\n');

describe('the lint', () => {
  it('finds nothing in a table without fault', () => {
    expect(validatePartitionTable(csv(rows({})), { flashSizeBytes: 4 * 1024 * 1024 })).toEqual([]);
  });

  it.each<[code: string, severity: Severity, text: string, options?: ValidateOptions]>([
    ['partition-table/empty', 'error', '# nothing\n'],
    [
      'partition-table/no-app',
      'error',
      HEALTHY.slice(0, 3)
        .filter((_, i) => i !== 1)
        .join('\n'),
    ],
    ['partition-table/ota-gap', 'error', rows({ 4: 'ota_2,app,ota_2,,1M' })],
    ['partition-table/ota-gap', 'error', rows({}, 'ota_3,app,ota_3,,1M')],
    ['partition-table/duplicate-app-subtype', 'error', rows({}, 'again,app,ota_1,,1M')],
    [
      'partition-table/duplicate-app-subtype',
      'error',
      rows({}, 'factory,app,factory,,1M', 'more,app,factory,,1M'),
    ],
    ['partition-table/otadata-missing', 'error', rows({ 1: 'spare,data,fat,,8K' })],
    [
      'partition-table/otadata-missing',
      'error',
      rows({ 1: 'spare,data,fat,,8K', 4: 'factory,app,factory,,1M' }),
    ],
    [
      'partition-table/otadata-unused',
      'warning',
      rows({ 3: 'factory,app,factory,,1M', 4: 'fs,data,fat,,1M' }),
    ],
    ['partition-table/ota-single', 'warning', rows({ 4: 'fs,data,fat,,1M' })],
    ['partition-table/unequal-slots', 'warning', rows({ 4: 'ota_1,app,ota_1,,960K' })],
    ['partition-table/name-too-long', 'warning', rows({}, 'seventeen_bytes_x,data,fat,,4K')],
    ['partition-table/name-unterminated', 'warning', rows({}, 'exactly_16_bytes,data,fat,,4K')],
    ['partition-table/name-empty', 'warning', rows({}, ',data,fat,,4K')],
    ['partition-table/name-control-characters', 'warning', rows({}, 'a\u0007b,data,fat,,4K')],
    ['partition-table/name-not-utf8', 'warning', rows({}, 'fifteen_bytes_xи,data,fat,,4K')],
    ['partition-table/misleading-name', 'warning', rows({}, 'data,0x40,1,,4K')],
    ['partition-table/misleading-name', 'warning', rows({}, 'fat,data,spiffs,,4K')],
    ['partition-table/nvs-encrypted', 'error', rows({ 0: 'nvs,data,nvs,,16K,encrypted' })],
    ['partition-table/nvs-keys-size', 'warning', rows({}, 'k,data,nvs_keys,,8K,encrypted')],
    ['partition-table/nvs-keys-size', 'error', rows({}, 'k,data,nvs_keys,,2K,encrypted')],
    ['partition-table/nvs-keys-plain', 'warning', rows({}, 'k,data,nvs_keys,,4K')],
    ['partition-table/data-size-unaligned', 'warning', rows({}, 'fs,data,fat,,0x1100')],
    ['partition-table/address-overflow', 'error', rows({}, 'fs,data,fat,,0xfff00000')],
    ['partition-table/ignored-column', 'warning', rows({}, 'f,data,fat,,4K,encrypted,readonly')],
    ['partition-table/ignored-column', 'warning', rows({}, 'f,data,fat,,4K,,# a note')],
    ['partition-table/no-nvs', 'warning', rows({ 0: 'fs,data,fat,,16K' })],
    ['partition-table/no-phy', 'info', rows({ 2: 'fs,data,fat,,4K' })],
    ['partition-table/reserved-type', 'warning', rows({}, 'x,0x20,1,,4K')],
    ['partition-table/reserved-type', 'warning', rows({}, 'x,0xff,1,,4K')],
    ['partition-table/alignment-gap', 'info', rows({}, 'fs,data,fat,,4K', 'test,app,test,,64K')],
    ['partition-table/beyond-addressing', 'warning', rows({}, 'fs,data,fat,,32M')],
    [
      'partition-table/beyond-addressing',
      'warning',
      rows({}, 'fs,data,fat,,32M'),
      { chip: 'esp32' },
    ],
    ['partition-table/beyond-addressing', 'warning', rows({}, 't,app,test,,32M')],
    ['partition-table/beyond-addressing', 'error', rows({}, 't,app,test,,32M'), { chip: 'esp32' }],
  ])('%s (%s)', (code, severity, text, options) => {
    const issues = lintPartitionTable(csv(text), options);
    expect(issues).toMatchObject([{ code, severity }]);
    expect(issues[0]?.hint).toMatch(/[.:]$/);
  });

  it('lets chips with 32-bit flash addresses have large tables', () => {
    const table = csv(rows({}, 'fs,data,fat,,32M'));
    expect(lintPartitionTable(table, { chip: 'esp32s3' })).toEqual([]);
  });

  it('finds names that only a device confuses', () => {
    const table = csv(rows({}, 'sixteen_letters_a,data,fat,,4K', 'sixteen_letters_b,data,fat,,4K'));
    const errors = lintPartitionTable(table).filter(({ severity }) => severity === 'error');
    expect(errors).toMatchObject([
      { code: 'partition-table/name-collision', location: { kind: 'text', line: 7, column: 1 } },
    ]);
  });

  it('looks at what only a binary table can have', () => {
    const bytes = serializePartitionBinary(csv(rows({})), { md5: false });
    bytes[28] = 0x80;
    expect(lintPartitionTable(parsePartitionBinary(bytes))).toMatchObject([
      { code: 'partition-table/md5-missing', severity: 'warning' },
      { code: 'partition-table/unknown-flag-bits', location: { kind: 'binary', fileOffset: 0 } },
    ]);
  });
});
