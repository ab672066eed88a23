import * as fc from '../../support/property.ts';
import { describe, expect, it } from 'vitest';
import {
  chooseBootSlot,
  eraseOtadata,
  markOtadata,
  parseOtadata,
  slotName,
  switchOtadata,
} from '../../../src/flash-data/index.ts';
import { otadataBytes, tableOf, tableWith } from './fixtures.ts';

const [PENDING, VALID, ABORTED] = [1, 2, 4];

const recordArbitrary = fc.option(
  fc.record(
    {
      sequence: fc.oneof(fc.nat(40), fc.integer({ min: 0xfffffff0, max: 0xffffffff })),
      state: fc.constantFrom(0, 1, 2, 3, 4, 0xffffffff, 77),
      crc: fc.constant(0),
    },
    { requiredKeys: ['sequence', 'state'] },
  ),
);

describe('switching', () => {
  it('writes a record of its own where the old one was aborted, and the bootloader accepts it', () => {
    const before = otadataBytes({ sequence: 3, state: VALID }, { sequence: 2, state: ABORTED });
    const after = switchOtadata(before, tableOf(2), 'ota_1');
    expect(after).toEqual(
      otadataBytes({ sequence: 3, state: VALID }, { sequence: 4, state: 0xffffffff }),
    );
    expect(chooseBootSlot(parseOtadata(after), tableOf(2)).boots?.subtype).toBe(0x11);
  });

  it('counts app partitions only as slots: a data partition with an app subtype is none', () => {
    const table = tableOf(2);
    const decoy = { name: 'decoy', type: 0x40, subtype: 0x12, flashOffset: 0, sizeBytes: 4096 };
    const after = switchOtadata(eraseOtadata(), { entries: [...table.entries, decoy] }, 'ota_1');
    expect(parseOtadata(after).records[0].sequence).toBe(2);
  });

  it('leads from every state of the partition to the slot, with and without rollback', () => {
    fc.assert(
      fc.property(
        recordArbitrary,
        recordArbitrary,
        fc.integer({ min: 1, max: 16 }),
        fc.nat(15),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(undefined, 'new' as const, 'valid' as const, 'undefined' as const),
        (first, second, count, target, factory, rollback, state) => {
          const table = tableOf(count, { factory });
          const slot = `ota_${target % count}`;
          const before = otadataBytes(first, second);
          const options = { rollback, ...(state === undefined ? {} : { state }) };
          const after = switchOtadata(before, table, slot, options);
          const choice = chooseBootSlot(parseOtadata(after), table, { rollback });
          expect(choice.reason).toBe('otadata');
          expect(choice.boots === null ? null : slotName(choice.boots)).toBe(slot);
          const record = parseOtadata(after).records[choice.activeRecord ?? 0];
          if (state !== undefined) expect(record.state).toBe(state);
          expect(switchOtadata(after, table, slot, options)).toEqual(after);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves the record in charge alone, so that a power cut keeps the old choice', () => {
    const before = otadataBytes({ sequence: 5, state: VALID }, { sequence: 6, state: VALID });
    const after = switchOtadata(before, tableOf(2), 'ota_0', { rollback: true });
    expect(parseOtadata(after).records).toMatchObject([
      { sequence: 7, state: 'new' },
      { sequence: 6, state: 'valid' },
    ]);
  });

  it('does not rely on a record that still waits for confirmation', () => {
    const before = otadataBytes({ sequence: 1, state: VALID }, { sequence: 2, state: PENDING });
    const after = switchOtadata(before, tableOf(2), 'ota_1');
    expect(parseOtadata(after).records[0]).toMatchObject({ sequence: 4, state: 'undefined' });
  });

  it('to the factory app erases, and knows entries by their names too', () => {
    const before = otadataBytes({ sequence: 5, state: VALID }, null);
    expect(switchOtadata(before, tableOf(2), 'factory')).toEqual(eraseOtadata());
    const choice = chooseBootSlot(
      parseOtadata(switchOtadata(before, tableOf(2), 'app2')),
      tableOf(2),
    );
    expect(choice.boots?.subtype).toBe(0x11);
  });

  it.each([
    ['otadata/no-such-slot', tableOf(2), 'ota_2'],
    ['otadata/no-such-slot', tableOf(2, { factory: false }), 'factory'],
    ['otadata/no-such-slot', tableWith([0x20]), 'test'],
    ['otadata/no-partition', tableOf(2, { otadata: false }), 'ota_1'],
    ['otadata/slots-not-contiguous', tableWith([0x10, 0x12]), 'ota_0'],
    ['otadata/slots-not-contiguous', tableWith([0x10, 0x10]), 'ota_0'],
  ])('says %s', (code, table, slot) => {
    expect(() => switchOtadata(eraseOtadata(), table, slot)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});

describe('marking', () => {
  it('changes the state of the record in charge and nothing else', () => {
    const before = otadataBytes({ sequence: 1, state: VALID }, { sequence: 2, state: PENDING });
    before.fill(0x41, 0x1004, 0x1008);
    const expected = before.slice();
    new DataView(expected.buffer).setUint32(0x1018, VALID, true);
    expect(markOtadata(before, 'valid')).toEqual(expected);
  });

  it('changes the record that was named', () => {
    const before = otadataBytes({ sequence: 1, state: ABORTED }, { sequence: 2, state: VALID });
    expect(parseOtadata(markOtadata(before, 'valid', 0)).records[0].state).toBe('valid');
  });

  it('says otadata/no-active-record where there is none', () => {
    const code = 'otadata/no-active-record';
    const expected = expect.objectContaining({ code }) as Error;
    expect(() => markOtadata(eraseOtadata(), 'valid')).toThrow(expected);
    expect(() => markOtadata(eraseOtadata(), 'valid', 1)).toThrow(expected);
  });
});
