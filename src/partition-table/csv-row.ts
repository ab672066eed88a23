import { formatHex, type ThrowableCode } from '../shared/index.ts';
import { type PARTITION_TABLE_CODES, PartitionTableError } from './codes.ts';
import type { CsvRow } from './csv-fields.ts';
import { type CsvColumn, type EntryLocation, TABLE_SECTOR_BYTES } from './model.ts';
import { parsePythonInt } from './python-text.ts';
import {
  SUBTYPE_DATA_UNDEFINED,
  SUBTYPE_PRIMARY,
  SUBTYPE_RECOVERY,
  type SubtypeNames,
  TYPE_APP,
  TYPE_BOOTLOADER,
  TYPE_NAMES,
  TYPE_PARTITION_TABLE,
} from './types.ts';

/** What a row needs to know of the project around it. */
export interface RowContext {
  readonly tableFlashOffset: number;
  readonly primaryBootloaderOffset: number | null;
  readonly recoveryBootloaderOffset: number | null;
  readonly subtypes: SubtypeNames;
}

/** A row as written: the offset may be open, a negative size is an end address. */
export interface UnplacedEntry {
  readonly name: string;
  readonly type: number;
  readonly subtype: number;
  readonly writtenOffset: number | null;
  readonly writtenSize: number;
  readonly encrypted: boolean;
  readonly readonly: boolean;
  readonly location: EntryLocation & { readonly kind: 'text' };
}

/** Everything that is wrong with one row. */
export class CsvRowError extends Error {
  readonly errors: readonly PartitionTableError[];
  constructor(errors: readonly PartitionTableError[]) {
    super('a row cannot be taken');
    this.errors = errors;
  }
}

type Code = ThrowableCode<typeof PARTITION_TABLE_CODES>;

/** One fault in one field. */
export function fieldError(
  { line, columns }: Pick<CsvRow, 'line' | 'columns'>,
  column: CsvColumn,
  code: Code,
  message: string,
  hint: string,
): PartitionTableError {
  const at = columns[column];
  return new PartitionTableError(code, `line ${line}, column ${at}: ${message}`, {
    hint,
    details: { line, column: at, field: column },
  });
}

/**
 * Reads one row.
 *
 * @throws CsvRowError with the faults of all its fields
 */
export function parseCsvRow(row: CsvRow, context: RowContext): UnplacedEntry {
  const errors: PartitionTableError[] = [];
  const attempt = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof PartitionTableError)) throw thrown;
      errors.push(thrown);
      return undefined;
    }
  };
  const type = attempt(() => parseType(row));
  // What the other fields may say depends on the type; without it only the flags can be judged.
  const rest =
    type === undefined
      ? undefined
      : {
          type,
          subtype: attempt(() => parseSubtype(row, type, context.subtypes)),
          offset: attempt(() => parseOffset(row, type, context)),
          size: attempt(() => parseSize(row, type, context)),
        };
  const flags = attempt(() => parseFlags(row));
  if (
    rest?.subtype === undefined ||
    rest.offset === undefined ||
    rest.size === undefined ||
    flags === undefined
  ) {
    throw new CsvRowError(errors);
  }
  return {
    name: row.fields.name,
    type: rest.type,
    subtype: rest.subtype,
    writtenOffset: rest.offset,
    writtenSize: rest.size,
    ...flags,
    location: { kind: 'text', line: row.line, columns: row.columns },
  };
}

function parseType(row: CsvRow): number {
  const text = row.fields.type;
  if (text === '') {
    throw fieldError(
      row,
      'type',
      'partition-table/type-missing',
      'the type is empty',
      'Write app or data, or a number from 0x40 to 0xFE for a type of your own. A comma may be missing.',
    );
  }
  return byteField(row, 'type', parseKeyword(row, 'type', text, TYPE_NAMES));
}

function parseSubtype(row: CsvRow, type: number, subtypes: SubtypeNames): number {
  const text = row.fields.subtype;
  if (text === '') {
    if (type !== TYPE_APP) return SUBTYPE_DATA_UNDEFINED;
    throw fieldError(
      row,
      'subtype',
      'partition-table/subtype-missing',
      'an app entry needs a subtype',
      'Write factory, test, or ota_0 to ota_15.',
    );
  }
  return byteField(row, 'subtype', parseKeyword(row, 'subtype', text, subtypes.get(type)));
}

function byteField(row: CsvRow, column: 'type' | 'subtype', value: number): number {
  if (value >= 0 && value <= 0xff) return value;
  throw fieldError(
    row,
    column,
    'partition-table/value-out-of-range',
    `the ${column} ${row.fields[column]} does not fit in 8 bits`,
    column === 'type'
      ? 'Types of your own go from 0x40 to 0xFE.'
      : 'Subtypes of your own go from 0x00 to 0xFE.',
  );
}

