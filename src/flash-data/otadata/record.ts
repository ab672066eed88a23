import { crc32 } from '../../shared/index.ts';

/** Bytes of an otadata partition: two flash sectors, one record at the start of each. */
export const OTADATA_SIZE_BYTES = 0x2000;
/** Each record has a flash sector to itself, so that one survives while the other is rewritten. */
export const SECTOR_SIZE_BYTES = 0x1000;
/** Bytes of one `esp_ota_select_entry_t`. */
export const RECORD_SIZE_BYTES = 32;
/** A sequence number of erased flash: the record was never written. */
export const BLANK_SEQUENCE = 0xffffffff;

/** What ESP-IDF thinks of the app that a record selects (`esp_ota_img_states_t`). */
export type OtadataState =
  | 'new'
  | 'pending-verify'
  | 'valid'
  | 'invalid'
  | 'aborted'
  | 'undefined'
  | 'unknown';

/** The states by their number on flash; `unknown` stands for every other number. */
export const STATE_VALUES = {
  new: 0,
  'pending-verify': 1,
  valid: 2,
  invalid: 3,
  aborted: 4,
  undefined: 0xffffffff,
} as const satisfies Partial<Record<OtadataState, number>>;

/** Which of the two records: the one at 0x0 or the one at 0x1000. */
export type RecordIndex = 0 | 1;

/** One of the two records of an otadata partition. */
export interface OtadataRecord {
  /** Selects slot `(sequence - 1) % slots`; the larger one of the two records counts. */
  readonly sequence: number;
  readonly state: OtadataState;
  /** The state as it is on flash, also where `state` is `unknown`. */
  readonly stateValue: number;
  readonly crc: number;
  /** Whether `crc` is that of `sequence`; nothing else of a record is covered by it. */
  readonly crcValid: boolean;
  /** Never written: the sequence number is that of erased flash. */
  readonly blank: boolean;
  /**
   * Whether the bootloader would go by this record: not blank, neither invalid nor aborted, and with
   * a good CRC.
   */
  readonly eligible: boolean;
}

/** The CRC of a record, which covers its sequence number alone. */
export function recordCrc(sequence: number): number {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, sequence, true);
  return crc32(bytes, 0xffffffff);
}

/** The name of a state number on flash. */
export function stateName(value: number): OtadataState {
  const known = Object.entries(STATE_VALUES).find(([, number]) => number === value);
  return (known?.[0] as OtadataState | undefined) ?? 'unknown';
}

/** Whether a record rules itself out, whatever its CRC (`bootloader_common_ota_select_invalid`). */
export function isRuledOut(record: Pick<OtadataRecord, 'blank' | 'state'>): boolean {
  return record.blank || record.state === 'invalid' || record.state === 'aborted';
}

/** A record as a whole flash sector, the rest of it erased, as the device leaves it. */
export function serializeRecordSector(sequence: number, stateValue: number): Uint8Array {
  const sector = new Uint8Array(SECTOR_SIZE_BYTES).fill(0xff);
  const view = new DataView(sector.buffer);
  view.setUint32(0, sequence, true);
  view.setUint32(24, stateValue, true);
  view.setUint32(28, recordCrc(sequence), true);
  return sector;
}
