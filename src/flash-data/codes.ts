import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

export const OTADATA_CODES = {
  'otadata/wrong-size': {
    kind: 'input',
    meaning: 'The bytes are not an otadata partition, which is always 0x2000 bytes.',
  },
  'otadata/not-in-file': {
    kind: 'input',
    meaning: 'The file does not reach to where the partition table has otadata.',
  },
  'otadata/no-partition': {
    kind: 'input',
    meaning: 'The partition table has no otadata entry, so the device cannot switch slots.',
  },
  'otadata/no-such-slot': {
    kind: 'usage',
    meaning: 'The partition table has no app slot of that name.',
  },
  'otadata/slots-not-contiguous': {
    kind: 'input',
    meaning:
      'The table’s OTA slots are not ota_0, ota_1, … without a gap or a double, so no sequence number selects a slot reliably.',
  },
  'otadata/no-active-record': {
    kind: 'input',
    meaning: 'No otadata record is in use, so there is none to mark.',
  },
  'otadata/crc-mismatch': {
    kind: 'warning',
    meaning: 'An otadata record has a wrong CRC: the bootloader ignores it.',
  },
  'otadata/unknown-state': {
    kind: 'warning',
    meaning: 'An otadata record has a state that ESP-IDF does not define.',
  },
  'otadata/stray-bytes': {
    kind: 'warning',
    meaning: 'There are bytes beside the two otadata records, where erased flash should be.',
  },
  'otadata/will-abort': {
    kind: 'warning',
    meaning:
      'A record waits for its app’s confirmation: with rollback the next boot gives that app up.',
  },
  'otadata/equal-sequences': {
    kind: 'warning',
    meaning: 'Both otadata records have the same sequence number; the first one counts.',
  },
  'otadata/nothing-boots': {
    kind: 'input',
    meaning: 'No app slot in the partition table can be booted.',
  },
} as const satisfies CodeCatalogue;

export type OtadataCode = keyof typeof OTADATA_CODES;

/** Thrown by everything that reads or writes otadata. */
export class OtadataError extends OtakitError {
  constructor(code: ThrowableCode<typeof OTADATA_CODES>, message: string, context?: ErrorContext) {
    super(OTADATA_CODES, code, message, context);
  }
}
