import {
  type CodeCatalogue,
  type ErrorContext,
  OtakitError,
  type ThrowableCode,
} from '../shared/index.ts';

/** Faults that keep a table from being read or built; ESP-IDF's generator refuses them too. */
const STRUCTURE_CODES = {
  'partition-table/not-a-table': {
    kind: 'input',
    meaning: 'The file is neither a partition table in CSV nor a binary one.',
  },
  'partition-table/not-text': {
    kind: 'input',
    meaning: 'The CSV is not valid in the encoding that it begins with (UTF-8 without a mark).',
  },
  'partition-table/unknown-variable': {
    kind: 'input',
    meaning: 'A line of the CSV begins with `$NAME`, and no such variable is set.',
  },
  'partition-table/type-missing': {
    kind: 'input',
    meaning: 'A row of the CSV has no type.',
  },
  'partition-table/subtype-missing': {
    kind: 'input',
    meaning: 'An app entry has no subtype; only data entries may leave it empty.',
  },
  'partition-table/size-missing': {
    kind: 'input',
    meaning: 'A row of the CSV has no size.',
  },
  'partition-table/invalid-number': {
    kind: 'input',
    meaning: 'An offset, a size or a numeric subtype is not a number.',
  },
  'partition-table/unknown-keyword': {
    kind: 'input',
    meaning: 'A type or subtype is neither a number nor one of the known names.',
  },
  'partition-table/unknown-flag': {
    kind: 'input',
    meaning: 'The flag column has something other than `encrypted` and `readonly`, joined by `:`.',
  },
  'partition-table/value-out-of-range': {
    kind: 'input',
    meaning: 'A type or subtype does not fit in 8 bits, or an offset or size not in 32.',
  },
  'partition-table/bootloader-offset-unknown': {
    kind: 'input',
    meaning: 'A bootloader entry needs to be told where the primary or recovery bootloader lies.',
  },
  'partition-table/bootloader-above-table': {
    kind: 'usage',
    meaning: 'The primary bootloader was said to lie at or above the partition table.',
  },
  'partition-table/bad-extra-subtype': {
    kind: 'usage',
    meaning: 'An extra subtype is not `type, name, 0xNN` with a free value of a known type.',
  },
  'partition-table/overlaps-table': {
    kind: 'input',
    meaning: 'An entry begins before the end of the sector that holds the table itself.',
  },
  'partition-table/overlap': {
    kind: 'input',
    meaning: 'An entry begins before the one below it ends.',
  },
  'partition-table/not-in-csv': {
    kind: 'input',
    meaning: 'A name or other text has characters that a field of a CSV cannot hold.',
  },
  'partition-table/image-too-large': {
    kind: 'input',
    meaning: 'The app slots that a preset would need for an image do not fit in the flash.',
  },
  'partition-table/too-many-entries': {
    kind: 'input',
    meaning: 'The binary table would not fit: 94 entries at most, 95 without the MD5 row.',
  },
  'partition-table/bad-length': {
    kind: 'input',
    meaning: 'A binary table ends inside a row of 32 bytes.',
  },
  'partition-table/bad-magic': {
    kind: 'input',
    meaning: 'A row of a binary table does not begin with AA 50.',
  },
  'partition-table/md5-mismatch': {
    kind: 'input',
    meaning: 'The MD5 row of a binary table does not match the rows before it: it is damaged.',
  },
  'partition-table/second-md5': {
    kind: 'input',
    meaning: 'A binary table has more than one MD5 row, which the bootloader refuses.',
  },
  'partition-table/no-end-marker': {
    kind: 'input',
    meaning: 'A binary table has no row of FF that ends it.',
  },
} as const satisfies CodeCatalogue;

/** What a table that could be read gets wrong. */
const CHECK_CODES = {
  'partition-table/offset-unaligned': {
    kind: 'input',
    meaning: 'An entry does not begin on a multiple of 64 KB (app) or 4 KB (all others).',
  },
  'partition-table/size-unaligned': {
    kind: 'input',
    meaning: 'The size of an app slot is not a multiple of 4 KB (64 KB with secure boot v1).',
  },
  'partition-table/always-writable': {
    kind: 'input',
    meaning: 'An otadata or coredump entry is flagged readonly, but the device must write it.',
  },
  'partition-table/nvs-too-small': {
    kind: 'input',
    meaning: 'An NVS entry smaller than 0x3000 is not flagged readonly.',
  },
  'partition-table/duplicate-name': {
    kind: 'input',
    meaning: 'Two entries have the same name.',
  },
  'partition-table/multiple-otadata': {
    kind: 'input',
    meaning: 'The table has more than one otadata entry.',
  },
  'partition-table/otadata-size': {
    kind: 'input',
    meaning: 'The otadata entry is not 0x2000 bytes long.',
  },
  'partition-table/multiple-tee-otadata': {
    kind: 'input',
    meaning: 'The table has more than one TEE otadata entry.',
  },
  'partition-table/tee-otadata-size': {
    kind: 'input',
    meaning: 'The TEE otadata entry is not 0x2000 bytes long.',
  },
  'partition-table/exceeds-flash': {
    kind: 'input',
    meaning: 'An entry ends beyond the end of the flash.',
  },
  'partition-table/empty': {
    kind: 'input',
    meaning: 'The table has no entry; the bootloader finds nothing to boot.',
  },
  'partition-table/no-app': {
    kind: 'input',
    meaning:
      'The table has no factory and no `ota_N` app slot; the bootloader finds nothing to boot.',
  },
  'partition-table/ota-gap': {
    kind: 'input',
    meaning:
      'The `ota_N` slots are not numbered from 0 without a gap, so bootloader and app disagree.',
  },
  'partition-table/duplicate-app-subtype': {
    kind: 'input',
    meaning: 'Two app slots have the same subtype; the bootloader counts both and boots only one.',
  },
  'partition-table/otadata-missing': {
    kind: 'input',
    meaning: 'The table has `ota_N` slots but no otadata, so no update can ever be made to boot.',
  },
  'partition-table/name-collision': {
    kind: 'input',
    meaning: 'Two names are the same after they are cut to the 16 bytes that a device keeps.',
  },
  'partition-table/nvs-encrypted': {
    kind: 'input',
    meaning: 'An NVS entry is flagged encrypted, which NVS refuses; it has its own encryption.',
  },
  'partition-table/nvs-keys-size': {
    kind: 'input',
    meaning: 'An nvs_keys entry is not 0x1000 bytes long.',
  },
  'partition-table/address-overflow': {
    kind: 'input',
    meaning: 'An entry ends beyond the 4 GB that 32-bit addresses reach, so its end wraps around.',
  },
  'partition-table/beyond-addressing': {
    kind: 'input',
    meaning:
      'An entry ends above the 16 MB that 24-bit flash addresses reach, which not every chip exceeds.',
  },
} as const satisfies CodeCatalogue;

