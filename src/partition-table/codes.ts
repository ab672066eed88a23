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
  'partition-table/name-not-in-csv': {
    kind: 'input',
    meaning: 'A name of a binary table has characters that a CSV cannot hold.',
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
} as const satisfies CodeCatalogue;

export const PARTITION_TABLE_CODES = {
  ...STRUCTURE_CODES,
  ...CHECK_CODES,
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