/** A bootloader and the table lie where the project says, whatever the row says. */
function parseOffset(row: CsvRow, type: number, context: RowContext): number | null {
  const subtype = parseSubtype(row, type, context.subtypes);
  if (type === TYPE_BOOTLOADER && subtype === SUBTYPE_PRIMARY) {
    return bootloaderOffset(row, 'primary', context.primaryBootloaderOffset);
  }
  if (type === TYPE_BOOTLOADER && subtype === SUBTYPE_RECOVERY) {
    return bootloaderOffset(row, 'recovery', context.recoveryBootloaderOffset);
  }
  if (type === TYPE_PARTITION_TABLE && subtype === SUBTYPE_PRIMARY) return context.tableFlashOffset;
  return row.fields.offset === '' ? null : parseKeyword(row, 'offset', row.fields.offset);
}

function parseSize(row: CsvRow, type: number, context: RowContext): number {
  if (type === TYPE_BOOTLOADER) {
    const primary = bootloaderOffset(row, 'primary', context.primaryBootloaderOffset);
    return context.tableFlashOffset - primary;
  }
  if (type === TYPE_PARTITION_TABLE) return TABLE_SECTOR_BYTES;
  const text = row.fields.size;
  if (text !== '') return parseKeyword(row, 'size', text);
  throw fieldError(
    row,
    'size',
    'partition-table/size-missing',
    'the size is empty',
    'Write a size such as 0x1000, 24K or 1M; only the offset may be left open.',
  );
}

function bootloaderOffset(
  row: CsvRow,
  which: 'primary' | 'recovery',
  offset: number | null,
): number {
  if (offset !== null) return offset;
  throw fieldError(
    row,
    'type',
    'partition-table/bootloader-offset-unknown',
    `the offset of the ${which} bootloader is not known`,
    `Say it with --${which}-bootloader-offset (see CONFIG_BOOTLOADER_OFFSET_IN_FLASH of the project).`,
  );
}

/**
 * A number with any count of K and M suffixes, or one of the keywords. ESP-IDF takes the suffixes
 * off before it looks for a keyword, so `appk` is app × 1024 = 0, and no keyword may end in k or m.
 */
function parseKeyword(
  row: CsvRow,
  column: 'type' | 'subtype' | 'offset' | 'size',
  text: string,
  keywords?: ReadonlyMap<string, number>,
): number {
  let rest = text;
  let factor = 1;
  for (;;) {
    const last = rest.slice(-1).toLowerCase();
    if (last === 'k') factor *= 1024;
    else if (last === 'm') factor *= 1024 * 1024;
    else break;
    rest = rest.slice(0, -1);
  }
  const number = parsePythonInt(rest);
  // Zero stays zero under any number of suffixes, also where their product is beyond numbers.
  if (number !== null) return number === 0 ? 0 : number * factor;
  const named = keywords?.get(rest.toLowerCase());
  if (named !== undefined) return named === 0 ? 0 : named * factor;
  const hint = numberHint(rest, column);
  if (keywords === undefined) {
    throw fieldError(
      row,
      column,
      'partition-table/invalid-number',
      `the ${column} "${text}" is not a number`,
      hint,
    );
  }
  throw fieldError(
    row,
    column,
    'partition-table/unknown-keyword',
    `the ${column} "${text}" is not known`,
    `Write a number or one of ${[...keywords.keys()].join(', ')}.${
      keywords.has(text.toLowerCase())
        ? ' A name cannot end in k or m, which are read as units.'
        : ''
    }`,
  );
}

function numberHint(digits: string, column: string): string {
  if (/^0[0-9]+$/.test(digits)) {
    return `Leave out the leading zero: ${digits.replace(/^0+/, '') || '0'} (or 0x… for hexadecimal).`;
  }
  if (/^[0-9]+\.[0-9]+$/.test(digits)) return 'Fractions are not taken: write 1536K for 1.5M.';
  if (/^[0-9a-f]+$/i.test(digits)) return `Hexadecimal numbers begin with 0x: 0x${digits}.`;
  if (digits.includes('#')) return 'Comments stand on lines of their own.';
  return column === 'offset'
    ? 'Write a number such as 0x10000, or leave it empty to follow the entry before.'
    : 'Write a number such as 0x1000, 24K or 1M.';
}

function parseFlags(row: CsvRow): { encrypted: boolean; readonly: boolean } {
  const flags = { encrypted: false, readonly: false };
  for (const flag of row.fields.flags.split(':')) {
    if (flag === 'encrypted' || flag === 'readonly') {
      flags[flag] = true;
    } else if (flag !== '') {
      throw fieldError(
        row,
        'flags',
        'partition-table/unknown-flag',
        `the flag "${flag}" is not known`,
        flag.startsWith('#')
          ? 'Comments stand on lines of their own.'
          : 'The flags are encrypted and readonly, in lower case, joined as encrypted:readonly without blanks.',
      );
    }
  }
  return flags;
}

/** A value of an entry that does not fit the 32 bits that the binary has for it. */
export function rangeError(
  row: Pick<CsvRow, 'line' | 'columns'>,
  column: 'offset' | 'size',
  value: number,
): PartitionTableError {
  const hex = value < 0 ? `-${formatHex(-value)}` : formatHex(value);
  const shown = Number.isFinite(value) ? hex : 'more than 2^1023';
  return fieldError(
    row,
    column,
    'partition-table/value-out-of-range',
    `the ${column} comes to ${shown}, which does not fit in 32 bits`,
    value < 0
      ? 'A negative size is an end address: it must lie above the offset.'
      : 'No flash is that large. Check the digits and the unit.',
  );
}
