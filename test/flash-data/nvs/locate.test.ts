import { describe, expect, it } from 'vitest';
import { locateNvs } from '../../../src/flash-data/index.ts';
import { memorySource } from '../../../src/shared/index.ts';
import { nvsOf } from './fixtures.ts';

const row = (name: string, subtype: number, flashOffset: number) => ({
  name,
  type: 1,
  subtype,
  flashOffset,
  sizeBytes: 0x4000,
});
const table = { entries: [row('phy', 1, 0x8000), row('nvs', 2, 0x9000), row('more', 2, 0x20000)] };

describe('finding NVS in a file', () => {
  it('takes a file that is NVS, also a blank one', async () => {
    const whole = { fileOffset: 0, sizeBytes: 0x4000 };
    expect(await locateNvs(memorySource(nvsOf('s,namespace,,')), null)).toEqual(whole);
    expect(await locateNvs(memorySource(new Uint8Array(0x4000).fill(0xff)), null)).toEqual(whole);
    expect(await locateNvs(memorySource(new Uint8Array(0x4000)), table)).toEqual(whole);
  });

  it('goes by the table in a larger file', async () => {
    const flash = memorySource(new Uint8Array(0x40000));
    expect(await locateNvs(flash, table)).toEqual({ fileOffset: 0x9000, sizeBytes: 0x4000 });
    const more = await locateNvs(flash, table, 'more');
    expect(more).toEqual({ fileOffset: 0x20000, sizeBytes: 0x4000 });
  });

  it('says nvs/not-nvs otherwise', async () => {
    const code = { code: 'nvs/not-nvs' };
    await expect(locateNvs(memorySource(new Uint8Array(0x4000)), null)).rejects.toMatchObject(code);
    await expect(locateNvs(memorySource(new Uint8Array(9)), table)).rejects.toMatchObject(code);
    const flash = memorySource(new Uint8Array(0x40000));
    await expect(locateNvs(flash, table, 'none')).rejects.toMatchObject(code);
    await expect(locateNvs(flash, { entries: [] })).rejects.toMatchObject(code);
  });
});
