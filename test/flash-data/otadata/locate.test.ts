import { describe, expect, it } from 'vitest';
import { locateOtadata } from '../../../src/flash-data/index.ts';
import { tableOf } from './fixtures.ts';

const failsWith = (code: string) => expect.objectContaining({ code }) as Error;

describe('finding otadata in a file', () => {
  it('takes a dump of the partition from its start, and a whole flash by the table', () => {
    expect(locateOtadata(0x2000, tableOf(2))).toBe(0);
    expect(locateOtadata(0x800000, tableOf(2))).toBe(0x640000);
  });

  it('says when the file ends before it, and when the table has none', () => {
    expect(() => locateOtadata(0x640000, tableOf(2))).toThrow(failsWith('otadata/not-in-file'));
    const none = tableOf(2, { otadata: false });
    expect(() => locateOtadata(0x640000, none)).toThrow(failsWith('otadata/no-partition'));
  });
});
