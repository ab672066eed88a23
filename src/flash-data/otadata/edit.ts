import { OtadataError } from '../codes.ts';
import {
  bootableEntries,
  type BootPartition,
  type BootSlots,
  bootSlots,
  type BootTable,
  slotName,
} from './boot-slots.ts';
import { chooseBootSlot, newestEligible, type RecordWrite } from './choose-boot-slot.ts';
import { type Otadata, parseOtadata } from './parse.ts';
import {
  BLANK_SEQUENCE,
  OTADATA_SIZE_BYTES,
  type OtadataState,
  RECORD_SIZE_BYTES,
  type RecordIndex,
  SECTOR_SIZE_BYTES,
  serializeRecordSector,
  STATE_VALUES,
} from './record.ts';

/** A state that can be written on purpose. */
export type WritableState = Exclude<OtadataState, 'unknown'>;

/** How {@link switchOtadata} writes its record. */
export interface SwitchOptions {
  /** Whether the bootloader is built with rollback; decides the default state. */
  readonly rollback?: boolean;
  /**
   * The state of the new record. By default what the device itself would write: `new` with rollback
   * (the app must confirm itself), `undefined` without.
   */
  readonly state?: 'new' | 'valid' | 'undefined';
}

/** An erased otadata partition: the factory app boots, or else ota_0. */
export function eraseOtadata(): Uint8Array {
  return new Uint8Array(OTADATA_SIZE_BYTES).fill(0xff);
}

/**
 * The otadata partition that makes the bootloader start another slot. The new record gets the
 * smallest larger sequence number that selects the slot, and a state of its own (never that of the
 * record it replaces), and is written over the record that is *not* in charge, so that a power cut
 * leaves the old choice. To `factory` the partition is erased, as the device does.
 *
 * @param slot the slot (`ota_1`, `factory`) or the name of its entry
 * @throws OtadataError `otadata/wrong-size`, `otadata/no-partition`, `otadata/no-such-slot`,
 * `otadata/slots-not-contiguous`
 */
export function switchOtadata(
  otadata: Otadata | Uint8Array,
  table: BootTable,
  slot: string,
  { rollback = false, state }: SwitchOptions = {},
): Uint8Array {
  const current = otadata instanceof Uint8Array ? parseOtadata(otadata) : otadata;
  const slots = bootSlots(table);
  const target = findSlot(slots, slot);
  if (target === slots.factory) return eraseOtadata();
  const choice = chooseBootSlot(current, table, { rollback });
  const active = choice.activeRecord === null ? undefined : current.records[choice.activeRecord];
  const chosen = choice.reason === 'otadata' && choice.boots === target;
  // A record that waits for confirmation would not outlive the boot of a bootloader with rollback.
  const keeps = state === undefined ? active?.state !== 'pending-verify' : active?.state === state;
  if (chosen && keeps) return current.bytes.slice();
  // Without rollback a record that waits for confirmation counts: be above it in either build.
  const newest = newestEligible(current.records);
  const above = newest === null ? 0 : (current.records[newest]?.sequence ?? 0);
  const sequence = nextSequence(above, slots.ota.indexOf(target), slots.otaCount);
  const bytes = sequence < above ? eraseOtadata() : current.bytes.slice();
  const record = newest === null || sequence < above ? 0 : 1 - newest;
  const newState = STATE_VALUES[state ?? (rollback ? 'new' : 'undefined')];
  bytes.set(serializeRecordSector(sequence, newState), record * SECTOR_SIZE_BYTES);
  return bytes;
}

/**
 * Sets the state of one record in place, as `esp_ota_mark_app_valid_cancel_rollback` and its
 * relatives do on the device.
 *
 * @param record by default the one that the bootloader goes by
 * @throws OtadataError `otadata/wrong-size`, `otadata/no-active-record`
 */
export function markOtadata(
  otadata: Otadata | Uint8Array,
  state: WritableState,
  record?: RecordIndex,
): Uint8Array {
  const current = otadata instanceof Uint8Array ? parseOtadata(otadata) : otadata;
  const index = record ?? newestEligible(current.records);
  const sequence = index === null ? BLANK_SEQUENCE : current.records[index].sequence;
  if (index === null || sequence === BLANK_SEQUENCE) {
    throw new OtadataError(
      'otadata/no-active-record',
      index === null
        ? 'neither record is in use: both are blank, damaged, invalid or aborted'
        : `record ${index} is blank`,
      { hint: 'Choose a slot with `otakit otadata switch`, or name the record with --record.' },
    );
  }
  return applyRecordWrites(current, [{ record: index, sequence, state }]);
}

/**
 * The partition after the bootloader wrote to it, as {@link chooseBootSlot} says it will. Where only
 * the state changes, label and CRC stay as they are.
 */
export function applyRecordWrites(otadata: Otadata, writes: readonly RecordWrite[]): Uint8Array {
  const bytes = otadata.bytes.slice();
  for (const { record, sequence, state } of writes) {
    const start = record * SECTOR_SIZE_BYTES;
    const stateValue =
      state === 'unknown' ? otadata.records[record].stateValue : STATE_VALUES[state];
    const sector = serializeRecordSector(sequence, stateValue);
    if (sequence === otadata.records[record].sequence) {
      sector.set(bytes.subarray(start, start + RECORD_SIZE_BYTES));
      new DataView(sector.buffer).setUint32(24, stateValue, true);
    }
    bytes.set(sector, start);
  }
  return bytes;
}

function findSlot(slots: BootSlots, slot: string): BootPartition {
  if (slots.otadata === null) {
    throw new OtadataError('otadata/no-partition', 'the partition table has no otadata entry', {
      hint: 'Add a row `otadata, data, ota, , 0x2000` to the partition table and flash it by cable.',
    });
  }
  const switchable = bootableEntries(slots).filter((entry) => entry !== slots.test);
  const target =
    switchable.find((entry) => slotName(entry) === slot) ??
    switchable.find((entry) => entry.name === slot);
  if (target === undefined) {
    const names = switchable.map(slotName);
    throw new OtadataError('otadata/no-such-slot', `there is no app slot "${slot}"`, {
      hint:
        names.length === 0
          ? 'The partition table has neither a factory app nor OTA slots.'
          : `Choose one of: ${names.join(', ')}.`,
      details: { slot, slots: names },
    });
  }
  if (target !== slots.factory && !slots.contiguous) {
    const names = bootableEntries(slots).map(slotName).join(', ');
    throw new OtadataError(
      'otadata/slots-not-contiguous',
      `the OTA slots (${names}; ${slots.otaCount} entries) leave out a number or have one twice, so bootloader and app disagree about the slot`,
      {
        hint: 'Number the slots ota_0, ota_1, … without a gap and flash the table by cable.',
        details: { otaCount: slots.otaCount },
      },
    );
  }
  return target;
}

/** The smallest sequence number above `above` that selects the slot; starts over when none is left. */
function nextSequence(above: number, slotIndex: number, otaCount: number): number {
  const sequence = above + 1 + ((((slotIndex - above) % otaCount) + otaCount) % otaCount);
  return sequence < BLANK_SEQUENCE ? sequence : slotIndex + 1;
}
