import { describe, expect, it } from 'vitest';
import {
  parsePartitionBinary,
  serializePartitionBinary,
  verifyPartitionTable,
  type VerifyOptions,
} from '../../src/partition-table/index.ts';
import { csv } from './support.ts';

const MB = 1024 * 1024;

describe('what ESP-IDF refuses to build', () => {
  it.each<[code: string, line: number, column: number, text: string, options?: VerifyOptions]>([
    ['partition-table/offset-unaligned', 1, 12, 'a,app,test,0x18000,1M'],
    ['partition-table/offset-unaligned', 1, 12, 'n,data,nvs,0x9420,16K'],
    ['partition-table/size-unaligned', 2, 15, 'o,app,ota_0,,1M\np,app,ota_1,, 0x100800'],
    ['partition-table/size-unaligned', 1, 14, 'o,app,ota_0,,0x101000', { secure: 'v1' }],
    ['partition-table/size-unaligned', 1, 14, 'o,app,ota_0,,0x100800', { secure: 'v2' }],
    ['partition-table/always-writable', 1, 16, 'o,data,ota,,8K,readonly'],
    ['partition-table/always-writable', 1, 22, 'o,data,coredump,,64K,readonly'],
    ['partition-table/nvs-too-small', 1, 13, 'n,data,nvs,,8K'],
    ['partition-table/duplicate-name', 2, 1, 'n,data,fat,,16K\nn,data,fat,,4K'],
    ['partition-table/multiple-otadata', 2, 8, 'a,data,ota,,8K\nb,data,ota,,8K'],
    ['partition-table/otadata-size', 1, 13, 'a,data,ota,,12K'],
    ['partition-table/multiple-tee-otadata', 2, 8, 'a,data,tee_ota,,8K\nb,data,tee_ota,,8K'],
    ['partition-table/tee-otadata-size', 1, 17, 'a,data,tee_ota,,4K'],
    ['partition-table/exceeds-flash', 1, 16, 'a,app,factory,,20M', { flashSizeBytes: 16 * MB }],
  ])('%s', (code, line, column, text, options) => {
    const issues = verifyPartitionTable(csv(text), options);
    expect(issues).toMatchObject([
      { code, severity: 'error', location: { kind: 'text', line, column } },
    ]);
  });

  it('lets a small NVS be that is only read', () => {
    expect(verifyPartitionTable(csv('n,data,nvs,,4K,readonly'))).toEqual([]);
  });

  it('finds overlaps that only a binary table can have', () => {
    const bytes = serializePartitionBinary(csv('a,data,fat,,8K\nb,data,fat,,4K'), { md5: false });
    bytes.set([0x00, 0xa0, 0, 0], 32 + 4);
    expect(verifyPartitionTable(parsePartitionBinary(bytes))).toMatchObject([
      { code: 'partition-table/overlap', location: { kind: 'binary', fileOffset: 32 } },
    ]);
    bytes.set([0x00, 0x80, 0, 0], 32 + 4);
    expect(verifyPartitionTable(parsePartitionBinary(bytes))).toMatchObject([
      { code: 'partition-table/overlaps-table' },
    ]);
  });

  it('finds everything at once', () => {
    const codes = verifyPartitionTable(csv('a,app,ota_0,0x11000,0x800\na,data,nvs,0x12800,4K')).map(
      ({ code }) => code,
    );
    expect(codes).toEqual([
      'partition-table/offset-unaligned',
      'partition-table/size-unaligned',
      'partition-table/offset-unaligned',
      'partition-table/nvs-too-small',
      'partition-table/duplicate-name',
    ]);
  });
});
