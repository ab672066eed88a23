import { describe, expect, it } from 'vitest';
import {
  applyRecordWrites,
  type BootTable,
  chooseBootSlot,
  explainBootChoice,
  parseOtadata,
  slotName,
} from '../../../src/flash-data/index.ts';
import { otadataBytes, tableOf, tableWith } from './fixtures.ts';

const [NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED] = [0, 1, 2, 3, 4, 0xffffffff];
const blank = otadataBytes(null, null);

function boots(bytes: Uint8Array, table: BootTable, rollback = false): string | null {
  const { boots } = chooseBootSlot(parseOtadata(bytes), table, { rollback });
  return boots === null ? null : slotName(boots);
}

describe('the boot slot', () => {
  it('is the factory app while otadata is blank, or else ota_0, whose choice is then noted', () => {
    expect(boots(blank, tableOf(2))).toBe('factory');
    const otadata = parseOtadata(blank);
    const choice = chooseBootSlot(otadata, tableOf(2, { factory: false }));
    expect(choice).toMatchObject({
      boots: { subtype: 0x10 },
      reason: 'first-ota-by-default',
      writes: [{ record: 0, sequence: 1, state: 'valid' }],
    });
    expect(applyRecordWrites(otadata, choice.writes)).toEqual(
      otadataBytes({ sequence: 1, state: VALID }, null),
    );
  });

  it('is (sequence - 1) % slots of the larger sequence, for every number of slots', () => {
    for (let count = 1; count <= 16; count += 1) {
      for (let sequence = 0; sequence < 40; sequence += 1) {
        const older = { sequence: Math.max(0, sequence - 1), state: VALID };
        const newer = { sequence, state: UNDEFINED };
        const expected = `ota_${((sequence + 0xffffffff) % 2 ** 32) % count}`;
        expect(boots(otadataBytes(newer, null), tableOf(count))).toBe(expected);
        if (sequence === 0) continue;
        expect(boots(otadataBytes(newer, older), tableOf(count))).toBe(expected);
        expect(boots(otadataBytes(older, newer), tableOf(count, { factory: false }))).toBe(
          expected,
        );
      }
    }
  });

  it('ignores records that are invalid, aborted or have a bad CRC, whatever their sequence', () => {
    const older = { sequence: 3, state: VALID };
    for (const ruledOut of [
      { sequence: 4, state: INVALID },
      { sequence: 4, state: ABORTED },
      { sequence: 4, state: VALID, crc: 1 },
    ]) {
      expect(boots(otadataBytes(older, ruledOut), tableOf(2))).toBe('ota_0');
      expect(boots(otadataBytes(null, ruledOut), tableOf(2))).toBe('factory');
      expect(boots(otadataBytes(null, ruledOut), tableOf(2, { factory: false }))).toBe('ota_0');
    }
  });

  it('takes new, pending, undefined and unknown states as good without rollback', () => {
    for (const state of [NEW, PENDING, VALID, UNDEFINED, 7]) {
      expect(boots(otadataBytes(null, { sequence: 2, state }), tableOf(2))).toBe('ota_1');
    }
  });

  it('gives up a pending record with rollback, and turns a new one into a pending one', () => {
    const otadata = parseOtadata(
      otadataBytes({ sequence: 3, state: VALID }, { sequence: 4, state: NEW }),
    );
    const first = chooseBootSlot(otadata, tableOf(2), { rollback: true });
    expect(first).toMatchObject({
      boots: { subtype: 0x11 },
      writes: [{ record: 1, sequence: 4, state: 'pending-verify' }],
    });
    const second = parseOtadata(applyRecordWrites(otadata, first.writes));
    const choice = chooseBootSlot(second, tableOf(2), { rollback: true });
    expect(choice).toMatchObject({
      boots: { subtype: 0x10 },
      activeRecord: 0,
      writes: [{ record: 1, sequence: 4, state: 'aborted' }],
    });
    const third = parseOtadata(applyRecordWrites(second, choice.writes));
    expect(third.records[1].state).toBe('aborted');
    expect(chooseBootSlot(third, tableOf(2), { rollback: true })).toMatchObject({ writes: [] });
  });

  it('goes by the first record where both have the same sequence', () => {
    const same = { sequence: 2, state: VALID };
    expect(chooseBootSlot(parseOtadata(otadataBytes(same, same)), tableOf(2)).activeRecord).toBe(0);
  });

  it('is none where the table has no app, and the factory app where it has no OTA slot', () => {
    const record = otadataBytes({ sequence: 1, state: VALID }, null);
    expect(boots(record, tableOf(0, { factory: false }))).toBeNull();
    expect(boots(record, tableOf(0))).toBe('factory');
    expect(boots(record, tableWith([0x20]))).toBe('test');
  });

  it('is the factory app, or else the first OTA slot, where the table has no otadata', () => {
    const record = otadataBytes({ sequence: 2, state: VALID }, null);
    expect(boots(record, tableOf(2, { otadata: false }))).toBe('factory');
    expect(boots(record, tableOf(2, { factory: false, otadata: false }))).toBe('ota_0');
    expect(chooseBootSlot(null, tableOf(2)).reason).toBe('no-otadata');
    expect(chooseBootSlot(null, tableOf(0, { factory: false })).reason).toBe('no-app');
  });

  it('follows the bootloader into a gap: two entries make the modulus 2, and ota_1 is missing', () => {
    const record = otadataBytes({ sequence: 2, state: VALID }, null);
    const choice = chooseBootSlot(parseOtadata(record), tableWith([0x10, 0x12]));
    expect(choice).toMatchObject({ boots: { subtype: 0x10 }, reason: 'slot-missing' });
  });

  it('has a second choice where its image is bad: down to factory, then up, then the test app', () => {
    const record = parseOtadata(otadataBytes({ sequence: 2, state: VALID }, null));
    const table = tableWith([0, 0x10, 0x11, 0x12, 0x13, 0x20]);
    expect(chooseBootSlot(record, table).attempts.map(slotName)).toEqual(
      ['ota_1', 'ota_0', 'factory', 'ota_2', 'ota_3', 'test'], // prettier-ignore
    );
  });

  it('does not note its choice where a record is in use or was ruled out', () => {
    const aborted = otadataBytes({ sequence: 1, state: ABORTED }, null);
    const table = tableOf(2, { factory: false });
    expect(chooseBootSlot(parseOtadata(aborted), table).writes).toEqual([]);
    const badCrc = otadataBytes({ sequence: 1, state: VALID, crc: 0 }, null);
    expect(chooseBootSlot(parseOtadata(badCrc), table).writes).toEqual([]);
  });

  it('comes with a reason in words', () => {
    const words = (bytes: Uint8Array, table: BootTable) => {
      const otadata = parseOtadata(bytes);
      return explainBootChoice(chooseBootSlot(otadata, table), otadata);
    };
    const record = otadataBytes({ sequence: 2, state: VALID }, null);
    expect(words(record, tableOf(2))).toContain(
      'record 0 has the highest usable sequence number (2)',
    );
    expect(words(blank, tableOf(2))).toContain('factory app boots');
    expect(words(blank, tableOf(2, { factory: false }))).toContain('ota_0 boots');
    expect(words(record, tableOf(2, { otadata: false }))).toContain('no otadata partition');
    expect(words(record, tableWith([0x10, 0x12]))).toContain('not in the table');
    expect(words(blank, tableWith([0x20]))).toContain('test is left');
    expect(words(blank, tableWith([]))).toContain('no app partition');
  });
});
