import { describe, expect, it } from 'vitest';
import {
  diffPartitionTables,
  parsePartitionBinary,
  serializePartitionBinary,
} from '../../src/partition-table/index.ts';
import { csv } from './support.ts';

const ROWS = {
  nvs: 'nvs,data,nvs,0x9000,16K',
  otadata: 'otadata,data,ota,0xd000,8K',
  ota_0: 'ota_0,app,ota_0,0x10000,1M',
  ota_1: 'ota_1,app,ota_1,0x110000,1M',
  fs: 'fs,data,littlefs,0x210000,1M',
};
const table = (
  changed: Readonly<Partial<Record<keyof typeof ROWS, string>>> = {},
  ...more: string[]
) => csv([...Object.values({ ...ROWS, ...changed }), ...more].filter(Boolean).join('\n'));
const diff = (...to: Parameters<typeof table>) => {
  const { overTheAir, dataLost, byCable, ...rest } = diffPartitionTables(table(), table(...to));
  return {
    ...rest,
    verdict: overTheAir.verdict,
    reasons: overTheAir.reasons.join('; '),
    largest: overTheAir.largestImageBytes,
    lost: dataLost.map(({ entry, reason }) => `${entry.name} ${reason}`),
    cable: byCable.map(({ what, action, entry }) => `${action} ${entry?.name ?? what}`),
  };
};

describe('can a device get there?', () => {
  it('need not where both are the same in flash, however written', () => {
    const same = diffPartitionTables(
      table(),
      parsePartitionBinary(serializePartitionBinary(table(), { md5: false })),
    );
    expect(same).toMatchObject({
      identical: true,
      changes: [],
      overTheAir: { verdict: 'same' },
      dataLost: [],
      byCable: [],
    });
  });

  it('keeps its table where the app finds all that it needs', () => {
    expect(diff({ fs: '' })).toMatchObject({
      verdict: 'keep',
      reasons: 'the image has at most 1048576 bytes',
      lost: ['fs removed'],
      cable: ['write table'],
    });
    expect(diff({ ota_1: 'ota_1,app,ota_1,0x110000,960K' })).toMatchObject({
      verdict: 'keep',
      largest: 960 * 1024,
      lost: [],
      cable: ['write table'],
    });
    expect(diff({ nvs: 'nvs,data,nvs,0x9000,16K,readonly' }).reasons).toContain(
      'keeps its old flags',
    );
  });

  it('cannot where the app would look in vain', () => {
    expect(diff({}, 'model,data,fat,0x310000,64K')).toMatchObject({
      verdict: 'no',
      reasons: 'the old table has no model, which the new app may look for',
      lost: [],
      cable: ['write table', 'erase model'],
    });
    expect(diff({ fs: 'files,data,littlefs,0x210000,1M' })).toMatchObject({
      verdict: 'no',
      reasons: 'files is called fs in the old table',
      lost: [],
      cable: ['write table'],
    });
    expect(diff({ fs: 'fs,data,spiffs,0x210000,1M' })).toMatchObject({
      verdict: 'no',
      reasons: 'fs has another type in the old table',
      lost: ['fs retyped'],
      cable: ['write table', 'erase fs'],
    });
  });

  it('cannot where the old table has no way to update', () => {
    const { overTheAir } = diffPartitionTables(csv('app,app,factory,,1M'), table());
    expect(overTheAir).toMatchObject({ verdict: 'no', largestImageBytes: null });
    expect(overTheAir.reasons[0]).toBe(
      'devices with the old table cannot update over the air at all',
    );
  });

  it('cannot where the table moves', () => {
    const moved = csv(Object.values(ROWS).slice(2).join('\n'), { tableFlashOffset: 0x9000 });
    expect(diffPartitionTables(table(), moved).overTheAir.reasons).toContain(
      'the table itself moves, which needs another bootloader',
    );
  });
});

describe('what is lost, and what a cable brings', () => {
  it('keeps NVS that grows, and erases only its new pages', () => {
    const rest = [ROWS.ota_0, ROWS.ota_1, 'otadata,data,ota,0x210000,8K'];
    const smaller = csv([ROWS.nvs, ...rest].join('\n'));
    const larger = csv(['nvs,data,nvs,0x9000,28K', ...rest].join('\n'));
    const { dataLost, byCable, overTheAir } = diffPartitionTables(smaller, larger);
    expect(overTheAir.reasons).toEqual(['nvs has only 16384 bytes in the old table, not 28672']);
    expect(dataLost).toEqual([]);
    expect(byCable).toMatchObject([
      { what: 'table' },
      { what: 'data', action: 'erase', flashOffset: 0xd000, sizeBytes: 0x3000 },
    ]);
  });

  it('loses what moves, shrinks, or gets something laid over it', () => {
    expect(diff({ fs: 'fs,data,littlefs,0x220000,960K' })).toMatchObject({ lost: ['fs moved'] });
    expect(diff({ fs: 'fs,data,littlefs,0x210000,512K' })).toMatchObject({
      lost: ['fs shrunk'],
      cable: ['write table', 'erase fs'],
    });
    expect(diff({ ota_1: 'ota_1,app,ota_1,0x110000,1088K', fs: '' })).toMatchObject({
      lost: ['fs overwritten'],
    });
  });

  it('writes the app that boots and blanks otadata where slots move', () => {
    expect(diff({ ota_0: 'ota_0,app,ota_0,0x20000,960K' })).toMatchObject({
      cable: ['write table', 'erase otadata', 'write ota_0'],
    });
    expect(diff({}, 'factory,app,factory,0x310000,1M')).toMatchObject({
      cable: ['write table', 'erase otadata', 'write factory'],
    });
  });
});
