import { ByteReader, formatHex, type Issue } from '../../shared/index.ts';
import { type OtadataCode, OtadataError } from '../codes.ts';
import {
  BLANK_SEQUENCE,
  isRuledOut,
  OTADATA_SIZE_BYTES,
  type OtadataRecord,
  RECORD_SIZE_BYTES,
  recordCrc,
  type RecordIndex,
  SECTOR_SIZE_BYTES,
  stateName,
} from './record.ts';

/** An otadata partition: which app slot the bootloader starts. */
export interface Otadata {
  readonly records: readonly [OtadataRecord, OtadataRecord];
  /** The whole partition as it was read, so that what nobody changes stays as it is. */
  readonly bytes: Uint8Array;
}

/**
 * Reads an otadata partition (`esp_ota_select_entry_t` twice, at 0x0 and at 0x1000). Blank and
 * damaged records are values here, as they are for the bootloader.
 *
 * @param bytes exactly the 0x2000 bytes of the partition
 * @throws OtadataError `otadata/wrong-size`
 */
export function parseOtadata(bytes: Uint8Array): Otadata {
  if (bytes.length !== OTADATA_SIZE_BYTES) {
    throw new OtadataError(
      'otadata/wrong-size',
      `otadata is ${formatHex(OTADATA_SIZE_BYTES)} bytes, these are ${formatHex(bytes.length)}`,
      {
        hint: 'Read the whole otadata partition, or give a whole flash dump together with its partition table.',
        details: { needBytes: OTADATA_SIZE_BYTES, haveBytes: bytes.length },
      },
    );
  }
  return { records: [parseRecord(bytes, 0), parseRecord(bytes, 1)], bytes };
}

function parseRecord(bytes: Uint8Array, index: RecordIndex): OtadataRecord {
  const start = index * SECTOR_SIZE_BYTES;
  const reader = new ByteReader(bytes.subarray(start, start + RECORD_SIZE_BYTES), start);
  const sequence = reader.u32('sequence');
  reader.skip(20, 'label');
  const stateValue = reader.u32('state');
  const crc = reader.u32('crc');
  const crcValid = crc === recordCrc(sequence);
  const blank = sequence === BLANK_SEQUENCE;
  const state = stateName(stateValue);
  const eligible = crcValid && !isRuledOut({ blank, state });
  return { sequence, state, stateValue, crc, crcValid, blank, eligible };
}

/** Everything odd about an otadata partition by itself. None of it keeps a device from booting. */
export function validateOtadata(otadata: Otadata): readonly Issue<OtadataCode>[] {
  const [first, second] = otadata.records;
  const issues = otadata.records.flatMap((record, index) => recordIssues(record, index));
  if (first.eligible && second.eligible && first.sequence === second.sequence) {
    issues.push({
      code: 'otadata/equal-sequences',
      severity: 'warning',
      message: `both records have the sequence number ${first.sequence}; the bootloader goes by the first`,
      hint: 'Run `otakit otadata switch` to leave one record in charge.',
      location: { kind: 'binary', fileOffset: SECTOR_SIZE_BYTES },
    });
  }
  const stray = otadata.bytes.findIndex(
    (byte, offset) => byte !== 0xff && offset % SECTOR_SIZE_BYTES >= RECORD_SIZE_BYTES,
  );
  if (stray >= 0) {
    issues.push({
      code: 'otadata/stray-bytes',
      severity: 'warning',
      message: `there is data at ${formatHex(stray)}, beside the two records`,
      hint: 'Check the offset: this may not be the otadata partition, or it may be encrypted.',
      location: { kind: 'binary', fileOffset: stray },
    });
  }
  return issues;
}

function recordIssues(record: OtadataRecord, index: number): Issue<OtadataCode>[] {
  const location = { kind: 'binary', fileOffset: index * SECTOR_SIZE_BYTES } as const;
  const issues: Issue<OtadataCode>[] = [];
  // Erased flash has no CRC to be wrong.
  if (!record.crcValid && !(record.blank && record.crc === 0xffffffff)) {
    issues.push({
      code: 'otadata/crc-mismatch',
      severity: 'warning',
      message: `record ${index} (sequence ${record.sequence}) has CRC ${formatHex(record.crc, 8)}, but its sequence number makes ${formatHex(recordCrc(record.sequence), 8)}; the bootloader ignores it`,
      hint: 'Nothing needs doing while the other record is good; `otakit otadata switch` writes a good one.',
      location,
    });
  }
  if (!record.blank && record.state === 'unknown') {
    issues.push({
      code: 'otadata/unknown-state',
      severity: 'warning',
      message: `record ${index} has the state ${formatHex(record.stateValue, 8)}, which ESP-IDF does not define; the bootloader takes it like an undefined one`,
      hint: 'Set one with `otakit otadata mark`, or read the partition again.',
      location,
    });
  }
  return issues;
}