/** What works, but is likely a mistake or a waste. */
const WARNING_CODES = {
  'partition-table/misleading-name': {
    kind: 'warning',
    meaning: 'An entry is named like a type or subtype that it does not have.',
  },
  'partition-table/ignored-column': {
    kind: 'warning',
    meaning:
      'A row of the CSV has text behind the flags, such as a flag after a comma; it is ignored.',
  },
  'partition-table/unknown-flag-bits': {
    kind: 'warning',
    meaning: 'An entry of a binary table has flag bits set that are not known; they are kept.',
  },
  'partition-table/md5-missing': {
    kind: 'warning',
    meaning:
      'A binary table has no MD5 row; bootloaders since ESP-IDF 3.1 expect one unless told not to.',
  },
  'partition-table/ota-single': {
    kind: 'warning',
    meaning:
      'The table has only one `ota_N` slot and no factory: a running app cannot replace itself.',
  },
  'partition-table/otadata-unused': {
    kind: 'warning',
    meaning: 'The table has otadata but no `ota_N` slot.',
  },
  'partition-table/unequal-slots': {
    kind: 'warning',
    meaning:
      'The `ota_N` slots differ in size; only images that fit the smallest can always be updated.',
  },
  'partition-table/name-too-long': {
    kind: 'warning',
    meaning: 'A name is longer than the 16 bytes that a device keeps; it is cut.',
  },
  'partition-table/name-unterminated': {
    kind: 'warning',
    meaning:
      'A name fills all 16 bytes, which leaves no room for the final NUL that some readers need.',
  },
  'partition-table/name-empty': {
    kind: 'warning',
    meaning: 'An entry has no name, so no program can find it by one.',
  },
  'partition-table/name-control-characters': {
    kind: 'warning',
    meaning: 'A name has control characters in it.',
  },
  'partition-table/name-not-utf8': {
    kind: 'warning',
    meaning: "A name is not UTF-8 once cut to 16 bytes; ESP-IDF's own tool cannot read it back.",
  },
  'partition-table/nvs-keys-plain': {
    kind: 'warning',
    meaning: 'An nvs_keys entry is not flagged encrypted, so the keys lie in flash in the clear.',
  },
  'partition-table/data-size-unaligned': {
    kind: 'warning',
    meaning: 'The size of a data entry is not a multiple of the 4 KB that flash erases at once.',
  },
  'partition-table/no-nvs': {
    kind: 'warning',
    meaning: 'The table has no NVS entry, which Wi-Fi and most settings need.',
  },
  'partition-table/no-phy': {
    kind: 'warning',
    meaning:
      'The table has no phy entry; only projects that keep RF calibration data in one need it.',
  },
  'partition-table/reserved-type': {
    kind: 'warning',
    meaning:
      'A type is among those reserved for ESP-IDF (0x04 to 0x3F) or is 0xFF, which means "any".',
  },
  'partition-table/alignment-gap': {
    kind: 'warning',
    meaning: 'Flash between two entries is lost to alignment or left free.',
  },
} as const satisfies CodeCatalogue;

/** Every code of {@link PartitionTableError} and of the issues that this module reports. */
export const PARTITION_TABLE_CODES = {
  ...STRUCTURE_CODES,
  ...CHECK_CODES,
  ...WARNING_CODES,
} as const satisfies CodeCatalogue;

/** Every code that this module throws or reports. */
export type PartitionTableCode = keyof typeof PARTITION_TABLE_CODES;

/** Thrown by everything in this module; `details` has `line` and `column` for a CSV. */
export class PartitionTableError extends OtakitError {
  constructor(
    code: ThrowableCode<typeof PARTITION_TABLE_CODES>,
    message: string,
    context?: ErrorContext,
  ) {
    super(PARTITION_TABLE_CODES, code, message, context);
  }
}
