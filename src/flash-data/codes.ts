import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Every code of {@link OtadataError} and of the issues found in otadata. */
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

/** One of {@link OTADATA_CODES}. */
export type OtadataCode = keyof typeof OTADATA_CODES;

/** Thrown by everything that reads or writes otadata. */
export class OtadataError extends OtakitError {
  constructor(code: ThrowableCode<typeof OTADATA_CODES>, message: string, context?: ErrorContext) {
    super(OTADATA_CODES, code, message, context);
  }
}

/** Every code of {@link NvsError} and of the issues found in NVS. */
export const NVS_CODES = {
  'nvs/wrong-size': {
    kind: 'input',
    meaning: 'An NVS partition is a whole number of 4096-byte pages, and this is not.',
  },
  'nvs/not-nvs': {
    kind: 'input',
    meaning: 'The file is neither an NVS partition nor a flash dump in which one could be found.',
  },
  'nvs/encrypted': {
    kind: 'input',
    meaning:
      'No entry has a good CRC, as in an NVS that is encrypted with keys that were not given.',
  },
  'nvs/keys-invalid': {
    kind: 'input',
    meaning: 'The file of NVS keys is too short, blank, or has a wrong CRC.',
  },
  'nvs/csv-syntax': {
    kind: 'input',
    meaning: 'The NVS CSV lacks its header line, or a row lacks fields.',
  },
  'nvs/bad-encoding': {
    kind: 'input',
    meaning: 'An encoding is none that NVS has.',
  },
  'nvs/bad-value': {
    kind: 'input',
    meaning: 'A value does not fit its encoding: not a number, out of range, or not hex or base64.',
  },
  'nvs/bad-key': {
    kind: 'input',
    meaning: 'A key or namespace is longer than 15 bytes, empty, or not text.',
  },
  'nvs/value-too-long': {
    kind: 'input',
    meaning: 'A string or blob is longer than NVS can store.',
  },
  'nvs/full': {
    kind: 'input',
    meaning: 'The values do not fit into the partition.',
  },
  'nvs/row-twice': {
    kind: 'input',
    meaning: 'Two rows of a CSV with a row per board are the same, or for the same board.',
  },
  'nvs/no-row-left': {
    kind: 'input',
    meaning: 'Every row of a CSV with a row per board has been given to a board.',
  },
  'nvs/row-conflict': {
    kind: 'input',
    meaning: 'The CSV with a row per board and the journal of who got which contradict each other.',
  },
  'nvs/too-many-namespaces': {
    kind: 'input',
    meaning: 'NVS has room for 254 namespaces.',
  },
  'nvs/no-such-key': {
    kind: 'input',
    meaning: 'The NVS has no value of that namespace and key.',
  },
  'nvs/needs-recovery': {
    kind: 'input',
    meaning: 'The NVS has faults that a device would repair first; it is not edited in this state.',
  },
  'nvs/page-header': {
    kind: 'warning',
    meaning: 'The header of an NVS page is damaged: the device drops what the page holds.',
  },
  'nvs/page-not-erased': {
    kind: 'warning',
    meaning: 'An NVS page that counts as blank has data in it.',
  },
  'nvs/page-freeing': {
    kind: 'warning',
    meaning:
      'A page was being cleared when the power went: the device finishes that when it starts.',
  },
  'nvs/page-sequence': {
    kind: 'warning',
    meaning: 'Two NVS pages have the same sequence number, so their order is unknown.',
  },
  'nvs/no-free-page': {
    kind: 'warning',
    meaning: 'No NVS page is blank: the device refuses to use the partition.',
  },
  'nvs/entry-crc': {
    kind: 'warning',
    meaning: 'An NVS entry has a wrong CRC: the device erases it.',
  },
  'nvs/entry-span': {
    kind: 'warning',
    meaning: 'An NVS entry takes up more entries than its page has, or fewer than its data needs.',
  },
  'nvs/entry-state': {
    kind: 'warning',
    meaning: 'The bitmap of an NVS page contradicts its entries.',
  },
  'nvs/data-crc': {
    kind: 'warning',
    meaning: 'The data of an NVS string or blob has a wrong CRC: the device does not return it.',
  },
  'nvs/unknown-type': {
    kind: 'warning',
    meaning: 'An NVS entry has a type that ESP-IDF does not define.',
  },
  'nvs/unknown-namespace': {
    kind: 'warning',
    meaning: 'An NVS value belongs to a namespace that is not entered, so no app can reach it.',
  },
  'nvs/duplicate-key': {
    kind: 'warning',
    meaning: 'A key is stored twice; only one of its values counts.',
  },
  'nvs/blob-incomplete': {
    kind: 'warning',
    meaning: 'Chunks of an NVS blob are missing or have the wrong length.',
  },
  'nvs/orphan-chunk': {
    kind: 'warning',
    meaning: 'A chunk belongs to no NVS blob: the device erases it.',
  },
  'nvs/string-not-terminated': {
    kind: 'warning',
    meaning: 'An NVS string does not end in NUL or is not UTF-8.',
  },
  'nvs/csv-oddity': {
    kind: 'warning',
    meaning:
      'A row of the CSV does something that its author hardly meant; it is done all the same.',
  },
  'nvs/readonly-size': {
    kind: 'warning',
    meaning: 'A partition under 0x3000 bytes can only be used read-only.',
  },
} as const satisfies CodeCatalogue;

/** One of {@link NVS_CODES}. */
export type NvsCode = keyof typeof NVS_CODES;

/** Thrown by everything that reads or writes NVS. */
export class NvsError extends OtakitError {
  constructor(code: ThrowableCode<typeof NVS_CODES>, message: string, context?: ErrorContext) {
    super(NVS_CODES, code, message, context);
  }
}
